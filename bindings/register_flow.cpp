#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flow_tools.hpp"
#include "table_tools.hpp"

namespace nad::python {

bool set_flow_option(FlowOptions& options, const std::string& name, py::handle value) {
  const std::map<std::string, double FlowOptions::*> seconds = {{"tcp_idle", &FlowOptions::tcp_idle},
                                                                {"udp_idle", &FlowOptions::udp_idle},
                                                                {"icmp_idle", &FlowOptions::icmp_idle},
                                                                {"other_idle", &FlowOptions::other_idle},
                                                                {"tcp_attempt", &FlowOptions::tcp_attempt},
                                                                {"tcp_close", &FlowOptions::tcp_close},
                                                                {"active", &FlowOptions::active}};
  if (const auto found = seconds.find(name); found != seconds.end()) {
    options.*found->second = real_number(value, name.c_str());
  } else if (name == "schema") {
    options.schema = parse_flow_schema(value.cast<std::string>());
  } else if (name == "max_flows") {
    options.max_flows = whole_number(value, "max_flows", 1);
  } else if (name == "turn_answers") {
    options.turn_answers = truth_value(value, "turn_answers");
  } else if (name == "tunnels") {
    options.tunnels = truth_value(value, "tunnels");
  } else if (name == "community_seed") {
    const std::uint64_t seed = whole_number(value, "community_seed", 0);
    if (seed > std::numeric_limits<std::uint16_t>::max()) {
      throw Error(ErrorCode::invalid_argument, "community_seed must be 0 to 65535");
    }
    options.community_seed = static_cast<std::uint16_t>(seed);
  } else {
    return false;
  }
  return true;
}

LiveOptions live_options_from(const py::dict& given) {
  LiveOptions options;
  for (const auto& [key, value] : given) {
    const auto name = key.cast<std::string>();
    if (name == "snap_length") {
      options.snap_length =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(whole_number(value, "snap_length", 1), 262'144));
    } else if (name == "buffer_bytes") {
      options.buffer_bytes =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(whole_number(value, "buffer_bytes", 1), 0x7fffffffU));
    } else if (name == "filter") {
      options.filter = value.cast<std::string>();
    } else if (name == "user") {
      options.user = value.cast<std::string>();
    } else if (name == "promiscuous") {
      options.promiscuous = truth_value(value, "promiscuous");
    } else if (name == "immediate") {
      options.immediate = truth_value(value, "immediate");
    } else {
      throw py::type_error("a live capture has no option " + name);
    }
  }
  return options;
}

namespace {

FlowOptions flow_options(const py::dict& given) {
  FlowOptions options;
  for (const auto& [key, value] : given) {
    const auto name = key.cast<std::string>();
    if (!set_flow_option(options, name, value)) {
      throw py::type_error("flows have no option " + name);
    }
  }
  return options;
}

py::dict stats_of(const FlowMeter& meter) {
  const FlowStats stats = meter.stats();
  py::dict malformed;
  for (const auto& [kind, count] : stats.malformed) {
    malformed[py::str(std::string(name(kind)))] = count;
  }
  py::dict result;
  result["frames"] = stats.frames;
  result["packets"] = stats.packets;
  result["not_ip"] = stats.not_ip;
  result["malformed"] = malformed;
  result["lone_fragments"] = stats.lone_fragments;
  result["late"] = stats.late;
  result["flows"] = stats.flows;
  result["interim"] = stats.interim;
  result["evicted"] = stats.evicted;
  result["evicted_half_open"] = stats.evicted_half_open;
  result["open"] = stats.open;
  result["bytes"] = stats.bytes;
  return result;
}

py::dict report_of_capture(const Capture& capture) {
  const CaptureReport& report = capture.report();
  py::dict result;
  result["packets"] = report.packets;
  result["left_out"] = report.left_out;
  result["dropped"] = report.dropped;
  result["notes"] = report.notes;
  return result;
}

/// Packets of captures go through a meter until it has so many rows, or to the end.
bool meter_some(Capture& capture, FlowMeter& meter, std::size_t most, const ProgressCallback& progress) {
  constexpr std::uint64_t rarely = 1U << 12U;
  constexpr std::uint64_t often = 1U << 16U;
  Frame frame;
  for (std::uint64_t count = 1; meter.ended() < most; ++count) {
    if (!capture.next(frame)) {
      return false;
    }
    meter.add(frame);
    if (count % rarely == 0) {
      meter.prepare(most);
    }
    if (count % often == 0 && progress &&
        !progress({"reading", static_cast<std::size_t>(capture.bytes_done()),
                   static_cast<std::size_t>(capture.bytes_total())})) {
      throw Error(ErrorCode::cancelled, "cancelled while reading a capture");
    }
  }
  return true;
}

py::dict read_captures(FlowMeter& meter, const std::vector<std::filesystem::path>& paths, const py::object& progress) {
  Run run(py::int_(1), progress);
  std::optional<Capture> capture;
  run([&](const FitControl& control) {
    capture.emplace(paths);
    meter_some(*capture, meter, std::numeric_limits<std::size_t>::max(), control.progress);
    return 0;
  });
  return report_of_capture(*capture);
}

/// A frame from Python; its bytes are looked at while the call lasts.
void add_frame(FlowMeter& meter, const py::buffer& bytes, std::int64_t time, std::uint16_t link, std::uint32_t length) {
  const py::buffer_info info = bytes.request();
  if (info.itemsize != 1 || info.ndim != 1 || (!info.strides.empty() && info.strides[0] != 1)) {
    throw Error(ErrorCode::invalid_argument, "a frame must be bytes that lie one behind the other");
  }
  const auto size = static_cast<std::size_t>(info.size);
  meter.add(Frame{time, {static_cast<const std::uint8_t*>(info.ptr), size}, length, static_cast<LinkType>(link)});
}

/// Flows of captures, batch by batch.
class CaptureReader {
 public:
  CaptureReader(const std::vector<std::filesystem::path>& paths, const FlowOptions& options)
      : capture_(paths), meter_(options) {}

  std::optional<Table> next(std::size_t most) {
    if (PyErr_CheckSignals() != 0) {
      throw py::error_already_set();
    }
    Run run(py::int_(1), py::none());
    return run([&](const FitControl& control) -> std::optional<Table> {
      if (!at_end_ && !meter_some(capture_, meter_, most, control.progress)) {
        at_end_ = true;
        meter_.end_all();
      }
      if (meter_.ended() == 0) {
        return std::nullopt;
      }
      return meter_.take(most);
    });
  }
  py::dict report() const { return report_of_capture(capture_); }
  py::dict stats() const { return stats_of(meter_); }

 private:
  Capture capture_;
  FlowMeter meter_;
  bool at_end_ = false;
};

/// Packets of an interface go through a meter for so long. Ctrl-C is seen ten times a second.
std::uint64_t read_live(LiveCapture& capture, FlowMeter& meter, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::uint64_t packets = 0;
  for (;;) {
    const double left = std::chrono::duration<double>(until - Clock::now()).count();
    if (left < 0.0 || capture.stopped()) {
      return packets;
    }
    without_gil([&] {
      const auto pause = Clock::now() + std::chrono::milliseconds(100);
      Frame frame;
      while (Clock::now() < pause && capture.next(frame, std::min(left, 0.1))) {
        meter.add(frame);
        ++packets;
      }
    });
    if (PyErr_CheckSignals() != 0) {
      throw py::error_already_set();
    }
  }
}

py::dict live_stats(LiveCapture& capture) {
  const LiveStats stats = capture.stats();
  py::dict result;
  result["given"] = stats.given;
  result["received"] = stats.received;
  result["dropped"] = stats.dropped;
  result["dropped_by_interface"] = stats.dropped_by_interface;
  return result;
}

std::string community_id_of(const std::string& source, const std::string& destination, std::uint16_t source_port,
                            std::uint16_t destination_port, std::uint8_t protocol, std::uint16_t seed) {
  const auto parsed = [](const std::string& text) {
    const std::optional<Address> address = Address::parse(text);
    if (!address) {
      throw Error(ErrorCode::invalid_argument, "'" + text + "' is no address of IPv4 or IPv6");
    }
    return *address;
  };
  return community_id({parsed(source), parsed(destination), source_port, destination_port, protocol}, seed);
}

}  // namespace

void register_flow(py::module_& module) {
  py::class_<FlowMeter>(module, "FlowMeter")
      .def(py::init([](const py::dict& options) { return std::make_unique<FlowMeter>(flow_options(options)); }),
           py::arg("options"))
      .def("add", &add_frame, py::arg("frame"), py::arg("time"), py::arg("link_type"), py::arg("length"))
      .def("read", &read_captures, py::arg("paths"), py::arg("progress"))
      .def(
          "take",
          [](FlowMeter& meter, const std::optional<std::size_t>& most) {
            return without_gil([&] { return meter.take(most.value_or(std::numeric_limits<std::size_t>::max())); });
          },
          py::arg("most"))
      .def("flush", [](FlowMeter& meter) { return without_gil([&] { return meter.flush(); }); })
      .def_property_readonly("ended", &FlowMeter::ended)
      .def_property_readonly("stats", &stats_of);
  py::class_<CaptureReader>(module, "Capture")
      .def(py::init([](const std::vector<std::filesystem::path>& paths, const py::dict& options) {
             return std::make_unique<CaptureReader>(paths, flow_options(options));
           }),
           py::arg("paths"), py::arg("options"))
      .def("next", &CaptureReader::next, py::arg("most"))
      .def_property_readonly("report", &CaptureReader::report)
      .def_property_readonly("stats", &CaptureReader::stats);
  py::class_<LiveCapture>(module, "LiveCapture")
      .def(py::init([](const std::string& interface, const py::dict& options) {
             return std::make_unique<LiveCapture>(interface, live_options_from(options));
           }),
           py::arg("interface"), py::arg("options"))
      .def("read", &read_live, py::arg("meter"), py::arg("seconds"))
      .def("stop", &LiveCapture::stop)
      .def_property_readonly("stopped", &LiveCapture::stopped)
      .def_property_readonly("stats", &live_stats);
  module.def("live_capture_available", &live_capture_available);
  module.def("live_interfaces", &live_interfaces);
  module.def("community_id", &community_id_of, py::arg("source"), py::arg("destination"), py::arg("source_port"),
             py::arg("destination_port"), py::arg("protocol"), py::arg("seed"));
}

}  // namespace nad::python
