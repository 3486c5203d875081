#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/threshold/threshold_rule.hpp"

namespace nad {

namespace detail {

/// "0.001", "20": as short as says the same to a person.
inline std::string short_number(double value) {
  char text[32];
  const int length = std::snprintf(text, sizeof text, "%.6g", value);
  return {text, static_cast<std::size_t>(length)};
}

inline void check_rule_value(bool sound, const ThresholdRule& rule, const char* wanted) {
  if (!sound) {
    throw Error(ErrorCode::invalid_argument, "a threshold by " + std::string(name(rule.kind)) + " of " +
                                                 short_number(rule.value) + " makes no sense; give " + wanted);
  }
}

/// Below the highest attack where a limit is extrapolated beyond it.
inline ScoreLimit reachable(ScoreLimit limit, const ThresholdEvidence& evidence) {
  if (limit.extrapolated && evidence.highest_attack &&
      *evidence.highest_attack >= evidence.calibration->scores().back()) {
    constexpr float least = std::numeric_limits<float>::lowest();
    limit.score = std::min(limit.score, std::nextafter(*evidence.highest_attack, least));
  }
  return limit;
}

}  // namespace detail

NAD_INLINE void ThresholdRule::check() const {
  const bool finite = detail::is_finite(value);
  switch (kind) {
    case ThresholdKind::score:
      return detail::check_rule_value(finite, *this, "a finite score");
    case ThresholdKind::contamination:
      return detail::check_rule_value(value > 0.0 && value <= 0.5, *this, "a share above 0 and at most 0.5");
    case ThresholdKind::quantile:
      return detail::check_rule_value(value >= 0.0 && value <= 1.0, *this, "a number from 0 to 1");
    case ThresholdKind::false_positive_rate:
      return detail::check_rule_value(value > 0.0 && value < 1.0, *this, "a rate above 0 and below 1");
    case ThresholdKind::alerts_per_day:
      return detail::check_rule_value(finite && value > 0.0, *this, "a number of alerts above 0");
    case ThresholdKind::f_beta:
      return detail::check_rule_value(finite && value > 0.0, *this,
                                      "a beta above 0; 1 weighs precision and recall alike");
  }
  throw Error(ErrorCode::invalid_argument, "threshold kind " + std::to_string(static_cast<int>(kind)) + " is unknown");
}

NAD_INLINE ScoreLimit ThresholdRule::limit(const ThresholdEvidence& evidence) const {
  check();
  if (kind == ThresholdKind::score) {
    return {static_cast<float>(value), false};
  }
  if (kind == ThresholdKind::f_beta) {
    if (!evidence.best_score) {
      throw Error(ErrorCode::invalid_argument,
                  "a threshold by F-beta needs labelled records; fit on a table with labels, or give one");
    }
    return {*evidence.best_score, false};
  }
  if (evidence.calibration == nullptr || evidence.calibration->size() == 0) {
    throw Error(ErrorCode::not_fitted, "a threshold by " + std::string(name(kind)) +
                                           " needs calibration scores, and there are none; fit first, on more records");
  }
  const Calibration& calibration = *evidence.calibration;
  switch (kind) {
    case ThresholdKind::contamination:
      return {calibration.quantile(1.0 - value), false};
    case ThresholdKind::quantile:
      return {calibration.quantile(value), false};
    default:
      return detail::reachable(
          calibration.score_at(std::max(share(evidence).value_or(1.0), calibration.least_believable_p_value())),
          evidence);
  }
}

NAD_INLINE std::optional<double> ThresholdRule::share(const ThresholdEvidence& evidence) const {
  if (kind == ThresholdKind::false_positive_rate) {
    return value;
  }
  if (kind != ThresholdKind::alerts_per_day) {
    return std::nullopt;
  }
  if (!evidence.records_per_day) {
    throw Error(ErrorCode::invalid_argument,
                "a threshold in alerts a day needs to know how many records a day brings, which the times of the "
                "training table do not tell; give records_per_day");
  }
  return std::min(value * evidence.part_of_alerts / *evidence.records_per_day, 1.0);
}

NAD_INLINE std::string ThresholdRule::to_string(std::string_view records) const {
  const std::string number = detail::short_number(value);
  const std::string percent = detail::short_number(100.0 * value) + " %";
  switch (kind) {
    case ThresholdKind::score:
      return "scores above " + number;
    case ThresholdKind::contamination:
      return "the highest " + percent + " of the calibration records";
    case ThresholdKind::quantile:
      return "scores above the " + number + " quantile of the calibration records";
    case ThresholdKind::false_positive_rate:
      return "at most " + percent + " of " + std::string(records);
    case ThresholdKind::alerts_per_day:
      return "at most " + number + (value == 1.0 ? " alert a day" : " alerts a day");
    case ThresholdKind::f_beta:
      return "the highest F-beta score, beta " + number;
  }
  return "?";
}

}  // namespace nad
