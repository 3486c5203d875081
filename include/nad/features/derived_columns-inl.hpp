#pragma once

// What the steps that add columns share: reading the columns that they need, and putting theirs beside them.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/features/derived.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// The columns of a table and those that a step adds, in their order.
class AddedColumns {
 public:
  AddedColumns(const Table& table, std::string_view step) : table_(&table), step_(step) {}

  /// A column to fill value by value, a value for each row. It stays where it is.
  ColumnBuilder& add(std::string name, ColumnType type) {
    Added& added = start(std::move(name), type);
    added.builder.reserve(table_->rows());
    return added.builder;
  }

  /// The memory of a column of numbers, to be written row by row; NaN is a missing one.
  double* add_numbers(std::string name) {
    Added& added = start(std::move(name), ColumnType::number);
    double* values = added.builder.raw_numbers().append_raw(table_->rows());
    added.builder.added(table_->rows());
    return values;
  }

  Table finish() {
    const Schema& schema = table_->schema();
    std::vector<Field> fields(schema.begin(), schema.end());
    std::vector<Column> columns;
    columns.reserve(fields.size() + added_.size());
    for (std::size_t place = 0; place < table_->columns(); ++place) {
      columns.push_back(table_->column(place));
    }
    for (Added& added : added_) {
      fields.push_back(std::move(added.field));
      columns.push_back(added.builder.finish());
    }
    return {Schema(std::move(fields), schema.source()), std::move(columns)};
  }

 private:
  struct Added {
    Field field;
    ColumnBuilder builder;
  };

  Added& start(std::string name, ColumnType type) {
    const auto same = [&](const Added& added) { return added.field.name == name; };
    if (table_->has(name) || std::any_of(added_.begin(), added_.end(), same)) {
      throw Error(ErrorCode::invalid_argument, "the step " + step_ + " adds a column '" + name +
                                                   "', but the table has one already; rename it or leave the step out");
    }
    return added_.emplace_back(Added{{std::move(name), type}, ColumnBuilder(type)});
  }

  const Table* table_;
  std::string step_;
  std::deque<Added> added_;
};

/// A column that must be of one type; the error names it.
inline const Column& column_of_type(const Table& table, std::string_view name, ColumnType type, std::string_view step) {
  const Column& column = table[name];
  if (column.type() != type) {
    throw Error(ErrorCode::invalid_argument,
                "column '" + std::string(name) + "' is of type " + std::string(nad::name(column.type())) +
                    "; the step " + std::string(step) + " needs one of type " + std::string(nad::name(type)));
  }
  return column;
}

/// A column that must have numbers; the error names it.
inline const Column& numeric_column(const Table& table, std::string_view name, std::string_view step) {
  const Column& column = table[name];
  if (!column.is_numeric()) {
    throw Error(ErrorCode::invalid_argument, "column '" + std::string(name) + "' is of type " +
                                                 std::string(nad::name(column.type())) + "; the step " +
                                                 std::string(step) + " needs numbers");
  }
  return column;
}

/// All values of a column as numbers, NaN for a missing or infinite one.
inline std::vector<double> finite_numbers(const Column& column) {
  std::vector<double> values(column.size());
  column.copy_numbers(0, values);
  for (double& value : values) {
    value = is_finite(value) ? value : std::numeric_limits<double>::quiet_NaN();
  }
  return values;
}

/// A result that overflowed stays a number.
inline double bounded(double value) noexcept {
  return is_finite(value) ? value : std::copysign(std::numeric_limits<double>::max(), value);
}

inline std::string_view text_or_empty(const Column& column, std::size_t row, std::string& memory) {
  if (column.type() == ColumnType::category || column.type() == ColumnType::text) {
    return column.text(row);
  }
  memory = column.format(row);
  return memory;
}

/// What a function makes of each text of a column; of a category only once, where that is less work.
template <class Function>
class MappedTexts {
 public:
  using Result = std::invoke_result_t<Function, std::string_view>;

  MappedTexts(const Column& column, Function function) : column_(&column), function_(std::move(function)) {
    if (column.type() != ColumnType::category || column.categories().size() > column.size()) {
      return;
    }
    known_.reserve(column.categories().size());
    for (std::size_t code = 0; code < column.categories().size(); ++code) {
      known_.push_back(function_(column.categories()[static_cast<std::int32_t>(code)]));
    }
  }

  bool is_missing(std::size_t row) const noexcept { return column_->is_missing(row); }

  /// Of a row that is not missing.
  Result operator[](std::size_t row) const {
    if (!known_.empty()) {
      return known_[static_cast<std::size_t>(column_->parts().codes[row])];
    }
    std::string memory;
    return function_(text_or_empty(*column_, row, memory));
  }

 private:
  const Column* column_;
  Function function_;
  std::vector<Result> known_;
};

inline constexpr std::int64_t no_moment = std::numeric_limits<std::int64_t>::min();

/// Whether a column says when: a time, or a number of seconds.
inline const Column& moment_column(const Table& table, std::string_view name, std::string_view step) {
  const Column& column = table[name];
  if (column.type() == ColumnType::boolean || !column.is_numeric()) {
    throw Error(ErrorCode::invalid_argument, "column '" + std::string(name) + "' is of type " +
                                                 std::string(nad::name(column.type())) + "; the step " +
                                                 std::string(step) + " needs a time, or a number of seconds");
  }
  return column;
}

/// Rows from `first` on in nanoseconds; `no_moment` for a missing one and for what 64 bits do not hold.
inline void read_moments(const Column& column, std::size_t first, std::span<std::int64_t> out) {
  if (column.type() == ColumnType::time) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = column.is_missing(first + i) ? no_moment : column.times()[first + i];
    }
    return;
  }
  constexpr double most = 9.2e18;
  std::vector<double> seconds(out.size());
  column.copy_numbers(first, seconds);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double nanoseconds = seconds[i] * 1e9;
    const bool held = is_finite(seconds[i]) && nanoseconds < most && nanoseconds > -most;
    out[i] = held ? static_cast<std::int64_t>(nanoseconds) : no_moment;
  }
}

/// The state as this step made it; a fresh one where there is none, so that a table stands alone.
template <class State, class Step>
class StateInUse {
 public:
  StateInUse(const Step& step, StepState* given) : fresh_(given == nullptr ? step.begin() : nullptr) {
    state_ = dynamic_cast<State*>(given == nullptr ? fresh_.get() : given);
    if (state_ == nullptr) {
      throw Error(ErrorCode::invalid_argument,
                  "the step " + std::string(Step::kind) + " was given the state of another; make it with begin()");
    }
  }
  State& operator*() const noexcept { return *state_; }
  State* operator->() const noexcept { return state_; }

 private:
  std::unique_ptr<StepState> fresh_;
  State* state_ = nullptr;
};

}  // namespace nad::detail
