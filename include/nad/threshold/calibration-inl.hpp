#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/portable_exp.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/detail/quantile.hpp"
#include "nad/threshold/calibration.hpp"

namespace nad {

NAD_INLINE Calibration::Calibration(std::span<const float> scores) : scores_(scores.begin(), scores.end()) {
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    if (!detail::is_finite(static_cast<double>(scores_[i]))) {
      throw Error(ErrorCode::invalid_data,
                  "the held-out score of row " + std::to_string(i) + " is not finite; calibrate on finite scores");
    }
  }
  std::sort(scores_.begin(), scores_.end());
  fit_tail();
}

NAD_INLINE std::size_t Calibration::count_at_least(float score) const noexcept {
  return static_cast<std::size_t>(scores_.end() - std::lower_bound(scores_.begin(), scores_.end(), score));
}

NAD_INLINE double Calibration::surprise_of_count(std::size_t at_least) const noexcept {
  const auto below = static_cast<double>(scores_.size() - at_least);
  return detail::portable_log1p(below / (static_cast<double>(at_least) + 1.0));
}

/// Of n scores the highest 3 sqrt(n), a fifth at most (the rule of Vehtari et al. 2024): few enough to be the tail.
NAD_INLINE void Calibration::fit_tail() {
  if (scores_.empty()) {
    return;
  }
  const auto n = static_cast<double>(scores_.size());
  const auto highest = static_cast<std::size_t>(std::min(0.2 * n, 3.0 * std::sqrt(n)));
  const std::size_t start = scores_.size() - 1 - std::min(highest, scores_.size() - 1);
  tail_start_ = static_cast<double>(scores_[start]);
  std::vector<double> excesses;
  for (std::size_t i = start + 1; i < scores_.size(); ++i) {
    if (scores_[i] > scores_[start]) {
      excesses.push_back(static_cast<double>(scores_[i]) - tail_start_);
    }
  }
  const double span = static_cast<double>(scores_.back()) - static_cast<double>(scores_.front());
  const double otherwise = span > 0.0 ? span : std::max(std::abs(tail_start_), 1.0) * 1e-3;
  tail_ = detail::ParetoTail::fit(excesses, std::vector<double>(excesses.size(), 1.0), otherwise);
  tail_start_surprise_ = surprise_of_count(count_at_least(scores_[start]));
}

NAD_INLINE double Calibration::conformal_p_value(float score) const noexcept {
  return (static_cast<double>(count_at_least(score)) + 1.0) * least_p_value();
}

NAD_INLINE PValue Calibration::p_value(float score) const noexcept {
  if (scores_.empty() || score <= scores_.back()) {
    return {conformal_p_value(score), false};
  }
  const double tail = detail::portable_exp(-surprise(score));
  return tail < least_p_value() ? PValue{tail, true} : PValue{least_p_value(), false};
}

NAD_INLINE double Calibration::surprise(float score) const noexcept {
  if (scores_.empty() || score <= scores_.front()) {
    return 0.0;
  }
  const double excess = static_cast<double>(score) - tail_start_;
  if (excess > 0.0) {
    return tail_start_surprise_ + tail_.surprise(excess);
  }
  const auto above = std::lower_bound(scores_.begin(), scores_.end(), score);  // after the first
  const double high_surprise = surprise_of_count(static_cast<std::size_t>(scores_.end() - above));
  const float low = *(above - 1);
  const double low_surprise = surprise_of_count(count_at_least(low));
  const double share = (static_cast<double>(score) - static_cast<double>(low)) /
                       (static_cast<double>(*above) - static_cast<double>(low));
  return low_surprise + share * (high_surprise - low_surprise);
}

NAD_INLINE ScoreLimit Calibration::score_at(double p) const {
  if (!(p > 0.0 && p <= 1.0)) {
    throw Error(ErrorCode::invalid_argument,
                "a p-value of " + std::to_string(p) + " was asked for; give one above 0 and at most 1");
  }
  if (scores_.empty()) {
    throw Error(ErrorCode::not_fitted, "no held-out scores are there to calibrate by; fit on more rows");
  }
  const double all = static_cast<double>(scores_.size()) + 1.0;
  auto reached = static_cast<std::size_t>(p * all);
  // as p_value() rounds
  reached += (static_cast<double>(reached) + 1.0) * least_p_value() <= p ? 1U : 0U;
  if (reached > scores_.size()) {
    return {std::numeric_limits<float>::lowest(), false};
  }
  if (reached > 0) {
    return {scores_[scores_.size() - reached], false};
  }
  const double wanted = detail::portable_log1p(1.0 / p - 1.0);
  const double exact = tail_start_ + tail_.excess_of(wanted - tail_start_surprise_);
  auto score = static_cast<float>(std::min(exact, static_cast<double>(std::numeric_limits<float>::max())));
  if (static_cast<double>(score) < exact) {
    score = std::nextafter(score, std::numeric_limits<float>::max());
  }
  return {std::max(score, scores_.back()), true};
}

NAD_INLINE float Calibration::quantile(double q) const {
  if (!(q >= 0.0 && q <= 1.0)) {
    throw Error(ErrorCode::invalid_argument, "a quantile of " + std::to_string(q) + " was asked for; give 0 to 1");
  }
  if (scores_.empty()) {
    throw Error(ErrorCode::not_fitted, "no held-out scores are there to calibrate by; fit on more rows");
  }
  std::vector<float> copy = scores_;
  return detail::quantile_below(copy, q);
}

NAD_INLINE void Calibration::restore() {
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    if (!detail::is_finite(static_cast<double>(scores_[i])) || (i > 0 && scores_[i] < scores_[i - 1])) {
      throw Error(ErrorCode::bad_file, "the held-out scores are not finite or not in order; the model is damaged");
    }
  }
  fit_tail();
}

}  // namespace nad
