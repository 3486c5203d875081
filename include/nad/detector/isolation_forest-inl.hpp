#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/forest_batch-inl.hpp"
#include "nad/detector/forest_walk-inl.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/detector/isolation_forest_check-inl.hpp"
#include "nad/detector/isolation_forest_grow-inl.hpp"

namespace nad {

NAD_INLINE double average_path_length(double count) noexcept {
  constexpr double euler = 0.57721566490153286061;
  if (count <= 1.0) {
    return 0.0;
  }
  if (count <= 2.0) {
    return 1.0;
  }
  return 2.0 * (std::log(count - 1.0) + euler) - 2.0 * (count - 1.0) / count;
}

NAD_INLINE IsolationForest::IsolationForest(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE IsolationForest::~IsolationForest() = default;
NAD_INLINE IsolationForest::IsolationForest(const IsolationForest&) = default;
NAD_INLINE IsolationForest::IsolationForest(IsolationForest&&) noexcept = default;
NAD_INLINE IsolationForest& IsolationForest::operator=(const IsolationForest&) = default;
NAD_INLINE IsolationForest& IsolationForest::operator=(IsolationForest&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> IsolationForest::clone() const { return std::make_unique<IsolationForest>(*this); }

NAD_INLINE void IsolationForest::take(Detector&& learner) { *this = std::move(static_cast<IsolationForest&>(learner)); }

NAD_INLINE void IsolationForest::set_n_estimators(std::size_t n_estimators) {
  Options changed = options_;
  changed.n_estimators = n_estimators;
  detail::check_options(changed, ErrorCode::invalid_argument);
  options_ = changed;
}

NAD_INLINE void IsolationForest::set_contamination(std::optional<double> contamination) {
  Options changed = options_;
  changed.contamination = contamination;
  detail::check_options(changed, ErrorCode::invalid_argument);
  options_ = changed;
}

NAD_INLINE void IsolationForest::set_warm_start(bool warm_start) { options_.warm_start = warm_start; }

NAD_INLINE void IsolationForest::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  grow_trees(x, detail::RowPool(x, sample_weight, options_.unique_rows), control);
}

NAD_INLINE void IsolationForest::grow_trees(MatrixView x, const detail::RowPool& pool, const FitControl& control) {
  if (pool.size() < 2) {
    throw Error(ErrorCode::invalid_data,
                x.rows() == 1 ? "cannot fit on n_samples = 1 (one row); a forest compares rows, give at least 2"
                              : "only one distinct row or one row of positive weight is left of " +
                                    std::to_string(x.rows()) + "; a forest compares rows, give at least 2");
  }
  const std::size_t samples = detail::rows_a_tree(options_, pool);

  std::size_t kept = 0;
  if (options_.warm_start && is_fitted()) {
    kept = n_trees();
    detail::check_warm_start(options_, kept, {n_features_, x.columns()}, {samples_per_tree_, samples});
  } else {
    nodes_ = {};
    fill_ = options_.missing == Missing::impute ? detail::column_medians(x) : std::vector<float>();
  }
  n_features_ = x.columns();
  samples_per_tree_ = samples;

  detail::GrowthPlan plan{.x = x, .pool = &pool, .options = &options_, .samples = samples};
  plan.columns = options_.max_features.of(x.columns(), x.columns(), "max_features");
  plan.max_depth = options_.max_depth.value_or(static_cast<std::size_t>(std::ceil(std::log2(samples))));
  plan.fill = &fill_;
  for (std::size_t count = 0; count <= samples; ++count) {
    plan.average_path.push_back(static_cast<float>(average_path_length(static_cast<double>(count))));
  }

  constexpr std::size_t grain = 10;
  const std::size_t wanted = options_.n_estimators - kept;
  std::vector<ForestNodes> parts(wanted / grain + 1);
  parallel_for(wanted, control, {.grain = grain, .stage = "growing trees"}, [&](std::size_t begin, std::size_t end) {
    detail::TreeGrower grower(plan);
    for (std::size_t tree = begin; tree < end; ++tree) {
      grower.grow(kept + tree, tree + 1 < end, parts[begin / grain]);
    }
  });
  for (const ForestNodes& part : parts) {
    detail::append_trees(nodes_, part);
  }
  derive();
}

NAD_INLINE std::vector<std::uint64_t> IsolationForest::drawn_rows(std::uint64_t table_rows) const {
  detail::check_drawn_options(options_, table_rows);
  const detail::RowPool pool(table_rows);
  const std::size_t samples = detail::rows_a_tree(options_, pool);
  std::vector<std::uint64_t> numbers;
  std::vector<std::size_t> rows;
  std::size_t kept = 0;  // the first so many are sorted and without repetition
  for (std::size_t tree = 0; tree < options_.n_estimators; ++tree) {
    Random random(options_.random_state, tree);
    pool.draw(samples, options_.bootstrap, random, rows);
    numbers.insert(numbers.end(), rows.begin(), rows.end());
    const bool is_last = tree + 1 == options_.n_estimators;
    if (is_last || numbers.size() > 2 * kept + (std::size_t{1} << 20U)) {  // what all trees see stays small
      std::sort(numbers.begin(), numbers.end());
      numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
      kept = numbers.size();
    }
  }
  return numbers;
}

NAD_INLINE void IsolationForest::fit_drawn(MatrixView x, std::span<const std::uint64_t> numbers,
                                           std::uint64_t table_rows, const FitControl& control) {
  detail::check_drawn_options(options_, table_rows);
  detail::check_drawn_rows(x, numbers, table_rows);
  check_training_data(x, {}, control);
  IsolationForest learner(options_);
  learner.grow_trees(x, detail::RowPool(table_rows, numbers), control);
  learner.threshold_ = learner.default_threshold();
  *this = std::move(learner);
}

NAD_INLINE void IsolationForest::merge(const IsolationForest& other) {
  detail::check_merge(*this, other);
  const auto mine = static_cast<float>(n_trees());
  const auto theirs = static_cast<float>(other.n_trees());
  const auto blend = [&](float a, float b) { return a == b ? a : (a * mine + b * theirs) / (mine + theirs); };
  for (std::size_t column = 0; column < fill_.size(); ++column) {
    fill_[column] = blend(fill_[column], other.fill_[column]);
  }
  threshold_ = blend(threshold_, other.threshold_);
  const ForestNodes more = other.nodes_;  // a copy: `other` may be this forest
  detail::append_trees(nodes_, more);
  options_.n_estimators = n_trees();
  derive();
}

NAD_INLINE void IsolationForest::derive() {
  expected_ = detail::expected_values(nodes_);
  order_values_ = detail::make_order_values(nodes_);
  // c(psi) for each tree, added up as the kernels add leaf values: a row that no tree tells apart scores exactly 0.5
  const auto normaliser = static_cast<float>(average_path_length(static_cast<double>(samples_per_tree_)));
  float sum = 0.0F;
  for (std::size_t tree = 0; tree < n_trees(); ++tree) {
    sum += normaliser;
  }
  scale_ = -1.0 / static_cast<double>(sum);
  baseline_ = 0.0;
  for (const std::uint32_t root : nodes_.root) {
    baseline_ += static_cast<double>(expected_[root]);
  }
  baseline_ *= scale_;
}

NAD_INLINE void IsolationForest::restore() {
  detail::check_options(options_, ErrorCode::bad_file);
  detail::check_forest(nodes_, options_, n_features_, samples_per_tree_, fill_);
  if (detail::is_missing(threshold_)) {
    throw detail::damaged("the threshold is NaN");
  }
  derive();
}

NAD_INLINE void IsolationForest::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  constexpr std::size_t few = 4;  // below, filling a block costs more than walking row by row
  if (rows.rows() < few) {
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      out[row] = do_raw_score_row(rows.row(row), first + row);
    }
    return;
  }
  std::vector<std::size_t> gappy;
  const detail::ForestColumns columns{.count = rows.columns(), .fill = fill_};
  detail::ChunkScorer(nodes_, order_values_, columns).score(rows, out, [&](std::size_t row) {
    check_row(rows.row(row), first + row);
    if (nodes_.has_planes()) {
      gappy.push_back(row);
    }
  });
  for (float& sum : out) {
    sum = static_cast<float>(static_cast<double>(sum) * scale_);
  }
  if (options_.missing == Missing::route) {
    for (const std::size_t row : gappy) {  // the kernels know no hyperplanes with missing values
      out[row] = do_raw_score_row(rows.row(row), first + row);
    }
  }
}

NAD_INLINE float IsolationForest::do_raw_score_row(const float* row, std::size_t index) const {
  float sum = 0.0F;
  if (simd::active_kernels().all_finite(row, n_features_)) {
    sum = nodes_.has_planes() ? detail::walk_all(nodes_, nodes_.root, detail::CompleteRow{row})
                              : detail::walk_axis_parallel(nodes_, nodes_.root, row);
  } else {
    check_row(row, index);
    sum = detail::walk_all(nodes_, nodes_.root, detail::GappyRow{row, fill_.empty() ? nullptr : fill_.data()});
  }
  return static_cast<float>(static_cast<double>(sum) * scale_);
}

NAD_INLINE void IsolationForest::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  std::vector<double> contributions(rows.columns());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const float* values = rows.row(row);
    check_row(values, first + row);
    std::fill(contributions.begin(), contributions.end(), 0.0);
    const detail::GappyRow reader{values, fill_.empty() ? nullptr : fill_.data()};
    for (const std::uint32_t root : nodes_.root) {
      detail::attribute_path(nodes_, expected_, root, reader, contributions);
    }
    const std::span<float> target = out.row(first + row);
    for (std::size_t column = 0; column < contributions.size(); ++column) {
      target[column] = static_cast<float>(contributions[column] * scale_);
    }
  }
}

NAD_INLINE void IsolationForest::bend(std::span<float> scores) const {
  for (float& score : scores) {
    score = std::exp2(score);
  }
}

NAD_INLINE std::vector<float> IsolationForest::path_length(MatrixView x, const FitControl& control) const {
  std::vector<float> lengths = raw_score(x, control);
  const double per_raw = -average_path_length(static_cast<double>(samples_per_tree_));
  for (float& length : lengths) {
    length = static_cast<float>(static_cast<double>(length) * per_raw);
  }
  return lengths;
}

}  // namespace nad
