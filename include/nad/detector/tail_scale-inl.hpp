#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "nad/detail/portable_exp.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/detector/tail_scale.hpp"

namespace nad::detail {

/// Of all the scores that were seen so many are kept, a fifth of them in the tail.
inline constexpr std::size_t tail_scale_points = 640;
/// Where the tail begins.
inline constexpr double tail_rank = 0.95;
/// With a lower one, one member's surprise at a few rows beyond its range would drown what all others say.
inline constexpr double least_tail_shape = -0.2;

/// -log(1 - rank)
inline double surprise_of_rank(double rank) noexcept { return portable_log1p(rank / (1.0 - rank)); }

/// Scores that differ, with the weight of each.
struct SeenScores {
  std::vector<double> scores;
  std::vector<double> weights;
  double total = 0.0;

  SeenScores(std::span<const float> given, std::span<const float> given_weights) {
    std::vector<std::size_t> order(given.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return given[a] < given[b]; });
    for (const std::size_t i : order) {
      const double weight = given_weights.empty() ? 1.0 : static_cast<double>(given_weights[i]);
      if (weight <= 0.0) {
        continue;
      }
      const auto score = static_cast<double>(given[i]);
      if (scores.empty() || score > scores.back()) {
        scores.push_back(score);
        weights.push_back(0.0);
      }
      weights.back() += weight;
      total += weight;
    }
  }

  double quantile(double q) const noexcept {
    double sum = 0.0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      sum += weights[i];
      if (sum >= q * total) {
        return scores[i];
      }
    }
    return scores.back();
  }
};

NAD_INLINE TailScale::TailScale(std::span<const float> scores, std::span<const float> weights) {
  const SeenScores seen(scores, weights);
  median_ = seen.quantile(0.5);
  spread_ = (seen.quantile(0.75) - seen.quantile(0.25)) / 1.349;  // of a normal distribution: its standard deviation
  if (!(spread_ > 0.0)) {
    double variance = 0.0;
    for (std::size_t i = 0; i < seen.scores.size(); ++i) {
      variance += seen.weights[i] * (seen.scores[i] - median_) * (seen.scores[i] - median_) / seen.total;
    }
    spread_ = variance > 0.0 ? std::sqrt(variance) : std::max(std::abs(median_), 1.0) * 1e-3;
  }

  tail_start_ = seen.quantile(tail_rank);
  double below = 0.0;
  double next_rank = 0.0;
  std::vector<double> excesses;
  std::vector<double> excess_weights;
  for (std::size_t i = 0; i < seen.scores.size(); ++i) {
    const double score = seen.scores[i];
    // one row more than there were, half of it on either side: no rank is 0 or 1
    const double rank = (below + 0.5 * seen.weights[i] + 0.5) / (seen.total + 1.0);
    below += seen.weights[i];
    if (score == tail_start_) {
      tail_surprise_ = surprise_of_rank(rank);
    } else if (score > tail_start_) {
      excesses.push_back(score - tail_start_);
      excess_weights.push_back(seen.weights[i]);
    }
    if (rank >= next_rank || score == tail_start_ || i + 1 == seen.scores.size()) {
      scores_.push_back(static_cast<float>(score));
      ranks_.push_back(rank);
      const bool in_tail = rank >= tail_rank;
      next_rank =
          rank + (in_tail ? (1.0 - tail_rank) / (0.2 * tail_scale_points) : tail_rank / (0.8 * tail_scale_points));
    }
  }
  tail_ = ParetoTail::fit(excesses, excess_weights, spread_, least_tail_shape);
}

NAD_INLINE double TailScale::rank(double score) const noexcept {
  const auto after = std::upper_bound(scores_.begin(), scores_.end(), score,
                                      [](double value, float seen) { return value < static_cast<double>(seen); });
  if (after == scores_.begin()) {
    return ranks_.front() * 0.5;  // below all that was seen
  }
  const auto i = static_cast<std::size_t>(after - scores_.begin()) - 1;
  const auto low = static_cast<double>(scores_[i]);
  if (after == scores_.end()) {
    return score == low ? ranks_[i] : 0.5 * (1.0 + ranks_[i]);
  }
  const double share = (score - low) / (static_cast<double>(*after) - low);
  return ranks_[i] + share * (ranks_[i + 1] - ranks_[i]);
}

NAD_INLINE double TailScale::surprise(double score) const noexcept {
  if (score > tail_start_) {
    return tail_surprise_ + tail_.surprise(score - tail_start_);
  }
  return surprise_of_rank(rank(score));
}

NAD_INLINE double TailScale::score_at(double surprise) const noexcept {
  if (surprise > tail_surprise_) {
    return tail_start_ + tail_.excess_of(surprise - tail_surprise_);
  }
  const double rank = 1.0 - portable_exp(-surprise);
  const auto after = std::upper_bound(ranks_.begin(), ranks_.end(), rank);
  if (after == ranks_.begin() || after == ranks_.end()) {
    return static_cast<double>(after == ranks_.begin() ? scores_.front() : scores_.back());
  }
  const auto i = static_cast<std::size_t>(after - ranks_.begin()) - 1;
  const double share = (rank - ranks_[i]) / (*after - ranks_[i]);
  const auto low = static_cast<double>(scores_[i]);
  return low + share * (static_cast<double>(scores_[i + 1]) - low);
}

NAD_INLINE bool TailScale::is_sound() const noexcept {
  // looks at what a comparison says: NaN is never above anything
  const auto finite = [](double value) { return value >= -1e300 && value <= 1e300; };
  bool sound = !scores_.empty() && scores_.size() == ranks_.size() && ranks_.front() > 0.0 && ranks_.back() < 1.0;
  for (std::size_t i = 0; sound && i < scores_.size(); ++i) {
    sound = finite(static_cast<double>(scores_[i])) && finite(ranks_[i]) &&
            (i == 0 || (scores_[i - 1] < scores_[i] && ranks_[i - 1] < ranks_[i]));
  }
  return sound && finite(median_) && finite(spread_) && spread_ > 0.0 && finite(tail_start_) && tail_surprise_ >= 0.0 &&
         finite(tail_surprise_) && tail_.is_sound();
}

}  // namespace nad::detail
