#pragma once

// The columns that features are made of, and how the encoding steps turn their categories into numbers.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/features/learn_encoding-inl.hpp"
#include "nad/features/refuse_option.hpp"
#include "nad/features/step.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

/// A feature that is being learnt.
struct Draft {
  enum class Kind : std::uint8_t { number, category, novelty, layer };

  FeatureInfo info;
  Kind kind = Kind::number;
  std::size_t part = 0;   ///< number: column of the table; category, novelty: index of what was learnt; layer: feature
  std::size_t place = 0;  ///< category: which of its features
  std::size_t from = 0;   ///< steps before this one do not concern it
  std::size_t view = 0;
  ScalarMaps maps = {};
  bool dropped = false;
  std::optional<std::size_t> indicator = {};  ///< the step that wants "x is missing" beside it
};

class EncodedColumns {
 public:
  /// Writes into the plan which columns are learnt from, and which are not.
  EncodedColumns(const std::vector<FeatureStep>& steps, const Table& table, FeaturePlan& plan)
      : steps_(steps), table_(table), plan_(plan) {
    choose_inputs();
  }

  /// Does what one of the steps says, if it encodes.
  void encode(std::size_t number) {
    std::visit([&](const auto& step) { encode_by(step, number); }, steps_[number]);
  }

  /// A draft of each feature; an error where a column of categories has none.
  std::vector<Draft> drafts() const {
    require_encoded();
    std::vector<Draft> all;
    for (const std::vector<Draft>& of_column : by_column_) {
      all.insert(all.end(), of_column.begin(), of_column.end());
    }
    all.insert(all.end(), novelty_drafts_.begin(), novelty_drafts_.end());
    return all;
  }

  const Column& column(std::size_t input) const { return table_.column(source_[input]); }
  const std::vector<std::pair<std::size_t, CategoryCode>>& codes() const noexcept { return codes_; }
  const std::vector<NoveltyPart>& novelties() const noexcept { return novelties_; }

 private:
  /// Features are the columns that say so, of a type that can become numbers.
  void choose_inputs() {
    std::vector<Field> fields;
    for (std::size_t place = 0; place < table_.columns(); ++place) {
      const Field& field = table_.schema()[place];
      std::string reason;
      if (const std::string* why = left_out_by_name(field.name); why != nullptr) {
        reason = *why;
      } else if (field.role != Role::feature) {
        reason = "its role is " + std::string(name(field.role));
      } else if (field.type == ColumnType::text || field.type == ColumnType::address ||
                 field.type == ColumnType::time) {
        reason = "it is of type " + std::string(name(field.type)) + ", which has to be turned into numbers first";
      }
      if (reason.empty()) {
        fields.push_back(field);
        source_.push_back(place);
      } else {
        plan_.left_out.push_back({field.name, reason});
      }
    }
    plan_.columns = Schema(fields);
    for (std::size_t input = 0; input < fields.size(); ++input) {
      by_column_.emplace_back();
      if (fields[input].type != ColumnType::category) {
        by_column_[input].push_back({{fields[input].name, {fields[input].name}}, Draft::Kind::number, input});
      }
    }
  }

  /// Why a column is left out by its name, if it is.
  const std::string* left_out_by_name(const std::string& name) const {
    for (const FeatureStep& step : steps_) {
      const auto* const leave_out = std::get_if<LeaveOut>(&step);
      refuse_option(leave_out != nullptr && leave_out->columns.is_all() && leave_out->columns.except.empty(),
                    "leave_out names no column, and so would leave all of them out; name some");
      if (leave_out != nullptr && leave_out->columns.takes(name)) {
        return &leave_out->reason;
      }
    }
    return nullptr;
  }

  template <class Step>
  void encode_by(const Step& step, std::size_t number) {
    if constexpr (is_encoder<Step>) {
      check_step(step);
      require_categories(step.columns, step.kind);
      for (std::size_t input = 0; input < by_column_.size(); ++input) {
        const Field& field = plan_.columns[input];
        if (field.type == ColumnType::category && by_column_[input].empty() && step.columns.takes(field.name)) {
          add_code(learn(step, column(input)), input, number);
        }
      }
    } else if constexpr (std::is_same_v<Step, Novelty>) {
      check_step(step);
      add_novelty(step);
    }
  }

  /// A step that names a column which it cannot encode is a mistake.
  void require_categories(const ColumnChoice& columns, std::string_view step) const {
    for (const std::string& name : columns.names) {
      const std::optional<std::size_t> input = plan_.columns.find(name);
      if (!input) {
        continue;  // check_name says what there is
      }
      const ColumnType type = plan_.columns[*input].type;
      if (type != ColumnType::category) {
        throw Error(ErrorCode::invalid_argument, "step " + std::string(step) + ": column '" + name + "' is of type " +
                                                     std::string(nad::name(type)) +
                                                     " and needs no encoding; to take its values for names, turn it "
                                                     "into categories first (with_type)");
      }
      if (!by_column_[*input].empty()) {
        throw Error(ErrorCode::invalid_argument, "step " + std::string(step) + ": column '" + name +
                                                     "' was encoded by a step before; name it in one of them only");
      }
    }
  }

  void add_code(CategoryCode code, std::size_t input, std::size_t number) {
    const std::string& name = plan_.columns[input].name;
    for (std::size_t place = 0; place < code.width; ++place) {
      by_column_[input].push_back(
          {{name + code.suffixes[place], {name}}, Draft::Kind::category, codes_.size(), place, number + 1});
    }
    codes_.emplace_back(input, std::move(code));
  }

  void add_novelty(const Novelty& step) {
    NoveltyPart part;
    part.most = step.weight * static_cast<double>(step.most);
    FeatureInfo info{"novelty", {}};
    for (std::size_t input = 0; input < by_column_.size(); ++input) {
      const Field& field = plan_.columns[input];
      if (field.type == ColumnType::category && step.columns.takes(field.name)) {
        part.inputs.push_back(input);
        const CategoryCounts counts(column(input));
        part.known.push_back(slot_each(counts));
        part.weights.push_back(weight_of_new(step, counts));
        info.sources.push_back(field.name);
      }
    }
    if (!part.inputs.empty()) {
      // scaling would take its constant training value for a lack of information
      novelty_drafts_.push_back({std::move(info), Draft::Kind::novelty, novelties_.size(), 0, steps_.size()});
      novelties_.push_back(std::move(part));
    }
  }

  void require_encoded() const {
    for (std::size_t input = 0; input < by_column_.size(); ++input) {
      const Field& field = plan_.columns[input];
      if (field.type == ColumnType::category && by_column_[input].empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "column '" + field.name + "' holds categories, and no step turns them into numbers; add one_hot, " +
                        "ordinal, frequency or hashing, or give the column another role");
      }
    }
  }

  const std::vector<FeatureStep>& steps_;
  const Table& table_;
  FeaturePlan& plan_;
  std::vector<std::size_t> source_;  ///< of each input, its place in the table
  std::vector<std::vector<Draft>> by_column_;
  std::vector<Draft> novelty_drafts_;
  std::vector<std::pair<std::size_t, CategoryCode>> codes_;  ///< with the input of each
  std::vector<NoveltyPart> novelties_;
};

}  // namespace nad::detail
