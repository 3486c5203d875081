#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/features/apply_plan-inl.hpp"
#include "nad/features/automatic-inl.hpp"
#include "nad/features/check_plan-inl.hpp"
#include "nad/features/derive-inl.hpp"
#include "nad/features/describe_plan-inl.hpp"
#include "nad/features/fit_plan-inl.hpp"
#include "nad/features/fold_plan-inl.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/features/training_rows-inl.hpp"

namespace nad {

namespace detail {

inline void apply_plan(const FeaturePlan& plan, const Table& columns, float* out, const FitControl& control) {
  const BoundPlan bound(plan, columns);
  parallel_for(
      columns.rows(), control, {.grain = 4096, .stage = "computing features"},
      [&](std::size_t begin, std::size_t end) { bound.apply(begin, end - begin, out + begin * plan.width()); });
}

/// Whether a table is one that `FeaturePipeline::columns` gave, as far as its names tell.
inline bool are_columns_of(const FeaturePlan& plan, const Schema& schema) {
  return std::equal(plan.columns.begin(), plan.columns.end(), schema.begin(), schema.end(),
                    [](const Field& wanted, const Field& given) { return wanted.name == given.name; });
}

}  // namespace detail

NAD_INLINE FeaturePipeline::FeaturePipeline() = default;

NAD_INLINE FeaturePipeline::FeaturePipeline(std::vector<FeatureStep> steps) : steps_(std::move(steps)) {}

NAD_INLINE FeaturePipeline FeaturePipeline::automatic(const Table& table) {
  return FeaturePipeline(detail::automatic_steps(detail::with_understood_texts({}, table), false));
}

NAD_INLINE FeaturePipeline FeaturePipeline::automatic_views(const Table& table) {
  return FeaturePipeline(detail::automatic_steps(detail::with_understood_texts({}, table), true));
}

NAD_INLINE std::string FeaturePipeline::to_string() const { return detail::describe_pipeline(steps_, plan_.get()); }

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
  const Table learnt_from = training_rows(table);
  std::vector<FeatureStep> derived;
  const Table columns = detail::learn_derived(steps_, learnt_from, derived);
  const std::shared_ptr<detail::FeaturePlan> plan = detail::PlanFitter(steps_, columns, control).fit();
  plan->derived = std::move(derived);
  plan->inputs = detail::needed_inputs(*plan, learnt_from.schema());
  plan_ = plan;
}

NAD_INLINE Table FeaturePipeline::training_rows(const Table& table) const {
  return detail::rows_to_learn_from(steps_, detail::with_understood_texts(steps_, table));
}

NAD_INLINE void FeaturePipeline::transform(const Table& table, std::span<float> out, const FitControl& control) const {
  const detail::FeaturePlan& plan = fitted();
  const std::size_t width = plan.width();
  if (out.size() != table.rows() * width) {
    throw Error(ErrorCode::invalid_argument, "room for " + std::to_string(out.size()) + " numbers was given for " +
                                                 std::to_string(table.rows()) + " rows of " + std::to_string(width) +
                                                 " features");
  }
  detail::apply_plan(plan, columns(table), out.data(), control);
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

NAD_INLINE Table FeaturePipeline::columns(const Table& table) const {
  const detail::FeaturePlan& plan = fitted();
  return detail::derive(plan, detail::select_inputs(plan, table), detail::begin_states(plan));
}

NAD_INLINE Matrix FeaturePipeline::transform_columns(const Table& columns, const FitControl& control) const {
  const detail::FeaturePlan& plan = fitted();
  if (!detail::are_columns_of(plan, columns.schema())) {
    throw Error(ErrorCode::invalid_argument, "the columns are not those of this pipeline; give what columns() gave");
  }
  Matrix x = Matrix::for_overwrite(columns.rows(), plan.width());
  detail::apply_plan(plan, columns, x.data(), control);
  return x;
}

NAD_INLINE bool FeaturePipeline::looks_back() const {
  return std::any_of(steps_.begin(), steps_.end(), [](const FeatureStep& step) {
    return std::visit([](const auto& s) { return detail::begin_state(s) != nullptr; }, step);
  });
}

NAD_INLINE Matrix FeaturePipeline::fold(MatrixView contributions, const Table& columns) const {
  const detail::FeaturePlan& plan = fitted();
  const bool fits = detail::are_columns_of(plan, columns.schema());
  if (contributions.columns() != plan.width() || contributions.rows() != columns.rows() || !fits) {
    throw Error(ErrorCode::invalid_argument, "contributions of " + std::to_string(contributions.rows()) + " rows and " +
                                                 std::to_string(contributions.columns()) +
                                                 " features do not fit a table of " + std::to_string(columns.rows()) +
                                                 " rows and a pipeline of " + std::to_string(plan.width()) +
                                                 " features; give the rows of columns() that were explained");
  }
  Matrix folded(contributions.rows(), columns.columns());
  detail::ContributionFolder folder(plan, columns);
  for (std::size_t row = 0; row < contributions.rows(); ++row) {
    folder.fold(row, contributions.row(row), folded.row(row).data());
  }
  return folded;
}

NAD_INLINE const std::vector<FeatureInfo>& FeaturePipeline::features() const { return fitted().features; }
NAD_INLINE const std::vector<FeatureView>& FeaturePipeline::views() const { return fitted().views; }

NAD_INLINE const Schema& FeaturePipeline::inputs() const { return fitted().inputs; }

NAD_INLINE const std::vector<LeftOut>& FeaturePipeline::left_out() const { return fitted().left_out; }

NAD_INLINE std::vector<double> FeaturePipeline::explained_variance_ratio() const {
  std::vector<double> shares;
  for (const detail::MatrixLayer& layer : fitted().layers) {
    if (!layer.variances.empty()) {
      shares.clear();
      for (const double variance : layer.variances) {
        shares.push_back(layer.total_variance > 0.0 ? variance / layer.total_variance : 0.0);
      }
    }
  }
  return shares;
}

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
