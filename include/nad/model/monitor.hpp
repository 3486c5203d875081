#pragma once

/// Watches records as they come, and tells of the few that normal traffic hardly has.
///
///   nad::Monitor monitor(nad::Model::load("office.nad"), {.checkpoint = "office.checkpoint"});
///   monitor.add_sink(nad::file_channel({.path = "alerts.json"}));
///   monitor.allow(nad::AllowList::read("allow.txt"));
///   monitor.watch("/var/log/zeek/conn.log");               // until stop() is called, from a signal handler perhaps
///   std::cout << monitor.stats().to_json() << '\n';
///
/// A source gives records (source/record_source.hpp), a RecordScorer judges them, so that windows go on from batch to
/// batch, the allow-list takes out what is known, scans and floods become one key each, a Deduplicator makes few
/// records of many alerts, and the sinks deliver them. The same records give the same alerts, however they come in
/// batches. Quiet keys of a live source are closed as time passes, also when nothing comes.
///
/// A source that can wait is read as fast as the records are judged and the sinks take alerts (`WhenFull::block`), and
/// nothing is lost; what a source or a sink that cannot wait loses is counted.
///
/// With a checkpoint, a monitor that starts again goes on where it was: alerts are neither lost nor repeated after
/// `stop`. After a crash it goes on from the last checkpoint, and what it wrote since then comes again, with the same
/// alert_id: at least once. A checkpoint is written only when the sinks have delivered or spooled all that they were
/// given. The ids are the same where records have times of their own, and where no time passed that a live source alone
/// knows. Windows are filled by reading the log again from somewhat before (`replay_seconds`, `replay_records`); what
/// looks back further, such as the last records of a seldom seen host, begins anew.
/// Where the log does not hold that any more, windows begin anew. Sources that cannot go back (interfaces, the standard
/// input, queues) go on with what comes; the flows that an interface still holds at a stop are judged then.
///
/// An error of the source or of a function of the host ends a run: what was found before reaches the sinks.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "nad/alert/alert.hpp"
#include "nad/alert/allow_list.hpp"
#include "nad/alert/channel.hpp"
#include "nad/alert/sink.hpp"
#include "nad/config.hpp"
#include "nad/model/model.hpp"
#include "nad/model/monitor_options.hpp"
#include "nad/source/record_source.hpp"

namespace nad {

namespace detail {
class MonitorState;
}

class NAD_API Monitor {
 public:
  /// Of a model that was fitted; later changes of the model given do not reach the monitor.
  explicit Monitor(const Model& model, const MonitorOptions& options = {});
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // Before `run`. Sinks that belong to others must outlive the monitor; with `stats`, statistics go there, too, as EVE.
  void add_sink(AlertSink& sink, bool stats = false);
  void add_sink(std::unique_ptr<AlertChannel> channel, const SinkOptions& options = {}, bool stats = false);
  // Functions are called by the thread that runs the monitor; what they throw ends `run`.
  void on_alert(std::function<void(const Alert&)> callback);
  void on_stats(std::function<void(const MonitorStats&)> callback);
  /// All records, and what the model says of them; reasons are there where `explain_first` is 0.
  void on_records(std::function<void(const Table&, const Findings&)> callback);
  /// What a person should know: drift, a new model, what happens to the source, sinks that fail, what is lost.
  void on_note(std::function<void(const std::string&)> callback);

  /// From any thread, also while the monitor runs: in the place of the list before.
  void allow(AllowList allowed);

  /// Until the source ends or `stop` is called; then everything is flushed. Only one at a time.
  void run(RecordSource& source);
  /// The same with what `open_record_source` makes of a path, an interface or "-".
  void watch(const std::string& what, const SourceOptions& options = {});

  /// Makes `run` return soon: the one that runs, or else the next. From any thread or a signal handler. A source that
  /// is a function of the host must answer first.
  void stop() noexcept { stopped_.store(true, std::memory_order_relaxed); }

  /// From any thread.
  MonitorStats stats() const;
  const MonitorOptions& options() const noexcept;
  /// The one that judges now: `retrain` may have changed it.
  Model model() const;

 private:
  std::unique_ptr<detail::MonitorState> state_;
  std::atomic<bool> stopped_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may stop a monitor");
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/model/monitor-inl.hpp"
#endif
