#pragma once

/// How a person says which scores are worth an alert.
///
///   nad::ThresholdRule rule = nad::ThresholdRule::alerts_per_day(20);
///   rule = nad::ThresholdRule::false_positive_rate(0.001);      // of normal records
///   nad::ScoreLimit limit = rule.limit({.calibration = &calibration, .records_per_day = 86'400});
///   if (score > limit.score) ...
///
/// A rule is kept with the model, and may be another one after loading: what it needs is kept, too, but for labels,
/// which `f_beta` needs again.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nad/config.hpp"
#include "nad/detail/words.hpp"
#include "nad/threshold/calibration.hpp"

namespace nad {

enum class ThresholdKind : std::uint8_t {
  score,                ///< this score
  contamination,        ///< so large a share of the calibration records lies above
  quantile,             ///< this quantile of the held-out scores
  false_positive_rate,  ///< normal records lie above with at most this probability
  alerts_per_day,  ///< so many of the normal records of a day lie above, at the rate at which training records came
  f_beta,          ///< the highest F-beta score of labelled records
};

constexpr std::array<std::string_view, 6> words_of(ThresholdKind) noexcept {
  return {"score", "contamination", "quantile", "false_positive_rate", "alerts_per_day", "f_beta"};
}

/// What rules look at, as far as it is there.
struct ThresholdEvidence {
  const Calibration* calibration = nullptr;
  std::optional<double> records_per_day = {};
  std::optional<float> best_score = {};  ///< what `f_beta` found where the labels were there
  /// Of held-out attacks, where there are labels. A limit that is extrapolated stays below it, where no held-out normal
  /// score is higher: above it nothing would ever be reported.
  std::optional<float> highest_attack = {};
  double part_of_alerts = 1.0;  ///< how much of a number of alerts a day is for single records
};

struct NAD_API ThresholdRule {
  ThresholdKind kind = ThresholdKind::false_positive_rate;
  double value = 0.001;

  static ThresholdRule score(double score) { return {ThresholdKind::score, score}; }
  static ThresholdRule contamination(double share) { return {ThresholdKind::contamination, share}; }
  static ThresholdRule quantile(double q) { return {ThresholdKind::quantile, q}; }
  static ThresholdRule false_positive_rate(double rate) { return {ThresholdKind::false_positive_rate, rate}; }
  static ThresholdRule alerts_per_day(double alerts) { return {ThresholdKind::alerts_per_day, alerts}; }
  static ThresholdRule f_beta(double beta = 1.0) { return {ThresholdKind::f_beta, beta}; }

  /// An error that says what is wrong where the value makes no sense for the kind.
  void check() const;
  /// The limit that the rule means; an error that says what is missing where the evidence does not suffice. A share of
  /// normal records that is less than the tail of so few calibration scores can tell of is taken for the least that it
  /// can: a limit further out might lie above all that scores can reach, and report nothing ever.
  ScoreLimit limit(const ThresholdEvidence& evidence) const;
  /// The share of normal records that may lie above the limit, for the kinds that say one.
  std::optional<double> share(const ThresholdEvidence& evidence) const;
  /// "at most 20 alerts a day"; `records` says of which records a share is meant.
  std::string to_string(std::string_view records = "normal records") const;

  friend bool operator==(const ThresholdRule&, const ThresholdRule&) = default;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/threshold/threshold_rule-inl.hpp"
#endif
