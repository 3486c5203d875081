#pragma once

// How half-space trees learn from a stream, row by row.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/random.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/quantile.hpp"
#include "nad/detector/half_space_trees.hpp"

namespace nad {

NAD_INLINE void HalfSpaceTrees::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  begin(x.columns());
  learn(x, sample_weight, control);
  if (in_first_window()) {
    grow(waiting_weights_.size());
  }
}

NAD_INLINE void HalfSpaceTrees::partial_fit(MatrixView x, const FitControl& control) { partial_fit(x, {}, control); }

NAD_INLINE void HalfSpaceTrees::partial_fit(MatrixView x, std::span<const float> sample_weight,
                                            const FitControl& control) {
  if (is_fitted()) {
    require_shape(x, "partial_fit");
  }
  check_training_data(x, sample_weight, control);
  if (is_fitted() && !control.progress) {
    learn(x, sample_weight, control);  // nothing can end it half way, so nothing needs a copy
    return;
  }
  HalfSpaceTrees learner(*this);
  if (!is_fitted()) {
    learner.begin(x.columns());
  }
  learner.learn(x, sample_weight, control);
  *this = std::move(learner);
}

NAD_INLINE void HalfSpaceTrees::begin(std::size_t n_features) {
  *this = HalfSpaceTrees(options_);
  n_features_ = n_features;
  next_growth_ = 1.0;
}

NAD_INLINE void HalfSpaceTrees::learn(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  // one thread, because a row is scored by those before it
  parallel_for(x.rows(), {.n_jobs = 1, .progress = control.progress},
               {.grain = 4096, .stage = "learning from a stream"}, [&](std::size_t first, std::size_t end) {
                 for (std::size_t row = first; row < end; ++row) {
                   const double weight = sample_weight.empty() ? 1.0 : static_cast<double>(sample_weight[row]);
                   if (weight > 0.0) {
                     learn_row(x.row(row), weight);
                   }
                 }
               });
  if (due_growth_ > 0) {  // of all growths of a batch, the last one alone shows
    grow(due_growth_);
  }
}

NAD_INLINE void HalfSpaceTrees::learn_row(const float* row, double weight) {
  const auto window = static_cast<double>(options_.window_size);
  rows_seen_ += weight;
  while (weight > 0.0) {
    if (in_first_window()) {
      const double part = std::min(weight, next_growth_ - reference_weight_);
      wait_in_first_window(row, part);
      weight -= part;
      continue;
    }
    const double room = window - latest_weight_;
    if (weight > room + 2.0 * window) {  // it alone fills windows that nothing is left of
      weight = room + window + std::fmod(weight - room, window);
    }
    const bool fills = weight >= room;
    const double part = fills ? room : weight;
    double sum = 0.0;
    visit_leaves(row, [&](std::size_t leaf) {
      latest_[leaf] += static_cast<float>(part);
      sum += static_cast<double>(leaf_values_[leaf]);
    });
    window_scores_.push_back(static_cast<float>(-sum / static_cast<double>(options_.n_estimators)));
    weight -= part;
    latest_weight_ = fills ? window : latest_weight_ + part;
    if (fills) {
      end_window();
    }
  }
}

NAD_INLINE void HalfSpaceTrees::end_window() {
  reference_.swap(latest_);
  std::fill(latest_.begin(), latest_.end(), 0.0F);
  reference_weight_ = latest_weight_;
  latest_weight_ = 0.0;
  derive();
  set_threshold_by(std::move(window_scores_));
  window_scores_.clear();
}

NAD_INLINE void HalfSpaceTrees::set_threshold_by(std::vector<float> scores) {
  threshold_ = detail::quantile_below(scores, 1.0 - options_.contamination);
}

NAD_INLINE void HalfSpaceTrees::wait_in_first_window(const float* row, double weight) {
  waiting_.insert(waiting_.end(), row, row + n_features_);
  waiting_weights_.push_back(static_cast<float>(weight));
  const auto window = static_cast<double>(options_.window_size);
  const bool enough = reference_weight_ + weight >= next_growth_;
  reference_weight_ = enough ? next_growth_ : reference_weight_ + weight;
  if (enough || (!is_fitted() && due_growth_ == 0)) {
    due_growth_ = waiting_weights_.size();
  }
  if (enough) {
    next_growth_ = std::min(window, next_growth_ + std::max(1.0, std::floor(next_growth_ / 8.0)));
  }
  if (reference_weight_ >= window) {
    next_growth_ = 0.0;
    grow(due_growth_);
    waiting_ = {};
    waiting_weights_ = {};
  }
}

NAD_INLINE void HalfSpaceTrees::grow(std::size_t n_rows) {
  due_growth_ = 0;
  std::vector<double> low(n_features_, std::numeric_limits<double>::max());
  std::vector<double> high(n_features_, std::numeric_limits<double>::lowest());
  for (std::size_t row = 0; row < n_rows; ++row) {
    for (std::size_t column = 0; column < n_features_; ++column) {
      const auto value = static_cast<double>(waiting_[row * n_features_ + column]);
      low[column] = std::min(low[column], value);
      high[column] = std::max(high[column], value);
    }
  }
  columns_.resize(options_.n_estimators * cuts());
  values_.resize(columns_.size());
  for (std::size_t tree = 0; tree < options_.n_estimators; ++tree) {
    grow_tree(tree, low, high);
  }
  reference_.assign(options_.n_estimators * leaves(), 0.0F);
  latest_.assign(reference_.size(), 0.0F);
  for (std::size_t row = 0; row < n_rows; ++row) {
    visit_leaves(waiting_.data() + row * n_features_,
                 [&](std::size_t leaf) { reference_[leaf] += waiting_weights_[row]; });
  }
  derive();
  std::vector<float> scores(n_rows);
  for (std::size_t row = 0; row < n_rows; ++row) {
    scores[row] = score_of(waiting_.data() + row * n_features_);
  }
  set_threshold_by(std::move(scores));
}

NAD_INLINE void HalfSpaceTrees::grow_tree(std::size_t tree, std::span<const double> low, std::span<const double> high) {
  // the work range: around a random point of a column's range, so far to both sides that it covers all of it
  Random random(options_.random_state, tree);
  std::vector<double> from(n_features_);
  std::vector<double> to(n_features_);
  for (std::size_t column = 0; column < n_features_; ++column) {
    const double range = high[column] - low[column];
    const double unit = range > 0.0 ? range : std::max(1.0, std::abs(low[column]));
    const double centre = random.uniform();
    const double reach = 2.0 * std::max(centre, 1.0 - centre);
    from[column] = low[column] + unit * (centre - reach);
    to[column] = low[column] + unit * (centre + reach);
  }
  std::uint32_t* columns = columns_.data() + tree * cuts();
  float* values = values_.data() + tree * cuts();
  constexpr double most = std::numeric_limits<float>::max();
  const auto cut = [&](const auto& cut_below, std::size_t at) -> void {
    if (at >= cuts()) {
      return;
    }
    const std::size_t column = random.below(n_features_);
    const double middle = (from[column] + to[column]) / 2.0;
    columns[at] = static_cast<std::uint32_t>(column);
    values[at] = static_cast<float>(std::clamp(middle, -most, most));
    const double end = std::exchange(to[column], middle);
    cut_below(cut_below, 2 * at + 1);
    to[column] = end;
    const double start = std::exchange(from[column], middle);
    cut_below(cut_below, 2 * at + 2);
    from[column] = start;
  };
  cut(cut, 0);
}

NAD_INLINE void HalfSpaceTrees::restore() {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorCode::bad_file, message + "; the model is damaged");
  };
  detail::check_options(options_, ErrorCode::bad_file);
  if (detail::is_missing(threshold_)) {
    refuse("the threshold is NaN");
  }
  const std::size_t n_cuts = options_.n_estimators * cuts();
  const std::size_t n_leaves = options_.n_estimators * leaves();
  if (n_features_ == 0 || columns_.size() != n_cuts || values_.size() != n_cuts || reference_.size() != n_leaves ||
      latest_.size() != n_leaves) {
    refuse("the " + std::to_string(options_.n_estimators) + " trees do not have " + std::to_string(n_cuts) +
           " cuts and " + std::to_string(n_leaves) + " leaves");
  }
  if (std::any_of(columns_.begin(), columns_.end(), [this](std::uint32_t column) { return column >= n_features_; })) {
    refuse("a cut is of a column that is not there");
  }
  const auto finite = [](float value) { return detail::is_finite(static_cast<double>(value)); };
  const auto is_weight = [&](double weight) { return weight >= 0.0 && weight <= 1e30 && detail::is_finite(weight); };
  const auto all_weights = [&](const std::vector<float>& weights) {
    return std::all_of(weights.begin(), weights.end(), [&](float weight) { return is_weight(weight); });
  };
  if (!std::all_of(values_.begin(), values_.end(), finite)) {
    refuse("a cut is not finite");
  }
  const auto window = static_cast<double>(options_.window_size);
  if (!all_weights(reference_) || !all_weights(latest_) || !all_weights(waiting_weights_) || !is_weight(rows_seen_) ||
      !(reference_weight_ > 0.0 && reference_weight_ <= window) ||
      !(latest_weight_ >= 0.0 && latest_weight_ < window)) {
    refuse("the windows have no weights that rows can have");
  }
  const bool starts = next_growth_ != 0.0;
  if (starts && !(next_growth_ > reference_weight_ && next_growth_ <= window)) {
    refuse("the first window does not know when it is full");
  }
  if ((!starts && !waiting_weights_.empty()) || waiting_.size() % n_features_ != 0 ||
      waiting_.size() / n_features_ != waiting_weights_.size() || (starts && waiting_.empty())) {
    refuse("the first window does not hold its rows");
  }
  if (!std::all_of(waiting_.begin(), waiting_.end(), finite) ||
      !std::all_of(window_scores_.begin(), window_scores_.end(), finite)) {
    refuse("a row or score of the window is not finite");
  }
  derive();
}

}  // namespace nad
