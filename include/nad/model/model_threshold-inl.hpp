#pragma once

// What a model reports: its threshold, for records and for runs of them.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/words.hpp"
#include "nad/evaluate/ranking.hpp"
#include "nad/model/finding-inl.hpp"
#include "nad/model/labels-inl.hpp"
#include "nad/model/model.hpp"
#include "nad/model/model_runs-inl.hpp"

namespace nad {

namespace detail {

/// The limit that gives the highest F-beta score to "attack where the score is above"; nothing where all records are of
/// one kind.
inline std::optional<float> best_f_beta(std::span<const float> scores, std::span<const std::int32_t> classes,
                                        double beta) {
  std::vector<std::uint8_t> is_attack(classes.size());
  std::transform(classes.begin(), classes.end(), is_attack.begin(),
                 [](std::int32_t number) { return static_cast<std::uint8_t>(number != 0 ? 1 : 0); });
  const auto attacks = static_cast<std::size_t>(std::count(is_attack.begin(), is_attack.end(), 1));
  if (attacks == 0 || attacks == is_attack.size()) {
    return std::nullopt;
  }
  const double threshold = Ranking(scores, is_attack).best_f_beta(beta).threshold;
  const auto limit = static_cast<float>(threshold);
  return static_cast<double>(limit) > threshold ? std::nextafter(limit, std::numeric_limits<float>::lowest()) : limit;
}

}  // namespace detail

NAD_INLINE const ScoreLimit& Model::threshold() const {
  require_fitted("asking for its threshold");
  return limit_;
}

NAD_INLINE std::string Model::threshold_words() const {
  return rule_.to_string(options_.training == Training::mixed ? "training records" : "normal records");
}

NAD_INLINE std::string Model::beyond_calibration() const {
  const std::optional<double> asked = rule_.share(evidence());
  const double least = calibration_.least_believable_p_value();
  if (!asked || *asked >= least || calibration_.size() == 0) {
    return "";
  }
  const std::string wanted =
      detail::with_thousands(detail::formatted("%.0f", static_cast<double>(Calibration::size_that_tells(*asked))));
  return "the threshold, " + threshold_words() + ", is out of reach of " +
         detail::with_thousands(std::to_string(calibration_.size())) + " calibration records: expect up to " +
         (rule_.kind == ThresholdKind::alerts_per_day
              ? detail::with_thousands(detail::formatted("%.0f", least * *records_per_day_)) + " alerts a day"
              : detail::formatted("%.2g", 100.0 * least) + " %") +
         "; it takes " + wanted + " calibration records, so learn from more traffic";
}

NAD_INLINE ThresholdEvidence Model::evidence() const noexcept {
  return {.calibration = &calibration_,
          .records_per_day = records_per_day_,
          .best_score = best_score_,
          .highest_attack = highest_attack_,
          .part_of_alerts = 1.0 - (run_calibration_.is_fitted() ? detail::part_for_runs : 0.0) -
                            (beat_calibration_.is_fitted() ? detail::part_for_beats : 0.0)};
}

NAD_INLINE std::optional<ScoreLimit> Model::limit_of_runs(const ThresholdRule& rule) const {
  if (rule.kind != ThresholdKind::alerts_per_day || !run_calibration_.is_fitted() || !records_per_day_) {
    return std::nullopt;
  }
  return run_calibration_.limit(std::min(1.0, detail::part_for_runs * rule.value / *records_per_day_));
}

NAD_INLINE std::optional<ScoreLimit> Model::limit_of_beats(const ThresholdRule& rule) const {
  if (rule.kind != ThresholdKind::alerts_per_day || !beat_calibration_.is_fitted() || !records_per_day_) {
    return std::nullopt;
  }
  return beat_calibration_.limit(std::min(1.0, detail::part_for_beats * rule.value / *records_per_day_));
}

NAD_INLINE void Model::set_limits(const ThresholdRule& rule) {
  const ScoreLimit limit = rule.limit(evidence());
  run_limit_ = limit_of_runs(rule);
  beat_limit_ = limit_of_beats(rule);
  limit_ = limit;
  rule_ = rule;
}

NAD_INLINE void Model::set_threshold(const ThresholdRule& rule) {
  require_fitted("setting its threshold");
  // the best score was that of one beta
  if (rule.kind == ThresholdKind::f_beta && !(rule == rule_)) {
    throw Error(ErrorCode::invalid_argument,
                "another threshold by F-beta needs labelled records; give a table of them");
  }
  set_limits(rule);
}

NAD_INLINE void Model::set_threshold(const ThresholdRule& rule, const Table& labelled, const FitControl& control) {
  require_fitted("setting its threshold");
  rule.check();
  if (rule.kind != ThresholdKind::f_beta) {
    return set_threshold(rule);
  }
  const detail::Labels labels = detail::read_labels(labelled, options_, families_);
  const std::optional<float> best = detail::best_f_beta(anomaly_score(labelled, control), labels.classes, rule.value);
  const std::optional<float> before = std::exchange(best_score_, best);
  try {
    set_limits(rule);
  } catch (...) {
    best_score_ = before;
    throw;
  }
}

NAD_INLINE void Model::set_records_per_day(double records) {
  if (!(records > 0.0 && detail::is_finite(records))) {
    throw Error(ErrorCode::invalid_argument,
                "records_per_day is " + std::to_string(records) + "; give a number above 0");
  }
  const std::optional<double> before = std::exchange(records_per_day_, records);
  if (is_fitted_) {
    try {
      set_limits(rule_);
    } catch (...) {
      records_per_day_ = before;
      throw;
    }
  }
}

}  // namespace nad
