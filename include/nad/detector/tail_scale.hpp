#pragma once

// How far out a score lies among those of ordinary rows, on scales on which different detectors can be compared.

#include <cstddef>
#include <span>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/pareto_tail.hpp"

namespace nad::detail {

/// Learns from the raw scores that one detector gave to calibration rows. Everything it gives increases with the score.
class NAD_API TailScale {
 public:
  TailScale() = default;
  /// `weights` is empty or one a score, some above 0.
  TailScale(std::span<const float> scores, std::span<const float> weights);

  /// The share of calibration rows that lie at this score or further out is p: -log p. Between the scores that were
  /// seen it goes straight; above the 95 % point it is the tail of a generalised Pareto distribution, so that it tells
  /// scores apart that lie further out than any calibration row.
  double surprise(double score) const noexcept;
  /// The score of which this is the surprise: the lowest that was seen where that is less than any has.
  double score_at(double surprise) const noexcept;
  /// The share of calibration rows that lie below, of those at the score one half.
  double rank(double score) const noexcept;
  /// The distance from the median, in standard deviations as the quartiles tell them.
  double standardised(double score) const noexcept { return (score - median_) / spread_; }

  /// Scores that were seen, increasing, and the rank of each.
  std::span<const float> scores() const noexcept { return scores_; }
  std::span<const double> ranks() const noexcept { return ranks_; }
  double median() const noexcept { return median_; }
  double spread() const noexcept { return spread_; }
  /// Above this score the tail goes on, from this surprise.
  double tail_start() const noexcept { return tail_start_; }
  double tail_surprise() const noexcept { return tail_surprise_; }
  const ParetoTail& tail() const noexcept { return tail_; }

  /// False where some value makes no sense, as it may after loading.
  bool is_sound() const noexcept;

  template <class Archive>
  void serialize(Archive& archive) {
    archive_named(archive, "scores", scores_, "ranks", ranks_, "median", median_, "spread", spread_, "tail_start",
                  tail_start_, "tail_surprise", tail_surprise_, "tail_shape", tail_.shape, "tail_scale", tail_.scale);
  }

 private:
  std::vector<float> scores_;  ///< some of those that were seen, increasing
  std::vector<double> ranks_;  ///< of each of them
  double median_ = 0.0;
  double spread_ = 1.0;
  double tail_start_ = 0.0;
  double tail_surprise_ = 0.0;  ///< there
  ParetoTail tail_;
};

}  // namespace nad::detail

#ifdef NAD_HEADER_ONLY
#include "nad/detector/tail_scale-inl.hpp"
#endif
