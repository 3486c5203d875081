#pragma once

// Many unusual records of one source, and its steady beats: how a model learns what is usual of them, and finds those
// that are not.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/detail/words.hpp"
#include "nad/model/held_out-inl.hpp"
#include "nad/model/model.hpp"
#include "nad/model/monitor_times-inl.hpp"
#include "nad/threshold/beats.hpp"
#include "nad/threshold/runs.hpp"

namespace nad {

namespace detail {

/// Of a threshold in alerts a day.
inline constexpr double part_for_runs = 0.15;
inline constexpr double part_for_beats = 0.05;

/// Whose record it is, where it went, and when it ended.
class RecordSources {
 public:
  explicit RecordSources(const Table& records)
      : times_(records),
        source_(column_of(records, "src_ip", ColumnType::address)),
        destination_(column_of(records, "dst_ip", ColumnType::address)),
        port_(column_of(records, "dst_port", ColumnType::integer)) {}

  bool are_there() const noexcept { return source_ != nullptr; }
  std::optional<std::int64_t> time(std::size_t row) const { return times_.of(row); }
  /// Null where it is missing.
  const Address* source(std::size_t row) const {
    return source_ == nullptr || source_->is_missing(row) ? nullptr : &source_->addresses()[row];
  }
  /// Nothing where it is not known who connects to what, or since when.
  std::optional<BeatRecord> beat(std::size_t row) const {
    const Address* const from = source(row);
    const std::optional<std::int64_t> begin = times_.begin_of(row);
    if (from == nullptr || !begin || destination_ == nullptr || destination_->is_missing(row)) {
      return std::nullopt;
    }
    const bool has_port = port_ != nullptr && !port_->is_missing(row);
    return BeatRecord{{*from, destination_->addresses()[row], has_port ? port_->integers()[row] : -1}, *begin};
  }

 private:
  RecordTimes times_;
  const Column* source_;
  const Column* destination_;
  const Column* port_;
};

/// "203.0.113.9:443"
inline std::string with_port(const BeatKey& key) {
  const std::string address = key.destination.to_string();
  return key.port < 0              ? address
         : key.destination.is_v4() ? address + ":" + std::to_string(key.port)
                                   : "[" + address + "]:" + std::to_string(key.port);
}

/// When each record ended; nothing where runs cannot be told: without sources, or without a time for all but few.
inline std::vector<std::int64_t> times_of_runs(const Table& records) {
  const RecordSources sources(records);
  std::vector<std::int64_t> times;
  if (!sources.are_there()) {
    return times;
  }
  times.reserve(records.rows());
  std::size_t missing = 0;
  std::int64_t latest = std::numeric_limits<std::int64_t>::min();
  for (std::size_t row = 0; row < records.rows(); ++row) {
    const std::optional<std::int64_t> time = sources.time(row);
    missing += time ? 0U : 1U;
    latest = time.value_or(latest);  // one without a time goes with the one before
    times.push_back(latest);
  }
  if (missing * 10 > records.rows()) {
    times.clear();
  }
  return times;
}

}  // namespace detail

NAD_INLINE void Model::calibrate_runs(const Table& records, std::span<const std::size_t> held_out,
                                      std::span<const float> scores,
                                      const std::vector<std::vector<std::size_t>>& spells) {
  const detail::RecordSources sources(records);
  RunPeaks peaks;
  for (const std::vector<std::size_t>& spell : spells) {
    for (const std::size_t row : spell) {
      const Address* const source = sources.source(row);
      const std::optional<std::int64_t> time = sources.time(row);
      if (source != nullptr && time) {
        const auto place = std::lower_bound(held_out.begin(), held_out.end(), row) - held_out.begin();
        peaks.add(*source, *time, calibration_.surprise(scores[static_cast<std::size_t>(place)]));
      }
    }
    peaks.end();
  }
  run_calibration_ = RunCalibration(peaks);
}

NAD_INLINE void Model::calibrate_beats(const Table& records, std::span<const std::int64_t> times) {
  std::vector<std::size_t> order(times.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
  const detail::RecordSources sources(records);
  std::vector<BeatRecord> beats;
  beats.reserve(order.size());
  for (const std::size_t row : order) {
    if (const std::optional<BeatRecord> beat = sources.beat(row)) {
      beats.push_back(*beat);
    }
  }
  beat_calibration_ = BeatCalibration(beats);
}

NAD_INLINE std::string Model::runs_words() const {
  return "runs of unusual records of one source: reported beyond evidence " +
         detail::formatted("%.3g", static_cast<double>(run_limit_->score)) + ", by " +
         detail::with_thousands(std::to_string(run_calibration_.runs())) + " runs in held-out records; " +
         detail::formatted("%.0f", 100.0 * detail::part_for_runs) + " % of the alerts are for them";
}

NAD_INLINE std::string Model::beats_words() const {
  return "connections at a steady beat of up to " + detail::in_seconds(beat_calibration_.longest_period()) +
         ": reported beyond evidence " + detail::formatted("%.3g", static_cast<double>(beat_limit_->score)) +
         ", but for " + detail::with_thousands(std::to_string(beat_calibration_.services())) +
         " services that are known for it; " + detail::formatted("%.0f", 100.0 * detail::part_for_beats) +
         " % of the alerts are for them";
}

NAD_INLINE std::vector<std::pair<std::size_t, SourceRun>> Model::runs_in(const Table& records,
                                                                         std::span<const float> scores,
                                                                         SourceWatch& watch) const {
  std::vector<std::pair<std::size_t, SourceRun>> found;
  const detail::RecordSources sources(records);
  if (!sources.are_there() || (!run_limit_ && !beat_limit_)) {
    return found;
  }
  const auto run_of = [&](std::size_t row) -> std::optional<SourceRun> {
    const Address* const source = sources.source(row);
    const std::optional<std::int64_t> time = sources.time(row);
    if (!run_limit_ || source == nullptr || !time) {
      return std::nullopt;
    }
    const RunEvidence run = watch.runs.add(*source, *time, calibration_.surprise(scores[row]));
    if (!run.adds || !(run.evidence > static_cast<double>(run_limit_->score))) {
      return std::nullopt;
    }
    const double seconds = (static_cast<double>(*time) - static_cast<double>(run.begin)) * 1e-9;
    return SourceRun{.source = source->to_string(),
                     .records = run.records,
                     .seconds = std::max(0.0, seconds),
                     .evidence = run.evidence,
                     .p = run_calibration_.p_value(run.evidence)};
  };
  const auto beat_of = [&](std::size_t row) -> std::optional<SourceRun> {
    const std::optional<BeatRecord> record = beat_limit_ ? sources.beat(row) : std::nullopt;
    if (!record) {
      return std::nullopt;
    }
    const BeatEvidence beat = watch.beats.add(record->key, record->begin);
    if (!(beat.evidence > static_cast<double>(beat_limit_->score)) || beat_calibration_.is_usual(record->key, beat)) {
      return std::nullopt;
    }
    return SourceRun{.source = record->key.source.to_string(),
                     .records = beat.beats,
                     .seconds = beat.seconds,
                     .evidence = beat.evidence,
                     .p = beat_calibration_.p_value(beat.evidence),
                     .destination = detail::with_port(record->key),
                     .period = beat.period};
  };
  for (std::size_t row = 0; row < scores.size(); ++row) {
    std::optional<SourceRun> run = run_of(row);
    std::optional<SourceRun> beat = beat_of(row);
    if (beat && (!run || beat->p.value < run->p.value)) {
      run = std::move(beat);
    }
    if (run) {
      found.emplace_back(row, std::move(*run));
    }
  }
  return found;
}

}  // namespace nad
