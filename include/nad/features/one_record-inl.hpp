#pragma once

// One record after the other, as a table of one row whose memory is written again.

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/features/apply_plan-inl.hpp"
#include "nad/features/derive-inl.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

class OneRecord {
 public:
  explicit OneRecord(std::shared_ptr<const FeaturePlan> plan)
      : plan_(std::move(plan)),
        cells_(std::make_shared<std::vector<Cell>>(plan_->inputs.size())),
        states_(begin_states(*plan_)),
        features_(plan_->width()) {
    dictionaries_.reserve(plan_->inputs.size());
    for (const Field& field : plan_->inputs) {
      dictionaries_.push_back(field.type == ColumnType::category ? std::make_shared<Dictionary>() : nullptr);
    }
    for (std::size_t place = 0; place < plan_->inputs.size(); ++place) {
      set_missing(place);
    }
  }
  OneRecord(const OneRecord&) = delete;
  OneRecord& operator=(const OneRecord&) = delete;

  const Schema& inputs() const noexcept { return plan_->inputs; }

  void set(std::size_t place, double value) {
    Cell& cell = cell_of(place);
    const ColumnType type = plan_->inputs[place].type;
    if (type == ColumnType::number) {
      cell.number = value;
    } else if (type == ColumnType::integer && value == std::floor(value) && std::abs(value) <= 0x1p53) {
      cell.integer = static_cast<std::int64_t>(value);
    } else if (type == ColumnType::boolean && (value == 0.0 || value == 1.0)) {
      cell.boolean = value != 0.0 ? 1 : 0;
    } else {
      refuse(place, "the number " + std::to_string(value));
    }
    cell.valid = 1;
  }

  void set(std::size_t place, std::string_view text) {
    Cell& cell = cell_of(place);
    const ColumnType type = plan_->inputs[place].type;
    if (type == ColumnType::category) {
      cell.code = code_of(place, text);
    } else if (type == ColumnType::text) {
      cell.text = text;
      stale_ = true;
    } else {
      refuse(place, "the text '" + std::string(text.substr(0, 40)) + "'");
    }
    cell.valid = 1;
  }

  void set(std::size_t place, const Address& address) {
    Cell& cell = cell_of(place);
    if (plan_->inputs[place].type != ColumnType::address) {
      refuse(place, "an address");
    }
    cell.address = address;
    cell.valid = 1;
  }

  void set_time(std::size_t place, std::int64_t nanoseconds) {
    Cell& cell = cell_of(place);
    if (plan_->inputs[place].type != ColumnType::time) {
      refuse(place, "a time");
    }
    cell.integer = nanoseconds;
    cell.valid = 1;
  }

  void set_missing(std::size_t place) {
    Cell& cell = cell_of(place);
    cell.valid = 0;
    cell.number = std::numeric_limits<double>::quiet_NaN();
    cell.code = Dictionary::absent;
  }

  /// The features of the record that was set; good until the next call. Steps that look back have seen it then.
  std::span<const float> next() {
    if (stale_) {
      rebuild();
    }
    if (!plan_->derived.empty()) {
      bound_.reset();
      columns_ = derive(*plan_, table_, states_);
      bound_ = std::make_unique<BoundPlan>(*plan_, columns_);
    }
    bound_->apply(0, 1, features_.data());
    return features_;
  }

  /// What those features were made of; good until something is set.
  const Table& columns() const noexcept { return columns_; }

  /// What features of several records are made of. Steps that look back have seen them then, as if each had been set.
  Table derived(const Table& records) { return derive(*plan_, select_inputs(*plan_, records), states_); }

  Matrix push(const Table& records) {
    Matrix x = Matrix::for_overwrite(records.rows(), plan_->width());
    const Table columns = derived(records);
    BoundPlan(*plan_, columns).apply(0, records.rows(), x.data());
    return x;
  }

 private:
  struct Cell {
    double number = 0.0;
    std::int64_t integer = 0;
    std::int32_t code = Dictionary::absent;
    std::uint8_t boolean = 0;
    std::uint8_t valid = 0;
    Address address = {};
    std::string text = {};
    std::int64_t text_ends[2] = {0, 0};
  };

  Cell& cell_of(std::size_t place) {
    if (place >= cells_->size()) {
      throw Error(ErrorCode::invalid_argument, "there is no input " + std::to_string(place) + "; the pipeline has " +
                                                   std::to_string(cells_->size()));
    }
    return (*cells_)[place];
  }

  [[noreturn]] void refuse(std::size_t place, const std::string& given) const {
    const Field& field = plan_->inputs[place];
    throw Error(ErrorCode::invalid_argument,
                "input '" + field.name + "' is of type " + std::string(name(field.type)) + " and was given " + given);
  }

  /// Texts are remembered, up to a bound: a stream of ever new ones must not fill the memory, and derived columns are
  /// bound to the dictionaries again for each record.
  std::int32_t code_of(std::size_t place, std::string_view text) {
    const std::size_t most = plan_->derived.empty() ? 65'536 : 64;
    const std::int32_t known = dictionaries_[place]->find(text);
    if (known != Dictionary::absent) {
      return known;
    }
    if (dictionaries_[place]->size() >= most) {
      dictionaries_[place] = std::make_shared<Dictionary>();
    }
    stale_ = true;
    return dictionaries_[place]->add(text);
  }

  /// The table looks at the cells; it is made anew only when a text or a dictionary has moved.
  void rebuild() {
    std::vector<Column> columns;
    columns.reserve(cells_->size());
    for (std::size_t place = 0; place < cells_->size(); ++place) {
      Cell& cell = (*cells_)[place];
      cell.text_ends[1] = static_cast<std::int64_t>(cell.text.size());
      const ColumnType type = plan_->inputs[place].type;
      ColumnParts parts{.type = type, .size = 1};
      parts.numbers = {cells_, &cell.number, 1};
      parts.integers = type == ColumnType::text ? Buffer<std::int64_t>(cells_, cell.text_ends, 2)
                                                : Buffer<std::int64_t>(cells_, &cell.integer, 1);
      parts.codes = {cells_, &cell.code, 1};
      parts.addresses = {cells_, &cell.address, 1};
      parts.booleans = {cells_, &cell.boolean, 1};
      parts.text = {cells_, cell.text.data(), cell.text.size()};
      parts.categories = dictionaries_[place];
      parts.valid = {cells_, &cell.valid, 1};
      columns.emplace_back(std::move(parts));
    }
    table_ = Table(plan_->inputs, std::move(columns));
    if (plan_->derived.empty()) {
      bound_.reset();
      columns_ = derive(*plan_, table_, states_);
      bound_ = std::make_unique<BoundPlan>(*plan_, columns_);
    }
    stale_ = false;
  }

  std::shared_ptr<const FeaturePlan> plan_;
  std::shared_ptr<std::vector<Cell>> cells_;
  std::vector<std::shared_ptr<Dictionary>> dictionaries_;
  Table table_;    ///< of the inputs
  Table columns_;  ///< what features are made of
  std::unique_ptr<BoundPlan> bound_;
  StepStates states_;
  std::vector<float> features_;
  bool stale_ = true;
};

}  // namespace nad::detail
