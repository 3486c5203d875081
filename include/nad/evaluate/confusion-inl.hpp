#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "nad/core/error.hpp"
#include "nad/evaluate/check_rows-inl.hpp"
#include "nad/evaluate/confusion.hpp"

namespace nad {

namespace detail {

/// NaN where there is nothing to divide by.
inline double ratio(double part, double whole) noexcept {
  return whole > 0.0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

inline void count_row(Confusion& confusion, bool alert, bool attack, double weight) noexcept {
  double& cell = attack ? (alert ? confusion.true_positives : confusion.false_negatives)
                        : (alert ? confusion.false_positives : confusion.true_negatives);
  cell += weight;
}

}  // namespace detail

NAD_INLINE double Confusion::accuracy() const noexcept {
  return detail::ratio(true_positives + true_negatives, total());
}

NAD_INLINE double Confusion::precision() const noexcept { return detail::ratio(true_positives, alerts()); }

NAD_INLINE double Confusion::recall() const noexcept { return detail::ratio(true_positives, attacks()); }

NAD_INLINE double Confusion::false_positive_rate() const noexcept { return detail::ratio(false_positives, normals()); }

NAD_INLINE double Confusion::specificity() const noexcept { return detail::ratio(true_negatives, normals()); }

NAD_INLINE double Confusion::f_beta(double beta) const noexcept {
  const double square = beta * beta;
  return detail::ratio((1.0 + square) * true_positives, alerts() + square * attacks());
}

NAD_INLINE double Confusion::balanced_accuracy() const noexcept { return 0.5 * (recall() + specificity()); }

NAD_INLINE double Confusion::matthews() const noexcept {
  // the square roots one by one: the product of four counts of millions of rows is no double with all its digits
  const double product =
      std::sqrt(attacks()) * std::sqrt(normals()) * std::sqrt(alerts()) * std::sqrt(total() - alerts());
  return product > 0.0 ? (true_positives * true_negatives - false_positives * false_negatives) / product : 0.0;
}

NAD_INLINE Confusion confusion_at(ScoreView scores, LabelView labels, double threshold, WeightView weights) {
  detail::check_rows(scores, labels, weights);
  if (detail::is_nan(threshold)) {
    throw Error(ErrorCode::invalid_argument, "the threshold is NaN; give the score above which a row is an alert");
  }
  Confusion confusion;
  for (std::size_t row = 0; row < scores.size(); ++row) {
    detail::count_row(confusion, scores[row] > threshold, labels[row] != 0, detail::weight_at(weights, row));
  }
  return confusion;
}

NAD_INLINE Confusion confusion_of(LabelView alerts, LabelView labels, WeightView weights) {
  if (alerts.empty()) {
    throw Error(ErrorCode::invalid_data, "there are no rows; give at least one");
  }
  if (alerts.size() != labels.size()) {
    throw Error(ErrorCode::invalid_data, "there are " + std::to_string(alerts.size()) + " decisions, but " +
                                             std::to_string(labels.size()) + " labels; give one of each for each row");
  }
  detail::check_truth(labels.size(), labels);
  detail::check_weights(labels.size(), weights);
  Confusion confusion;
  for (std::size_t row = 0; row < alerts.size(); ++row) {
    if (alerts[row] > 1) {
      throw Error(ErrorCode::invalid_data, "the decision of row " + std::to_string(row) + " is " +
                                               std::to_string(alerts[row]) + "; give 1 for an alert and 0 for none");
    }
    detail::count_row(confusion, alerts[row] != 0, labels[row] != 0, detail::weight_at(weights, row));
  }
  return confusion;
}

}  // namespace nad
