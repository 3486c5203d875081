#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "table_tools.hpp"

namespace nad::python {

namespace {

/// Kind, start, duration, intensity, options, name.
using GivenAttack = std::tuple<std::string, double, double, double, std::map<std::string, double>, std::string>;

std::vector<Attack> attacks_from(const std::vector<GivenAttack>& given) {
  std::vector<Attack> attacks;
  attacks.reserve(given.size());
  for (const auto& [kind, start, duration, intensity, options, name] : given) {
    attacks.push_back({kind, start, duration, intensity, Attack::Options(options.begin(), options.end()), name});
  }
  return attacks;
}

std::int64_t beginning_from(const std::string& begin) {
  const std::optional<std::int64_t> moment = parse_time(begin);
  if (!moment) {
    throw Error(ErrorCode::invalid_argument,
                "begin is '" + begin + "'; give a time such as 2026-01-05T09:00, or a datetime");
  }
  return *moment;
}

std::uint16_t vlan_from(py::handle value, const char* option) {
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(whole_number(value, option, 0), 65'535));
}

SimulatorOptions simulator_options(const py::dict& given, const std::vector<GivenAttack>& attacks) {
  SimulatorOptions options;
  options.attacks = attacks_from(attacks);
  for (const auto& [key, value] : given) {
    const auto option = key.cast<std::string>();
    const char* const name = option.c_str();
    if (option == "random_state") {
      options.random_state = whole_number(value, name, 0);
    } else if (option == "begin") {
      options.begin = value.is_none() ? options.begin : beginning_from(value.cast<std::string>());
    } else if (option == "hours") {
      options.hours = real_number(value, name);
    } else if (option == "hosts") {
      options.hosts = whole_number(value, name, 0);
    } else if (option == "rate") {
      options.rate = real_number(value, name);
    } else if (option == "rhythm") {
      options.rhythm = truth_value(value, name);
    } else if (option == "failures") {
      options.failures = real_number(value, name);
    } else if (option == "loss") {
      options.loss = real_number(value, name);
    } else if (option == "ipv6") {
      options.ipv6 = real_number(value, name);
    } else if (option == "encapsulation") {
      options.packets.encapsulation = parse_encapsulation(value.cast<std::string>());
    } else if (option == "vlan") {
      options.packets.vlan = vlan_from(value, name);
    } else if (option == "outer_vlan") {
      options.packets.outer_vlan = vlan_from(value, name);
    } else {
      throw py::type_error("simulate() has no option " + option);
    }
  }
  return options;
}

CaptureWriterOptions capture_options(const py::dict& given) {
  CaptureWriterOptions options;
  for (const auto& [key, value] : given) {
    const auto option = key.cast<std::string>();
    if (option == "format") {
      options.format = parse_capture_format(value.cast<std::string>());
    } else if (option == "byte_order") {
      const auto order = value.cast<std::string>();
      if (order != "little" && order != "big") {
        throw Error(ErrorCode::invalid_argument, "byte_order is '" + order + "'; give 'little' or 'big'");
      }
      options.byte_order = order == "big" ? CaptureByteOrder::big_endian : CaptureByteOrder::little_endian;
    } else if (option == "nanoseconds") {
      options.nanoseconds = truth_value(value, "nanoseconds");
    } else if (option == "snap_length") {
      options.snap_length = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(whole_number(value, "snap_length", 1), std::uint64_t{1} << 30U));
    } else {
      throw py::type_error("simulate() has no option " + option);
    }
  }
  return options;
}

Table simulate_to(const std::optional<std::filesystem::path>& path, const std::optional<std::filesystem::path>& truth,
                  const py::dict& given, const std::vector<GivenAttack>& attacks, const py::dict& capture,
                  const py::object& progress) {
  const Simulator simulator(simulator_options(given, attacks));
  const CaptureWriterOptions writing = capture_options(capture);
  Run run(py::int_(1), progress);
  return run([&](const FitControl& control) {
    return path ? simulator.write(*path, truth.value_or(std::filesystem::path()), writing, control.progress)
                : simulator.truth(control.progress);
  });
}

py::list kinds_of_attacks() {
  py::list kinds;
  for (const AttackKind& kind : attack_kinds()) {
    py::list options;
    for (const AttackOption& option : kind.options) {
      options.append(py::make_tuple(option.name, option.usual, option.least, option.most, option.description));
    }
    kinds.append(py::make_tuple(kind.name, kind.description, options));
  }
  return kinds;
}

}  // namespace

void register_simulator(py::module_& module) {
  module.def("simulate", &simulate_to, py::arg("path"), py::arg("truth"), py::arg("options"), py::arg("attacks"),
             py::arg("capture"), py::arg("progress"));
  module.def("attack_kinds", &kinds_of_attacks);
}

}  // namespace nad::python
