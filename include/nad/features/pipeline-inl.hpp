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
#include "nad/features/pipeline.hpp"
#include "nad/features/training_rows-inl.hpp"

namespace nad {

NAD_INLINE FeaturePipeline::FeaturePipeline() = default;

NAD_INLINE FeaturePipeline::FeaturePipeline(std::vector<FeatureStep> steps) : steps_(std::move(steps)) {}

NAD_INLINE FeaturePipeline FeaturePipeline::automatic(const Table& table) {
  return FeaturePipeline(detail::automatic_steps(detail::with_understood_texts({}, table)));
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
  const Table columns = detail::derive(plan, detail::select_inputs(plan, table), detail::begin_states(plan));
  const detail::BoundPlan bound(plan, columns);
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
