#pragma once

// What a person should know of sinks and sources while a monitor runs, and not only at its end: receivers that are
// away, alerts and packets that are lost. Each is said once, losses again whenever they are ten times as many.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nad/model/monitor_options.hpp"
#include "nad/source/record_source.hpp"

namespace nad::detail {

class MonitorTroubles {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Whether it is time to look again.
  bool is_due(Time now) {
    const bool due = !looked_ || now - last_look_ >= std::chrono::seconds(1);
    last_look_ = due ? now : last_look_;
    looked_ = true;
    return due;
  }

  /// What there is to say since the last time.
  std::vector<std::string> news(const std::vector<SinkReport>& sinks, const SourceStats& source, Time now) {
    std::vector<std::string> news;
    for (const SinkReport& sink : sinks) {
      look_at(sink, now, news);
    }
    if (packets_lost_.has_grown(source.packets_lost)) {
      news.push_back(std::to_string(source.packets_lost) + " packets of " +
                     std::to_string(source.packets + source.packets_lost) +
                     " were lost because nobody read them in time; a larger buffer (buffer_bytes), a filter or more "
                     "shards help");
    }
    if (records_lost_.has_grown(source.lost)) {
      news.push_back(std::to_string(source.lost) + " records were lost because they came faster than they were judged");
    }
    return news;
  }

 private:
  /// Says so at the first, and whenever there are ten times as many.
  struct Losses {
    std::uint64_t next = 1;

    bool has_grown(std::uint64_t count) {
      if (count < next) {
        return false;
      }
      while (next <= count && next < UINT64_MAX / 10) {
        next *= 10;
      }
      return true;
    }
  };

  struct OfSink {
    bool fails = false;
    Time failed = {};
    Losses losses = {};
  };

  void look_at(const SinkReport& sink, Time now, std::vector<std::string>& news) {
    constexpr std::chrono::seconds quiet(10);  // who comes and goes is not there
    OfSink& known = sinks_[sink.name];
    const SinkStats& stats = sink.stats;
    if (stats.is_failing) {
      known.failed = now;
      if (!std::exchange(known.fails, true)) {
        news.push_back(sink.name + " does not take alerts: " + stats.last_error + "; they wait" +
                       (stats.spooled != 0 ? " in the spool" : "") + " and are tried again");
      }
    } else if (known.fails && now - known.failed >= quiet) {
      known.fails = false;
      news.push_back(sink.name + " takes alerts again");
    }
    if (known.losses.has_grown(stats.lost())) {
      const std::string why = stats.last_error.empty() ? "" : ": " + stats.last_error;
      news.push_back(std::to_string(stats.lost()) + " alert records for " + sink.name + " were lost" + why);
    }
  }

  bool looked_ = false;
  Time last_look_ = {};
  std::map<std::string, OfSink> sinks_;
  Losses packets_lost_;
  Losses records_lost_;
};

}  // namespace nad::detail
