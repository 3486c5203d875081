#pragma once

/// Whether live scores still look like those that the model was calibrated on.
///
///   nad::DriftMonitor monitor(calibration);
///   for (float score : live) {
///     if (monitor.add(score)) {                     // a window is full and has moved too far
///       std::cout << monitor.last().to_string();    // "the bulk of 2,000 scores has moved by 0.21, limit 0.06 ..."
///     }
///   }
///   nad::DriftReport whole = nad::drift(calibration, scores_of_a_batch);
///
/// Two questions to each window of scores, each with a false-alarm rate of half of `false_alarm_rate` where nothing has
/// changed and records are independent of each other:
///
/// - Has the bulk moved? Of the scores below the highest 5 % of calibration, the largest distance between the two
///   distributions (two-sample Kolmogorov-Smirnov, limit after Massart). An attack adds to the highest scores and
///   leaves this alone; another kind of normal traffic does not.
/// - Does so much lie among the highest 5 % that they are no exceptions any more (above half of the window)? That is a
///   flood, or traffic that the model does not know at all; either way single alerts make no sense.
///
/// A distance counts from `least_distance` on: with many records every small change is certain, and few are of
/// interest.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/threshold/calibration.hpp"

namespace nad {

struct DriftOptions {
  std::size_t window = 2000;       ///< records
  double false_alarm_rate = 1e-4;  ///< a window
  double least_distance = 0.1;     ///< between the distributions of the bulk, 0 to 1

  template <class Archive>
  void serialize(Archive& archive) {
    auto stored = static_cast<std::uint64_t>(window);
    archive(stored, false_alarm_rate, least_distance);
    window = static_cast<std::size_t>(stored);
  }
};

struct NAD_API DriftReport {
  std::size_t records = 0;
  double bulk_distance = 0.0;  ///< 0 to 1
  double bulk_limit = 1.0;     ///< above it the bulk has moved
  double beyond_share = 0.0;   ///< of the records above all but 5 % of the calibration scores
  bool bulk_moved = false;
  bool mostly_beyond = false;

  bool drifted() const noexcept { return bulk_moved || mostly_beyond; }
  /// A sentence for a person.
  std::string to_string() const;
};

class NAD_API DriftMonitor {
 public:
  using Options = DriftOptions;

  explicit DriftMonitor(const Calibration& calibration, const Options& options = {});

  const Options& options() const noexcept { return options_; }
  /// True when this score completes a window that has drifted.
  bool add(float score);
  /// Of the last full window.
  const DriftReport& last() const noexcept { return last_; }
  /// Of the scores since then.
  DriftReport current() const;

 private:
  static constexpr std::size_t bins = 64;  ///< of the bulk, as even as ties allow

  Options options_;
  std::vector<float> edges_;      ///< the highest score of each bin but the last, which holds what lies beyond the bulk
  std::vector<double> expected_;  ///< the share of the calibration's bulk at or below each edge
  double calibration_bulk_ = 0.0;  ///< scores
  std::vector<std::uint64_t> counts_;
  std::size_t in_window_ = 0;
  DriftReport last_;
};

/// All scores as one window.
NAD_API DriftReport drift(const Calibration& calibration, std::span<const float> scores,
                          const DriftOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/threshold/drift-inl.hpp"
#endif
