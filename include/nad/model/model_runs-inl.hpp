#pragma once

// Many unusual records of one source: how a model learns what is usual of them, and finds those that are not.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/detail/words.hpp"
#include "nad/model/held_out-inl.hpp"
#include "nad/model/model.hpp"
#include "nad/model/monitor_times-inl.hpp"
#include "nad/threshold/runs.hpp"

namespace nad {

namespace detail {

/// Of a threshold in alerts a day.
inline constexpr double part_for_runs = 0.2;

/// Whose record it is, and when it ended.
class RecordSources {
 public:
  explicit RecordSources(const Table& records) : times_(records) {
    const auto place = records.schema().find("src_ip");
    if (place && records.column(*place).type() == ColumnType::address) {
      source_ = &records.column(*place);
    }
  }

  bool are_there() const noexcept { return source_ != nullptr; }
  std::optional<std::int64_t> time(std::size_t row) const { return times_.of(row); }
  /// Null where it is missing.
  const Address* source(std::size_t row) const {
    return source_ == nullptr || source_->is_missing(row) ? nullptr : &source_->addresses()[row];
  }

 private:
  RecordTimes times_;
  const Column* source_ = nullptr;
};

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

NAD_INLINE std::string Model::runs_words() const {
  return "runs of unusual records of one source: reported beyond evidence " +
         detail::formatted("%.3g", static_cast<double>(run_limit_->score)) + ", by " +
         detail::with_thousands(std::to_string(run_calibration_.runs())) + " runs in held-out records; " +
         detail::formatted("%.0f", 100.0 * detail::part_for_runs) + " % of the alerts are for them";
}

NAD_INLINE std::vector<std::pair<std::size_t, SourceRun>> Model::runs_in(const Table& records,
                                                                         std::span<const float> scores,
                                                                         RunWatch& watch) const {
  std::vector<std::pair<std::size_t, SourceRun>> found;
  const detail::RecordSources sources(records);
  if (!run_limit_ || !sources.are_there()) {
    return found;
  }
  for (std::size_t row = 0; row < scores.size(); ++row) {
    const Address* const source = sources.source(row);
    const std::optional<std::int64_t> time = sources.time(row);
    if (source == nullptr || !time) {
      continue;
    }
    const RunEvidence run = watch.add(*source, *time, calibration_.surprise(scores[row]));
    if (run.adds && run.evidence > static_cast<double>(run_limit_->score)) {
      const double seconds = (static_cast<double>(*time) - static_cast<double>(run.begin)) * 1e-9;
      found.emplace_back(row, SourceRun{.source = source->to_string(),
                                        .records = run.records,
                                        .seconds = std::max(0.0, seconds),
                                        .evidence = run.evidence,
                                        .p = run_calibration_.p_value(run.evidence)});
    }
  }
  return found;
}

}  // namespace nad
