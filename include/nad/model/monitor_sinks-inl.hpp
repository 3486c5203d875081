#pragma once

// Where the alerts of a monitor go.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/alert/sink.hpp"
#include "nad/model/monitor_options.hpp"

namespace nad::detail {

class MonitorSinks {
 public:
  void add(AlertSink& sink, bool stats) { sinks_.push_back({&sink, stats}); }
  void add(std::unique_ptr<AlertChannel> channel, const SinkOptions& options, bool stats) {
    owned_.push_back(std::make_unique<AlertSink>(std::move(channel), options));
    add(*owned_.back(), stats);
  }

  void write(const Alert& alert) {
    for (const Sink& sink : sinks_) {
      static_cast<void>(sink.sink->write(alert));  // the sink counts what it loses
    }
  }

  void write_stats(const std::string& text) {
    for (const Sink& sink : sinks_) {
      if (sink.stats) {
        static_cast<void>(sink.sink->write_text(text));
      }
    }
  }

  void flush() {
    for (const Sink& sink : sinks_) {
      static_cast<void>(sink.sink->flush());
    }
  }

  /// What was given to them is delivered, or lies in their spools, or is lost and counted.
  bool are_done() const {
    for (const Sink& sink : sinks_) {
      if (sink.sink->stats().waiting != 0) {
        return false;
      }
    }
    return true;
  }

  std::vector<SinkReport> report() const {
    std::vector<SinkReport> reports;
    reports.reserve(sinks_.size());
    for (const Sink& sink : sinks_) {
      reports.push_back({sink.sink->describe(), sink.sink->stats()});
    }
    return reports;
  }

 private:
  struct Sink {
    AlertSink* sink;
    bool stats;
  };
  std::vector<Sink> sinks_;
  std::vector<std::unique_ptr<AlertSink>> owned_;
};

}  // namespace nad::detail
