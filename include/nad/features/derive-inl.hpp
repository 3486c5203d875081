#pragma once

// From the user's table to the one that features are made of.

#include <algorithm>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/nearest_name.hpp"
#include "nad/features/derived.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/converting.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

template <class Step>
inline constexpr bool is_deriver = requires(const Step& step, const Table& table) {
  { step.apply(table, nullptr) } -> std::same_as<Table>;
};

/// What the steps of a plan remember of the rows before.
using StepStates = std::vector<std::unique_ptr<StepState>>;

template <class Step>
std::unique_ptr<StepState> begin_state(const Step& step) {
  if constexpr (requires { step.begin(); }) {
    return step.begin();
  } else {
    return nullptr;
  }
}

inline StepStates begin_states(const FeaturePlan& plan) {
  StepStates states;
  for (const FeatureStep& step : plan.derived) {
    states.push_back(std::visit([](const auto& s) { return begin_state(s); }, step));
  }
  return states;
}

inline Column missing_values(ColumnType type, std::size_t count) {
  ColumnBuilder builder(type);
  builder.reserve(count);
  for (std::size_t row = 0; row < count; ++row) {
    builder.add_missing();
  }
  return builder.finish();
}

/// The column that takes the place of an input, of a type that will do.
inline Column fitting_column(const Field& wanted, const Table& table) {
  const std::optional<std::size_t> place = table.schema().find(wanted.name);
  if (!place) {
    std::vector<std::string> names;
    for (const Field& field : table.schema()) {
      names.push_back(field.name);
    }
    const std::string nearest = nearest_name(wanted.name, names);
    throw Error(ErrorCode::invalid_data, "column '" + wanted.name + "', which the pipeline learnt from, is missing" +
                                             (nearest.empty() ? "" : "; the nearest name is '" + nearest + "'"));
  }
  const Column& column = table.column(*place);
  const auto is_number = [](ColumnType type) {
    return type == ColumnType::number || type == ColumnType::integer || type == ColumnType::boolean;
  };
  if (column.type() == wanted.type || (is_number(column.type()) && is_number(wanted.type))) {
    return column;
  }
  if (column.missing_count() == column.size()) {
    return missing_values(wanted.type, column.size());  // nothing in it speaks against the type
  }
  if (column.type() == ColumnType::text || (column.type() == ColumnType::category && !is_number(wanted.type))) {
    return convert(column, wanted.type, wanted.name);
  }
  throw Error(ErrorCode::invalid_data, "column '" + wanted.name + "' is of type " + std::string(name(column.type())) +
                                           "; the pipeline learnt from one of type " + std::string(name(wanted.type)));
}

/// The columns of the table that the plan needs, in its order.
inline Table select_inputs(const FeaturePlan& plan, const Table& table) {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (const Field& wanted : plan.inputs) {
    columns.push_back(fitting_column(wanted, table));
    fields.push_back(wanted);
    fields.back().type = columns.back().type();
  }
  return {Schema(std::move(fields), plan.inputs.source()), std::move(columns)};
}

/// Adds the derived columns to the inputs, and keeps what features are made of.
inline Table derive(const FeaturePlan& plan, Table inputs, const StepStates& states) {
  for (std::size_t number = 0; number < plan.derived.size(); ++number) {
    std::visit(
        [&](const auto& step) {
          if constexpr (is_deriver<std::decay_t<decltype(step)>>) {
            inputs = step.apply(inputs, states[number].get());
          }
        },
        plan.derived[number]);
  }
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (const Field& field : plan.columns) {
    fields.push_back(field);
    columns.push_back(inputs[field.name]);
    fields.back().type = columns.back().type();
  }
  return {Schema(std::move(fields)), std::move(columns)};
}

/// Lets the steps that derive columns learn, one after the other; gives them and the table with their columns.
inline Table learn_derived(const std::vector<FeatureStep>& steps, Table table, std::vector<FeatureStep>& learned) {
  for (const FeatureStep& given : steps) {
    std::visit(
        [&](const auto& s) {
          if constexpr (is_deriver<std::decay_t<decltype(s)>>) {
            auto step = s;
            try {
              if constexpr (requires { step.fit(table); }) {
                step.fit(table);
              }
              Table applied = step.apply(table, begin_state(step).get());
              if constexpr (requires { step.require_rows_alone(table, applied); }) {
                step.require_rows_alone(table, applied);
              }
              table = std::move(applied);
            } catch (const Error& error) {
              throw Error(error.code(), "step " + std::string(kind(given)) + ": " + error.what());
            }
            learned.emplace_back(std::move(step));
          }
        },
        given);
  }
  return table;
}

/// The columns of the user's table that a plan reads: those that become features and those that steps derive from.
inline Schema needed_inputs(const FeaturePlan& plan, const Schema& given) {
  std::vector<std::string> names;
  for (const Field& field : plan.columns) {
    names.push_back(field.name);
  }
  for (const FeatureStep& given_step : plan.derived) {
    std::visit(
        [&](const auto& step) {
          if constexpr (is_deriver<std::decay_t<decltype(step)>>) {
            for (const std::string& name : step.inputs()) {
              names.push_back(name);
            }
          }
        },
        given_step);
  }
  std::vector<Field> fields;
  for (const Field& field : given) {
    if (std::find(names.begin(), names.end(), field.name) != names.end()) {
      fields.push_back(field);
    }
  }
  return Schema(std::move(fields), given.source());
}

}  // namespace nad::detail
