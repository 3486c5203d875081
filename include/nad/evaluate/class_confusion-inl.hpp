#pragma once

#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/evaluate/check_rows-inl.hpp"
#include "nad/evaluate/class_confusion.hpp"
#include "nad/evaluate/confusion-inl.hpp"

namespace nad {

namespace detail {

inline constexpr std::array<std::string_view, 5> kdd99_contest_classes = {"normal", "probe", "dos", "u2r", "r2l"};
inline constexpr std::array<double, 25> kdd99_contest_costs = {
    0, 1, 2, 2, 2,  // normal, taken for each of them
    1, 0, 2, 2, 2,  // probe
    2, 1, 0, 2, 2,  // dos
    3, 2, 2, 0, 2,  // u2r
    4, 2, 2, 2, 0,  // r2l
};

inline void check_class_count(std::size_t n_classes) {
  constexpr std::size_t most = 10'000;
  if (n_classes == 0 || n_classes > most) {
    throw Error(ErrorCode::invalid_argument,
                "a table of " + std::to_string(n_classes) + " classes is none that can be read; give 1 to 10,000");
  }
}

inline double or_zero(double value) noexcept { return is_nan(value) ? 0.0 : value; }

}  // namespace detail

NAD_INLINE ClassConfusion::ClassConfusion(std::span<const std::uint32_t> truth,
                                          std::span<const std::uint32_t> predicted, std::size_t n_classes,
                                          WeightView weights)
    : n_classes_(n_classes) {
  detail::check_class_count(n_classes);
  if (truth.empty() || truth.size() != predicted.size()) {
    throw Error(ErrorCode::invalid_data, "there are " + std::to_string(truth.size()) + " true classes and " +
                                             std::to_string(predicted.size()) +
                                             " predicted ones; give one of each for each row, and at least one row");
  }
  detail::check_weights(truth.size(), weights);
  counts_.resize(n_classes * n_classes);
  for (std::size_t row = 0; row < truth.size(); ++row) {
    for (const std::uint32_t one : {truth[row], predicted[row]}) {
      if (one >= n_classes) {
        throw Error(ErrorCode::invalid_data, "row " + std::to_string(row) + " is of class " + std::to_string(one) +
                                                 ", but there are " + std::to_string(n_classes) +
                                                 " classes; number them from 0");
      }
    }
    counts_[truth[row] * n_classes + predicted[row]] += detail::weight_at(weights, row);
  }
  total_ = std::accumulate(counts_.begin(), counts_.end(), 0.0);
}

NAD_INLINE ClassConfusion::ClassConfusion(std::vector<double> counts, std::size_t n_classes)
    : counts_(std::move(counts)), n_classes_(n_classes) {
  detail::check_class_count(n_classes);
  if (counts_.size() != n_classes * n_classes) {
    throw Error(ErrorCode::invalid_data, "a table of " + std::to_string(counts_.size()) + " counts is not one of " +
                                             std::to_string(n_classes) + " classes; give " +
                                             std::to_string(n_classes * n_classes));
  }
  for (const double count : counts_) {
    if (!(detail::is_finite(count) && count >= 0.0)) {
      throw Error(ErrorCode::invalid_data, "a count is " + std::to_string(count) + "; give numbers of at least 0");
    }
  }
  total_ = std::accumulate(counts_.begin(), counts_.end(), 0.0);
}

NAD_INLINE double ClassConfusion::truths(std::size_t one) const noexcept {
  double sum = 0.0;
  for (std::size_t other = 0; other < n_classes_; ++other) {
    sum += (*this)(one, other);
  }
  return sum;
}

NAD_INLINE double ClassConfusion::predictions(std::size_t one) const noexcept {
  double sum = 0.0;
  for (std::size_t other = 0; other < n_classes_; ++other) {
    sum += (*this)(other, one);
  }
  return sum;
}

NAD_INLINE ClassFigures ClassConfusion::of(std::size_t one) const noexcept {
  const double right = (*this)(one, one);
  const double truth = truths(one);
  const double predicted = predictions(one);
  return {detail::ratio(right, predicted), detail::ratio(right, truth), detail::ratio(2.0 * right, truth + predicted),
          truth};
}

template <class WeightOf>
ClassFigures ClassConfusion::mean(const WeightOf& weight_of) const noexcept {
  ClassFigures sums;
  double total = 0.0;
  for (std::size_t one = 0; one < n_classes_; ++one) {
    const ClassFigures figures = of(one);
    const double weight = weight_of(one);
    sums.precision += weight * detail::or_zero(figures.precision);
    sums.recall += weight * detail::or_zero(figures.recall);
    sums.f1 += weight * detail::or_zero(figures.f1);
    total += weight;
  }
  return {detail::ratio(sums.precision, total), detail::ratio(sums.recall, total), detail::ratio(sums.f1, total),
          total_};
}

NAD_INLINE ClassFigures ClassConfusion::macro() const noexcept {
  return mean([&](std::size_t one) { return truths(one) + predictions(one) > 0.0 ? 1.0 : 0.0; });
}

NAD_INLINE ClassFigures ClassConfusion::weighted() const noexcept {
  return mean([&](std::size_t one) { return truths(one); });
}

NAD_INLINE ClassFigures ClassConfusion::micro() const noexcept {
  const double share = accuracy();
  return {share, share, share, total_};
}

NAD_INLINE double ClassConfusion::accuracy() const noexcept {
  double right = 0.0;
  for (std::size_t one = 0; one < n_classes_; ++one) {
    right += (*this)(one, one);
  }
  return detail::ratio(right, total_);
}

NAD_INLINE double ClassConfusion::balanced_accuracy() const noexcept {
  double sum = 0.0;
  double classes = 0.0;
  for (std::size_t one = 0; one < n_classes_; ++one) {
    if (truths(one) > 0.0) {
      sum += (*this)(one, one) / truths(one);
      classes += 1.0;
    }
  }
  return detail::ratio(sum, classes);
}

NAD_INLINE double ClassConfusion::matthews() const noexcept {
  double right = 0.0;  // shares, so that the products of millions keep their digits
  double both = 0.0;
  double of_truth = 0.0;
  double of_predictions = 0.0;
  for (std::size_t one = 0; one < n_classes_; ++one) {
    const double truth = truths(one) / total_;
    const double predicted = predictions(one) / total_;
    right += (*this)(one, one) / total_;
    both += truth * predicted;
    of_truth += truth * truth;
    of_predictions += predicted * predicted;
  }
  const double spread = std::sqrt(1.0 - of_truth) * std::sqrt(1.0 - of_predictions);
  return spread > 0.0 ? (right - both) / spread : 0.0;
}

NAD_INLINE double ClassConfusion::mean_cost(std::span<const double> costs) const {
  if (costs.size() != counts_.size()) {
    throw Error(ErrorCode::invalid_argument, "a table of " + std::to_string(costs.size()) + " costs does not fit " +
                                                 std::to_string(n_classes_) + " classes; give " +
                                                 std::to_string(counts_.size()) + ", row by row of the true class");
  }
  double sum = 0.0;
  for (std::size_t cell = 0; cell < costs.size(); ++cell) {
    if (!detail::is_finite(costs[cell])) {
      throw Error(ErrorCode::invalid_argument, "a cost is NaN or infinite; give numbers");
    }
    sum += counts_[cell] * costs[cell];
  }
  return detail::ratio(sum, total_);
}

NAD_INLINE std::span<const std::string_view> kdd99_cost_classes() noexcept { return detail::kdd99_contest_classes; }

NAD_INLINE std::span<const double> kdd99_costs() noexcept { return detail::kdd99_contest_costs; }

}  // namespace nad
