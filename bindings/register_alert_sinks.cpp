#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alert_tools.hpp"

namespace nad::python {

SyslogOptions syslog_from(const py::dict& options) {
  SyslogOptions syslog;
  syslog.facility = options["facility"].cast<unsigned>();
  syslog.host = options["host"].cast<std::string>();
  syslog.application = options["application"].cast<std::string>();
  syslog.process_id = options["process_id"].cast<std::string>();
  syslog.enterprise = options["enterprise"].cast<std::string>();
  syslog.body = enum_from_word<SyslogBody>(options["body"].cast<std::string>(), "body");
  syslog.most_bytes = options["most_bytes"].cast<std::size_t>();
  return syslog;
}

namespace {

/// The thread of a sink may be waiting for the GIL when the sink ends, and the sink then waits for the thread.
struct DeleteWithoutGil {
  void operator()(AlertSink* sink) const {
    const ReleasedGil release;
    delete sink;
  }
};
using SinkHolder = std::unique_ptr<AlertSink, DeleteWithoutGil>;

SinkOptions sink_options_from(const py::dict& options) {
  SinkOptions sink;
  if (!options["format"].is_none()) {
    sink.format = enum_from_word<AlertFormat>(options["format"].cast<std::string>(), "format");
  }
  sink.syslog = syslog_from(options["syslog"].cast<py::dict>());
  sink.queue = options["queue"].cast<std::size_t>();
  sink.when_full = enum_from_word<WhenFull>(options["when_full"].cast<std::string>(), "when_full");
  sink.spool = options["spool"].cast<std::filesystem::path>();
  sink.spool_bytes = options["spool_bytes"].cast<std::uint64_t>();
  sink.durable_spool = options["durable_spool"].cast<bool>();
  sink.retry_seconds = options["retry_seconds"].cast<double>();
  sink.most_retry_seconds = options["most_retry_seconds"].cast<double>();
  sink.attempts = options["attempts"].cast<std::optional<std::size_t>>();
  sink.collect_seconds = options["collect_seconds"].cast<std::optional<double>>();
  return sink;
}

SinkHolder sink_on(std::unique_ptr<AlertChannel> channel, const py::dict& options) {
  const SinkOptions given = sink_options_from(options);
  const ReleasedGil release;  // its thread may call back at once
  return SinkHolder(new AlertSink(std::move(channel), given));
}

/// Calls a Python function from the thread of a sink, and is destroyed there or anywhere else.
std::function<void(const Alert&)> callback_from(py::function function) {
  const std::shared_ptr<py::function> held(new py::function(std::move(function)), [](py::function* given) {
    const AcquiredGil acquire;
    delete given;
  });
  return [held](const Alert& alert) {
    const AcquiredGil acquire;
    try {
      (*held)(alert);
    } catch (py::error_already_set& error) {  // it must not outlive the GIL
      throw Error(ErrorCode::io, std::string("the callback raised ") + error.what());
    }
  };
}

void register_sink_factories(py::module_& module) {
  module.def(
      "file_sink",
      [](const std::filesystem::path& path, std::uint64_t rotate_bytes, double rotate_seconds, std::size_t keep,
         bool sync, const py::dict& options) {
        return sink_on(file_channel({path, rotate_bytes, rotate_seconds, keep, sync}), options);
      },
      py::arg("path"), py::arg("rotate_bytes"), py::arg("rotate_seconds"), py::arg("keep"), py::arg("sync"),
      py::arg("options"));
  module.def(
      "standard_output_sink", [](const py::dict& options) { return sink_on(standard_output_channel(), options); },
      py::arg("options"));
  module.def(
      "udp_sink",
      [](const std::string& host, unsigned port, const py::dict& options) {
        return sink_on(udp_channel({host, port}), options);
      },
      py::arg("host"), py::arg("port"), py::arg("options"));
  module.def(
      "tcp_sink",
      [](const std::string& host, unsigned port, const std::string& framing, double timeout_seconds,
         const py::dict& options) {
        return sink_on(tcp_channel({host, port, enum_from_word<Framing>(framing, "framing"), timeout_seconds}),
                       options);
      },
      py::arg("host"), py::arg("port"), py::arg("framing"), py::arg("timeout_seconds"), py::arg("options"));
  module.def(
      "unix_sink",
      [](const std::filesystem::path& path, bool is_stream, const std::string& framing, double timeout_seconds,
         const py::dict& options) {
        return sink_on(unix_channel({path, is_stream, enum_from_word<Framing>(framing, "framing"), timeout_seconds}),
                       options);
      },
      py::arg("path"), py::arg("is_stream"), py::arg("framing"), py::arg("timeout_seconds"), py::arg("options"));
  module.def(
      "webhook_sink",
      [](const std::string& url, std::vector<std::pair<std::string, std::string>> headers, std::size_t batch,
         const std::string& content_type, double timeout_seconds, const py::dict& options) {
        return sink_on(webhook_channel({url, std::move(headers), batch, content_type, timeout_seconds}), options);
      },
      py::arg("url"), py::arg("headers"), py::arg("batch"), py::arg("content_type"), py::arg("timeout_seconds"),
      py::arg("options"));
  module.def(
      "mail_sink",
      [](const std::string& host, unsigned port, const std::string& sender, std::vector<std::string> to,
         const std::string& subject, const std::string& own_name, std::size_t digest, double timeout_seconds,
         const py::dict& options) {
        return sink_on(mail_channel({host, port, sender, std::move(to), subject, own_name, digest, timeout_seconds}),
                       options);
      },
      py::arg("host"), py::arg("port"), py::arg("sender"), py::arg("to"), py::arg("subject"), py::arg("own_name"),
      py::arg("digest"), py::arg("timeout_seconds"), py::arg("options"));
  module.def(
      "command_sink",
      [](std::vector<std::string> arguments, double timeout_seconds, std::size_t at_once, const py::dict& options) {
        return sink_on(command_channel({std::move(arguments), timeout_seconds, at_once}), options);
      },
      py::arg("arguments"), py::arg("timeout_seconds"), py::arg("at_once"), py::arg("options"));
  module.def(
      "callback_sink",
      [](py::function callback, const py::dict& options) {
        return sink_on(callback_channel(callback_from(std::move(callback))), options);
      },
      py::arg("callback"), py::arg("options"));
}

void register_sink_class(py::module_& module) {
  py::class_<SinkStats>(module, "SinkStats", "What became of the alerts that a sink was given.")
      .def_readonly("given", &SinkStats::given, "To `write`.")
      .def_readonly("recovered", &SinkStats::recovered, "Found in the spool at the beginning.")
      .def_readonly("written", &SinkStats::written, "Delivered.")
      .def_readonly("waiting", &SinkStats::waiting, "In the queue or on the way.")
      .def_readonly("spooled", &SinkStats::spooled, "In the spool now.")
      .def_readonly("spool_bytes", &SinkStats::spool_bytes, "The size of the spool.")
      .def_readonly("retried", &SinkStats::retried, "Deliveries that failed and were or will be tried again.")
      .def_readonly("went_to_spool", &SinkStats::went_to_spool, "Messages, since the beginning.")
      .def_readonly("lost_queue_full", &SinkStats::lost_queue_full, "Because the queue was full.")
      .def_readonly("lost_refused", &SinkStats::lost_refused, "By the receiver, for good.")
      .def_readonly("lost_given_up", &SinkStats::lost_given_up, "After so many attempts.")
      .def_readonly("lost_damaged", &SinkStats::lost_damaged, "In the spool.")
      .def_readonly("lost_at_close", &SinkStats::lost_at_close, "There was no spool, or no room in it.")
      .def_readonly("is_failing", &SinkStats::is_failing, "The last delivery failed.")
      .def_readonly("last_error", &SinkStats::last_error, "What the last delivery that failed said.")
      .def_property_readonly("lost", &SinkStats::lost, "All that was lost, for whatever reason.")
      .def("__repr__", [](const SinkStats& self) {
        return "<SinkStats: " + std::to_string(self.given) + " given, " + std::to_string(self.written) + " written, " +
               std::to_string(self.lost()) + " lost" + (self.is_failing ? ", failing: " + self.last_error : "") + ">";
      });
  py::class_<AlertSink, SinkHolder>(module, "AlertSink")
      .def("write", &AlertSink::write, py::arg("alert"), py::call_guard<ReleasedGil>())
      .def("write_text", &AlertSink::write_text, py::arg("text"), py::call_guard<ReleasedGil>())
      .def("flush", &AlertSink::flush, py::arg("seconds"), py::call_guard<ReleasedGil>())
      .def("close", &AlertSink::close, py::arg("seconds"), py::call_guard<ReleasedGil>())
      .def("reopen", &AlertSink::reopen, py::call_guard<ReleasedGil>())
      .def("describe", &AlertSink::describe)
      .def_property_readonly("stats", [](const AlertSink& self) {
        const ReleasedGil release;
        return self.stats();
      });
}

void register_allow_list(py::module_& module) {
  py::class_<AllowRule>(module, "AllowRule", "One rule of an allow-list.")
      .def_readonly("who", &AllowRule::who, "Who allowed it.")
      .def_readonly("why", &AllowRule::why, "Why it is allowed.")
      .def_readonly("until", &AllowRule::until, "Nanoseconds since 1970; nothing: for ever.")
      .def_readonly("line", &AllowRule::line, "Of the file that it came from; 0: none.")
      .def_property_readonly(
          "conditions",
          [](const AllowRule& self) {
            py::dict conditions;
            for (const AllowCondition& condition : self.conditions) {
              conditions[py::str(condition.column())] = condition.values();
            }
            return conditions;
          },
          "What an alert has to be: columns and the values that are allowed.")
      .def("__str__", &AllowRule::to_string)
      .def("__repr__", [](const AllowRule& self) { return "<AllowRule: " + self.to_string() + ">"; });
  py::class_<FilterReport>(module, "FilterReport", "What became of the lines of a file of alerts.")
      .def_readonly("lines", &FilterReport::lines, "Of the file.")
      .def_readonly("allowed", &FilterReport::allowed, "Left out.")
      .def_readonly("unreadable", &FilterReport::unreadable, "Kept, because nobody can say whom they are about.")
      .def_readonly("by_rule", &FilterReport::by_rule, "Lines that each rule left out.")
      .def("__repr__", [](const FilterReport& self) {
        return "<FilterReport: " + std::to_string(self.allowed) + " of " + std::to_string(self.lines) +
               " lines are allowed, " + std::to_string(self.unreadable) + " unreadable>";
      });
  py::class_<AllowList>(module, "AllowList")
      .def(py::init([](const std::string& text, const std::string& file) { return AllowList::parse(text, file); }),
           py::arg("text"), py::arg("file"))
      .def_static(
          "read", [](const std::filesystem::path& path) { return AllowList::read(path); }, py::arg("path"))
      .def(
          "match",
          [](const AllowList& self, const Alert& alert) {
            const AllowRule* const rule = self.match(alert);
            return rule == nullptr ? std::nullopt : std::optional(*rule);
          },
          py::arg("alert"))
      .def(
          "filter",
          [](const AllowList& self, const std::filesystem::path& source, const std::filesystem::path& target) {
            const ReleasedGil release;
            return filter_alerts(self, source, target);
          },
          py::arg("source"), py::arg("target"))
      .def_property_readonly("rules", &AllowList::rules)
      .def("__len__", [](const AllowList& self) { return self.rules().size(); })
      .def("__str__", &AllowList::to_string);
}

}  // namespace

void register_alert_sinks(py::module_& module) {
  register_sink_class(module);
  register_sink_factories(module);
  register_allow_list(module);
}

}  // namespace nad::python
