#pragma once

/// How a monitor goes about it, and what it says of its work.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "nad/alert/deduplicator.hpp"
#include "nad/alert/key_folder.hpp"
#include "nad/alert/sink.hpp"
#include "nad/config.hpp"
#include "nad/model/alerts.hpp"
#include "nad/source/record_source.hpp"
#include "nad/threshold/drift.hpp"

namespace nad {

/// Whether a monitor learns from what it sees. Only records that were not reported are learnt from, or that an
/// allow-list knows: the rest of a slow change is learnt with time, and what is reported never. Because the highest
/// scores are left out each time, the threshold becomes a little stricter with each training; rules with few alerts
/// hardly notice.
struct RetrainOptions {
  std::uint64_t every_records = 0;       ///< 0: never
  std::size_t reservoir_rows = 100'000;  ///< records to learn from, a random sample of all that came
  /// Records that follow one another stay together, so many at a time: windows that look back need neighbours.
  std::size_t block_rows = 2000;
  std::size_t least_rows = 10'000;     ///< fewer are not learnt from
  std::filesystem::path save_to = {};  ///< where each new model is saved; empty: nowhere
  int n_jobs = 1;

  /// An error where one of them makes no sense.
  NAD_API void check() const;
};

struct MonitorOptions {
  AlertMakerOptions alerts = {};
  DeduplicatorOptions deduplicator = DeduplicatorOptions();  ///< not {}: g++ 12 frees that twice where memory runs out
  KeyFolderOptions folder = {};
  DriftOptions drift = {};
  RetrainOptions retrain = {};
  std::size_t most_reasons = 5;  ///< of each alert
  /// Reasons take longer to find than anything else, so they are looked for where a record shows them, and not of each
  /// alert that is only counted. The class of an alert is its strongest reason, and part of its key: so many of a
  /// source, a destination and a port are explained. When all of these had the same class, the next ones are counted as
  /// of it, but for those that are more anomalous than any before. 0: each alert is explained, and on_records gets the
  /// reasons of all.
  std::uint64_t explain_first = 10;
  int n_jobs = 1;  ///< threads that judge a batch

  /// A file that holds where the monitor is, so that it can go on there; empty: none.
  std::filesystem::path checkpoint = {};
  double checkpoint_seconds = 10.0;  ///< how often it is written
  /// How far before the checkpoint reading begins again, without alerts, so that windows that look back are filled: at
  /// least so long by the time of the records, and at least so many of them. Not where no step looks back.
  double replay_seconds = 600.0;
  std::uint64_t replay_records = 50'000;

  /// How long a stop may take to judge the flows that an interface still holds; what is left then is not judged.
  double stop_seconds = 5.0;

  double stats_seconds = 60.0;  ///< how often statistics are reported; 0: never

  /// An error where one of them makes no sense.
  NAD_API void check() const;
};

struct SinkReport {
  std::string name;
  SinkStats stats;
};

/// Counts are those since the monitor was made, and with a checkpoint those of the runs before, too.
///
///   reported == allowed + alerts
///   alerts == deduplicator.given == deduplicator.written + deduplicator.pending
///   written == deduplicator.records
struct MonitorStats {
  std::string source = {};      ///< what is watched
  std::uint64_t records = 0;    ///< that were judged
  std::uint64_t replayed = 0;   ///< judged again, without alerts, to fill windows after a restart
  std::uint64_t reported = 0;   ///< above the threshold
  std::uint64_t allowed = 0;    ///< of these, what an allow-list knows
  std::uint64_t alerts = 0;     ///< of these, the others
  std::uint64_t folded = 0;     ///< of these, those that are part of a scan or a flood
  std::uint64_t explained = 0;  ///< of these, those whose reasons were looked for
  std::uint64_t written = 0;    ///< records that stand for them, to each sink
  DeduplicatorStats deduplicator = {};
  SourceStats input = {};
  std::vector<SinkReport> sinks = {};

  double seconds = 0.0;             ///< since `run` began
  double records_per_second = 0.0;  ///< since then
  std::int64_t time = 0;            ///< of the latest record, nanoseconds since 1970

  std::uint64_t model_version = 0;
  std::uint64_t trainings = 0;
  std::uint64_t drifts = 0;  ///< windows of scores that were unlike those of calibration
  std::string drift = {};    ///< the last of them, as a sentence
  std::uint64_t checkpoints = 0;
  std::string last_error = {};  ///< of checkpoints, trainings and callbacks

  /// One line: {"timestamp": ..., "event_type": "stats", "stats": {"nad": {...}}}, beside EVE alerts.
  NAD_API std::string to_json() const;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/model/monitor_options-inl.hpp"
#endif
