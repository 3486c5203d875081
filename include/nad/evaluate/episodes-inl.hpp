#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/evaluate/check_rows-inl.hpp"
#include "nad/evaluate/episodes.hpp"

namespace nad {

namespace detail {

inline void check_count(std::size_t rows, std::size_t length, const char* what) {
  if (rows != length) {
    throw Error(ErrorCode::invalid_data, "there are " + std::to_string(rows) + " rows, but " + std::to_string(length) +
                                             " " + what + "; give one for each row");
  }
}

inline void check_seconds(std::size_t rows, std::span<const double> seconds) {
  if (seconds.empty()) {
    return;
  }
  check_count(rows, seconds.size(), "times");
  for (std::size_t row = 0; row < rows; ++row) {
    if (!is_finite(seconds[row])) {
      throw Error(ErrorCode::invalid_data,
                  "the time of row " + std::to_string(row) + " is missing; fill it in, or judge without times");
    }
  }
}

/// The rows by time, those of one moment as they stand.
inline std::vector<std::size_t> order_of_time(std::size_t rows, std::span<const double> seconds) {
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!seconds.empty() && !std::is_sorted(seconds.begin(), seconds.end())) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return seconds[a] < seconds[b]; });
  }
  return order;
}

inline double median_of(std::vector<double> values) {
  if (values.empty()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

}  // namespace detail

NAD_INLINE std::vector<Episode> detection_delays(LabelView alerts, std::span<const std::int64_t> episodes,
                                                 std::span<const double> seconds) {
  detail::check_count(alerts.size(), episodes.size(), "episode numbers");
  detail::check_seconds(alerts.size(), seconds);
  std::vector<Episode> found;
  std::unordered_map<std::int64_t, std::size_t> place_of;
  for (const std::size_t row : detail::order_of_time(alerts.size(), seconds)) {
    if (episodes[row] < 0) {
      continue;
    }
    const auto [place, is_new] = place_of.try_emplace(episodes[row], found.size());
    if (is_new) {
      found.push_back({.id = episodes[row], .first_row = row});
    }
    Episode& episode = found[place->second];
    if (alerts[row] != 0 && ++episode.alerts == 1) {
      episode.first_alert_row = row;
      episode.delay_rows = episode.rows;
      if (!seconds.empty()) {
        episode.delay_seconds = seconds[row] - seconds[episode.first_row];
      }
    }
    ++episode.rows;
  }
  return found;
}

NAD_INLINE std::vector<std::int64_t> attack_episodes(std::span<const std::uint32_t> families, LabelView labels,
                                                     std::span<const double> seconds, const EpisodeOptions& options) {
  detail::check_count(labels.size(), families.size(), "families");
  detail::check_seconds(labels.size(), seconds);
  if (detail::is_nan(options.max_gap_seconds) || options.max_gap_seconds < 0.0) {
    throw Error(ErrorCode::invalid_argument,
                "max_gap_seconds is " + std::to_string(options.max_gap_seconds) + "; give a number of at least 0");
  }
  struct Last {
    std::int64_t episode;
    std::size_t position;
    std::size_t row;
  };
  std::unordered_map<std::uint32_t, Last> last_of;
  std::vector<std::int64_t> episode_of(labels.size(), -1);
  std::int64_t next = 0;
  std::size_t position = 0;
  for (const std::size_t row : detail::order_of_time(labels.size(), seconds)) {
    if (labels[row] != 0) {
      const auto [known, is_new] = last_of.try_emplace(families[row], Last{next, position, row});
      Last& last = known->second;
      const bool goes_on = seconds.empty() ? position - last.position - 1 <= options.max_gap_rows
                                           : seconds[row] - seconds[last.row] <= options.max_gap_seconds;
      if (is_new || !goes_on) {
        last.episode = next++;
      }
      last = {last.episode, position, row};
      episode_of[row] = last.episode;
    }
    ++position;
  }
  return episode_of;
}

NAD_INLINE DelaySummary summarise(std::span<const Episode> episodes) {
  DelaySummary summary;
  summary.episodes = episodes.size();
  std::vector<double> rows;
  std::vector<double> seconds;
  for (const Episode& episode : episodes) {
    if (episode.is_detected()) {
      ++summary.detected;
      rows.push_back(static_cast<double>(episode.delay_rows));
      if (!detail::is_nan(episode.delay_seconds)) {
        seconds.push_back(episode.delay_seconds);
      }
    }
  }
  summary.median_rows = detail::median_of(std::move(rows));
  if (!seconds.empty()) {
    summary.longest_seconds = *std::max_element(seconds.begin(), seconds.end());
  }
  summary.median_seconds = detail::median_of(std::move(seconds));
  return summary;
}

NAD_INLINE double alerts_per_day(double alerts, std::span<const double> seconds) {
  detail::check_seconds(seconds.size(), seconds);
  if (seconds.empty()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const auto [first, last] = std::minmax_element(seconds.begin(), seconds.end());
  const double span = *last - *first;
  return span > 0.0 ? alerts * 86400.0 / span : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace nad
