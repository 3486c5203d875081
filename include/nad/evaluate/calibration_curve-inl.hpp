#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "nad/core/error.hpp"
#include "nad/evaluate/calibration_curve.hpp"
#include "nad/evaluate/check_rows-inl.hpp"
#include "nad/evaluate/confusion-inl.hpp"
#include "nad/evaluate/score_histogram-inl.hpp"

namespace nad {

namespace detail {

inline void check_probabilities(ScoreView probabilities) {
  for (std::size_t row = 0; row < probabilities.size(); ++row) {
    if (probabilities[row] < 0.0 || probabilities[row] > 1.0) {
      throw Error(ErrorCode::invalid_data, "the score of row " + std::to_string(row) + " is " +
                                               std::to_string(probabilities[row]) +
                                               "; here probabilities of an attack are needed, from 0 to 1");
    }
  }
}

/// Probabilities of 0 and 1 count as `least` and 1 - `least`.
inline double log_loss_of(double probability, bool attack, double least) noexcept {
  const double clipped = std::min(std::max(probability, least), 1.0 - least);
  return attack ? -std::log(clipped) : -std::log1p(-clipped);
}

inline double brier_of(double probability, bool attack) noexcept {
  const double distance = probability - (attack ? 1.0 : 0.0);
  return distance * distance;
}

template <class Loss>
double mean_loss(ScoreView probabilities, LabelView labels, WeightView weights, const Loss& loss) {
  double sum = 0.0;
  double total = 0.0;
  for (std::size_t row = 0; row < probabilities.size(); ++row) {
    const double weight = weight_at(weights, row);
    sum += weight * loss(probabilities[row], labels[row] != 0);
    total += weight;
  }
  return ratio(sum, total);
}

}  // namespace detail

NAD_INLINE CalibrationCurve calibration_curve(ScoreView probabilities, LabelView labels,
                                              const CalibrationOptions& options, WeightView weights) {
  detail::check_rows(probabilities, labels, weights);
  detail::check_probabilities(probabilities);
  detail::check_bins(options.bins, options.spacing);
  const std::vector<double> edges = detail::histogram_edges(probabilities, options.bins, options.spacing, 0.0, 1.0);
  std::vector<double> predicted(options.bins, 0.0);
  std::vector<double> observed(options.bins, 0.0);
  std::vector<double> weight(options.bins, 0.0);
  for (std::size_t row = 0; row < probabilities.size(); ++row) {
    const double value = probabilities[row];
    // by the edges between bins; a probability on an edge belongs to the bin below it
    const auto bin =
        static_cast<std::size_t>(std::lower_bound(edges.begin() + 1, edges.end() - 1, value) - (edges.begin() + 1));
    const double counts = detail::weight_at(weights, row);
    weight[bin] += counts;
    predicted[bin] += counts * value;
    observed[bin] += labels[row] != 0 ? counts : 0.0;
  }
  CalibrationCurve curve;
  double total = 0.0;
  for (std::size_t bin = 0; bin < options.bins; ++bin) {
    if (weight[bin] > 0.0) {
      curve.predicted.push_back(predicted[bin] / weight[bin]);
      curve.observed.push_back(observed[bin] / weight[bin]);
      curve.weight.push_back(weight[bin]);
      const double error = std::abs(curve.predicted.back() - curve.observed.back());
      curve.expected_error += weight[bin] * error;
      curve.largest_error = std::max(curve.largest_error, error);
      total += weight[bin];
    }
  }
  curve.expected_error = detail::ratio(curve.expected_error, total);
  return curve;
}

NAD_INLINE double log_loss(ScoreView probabilities, LabelView labels, WeightView weights) {
  detail::check_rows(probabilities, labels, weights);
  detail::check_probabilities(probabilities);
  const double least = probabilities.is_double() ? std::numeric_limits<double>::epsilon()
                                                 : static_cast<double>(std::numeric_limits<float>::epsilon());
  return detail::mean_loss(probabilities, labels, weights, [&](double probability, bool attack) {
    return detail::log_loss_of(probability, attack, least);
  });
}

NAD_INLINE double brier_score(ScoreView probabilities, LabelView labels, WeightView weights) {
  detail::check_rows(probabilities, labels, weights);
  detail::check_probabilities(probabilities);
  return detail::mean_loss(probabilities, labels, weights, detail::brier_of);
}

}  // namespace nad
