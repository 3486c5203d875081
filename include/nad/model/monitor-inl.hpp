#pragma once

#include <memory>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/model/alerts-inl.hpp"
#include "nad/model/monitor.hpp"
#include "nad/model/monitor_options-inl.hpp"
#include "nad/model/monitor_restart-inl.hpp"
#include "nad/model/monitor_state-inl.hpp"
#include "nad/source/record_source_open.hpp"

namespace nad {

namespace detail {

inline const MonitorOptions& checked_monitor(const MonitorOptions& options) {
  options.check();
  return options;
}

/// Whatever ends a run, the next one may begin.
class RunningMonitor {
 public:
  RunningMonitor(std::atomic<bool>& running, std::atomic<bool>& stopped) : running_(running), stopped_(stopped) {
    if (running_.exchange(true)) {
      throw Error(ErrorCode::invalid_argument, "this monitor is running already; make another one for another source");
    }
  }
  ~RunningMonitor() {
    stopped_ = false;
    running_ = false;
  }
  RunningMonitor(const RunningMonitor&) = delete;
  RunningMonitor& operator=(const RunningMonitor&) = delete;

 private:
  std::atomic<bool>& running_;
  std::atomic<bool>& stopped_;
};

}  // namespace detail

NAD_INLINE Monitor::Monitor(const Model& model, const MonitorOptions& options)
    : state_(std::make_unique<detail::MonitorState>(model, detail::checked_monitor(options))) {}
NAD_INLINE Monitor::~Monitor() = default;

NAD_INLINE void Monitor::add_sink(AlertSink& sink, bool stats) { state_->sinks.add(sink, stats); }
NAD_INLINE void Monitor::add_sink(std::unique_ptr<AlertChannel> channel, const SinkOptions& options, bool stats) {
  state_->sinks.add(std::move(channel), options, stats);
}
NAD_INLINE void Monitor::on_alert(std::function<void(const Alert&)> callback) {
  state_->on_alert = std::move(callback);
}
NAD_INLINE void Monitor::on_stats(std::function<void(const MonitorStats&)> callback) {
  state_->on_stats = std::move(callback);
}
NAD_INLINE void Monitor::on_records(std::function<void(const Table&, const Findings&)> callback) {
  state_->on_records = std::move(callback);
}
NAD_INLINE void Monitor::on_note(std::function<void(const std::string&)> callback) {
  state_->on_note = std::move(callback);
}
NAD_INLINE void Monitor::allow(AllowList allowed) { state_->allow(std::move(allowed)); }

NAD_INLINE void Monitor::run(RecordSource& source) {
  const detail::RunningMonitor running(state_->is_running, stopped_);
  constexpr double patience = 0.2;  // so long a stop may take
  try {
    state_->begin(source);
    while (!stopped_.load(std::memory_order_relaxed) && !source.ended()) {
      std::optional<Table> records = source.next(patience);
      if (records && records->rows() != 0) {
        state_->take(std::move(*records), source);
      } else {
        state_->idle(source);
      }
      state_->look_after(source);
    }
    if (!source.ended() && !state_->goes_on(source) && source.wind_up()) {
      state_->take_rest(source);
    }
    state_->finish(source);
  } catch (...) {
    state_->abandon(source);
    throw;
  }
}

NAD_INLINE void Monitor::watch(const std::string& what, const SourceOptions& options) {
  const std::unique_ptr<RecordSource> source = open_record_source(what, options);
  run(*source);
}

NAD_INLINE MonitorStats Monitor::stats() const { return state_->stats(); }
NAD_INLINE const MonitorOptions& Monitor::options() const noexcept { return state_->options; }
NAD_INLINE Model Monitor::model() const { return state_->model(); }

}  // namespace nad
