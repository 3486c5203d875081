#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/threshold/drift.hpp"

namespace nad {

namespace detail {

/// Calibration scores above it are beyond the bulk.
inline constexpr double bulk_share = 0.95;

/// Two samples of one distribution lie further apart than this with at most the given probability (Massart's constant
/// for two samples, Wei and Dudley 2012).
inline double two_sample_limit(double first, double second, double probability) {
  return std::sqrt(-0.5 * std::log(0.5 * probability) * (first + second) / (first * second));
}

}  // namespace detail

NAD_INLINE DriftMonitor::DriftMonitor(const Calibration& calibration, const Options& options) : options_(options) {
  if (options_.window < 50) {
    throw Error(ErrorCode::invalid_argument,
                "a window of " + std::to_string(options_.window) + " records shows no drift; give at least 50");
  }
  if (!(options_.false_alarm_rate > 0.0 && options_.false_alarm_rate < 1.0) ||
      !(options_.least_distance >= 0.0 && options_.least_distance <= 1.0)) {
    throw Error(ErrorCode::invalid_argument, "false_alarm_rate lies between 0 and 1, least_distance from 0 to 1");
  }
  if (calibration.size() < 2) {
    throw Error(ErrorCode::not_fitted, "there are no calibration scores to compare with; fit on more records");
  }
  const std::span<const float> scores = calibration.scores();
  const float highest = scores[static_cast<std::size_t>(detail::bulk_share * static_cast<double>(scores.size() - 1))];
  const auto bulk = static_cast<std::size_t>(std::upper_bound(scores.begin(), scores.end(), highest) - scores.begin());
  calibration_bulk_ = static_cast<double>(bulk);
  for (std::size_t bin = 1; bin <= bins; ++bin) {
    const float edge = scores[bulk * bin / bins - (bulk * bin / bins > 0 ? 1 : 0)];
    if (edges_.empty() || edge > edges_.back()) {
      const auto below = std::upper_bound(scores.begin(), scores.end(), edge) - scores.begin();
      edges_.push_back(edge);
      expected_.push_back(static_cast<double>(below) / calibration_bulk_);
    }
  }
  counts_.assign(edges_.size() + 1, 0);
}

NAD_INLINE bool DriftMonitor::add(float score) {
  if (!detail::is_finite(static_cast<double>(score))) {
    throw Error(ErrorCode::invalid_data, "the score of a record is not finite; drift is told of finite scores");
  }
  ++counts_[static_cast<std::size_t>(std::lower_bound(edges_.begin(), edges_.end(), score) - edges_.begin())];
  if (++in_window_ < options_.window) {
    return false;
  }
  last_ = current();
  std::fill(counts_.begin(), counts_.end(), 0U);
  in_window_ = 0;
  return last_.drifted();
}

NAD_INLINE DriftReport DriftMonitor::current() const {
  DriftReport report;
  report.records = in_window_;
  if (in_window_ == 0) {
    return report;
  }
  const auto all = static_cast<double>(in_window_);
  const auto beyond = static_cast<double>(counts_.back());
  const double bulk = all - beyond;
  report.beyond_share = beyond / all;
  // half of the window: by chance never, where 5 % are expected and a window has 50 records or more
  report.mostly_beyond = in_window_ >= 50 && report.beyond_share > 0.5;
  constexpr double least_bulk = 50.0;
  if (bulk < least_bulk) {
    return report;
  }
  double below = 0.0;
  for (std::size_t edge = 0; edge < edges_.size(); ++edge) {
    below += static_cast<double>(counts_[edge]);
    report.bulk_distance = std::max(report.bulk_distance, std::abs(below / bulk - expected_[edge]));
  }
  report.bulk_limit = std::max(options_.least_distance,
                               detail::two_sample_limit(bulk, calibration_bulk_, 0.5 * options_.false_alarm_rate));
  report.bulk_moved = report.bulk_distance > report.bulk_limit;
  return report;
}

NAD_INLINE std::string DriftReport::to_string() const {
  char figures[192];
  std::snprintf(
      figures, sizeof figures,
      "%zu records: the bulk of their scores %s by %.3f, the limit is %.3f, and %.1f %% lie where 5 %% of the "
      "calibration records do",
      records, bulk_moved ? "has moved" : "differs", bulk_distance, bulk_limit, 100.0 * beyond_share);
  const std::string text = figures;
  if (mostly_beyond) {
    return text +
           ": a flood, or traffic that the model does not know; look at the whole, not at single alerts, and fit on "
           "recent traffic if this is what is normal now";
  }
  return bulk_moved ? text + ": normal traffic has changed; fit or calibrate on recent traffic" : text;
}

NAD_INLINE DriftReport drift(const Calibration& calibration, std::span<const float> scores,
                             const DriftOptions& options) {
  DriftOptions whole = options;
  whole.window = std::max<std::size_t>(scores.size() + 1, 50);
  DriftMonitor monitor(calibration, whole);
  for (const float score : scores) {
    monitor.add(score);
  }
  return monitor.current();
}

}  // namespace nad
