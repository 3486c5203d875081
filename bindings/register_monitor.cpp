#include <pybind11/functional.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "alert_tools.hpp"
#include "flow_tools.hpp"

namespace nad::python {

namespace {

/// A Python function that is called without the GIL being held, and may be destroyed so.
template <class... Arguments>
std::function<void(Arguments...)> monitor_callback(const py::object& function) {
  if (function.is_none()) {
    return {};
  }
  const std::shared_ptr<py::object> held(new py::object(function), [](py::object* given) {
    const AcquiredGil acquire;
    delete given;
  });
  return [held](Arguments... arguments) {
    const AcquiredGil acquire;
    (*held)(arguments...);
  };
}

/// A source as it is, looked after by Python: Ctrl-C stops the monitor, and is raised when everything is flushed.
class InterruptibleSource final : public RecordSource {
 public:
  InterruptibleSource(RecordSource& source, Monitor& monitor) : source_(source), monitor_(monitor) {}

  std::optional<Table> next(double seconds) override {
    {
      const AcquiredGil acquire;
      if (!interrupt_ && PyErr_CheckSignals() != 0) {
        interrupt_ = std::make_unique<py::error_already_set>();
        monitor_.stop();
        return std::nullopt;
      }
    }
    return source_.next(seconds);
  }
  bool ended() const override { return source_.ended(); }
  void expect(const Schema& inputs) override { source_.expect(inputs); }
  void prepare() override { source_.prepare(); }
  std::string position() const override { return source_.position(); }
  void go_to(std::string_view position) override { source_.go_to(position); }
  bool replay(std::string_view earlier, std::string_view later) override { return source_.replay(earlier, later); }
  bool wind_up() override { return source_.wind_up(); }
  bool is_live() const override { return source_.is_live(); }
  SourceStats stats() const override { return source_.stats(); }
  std::string describe() const override { return source_.describe(); }

  /// With the GIL.
  void raise() {
    if (interrupt_) {
      const std::unique_ptr<py::error_already_set> interrupt = std::move(interrupt_);
      throw py::error_already_set(*interrupt);
    }
  }

 private:
  RecordSource& source_;
  Monitor& monitor_;
  std::unique_ptr<py::error_already_set> interrupt_;
};

void run_monitor(Monitor& monitor, RecordSource& source) {
  InterruptibleSource watched(source, monitor);
  {
    const ReleasedGil release;
    monitor.run(watched);
  }
  watched.raise();
}

/// Takes what a dict holds under a name, if it is there.
template <class Value>
void take_option(const py::dict& options, const char* option, Value& value) {
  if (options.contains(option)) {
    value = options[option].cast<Value>();
  }
}

RetrainOptions retrain_from(const py::dict& options) {
  RetrainOptions retrain;
  take_option(options, "every_records", retrain.every_records);
  take_option(options, "reservoir_rows", retrain.reservoir_rows);
  take_option(options, "block_rows", retrain.block_rows);
  take_option(options, "least_rows", retrain.least_rows);
  take_option(options, "save_to", retrain.save_to);
  take_option(options, "n_jobs", retrain.n_jobs);
  return retrain;
}

MonitorOptions monitor_options_from(const py::dict& options, const Deduplicator* deduplicator) {
  MonitorOptions monitor;
  if (deduplicator != nullptr) {
    monitor.deduplicator = deduplicator->options();
  }
  take_option(options, "model_name", monitor.alerts.id);
  take_option(options, "model_version", monitor.alerts.version);
  take_option(options, "trained_until", monitor.alerts.trained_until);
  take_option(options, "alert_columns", monitor.alerts.columns);
  take_option(options, "fold_at", monitor.folder.fold_at);
  take_option(options, "drift_window", monitor.drift.window);
  take_option(options, "most_reasons", monitor.most_reasons);
  take_option(options, "explain_first", monitor.explain_first);
  monitor.n_jobs = threads_from(options["n_jobs"]);
  take_option(options, "checkpoint", monitor.checkpoint);
  take_option(options, "checkpoint_seconds", monitor.checkpoint_seconds);
  take_option(options, "replay_seconds", monitor.replay_seconds);
  take_option(options, "replay_records", monitor.replay_records);
  take_option(options, "stop_seconds", monitor.stop_seconds);
  take_option(options, "stats_seconds", monitor.stats_seconds);
  monitor.retrain = retrain_from(options["retrain"].cast<py::dict>());
  return monitor;
}

/// What a path means, with its options; `follow` is None, True or False.
std::unique_ptr<RecordSource> source_from(const std::string& what, const std::string& format,
                                          const std::string& on_error, bool follow, bool from_beginning,
                                          std::size_t shards, std::size_t batch_rows, double most_wait,
                                          const std::string& filter, const std::string& user,
                                          const py::dict& capture_options, const py::dict& flow) {
  SourceOptions source{.batch_rows = batch_rows, .most_wait = most_wait};
  source.read.format = format;
  if (on_error != "raise" && on_error != "skip") {
    throw Error(ErrorCode::invalid_argument, "on_error is '" + on_error + "'; give 'raise' or 'skip'");
  }
  source.read.on_error = on_error == "skip" ? OnError::skip : OnError::raise;
  for (const auto& [key, value] : flow) {
    const auto option = key.cast<std::string>();
    if (!set_flow_option(source.read.flow, option, value)) {
      throw py::type_error("watch() has no option " + option);
    }
  }
  const std::string path = what.starts_with("interface:") ? what.substr(std::string("interface:").size()) : what;
  LiveOptions live = live_options_from(capture_options);
  live.filter = filter.empty() ? live.filter : filter;
  live.user = user.empty() ? live.user : user;
  const CaptureSourceOptions capture{.source = source, .shards = shards, .live = live};
  const std::unique_ptr<RecordSource> likely = path == what ? open_record_source(path, source) : nullptr;
  const std::string kind = likely ? likely->describe() : "the interface";
  if (kind.starts_with("the interface")) {
    return live_source(path, capture);
  }
  if (!live.user.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "user (--user) gives up what an interface needs, and '" + what + "' is " + kind);
  }
  if (!live.filter.empty()) {
    throw Error(ErrorCode::invalid_argument, "filter is for packets of an interface, and '" + what + "' is " + kind);
  }
  if (!capture_options.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "capture (--capture-option) is for packets of an interface, and '" + what + "' is " + kind);
  }
  const bool is_log = kind.starts_with("the log");
  if (!from_beginning && !is_log) {
    throw Error(ErrorCode::invalid_argument,
                "from_beginning=False (--from-end) is for a log that grows, and '" + what + "' is " + kind);
  }
  if (kind.starts_with("the capture")) {
    return capture_source({path}, capture);
  }
  if (shards != 1) {
    throw Error(ErrorCode::invalid_argument,
                "shards are for packets of one capture or an interface, and '" + what + "' is " + kind);
  }
  if (kind.starts_with("the folder")) {
    return folder_source(path, {.source = source, .once = !follow});
  }
  if (is_log) {
    return follow_log(path, {.source = source, .from_beginning = from_beginning, .once = !follow});
  }
  return open_record_source(path, source);
}

py::dict input_to_python(const SourceStats& stats) {
  py::dict result;
  result["records"] = stats.records;
  result["lost"] = stats.lost;
  result["skipped"] = stats.skipped;
  result["packets"] = stats.packets;
  result["packets_lost"] = stats.packets_lost;
  result["notes"] = stats.notes;
  return result;
}

void register_monitor_stats(py::module_& module) {
  py::class_<MonitorStats>(module, "MonitorStats", "What a monitor has done so far.")
      .def_readonly("source", &MonitorStats::source, "What is watched.")
      .def_readonly("records", &MonitorStats::records, "That were judged.")
      .def_readonly("replayed", &MonitorStats::replayed,
                    "Judged again, without alerts, to fill windows after a restart.")
      .def_readonly("reported", &MonitorStats::reported, "Above the threshold.")
      .def_readonly("allowed", &MonitorStats::allowed, "Of these, what an allow-list knows.")
      .def_readonly("alerts", &MonitorStats::alerts, "Of these, the others.")
      .def_readonly("folded", &MonitorStats::folded, "Of these, those that are part of a scan or a flood.")
      .def_readonly("explained", &MonitorStats::explained, "Of these, those whose reasons were looked for.")
      .def_readonly("written", &MonitorStats::written, "Records that stand for them, to each sink.")
      .def_readonly("deduplicator", &MonitorStats::deduplicator, "What became of the alerts.")
      .def_property_readonly(
          "input", [](const MonitorStats& self) { return input_to_python(self.input); },
          "What the source did: records, lost, skipped (reason: count), packets, notes.")
      .def_property_readonly(
          "sinks",
          [](const MonitorStats& self) {
            py::list sinks;
            for (const SinkReport& sink : self.sinks) {
              sinks.append(py::make_tuple(sink.name, sink.stats));
            }
            return sinks;
          },
          "The ways out for alerts, each with its name and its statistics.")
      .def_readonly("seconds", &MonitorStats::seconds, "Since `run` began.")
      .def_readonly("records_per_second", &MonitorStats::records_per_second, "Since then.")
      .def_readonly("time", &MonitorStats::time, "Of the latest record, nanoseconds since 1970.")
      .def_readonly("model_version", &MonitorStats::model_version, "Of the model that judges now.")
      .def_readonly("trainings", &MonitorStats::trainings, "Models that it learnt while it ran.")
      .def_readonly("drifts", &MonitorStats::drifts, "Windows of scores that were unlike those of calibration.")
      .def_readonly("drift", &MonitorStats::drift, "The last of them, as a sentence.")
      .def_readonly("checkpoints", &MonitorStats::checkpoints, "That were written.")
      .def_readonly("last_error", &MonitorStats::last_error, "Of checkpoints, trainings and callbacks.")
      .def("to_json", &MonitorStats::to_json, "All of it as one line of JSON, as statistics go to sinks.")
      .def("__repr__", [](const MonitorStats& self) {
        return "<MonitorStats: " + std::to_string(self.records) + " records, " + std::to_string(self.alerts) +
               " alerts in " + std::to_string(self.written) + " records>";
      });
}

/// The thread of a sink that the monitor writes to may be waiting for the GIL.
struct DeleteMonitorWithoutGil {
  void operator()(Monitor* monitor) const {
    const ReleasedGil release;
    delete monitor;
  }
};

}  // namespace

void register_monitor(py::module_& module) {
  register_monitor_stats(module);
  py::class_<Monitor, std::unique_ptr<Monitor, DeleteMonitorWithoutGil>>(module, "Monitor")
      .def(py::init([](const Model& model, const py::dict& options, const Deduplicator* deduplicator) {
             return std::unique_ptr<Monitor, DeleteMonitorWithoutGil>(
                 new Monitor(model, monitor_options_from(options, deduplicator)));
           }),
           py::arg("model"), py::arg("options"), py::arg("deduplicator"))
      .def(
          "add_sink", [](Monitor& self, AlertSink& sink, bool stats) { self.add_sink(sink, stats); }, py::arg("sink"),
          py::arg("stats"), py::keep_alive<1, 2>())
      .def(
          "on_alert",
          [](Monitor& self, const py::object& call) { self.on_alert(monitor_callback<const Alert&>(call)); },
          py::arg("callback"))
      .def(
          "on_stats",
          [](Monitor& self, const py::object& call) { self.on_stats(monitor_callback<const MonitorStats&>(call)); },
          py::arg("callback"))
      .def(
          "on_note",
          [](Monitor& self, const py::object& call) { self.on_note(monitor_callback<const std::string&>(call)); },
          py::arg("callback"))
      .def(
          "on_records",
          [](Monitor& self, const py::object& call) {
            self.on_records(monitor_callback<const Table&, const Findings&>(call));
          },
          py::arg("callback"))
      .def(
          "allow", [](Monitor& self, const AllowList& allowed) { self.allow(allowed); }, py::arg("allowed"))
      .def(
          "watch",
          [](Monitor& self, const std::string& what, const std::string& format, const std::string& on_error,
             bool follow, bool from_beginning, std::size_t shards, std::size_t batch_rows, double most_wait,
             const std::string& filter, const std::string& user, const py::dict& capture, const py::dict& flow) {
            const std::unique_ptr<RecordSource> source =
                source_from(what, format, on_error, follow, from_beginning, shards, batch_rows, most_wait, filter, user,
                            capture, flow);
            run_monitor(self, *source);
          },
          py::arg("what"), py::arg("format"), py::arg("on_error"), py::arg("follow"), py::arg("from_beginning"),
          py::arg("shards"), py::arg("batch_rows"), py::arg("most_wait"), py::arg("filter"), py::arg("user"),
          py::arg("capture"), py::arg("flow"))
      .def(
          "run",
          [](Monitor& self, const py::function& give) {
            const std::unique_ptr<RecordSource> source =
                callback_source([&give](double /*seconds*/, bool& ended) -> std::optional<Table> {
                  const AcquiredGil acquire;
                  const py::object records = give();
                  ended = records.is_none();
                  return ended ? std::nullopt : std::optional(records.cast<const Table&>());
                });
            run_monitor(self, *source);
          },
          py::arg("give"))
      .def("stop", &Monitor::stop)
      .def_property_readonly("stats",
                             [](const Monitor& self) {
                               const ReleasedGil release;
                               return self.stats();
                             })
      .def_property_readonly("model", &Monitor::model);
}

}  // namespace nad::python
