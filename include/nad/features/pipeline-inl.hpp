#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/nearest_name.hpp"
#include "nad/features/apply_plan-inl.hpp"
#include "nad/features/fit_plan-inl.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/table/column_builder.hpp"

namespace nad {

namespace detail {

/// A text column as categories.
inline Column categories_of(const Column& texts) {
  ColumnBuilder builder(ColumnType::category);
  for (std::size_t row = 0; row < texts.size(); ++row) {
    builder.add_from(texts, row);
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
  const bool numeric = wanted.type != ColumnType::category;
  if (numeric ? column.is_numeric() : column.type() == ColumnType::category) {
    return column;
  }
  if (!numeric && column.type() == ColumnType::text) {
    return categories_of(column);
  }
  throw Error(ErrorCode::invalid_data, "column '" + wanted.name + "' is of type " + std::string(name(column.type())) +
                                           "; the pipeline learnt from one of type " + std::string(name(wanted.type)));
}

inline Table select_inputs(const FeaturePlan& plan, const Table& table) {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (const Field& wanted : plan.inputs) {
    columns.push_back(fitting_column(wanted, table));
    fields.push_back(wanted);
    fields.back().type = columns.back().type();
  }
  return {Schema(std::move(fields)), std::move(columns)};
}

}  // namespace detail

NAD_INLINE FeaturePipeline::FeaturePipeline() = default;

NAD_INLINE FeaturePipeline::FeaturePipeline(std::vector<FeatureStep> steps) : steps_(std::move(steps)) {}

NAD_INLINE const detail::FeaturePlan& FeaturePipeline::fitted() const {
  if (!plan_) {
    throw Error(ErrorCode::not_fitted, "this feature pipeline has not learnt anything yet; call fit() first");
  }
  return *plan_;
}

NAD_INLINE void FeaturePipeline::fit(const Table& table, const FitControl& control) {
  if (table.rows() == 0) {
    throw Error(ErrorCode::invalid_data, "a feature pipeline cannot learn from a table without rows");
  }
  plan_ = detail::PlanFitter(steps_, table, control).fit();
}

NAD_INLINE void FeaturePipeline::transform(const Table& table, std::span<float> out, const FitControl& control) const {
  const detail::FeaturePlan& plan = fitted();
  const std::size_t width = plan.width();
  if (out.size() != table.rows() * width) {
    throw Error(ErrorCode::invalid_argument, "room for " + std::to_string(out.size()) + " numbers was given for " +
                                                 std::to_string(table.rows()) + " rows of " + std::to_string(width) +
                                                 " features");
  }
  const Table inputs = detail::select_inputs(plan, table);
  const detail::BoundPlan bound(plan, inputs);
  parallel_for(
      table.rows(), control, {.grain = 4096, .stage = "computing features"},
      [&](std::size_t begin, std::size_t end) { bound.apply(begin, end - begin, out.data() + begin * width); });
}

NAD_INLINE Matrix FeaturePipeline::transform(const Table& table, const FitControl& control) const {
  Matrix x = Matrix::for_overwrite(table.rows(), fitted().width());
  transform(table, {x.data(), x.rows() * x.columns()}, control);
  return x;
}

NAD_INLINE Matrix FeaturePipeline::fit_transform(const Table& table, const FitControl& control) {
  fit(table, control);
  return transform(table, control);
}

NAD_INLINE const std::vector<FeatureInfo>& FeaturePipeline::features() const { return fitted().features; }

NAD_INLINE const Schema& FeaturePipeline::inputs() const { return fitted().inputs; }

NAD_INLINE const std::vector<LeftOut>& FeaturePipeline::left_out() const { return fitted().left_out; }

NAD_INLINE std::vector<std::string> FeaturePipeline::ignored(const Table& table) const {
  std::vector<std::string> names;
  for (const Field& field : table.schema()) {
    if (!fitted().inputs.find(field.name)) {
      names.push_back(field.name);
    }
  }
  return names;
}

}  // namespace nad
