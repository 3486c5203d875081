#pragma once

/// How soon attacks are noticed, and how many alerts a day that costs.
///
///   std::vector<std::int64_t> episode = nad::attack_episodes(family, is_attack, seconds);     // -1: none
///   for (const nad::Episode& one : nad::detection_delays(alerts, episode, seconds)) {
///     one.is_detected() ? one.delay_seconds : missed;
///   }
///   nad::alerts_per_day(412, seconds);

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nad/config.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad {

/// One attack from its first record to its last, and when it was noticed.
struct Episode {
  std::int64_t id = 0;
  std::size_t first_row = 0;  ///< the earliest of its rows
  std::size_t rows = 0;
  std::size_t alerts = 0;
  std::size_t first_alert_row = std::numeric_limits<std::size_t>::max();  ///< the earliest that is an alert
  std::size_t delay_rows = 0;                                             ///< how many of its own rows passed before
  /// From the first record to the first alert; NaN without times.
  double delay_seconds = std::numeric_limits<double>::quiet_NaN();

  bool is_detected() const noexcept { return alerts > 0; }
};

/// The episodes in the order of their first records. Rows come in the order of `seconds`; without it as they stand.
/// `episodes` names the episode of each row, a number below 0 none.
NAD_API std::vector<Episode> detection_delays(LabelView alerts, std::span<const std::int64_t> episodes,
                                              std::span<const double> seconds = {});

struct EpisodeOptions {
  /// With times: records of a family that lie farther apart are two episodes.
  double max_gap_seconds = 300.0;
  /// Without times: so many other records may lie between.
  std::size_t max_gap_rows = 0;
};

/// Where nobody named the episodes: attacks of one family that follow each other, whatever else happens meanwhile.
/// Numbered from 0 in the order of their first records; -1 for normal rows.
NAD_API std::vector<std::int64_t> attack_episodes(std::span<const std::uint32_t> families, LabelView labels,
                                                  std::span<const double> seconds = {},
                                                  const EpisodeOptions& options = {});

struct DelaySummary {
  std::size_t episodes = 0;
  std::size_t detected = 0;
  // of the detected ones; NaN where there are none, or no times
  double median_seconds = std::numeric_limits<double>::quiet_NaN();
  double longest_seconds = std::numeric_limits<double>::quiet_NaN();
  double median_rows = std::numeric_limits<double>::quiet_NaN();
};

NAD_API DelaySummary summarise(std::span<const Episode> episodes);

/// So many alerts in the time that the records span; NaN where that is none.
NAD_API double alerts_per_day(double alerts, std::span<const double> seconds);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/episodes-inl.hpp"
#endif
