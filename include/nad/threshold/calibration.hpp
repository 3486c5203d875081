#pragma once

/// What scores normal records get: p-values for new ones, and the score that stands for a p-value.
///
///   nad::Calibration calibration(detector.anomaly_score(held_out));   // rows that the detector did not learn from
///   nad::PValue p = calibration.p_value(score);
///   p.value;                                      // (1 + held-out scores at least as high) / (held-out scores + 1)
///   p.extrapolated;                               // beyond all of them: from a tail fitted to the highest
///   calibration.score_at(0.001).score;            // records above it have a p-value of at most 0.001
///
/// Split conformal prediction: where a new record is as likely among the held-out ones as at any other place of their
/// order (same network, same time of day, no drift), P(p <= a) <= a, whatever the detector and however few the
/// held-out records are. What is extrapolated has no such promise.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/pareto_tail.hpp"
#include "nad/detail/words.hpp"

namespace nad {

/// Where scores can lie.
enum class ScoreRange : std::uint8_t {
  unbounded,
  zero_to_one,  ///< probabilities, and what else ends there: the tail is that of their log-odds
  tempered,     ///< `Combination::tempered_surprise`, which hardly rises beyond 5: the tail is that before tempering
};

constexpr std::array<std::string_view, 3> words_of(ScoreRange) noexcept {
  return {"unbounded", "zero_to_one", "tempered"};
}

struct PValue {
  double value = 1.0;
  bool extrapolated = false;

  friend bool operator==(const PValue&, const PValue&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
    detail::archive_field(archive, "whether a p-value is extrapolated", extrapolated);
  }
};

struct ScoreLimit {
  float score = 0.0F;         ///< what lies above has the p-value that was asked for, or a lower one
  bool extrapolated = false;  ///< the held-out scores are too few for it, or their range ends before it

  friend bool operator==(const ScoreLimit&, const ScoreLimit&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(score);
    detail::archive_field(archive, "whether a limit is extrapolated", extrapolated);
  }
};

class NAD_API Calibration {
 public:
  /// Scores of nothing: every p-value is 1.
  Calibration() = default;
  /// Finite scores, in any order, all of them inside the range.
  explicit Calibration(std::span<const float> scores, ScoreRange range = ScoreRange::unbounded);

  std::size_t size() const noexcept { return scores_.size(); }
  /// In rising order.
  std::span<const float> scores() const noexcept { return scores_; }
  ScoreRange range() const noexcept { return range_; }

  /// The least p-value that is not extrapolated: 1 / (size() + 1).
  double least_p_value() const noexcept { return 1.0 / (static_cast<double>(scores_.size()) + 1.0); }
  /// How far out the fitted tail still tells something: an eighth as many times further than the scores themselves as
  /// it was fitted to. 60 scores tell 1.5 times as far, 1,000 tell 12 times.
  double least_believable_p_value() const noexcept;
  /// How many scores it takes for that to be so small.
  static std::size_t size_that_tells(double p) noexcept;
  /// Never above 1 / (size() + 1) beyond all held-out scores, and falls on there with the fitted tail; falls everywhere
  /// as the score rises, though not strictly. Never below 3.3e-308, where `surprise` goes on.
  PValue p_value(float score) const noexcept;
  /// The same for a score whose `surprise` is at hand.
  PValue p_value(float score, double surprise) const noexcept;
  /// The same, without the tail: what the promise holds for.
  double conformal_p_value(float score) const noexcept;
  /// -log of the p-value, without its steps: between two held-out scores it rises straight, among the highest and
  /// beyond as the fitted tail does.
  double surprise(float score) const noexcept;

  /// The least limit such that every score above it has a p-value of at most `p`, which is above 0 and at most 1. Where
  /// the range of scores ends before there is one, the limit lies just below the end: the highest score there can be is
  /// reported, though it keeps no such promise.
  ScoreLimit score_at(double p) const;
  /// The q-quantile of the held-out scores (linear between two of them), q from 0 to 1.
  float quantile(double q) const;

  /// For any cereal archive; a host that uses cereal's own includes <cereal/types/vector.hpp>. What is loaded is
  /// checked.
  template <class Archive>
  void serialize(Archive& archive) {
    detail::archive_named(archive, "scores", scores_);
    detail::archive_field(archive, "range", range_);
    if constexpr (Archive::is_loading::value) {
      restore();
    }
  }

 private:
  std::size_t count_at_least(float score) const noexcept;
  /// -log of the conformal p-value of a score that so many held-out ones reach.
  double surprise_of_count(std::size_t at_least) const noexcept;
  void fit_tail();
  /// Of so many scores the highest so many are the tail.
  static std::size_t tail_of(std::size_t size) noexcept;
  static double least_believable_of(std::size_t size) noexcept;
  /// Where the tail is straight: scores as they are, their log-odds, or what they were before tempering.
  double tail_place(float score) const noexcept;
  /// The highest score that lies at such a place or before.
  float score_of_place(double place) const noexcept;
  /// Checks what was loaded.
  void restore();

  std::vector<float> scores_;  ///< increasing
  ScoreRange range_ = ScoreRange::unbounded;
  // not stored:
  detail::ParetoTail tail_;  ///< of what exceeds tail_start_, in places
  float tail_start_ = 0.0F;
  double tail_start_surprise_ = 0.0;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/threshold/calibration-inl.hpp"
#endif
