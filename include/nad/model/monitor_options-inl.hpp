#pragma once

#include <string>

#include "nad/alert/alert_words-inl.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/json_writer.hpp"
#include "nad/model/monitor_options.hpp"

namespace nad {

NAD_INLINE void RetrainOptions::check() const {
  if (every_records == 0) {
    return;
  }
  if (block_rows == 0 || reservoir_rows < block_rows) {
    throw Error(ErrorCode::invalid_argument, "a reservoir of " + std::to_string(reservoir_rows) +
                                                 " rows in blocks of " + std::to_string(block_rows) +
                                                 " holds none; give reservoir_rows of at least block_rows, above 0");
  }
  if (least_rows > reservoir_rows || least_rows < 2) {
    throw Error(ErrorCode::invalid_argument,
                "least_rows is " + std::to_string(least_rows) + "; give 2 or more, and not more than reservoir_rows");
  }
}

NAD_INLINE void MonitorOptions::check() const {
  deduplicator.check();
  folder.check();
  retrain.check();
  alerts.severity.check();
  if (!(checkpoint_seconds > 0.0 && checkpoint_seconds <= 1e9)) {
    throw Error(ErrorCode::invalid_argument,
                "checkpoint_seconds is " + std::to_string(checkpoint_seconds) + "; give a number above 0");
  }
  if (!(replay_seconds >= 0.0 && replay_seconds <= 1e9)) {
    throw Error(ErrorCode::invalid_argument,
                "replay_seconds is " + std::to_string(replay_seconds) + "; give 0 seconds or more");
  }
  if (!(stop_seconds >= 0.0 && stop_seconds <= 1e9)) {
    throw Error(ErrorCode::invalid_argument,
                "stop_seconds is " + std::to_string(stop_seconds) + "; give 0 seconds or more");
  }
  if (!(stats_seconds >= 0.0 && stats_seconds <= 1e9)) {
    throw Error(ErrorCode::invalid_argument,
                "stats_seconds is " + std::to_string(stats_seconds) + "; give 0 (never) or a number of seconds");
  }
}

NAD_INLINE std::string MonitorStats::to_json() const {
  detail::JsonWriter json;
  json.begin('{').key("timestamp").text(detail::alert_time(time, 6, "+0000")).key("event_type").text("stats");
  json.key("stats").begin('{').key("nad").begin('{');
  json.key("source").text(source).key("seconds").value(seconds).key("records").integer(records);
  json.key("records_per_second").value(records_per_second).key("replayed").integer(replayed);
  json.key("reported").integer(reported).key("allowed").integer(allowed).key("alerts").integer(alerts);
  json.key("folded").integer(folded).key("explained").integer(explained).key("written").integer(written);
  json.key("pending").integer(deduplicator.pending).key("keys").integer(deduplicator.keys);
  json.key("held_back").integer(deduplicator.held_back);
  json.key("lost_records").integer(input.lost).key("skipped_records").integer(input.skipped_records());
  json.key("packets").integer(input.packets).key("lost_packets").integer(input.packets_lost);
  json.key("model_version").integer(model_version).key("trainings").integer(trainings);
  json.key("drifts").integer(drifts);
  if (!drift.empty()) {
    json.key("drift").text(drift);
  }
  json.key("checkpoints").integer(checkpoints);
  if (!last_error.empty()) {
    json.key("last_error").text(last_error);
  }
  json.key("sinks").begin('[');
  for (const SinkReport& sink : sinks) {
    json.begin('{').key("name").text(sink.name).key("written").integer(sink.stats.written);
    json.key("waiting").integer(sink.stats.waiting).key("spooled").integer(sink.stats.spooled);
    json.key("lost").integer(sink.stats.lost()).key("is_failing").truth(sink.stats.is_failing).end('}');
  }
  return json.end(']').end('}').end('}').end('}').take();
}

}  // namespace nad
