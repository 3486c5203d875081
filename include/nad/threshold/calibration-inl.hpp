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
#include "nad/detail/tempered.hpp"
#include "nad/threshold/calibration.hpp"

namespace nad {

namespace detail {

/// log(p / (1 - p)), finite at the ends: next to what floats tell from them.
inline double log_odds(float probability) noexcept {
  constexpr double next_to_one = 1.0 - 0x1p-25;
  const double p = std::clamp(static_cast<double>(probability), 0x1p-150, next_to_one);
  return p < 0.5 ? -portable_log1p((1.0 - 2.0 * p) / p) : portable_log1p((2.0 * p - 1.0) / (1.0 - p));
}

inline bool lies_inside(ScoreRange range, float score) noexcept {
  return range == ScoreRange::zero_to_one ? score >= 0.0F && score <= 1.0F : is_finite(static_cast<double>(score));
}

}  // namespace detail

NAD_INLINE Calibration::Calibration(std::span<const float> scores, ScoreRange range)
    : scores_(scores.begin(), scores.end()), range_(range) {
  if (!is_known(range_)) {
    throw Error(ErrorCode::invalid_argument, "the range of scores is none of " + detail::quoted_words(range_));
  }
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    if (!detail::is_finite(static_cast<double>(scores_[i]))) {
      throw Error(ErrorCode::invalid_data,
                  "the held-out score of row " + std::to_string(i) + " is not finite; calibrate on finite scores");
    }
    if (!detail::lies_inside(range_, scores_[i])) {
      throw Error(ErrorCode::invalid_data, "the held-out score of row " + std::to_string(i) + " is " +
                                               std::to_string(scores_[i]) +
                                               "; scores from 0 to 1 were announced, so give those or another range");
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
NAD_INLINE std::size_t Calibration::tail_of(std::size_t size) noexcept {
  const auto n = static_cast<double>(size);
  return static_cast<std::size_t>(std::min(0.2 * n, 3.0 * std::sqrt(n)));
}

NAD_INLINE double Calibration::least_believable_of(std::size_t size) noexcept {
  return 1.0 / ((static_cast<double>(size) + 1.0) * std::max(1.0, static_cast<double>(tail_of(size)) / 8.0));
}

NAD_INLINE double Calibration::least_believable_p_value() const noexcept { return least_believable_of(scores_.size()); }

NAD_INLINE std::size_t Calibration::size_that_tells(double p) noexcept {
  std::size_t size = 1;
  while (least_believable_of(size) > p && size < std::numeric_limits<std::size_t>::max() / 4) {
    size += std::max<std::size_t>(1, size / 100);  // to a hundredth
  }
  return size;
}

NAD_INLINE void Calibration::fit_tail() {
  if (scores_.empty()) {
    return;
  }
  const std::size_t start = scores_.size() - 1 - std::min(tail_of(scores_.size()), scores_.size() - 1);
  tail_start_ = scores_[start];
  const double place = tail_place(tail_start_);
  std::vector<double> excesses;
  excesses.reserve(scores_.size() - start);
  for (std::size_t i = start + 1; i < scores_.size(); ++i) {
    if (scores_[i] > tail_start_) {
      excesses.push_back(tail_place(scores_[i]) - place);
    }
  }
  const double span = tail_place(scores_.back()) - tail_place(scores_.front());
  const double otherwise = span > 0.0 ? span : std::max(std::abs(place), 1.0) * 1e-3;
  tail_ = detail::ParetoTail::fit(excesses, std::vector<double>(excesses.size(), 1.0), otherwise);
  tail_start_surprise_ = surprise_of_count(count_at_least(scores_[start]));
}

NAD_INLINE double Calibration::tail_place(float score) const noexcept {
  switch (range_) {
    case ScoreRange::zero_to_one:
      return detail::log_odds(score);
    case ScoreRange::tempered:
      return detail::untempered(static_cast<double>(score));
    default:
      return static_cast<double>(score);
  }
}

NAD_INLINE float Calibration::score_of_place(double place) const noexcept {
  constexpr double most = std::numeric_limits<float>::max();
  double exact = std::min(place, most);
  if (range_ == ScoreRange::zero_to_one) {
    exact = detail::portable_sigmoid(place);
  } else if (range_ == ScoreRange::tempered) {
    exact = detail::tempered(exact);
  }
  const auto score = static_cast<float>(exact);
  return static_cast<double>(score) > exact ? std::nextafter(score, std::numeric_limits<float>::lowest()) : score;
}

NAD_INLINE double Calibration::conformal_p_value(float score) const noexcept {
  return (static_cast<double>(count_at_least(score)) + 1.0) * least_p_value();
}

NAD_INLINE PValue Calibration::p_value(float score) const noexcept { return p_value(score, surprise(score)); }

NAD_INLINE PValue Calibration::p_value(float score, double surprise) const noexcept {
  if (scores_.empty() || score <= scores_.back()) {
    return {conformal_p_value(score), false};
  }
  const double tail = detail::portable_exp(-surprise);
  return tail < least_p_value() ? PValue{tail, true} : PValue{least_p_value(), false};
}

NAD_INLINE double Calibration::surprise(float score) const noexcept {
  if (scores_.empty() || score <= scores_.front()) {
    return 0.0;
  }
  if (score > tail_start_) {
    return tail_start_surprise_ + tail_.surprise(tail_place(score) - tail_place(tail_start_));
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
  ScoreLimit limit;
  if (reached > 0) {
    limit.score = scores_[scores_.size() - reached];
  } else {
    const double wanted = detail::portable_log1p(1.0 / p - 1.0);
    limit.score = score_of_place(tail_place(tail_start_) + tail_.excess_of(wanted - tail_start_surprise_));
    limit.score = std::max(limit.score, scores_.back());
    limit.extrapolated = true;
  }
  if (range_ == ScoreRange::zero_to_one && limit.score >= 1.0F) {
    return {std::nextafter(1.0F, 0.0F), true};
  }
  return limit;
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
  if (!is_known(range_)) {
    throw Error(ErrorCode::bad_file, "the range of scores is unknown; the model is damaged");
  }
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    if (!detail::lies_inside(range_, scores_[i]) || (i > 0 && scores_[i] < scores_[i - 1])) {
      throw Error(ErrorCode::bad_file,
                  "the held-out scores are out of their range or not in order; the model is damaged");
    }
  }
  fit_tail();
}

}  // namespace nad
