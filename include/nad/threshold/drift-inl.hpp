#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/threshold/drift.hpp"

namespace nad {

namespace detail {

/// Calibration scores above it are beyond the bulk.
inline constexpr double bulk_share = 0.95;

/// Fewer scores tell nothing of the bulk's distribution.
inline constexpr std::uint64_t least_bulk = 50;

/// Two samples of one distribution lie further apart than this with at most the given probability (Massart's constant
/// for two samples, Wei and Dudley 2012).
inline double two_sample_limit(double first, double second, double probability) {
  return std::sqrt(-0.5 * std::log(0.5 * probability) * (first + second) / (first * second));
}

/// log(n!), by Stirling's series where it is exact enough.
inline double log_factorial(std::uint64_t n) {
  if (n < 16) {
    double product = 1.0;
    for (std::uint64_t factor = 2; factor <= n; ++factor) {
      product *= static_cast<double>(factor);
    }
    return std::log(product);
  }
  constexpr double half_log_two_pi = 0.918938533204672742;
  const auto x = static_cast<double>(n);
  return (x + 0.5) * std::log(x) - x + half_log_two_pi +
         (1.0 - (1.0 / 30.0 - 2.0 / (7.0 * 30.0 * x * x)) / (x * x)) / (12.0 * x);
}

inline double log_choose(std::uint64_t n, std::uint64_t k) {
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

/// How likely so many of `fresh` records, or more of them, are among those above a limit that `high_known` of `known`
/// records exceed, where all are of one kind: Fisher's exact test, one-sided. It is exact, too, for a limit at one of
/// the known scores, which is how thresholds are made: then it counts places in the order of all records.
inline double chance_of_exceeding(std::uint64_t known, std::uint64_t high_known, std::uint64_t fresh,
                                  std::uint64_t high_fresh) {
  const std::uint64_t high = high_known + high_fresh;
  double term =
      std::exp(log_choose(fresh, high_fresh) + log_choose(known, high_known) - log_choose(known + fresh, high));
  double sum = 0.0;
  for (std::uint64_t count = high_fresh; term > 0.0; ++count) {
    sum += term;
    if (count >= std::min(fresh, high)) {
      break;
    }
    // one more of the fresh ones, and one less of the known
    term *= static_cast<double>(fresh - count) * static_cast<double>(high - count) /
            (static_cast<double>(count + 1) * static_cast<double>(known + count + 1 - high));
    if (term < 1e-18 * sum) {
      break;
    }
  }
  return std::min(sum, 1.0);
}

}  // namespace detail

NAD_INLINE void DriftMonitor::check_options() const {
  if (options_.window < 50) {
    throw Error(ErrorCode::invalid_argument,
                "a window of " + std::to_string(options_.window) + " records shows no drift; give at least 50");
  }
  if (!(options_.false_alarm_rate > 0.0 && options_.false_alarm_rate < 1.0) ||
      !(options_.least_distance >= 0.0 && options_.least_distance <= 1.0)) {
    throw Error(ErrorCode::invalid_argument, "false_alarm_rate lies between 0 and 1, least_distance from 0 to 1");
  }
  if (!(options_.least_excess >= 1.0 && detail::is_finite(options_.least_excess))) {
    throw Error(ErrorCode::invalid_argument, "least_excess is a number of at least 1");
  }
  if (options_.limit && detail::is_nan(static_cast<double>(*options_.limit))) {
    throw Error(ErrorCode::invalid_argument, "the limit is not a number; give the score that is reported above");
  }
}

NAD_INLINE DriftMonitor::DriftMonitor(const Calibration& calibration, const Options& options) : options_(options) {
  check_options();
  if (calibration.size() < 2) {
    throw Error(ErrorCode::not_fitted, "there are no calibration scores to compare with; fit on more records");
  }
  const std::span<const float> scores = calibration.scores();
  const float highest = scores[static_cast<std::size_t>(detail::bulk_share * static_cast<double>(scores.size() - 1))];
  const auto bulk = static_cast<std::size_t>(std::upper_bound(scores.begin(), scores.end(), highest) - scores.begin());
  calibration_bulk_ = bulk;
  calibration_scores_ = scores.size();
  for (std::size_t bin = 1; bin <= bins; ++bin) {
    const float edge = scores[bulk * bin / bins - (bulk * bin / bins > 0 ? 1 : 0)];
    if (edges_.empty() || edge > edges_.back()) {
      const auto below = std::upper_bound(scores.begin(), scores.end(), edge) - scores.begin();
      edges_.push_back(edge);
      expected_.push_back(static_cast<double>(below) / static_cast<double>(bulk));
    }
  }
  counts_.assign(edges_.size() + 1, 0);
  if (options_.limit) {
    const auto above = std::upper_bound(scores.begin(), scores.end(), *options_.limit);
    calibration_reported_ = static_cast<std::uint64_t>(scores.end() - above);
    promised_share_ =
        calibration.p_value(std::nextafter(*options_.limit, std::numeric_limits<float>::infinity())).value;
  }
}

NAD_INLINE bool DriftMonitor::add(float score) {
  if (!detail::is_finite(static_cast<double>(score))) {
    throw Error(ErrorCode::invalid_data, "the score of a record is not finite; drift is told of finite scores");
  }
  ++counts_[static_cast<std::size_t>(std::lower_bound(edges_.begin(), edges_.end(), score) - edges_.begin())];
  reported_ += options_.limit && score > *options_.limit ? 1U : 0U;
  if (++in_window_ < options_.window) {
    return false;
  }
  last_ = current();
  std::fill(counts_.begin(), counts_.end(), 0U);
  in_window_ = 0;
  reported_ = 0;
  return last_.needs_attention();
}

NAD_INLINE DriftReport DriftMonitor::current() const {
  DriftReport report;
  report.records = static_cast<std::size_t>(in_window_);
  report.promised_share = promised_share_;
  if (in_window_ == 0) {
    return report;
  }
  const double question_rate = options_.false_alarm_rate / 3.0;
  const auto all = static_cast<double>(in_window_);
  const std::uint64_t beyond = counts_.back();
  report.beyond_share = static_cast<double>(beyond) / all;
  report.mostly_beyond = report.beyond_share > 0.5 &&
                         detail::chance_of_exceeding(calibration_scores_, calibration_scores_ - calibration_bulk_,
                                                     in_window_, beyond) <= question_rate;
  report.reported_share = static_cast<double>(reported_) / all;
  report.beyond_promise =
      options_.limit && report.reported_share > options_.least_excess * promised_share_ &&
      detail::chance_of_exceeding(calibration_scores_, calibration_reported_, in_window_, reported_) <= question_rate;
  if (in_window_ - beyond < detail::least_bulk) {
    return report;
  }
  const double bulk = all - static_cast<double>(beyond);
  double below = 0.0;
  for (std::size_t edge = 0; edge < edges_.size(); ++edge) {
    below += static_cast<double>(counts_[edge]);
    report.bulk_distance = std::max(report.bulk_distance, std::abs(below / bulk - expected_[edge]));
  }
  report.bulk_limit = std::max(options_.least_distance,
                               detail::two_sample_limit(bulk, static_cast<double>(calibration_bulk_), question_rate));
  report.bulk_moved = report.bulk_distance > report.bulk_limit;
  return report;
}

NAD_INLINE void DriftMonitor::restore() const {
  try {
    check_options();
  } catch (const Error& error) {
    throw Error(ErrorCode::bad_file, std::string(error.what()) + "; what is known of drift is damaged");
  }
  bool sound = calibration_scores_ >= 2 && calibration_scores_ < (std::uint64_t{1} << 48U) && calibration_bulk_ >= 1 &&
               calibration_bulk_ <= calibration_scores_ && calibration_reported_ <= calibration_scores_ &&
               promised_share_ >= 0.0 && promised_share_ <= 1.0 && !edges_.empty() &&
               edges_.size() == expected_.size() && counts_.size() == edges_.size() + 1 &&
               in_window_ < options_.window && reported_ <= in_window_;
  std::uint64_t counted = 0;
  for (const std::uint64_t count : counts_) {
    sound = sound && count <= in_window_;
    counted += count;
  }
  for (std::size_t edge = 0; sound && edge < edges_.size(); ++edge) {
    sound = detail::is_finite(static_cast<double>(edges_[edge])) && (edge == 0 || edges_[edge] > edges_[edge - 1]) &&
            expected_[edge] >= 0.0 && expected_[edge] <= 1.0;
  }
  if (!sound || counted != in_window_) {
    throw Error(ErrorCode::bad_file, "what is known of drift does not fit together; it is damaged");
  }
}

NAD_INLINE std::string DriftReport::to_string() const {
  const auto formatted = [](const char* format, auto... values) {
    char text[160];
    const int length = std::snprintf(text, sizeof text, format, values...);
    return std::string(text, static_cast<std::size_t>(length));
  };
  const bool bulk_is_known = bulk_limit < 1.0;
  std::string text = formatted("%zu records: ", records) +
                     (bulk_is_known ? formatted("the bulk of their scores %s by %.3f, the limit is %.3f",
                                                bulk_moved ? "has moved" : "differs", bulk_distance, bulk_limit)
                                    : std::string("too few scores lie in the bulk to compare it")) +
                     formatted(", and %.1f %% lie where 5 %% of the calibration records do", 100.0 * beyond_share);
  if (beyond_promise) {
    text += formatted(", %.3g %% above the limit, where %.3g %% of normal records are promised", 100.0 * reported_share,
                      100.0 * promised_share);
  }
  if (mostly_beyond) {
    return text +
           (bulk_is_known && !bulk_moved ? ": a flood of attacks, since the other records are as they were"
                                         : ": a flood, or traffic that the model does not know") +
           "; look at the whole, not at single alerts, and fit on recent traffic if this is what is normal now";
  }
  if (bulk_moved) {
    return text + ": normal traffic has changed; fit or calibrate on recent traffic";
  }
  return beyond_promise ? text + ": more records beyond the limit than promised, attacks or drift" : text;
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
