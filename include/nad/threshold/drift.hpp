#pragma once

/// Whether live scores still look like those that the model was calibrated on.
///
///   nad::DriftMonitor monitor(calibration, {.limit = model.threshold().score});
///   for (float score : live) {
///     if (monitor.add(score)) {                     // a window is full and has moved too far
///       std::cout << monitor.last().to_string();    // "2,000 records: the bulk of their scores has moved by 0.210
///       ..."
///     }
///   }
///   nad::DriftReport whole = nad::drift(calibration, scores_of_a_batch);
///
/// Three questions to each window of scores, each with a false-alarm rate of a third of `false_alarm_rate` where
/// nothing has changed and records are independent of each other:
///
/// - Has the bulk moved? Of the scores below the highest 5 % of calibration, the largest distance between the two
///   distributions (two-sample Kolmogorov-Smirnov, limit after Massart). An attack adds to the highest scores and
///   leaves this alone; another kind of normal traffic does not. Asked where 50 scores lie in the bulk.
/// - Does so much lie among the highest 5 % that they are no exceptions any more: above half of the window, and more
///   than chance brings? That is a flood, or traffic that the model does not know at all; either way single alerts make
///   no sense.
/// - Where a limit was given: do more records lie above it than calibration promises, by half as many again, and more
///   than chance brings? The promise does not hold then, because of attacks or because of drift, which this question
///   cannot tell apart.
///
/// What chance brings is exact for any size of window and of calibration (Fisher's test of the two shares). A window
/// has *drifted* where the answer to one of the first two is yes. A distance counts from `least_distance` on, and a
/// share from `least_excess` on: with many records every small change is certain, and few are of interest.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/threshold/calibration.hpp"

namespace nad {

struct DriftOptions {
  std::size_t window = 2000;        ///< records
  double false_alarm_rate = 1e-4;   ///< a window
  double least_distance = 0.1;      ///< between the distributions of the bulk, 0 to 1
  std::optional<float> limit = {};  ///< scores above it are reported
  double least_excess = 1.5;        ///< times as many records above the limit as promised, at least 1

  template <class Archive>
  void serialize(Archive& archive) {
    auto stored = static_cast<std::uint64_t>(window);
    archive(stored, false_alarm_rate, least_distance);
    window = static_cast<std::size_t>(stored);
    detail::archive_field(archive, "limit", limit);
    archive(least_excess);
  }
};

struct NAD_API DriftReport {
  std::size_t records = 0;
  double bulk_distance = 0.0;  ///< 0 to 1
  double bulk_limit = 1.0;     ///< above it the bulk has moved; 1 where too few scores lie in the bulk to ask
  double beyond_share = 0.0;   ///< of the records above all but 5 % of the calibration scores
  bool bulk_moved = false;
  bool mostly_beyond = false;
  double reported_share = 0.0;  ///< of the records above the limit; 0 without one, like the next
  double promised_share = 0.0;  ///< of normal records, by the calibration
  bool beyond_promise = false;  ///< more records above the limit than promised

  bool drifted() const noexcept { return bulk_moved || mostly_beyond; }
  /// Any of the three: a person should look.
  bool needs_attention() const noexcept { return drifted() || beyond_promise; }
  /// A sentence for a person.
  std::string to_string() const;

  friend bool operator==(const DriftReport&, const DriftReport&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    auto stored = static_cast<std::uint64_t>(records);
    archive(stored, bulk_distance, bulk_limit, beyond_share, reported_share, promised_share);
    records = static_cast<std::size_t>(stored);
    detail::archive_field(archive, "whether the bulk moved", bulk_moved);
    detail::archive_field(archive, "whether most lies beyond", mostly_beyond);
    detail::archive_field(archive, "whether more was reported than promised", beyond_promise);
  }
};

class NAD_API DriftMonitor {
 public:
  using Options = DriftOptions;

  explicit DriftMonitor(const Calibration& calibration, const Options& options = {});

  const Options& options() const noexcept { return options_; }
  /// True when this score completes a window that needs attention.
  bool add(float score);
  /// Of the last full window.
  const DriftReport& last() const noexcept { return last_; }
  /// Of the scores since then.
  DriftReport current() const;

  /// For any cereal archive; a host that uses cereal's own includes <cereal/types/vector.hpp>. What is loaded is
  /// checked.
  template <class Archive>
  void serialize(Archive& archive) {
    if constexpr (Archive::is_loading::value) {
      DriftMonitor loaded(*this);  // an error half way leaves what was there
      loaded.walk(archive);
      loaded.restore();
      *this = std::move(loaded);
    } else {
      walk(archive);
    }
  }

 private:
  static constexpr std::size_t bins = 64;  ///< of the bulk, as even as ties allow

  template <class Archive>
  void walk(Archive& archive) {
    archive(options_, edges_, expected_, calibration_bulk_, calibration_scores_, calibration_reported_, promised_share_,
            counts_, in_window_, reported_, last_);
  }

  void check_options() const;
  /// Checks what was loaded.
  void restore() const;

  Options options_;
  std::vector<float> edges_;      ///< the highest score of each bin but the last, which holds what lies beyond the bulk
  std::vector<double> expected_;  ///< the share of the calibration's bulk at or below each edge
  std::uint64_t calibration_bulk_ = 0;      ///< scores
  std::uint64_t calibration_scores_ = 0;    ///< all of them
  std::uint64_t calibration_reported_ = 0;  ///< those above the limit
  double promised_share_ = 0.0;
  std::vector<std::uint64_t> counts_;
  std::uint64_t in_window_ = 0;
  std::uint64_t reported_ = 0;  ///< of the window, above the limit
  DriftReport last_;
};

/// All scores as one window.
NAD_API DriftReport drift(const Calibration& calibration, std::span<const float> scores,
                          const DriftOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/threshold/drift-inl.hpp"
#endif
