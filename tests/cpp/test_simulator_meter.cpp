#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "nad/nad.hpp"

namespace {

/// All that a flow is, with both sides exchanged where a meter does not turn it round.
std::string key_of(const nad::Table& flows, std::size_t row, bool turned) {
  std::string key;
  for (const std::string_view name : {"timestamp", turned ? "dst_ip" : "src_ip", turned ? "dst_port" : "src_port",
                                      turned ? "src_ip" : "dst_ip", turned ? "src_port" : "dst_port", "protocol"}) {
    key += flows[name].format(row) + " ";
  }
  return key;
}

std::string values_of(const nad::Table& flows, std::size_t row, bool turned) {
  std::string values = flows["duration"].format(row);
  if (turned) {
    values += " S0 D";
  } else {
    values += " " + flows["state"].format(row) + " ";
    values += flows["history"].is_missing(row) ? "" : flows["history"].format(row);
  }
  for (const std::string_view name : {"bytes_", "packets_", "ip_bytes_"}) {
    for (const std::string_view side : {turned ? "received" : "sent", turned ? "sent" : "received"}) {
      values += " " + flows[std::string(name) + std::string(side)].format(row);
    }
  }
  return values;
}

/// The first difference between what a simulator knows and what the meter finds, or "".
std::string difference(const nad::Simulator& simulator, bool turn_answers) {
  nad::FlowMeter meter({.turn_answers = turn_answers});
  simulator.run([&](const nad::SimulatedPacket& packet) { meter.add({.time = packet.time, .bytes = packet.bytes}); });
  const nad::Table found = meter.flush();
  const nad::Table truth = simulator.truth();
  if (found.rows() != truth.rows()) {
    return std::to_string(found.rows()) + " flows instead of " + std::to_string(truth.rows());
  }
  std::map<std::string, std::string> metered;
  for (std::size_t row = 0; row < found.rows(); ++row) {
    metered[key_of(found, row, false)] = values_of(found, row, false);
  }
  for (std::size_t row = 0; row < truth.rows(); ++row) {
    const bool turned = !turn_answers && truth["label"].text(row).find("amplification") != std::string_view::npos;
    const auto flow = metered.find(key_of(truth, row, turned));
    const std::string expected = values_of(truth, row, turned);
    if (flow == metered.end() || flow->second != expected) {
      return std::string(truth["scenario"].text(row)) + ": " + key_of(truth, row, turned) + " is " +
             (flow == metered.end() ? "not there" : flow->second) + " instead of " + expected;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("the meter finds all that the simulator knows, in every scenario") {
  for (const nad::AttackKind& kind : nad::attack_kinds()) {
    CAPTURE(kind.name);
    const nad::Attack attack{.kind = std::string(kind.name), .start = 1, .duration = 30, .intensity = 0.1};
    const nad::Simulator simulator({.random_state = 9, .hours = 0.007, .rate = 0.0, .attacks = {attack}});
    CHECK(difference(simulator, true) == "");
    CHECK(difference(simulator, false) == "");
  }
  const nad::Simulator ordinary(
      {.random_state = 9, .hours = 0.02, .rate = 10.0, .failures = 0.5, .loss = 0.02, .ipv6 = 0.5});
  CHECK(difference(ordinary, true) == "");
}

TEST_CASE("the meter reads a simulated capture as it was sent") {
  for (const nad::Encapsulation encapsulation :
       {nad::Encapsulation::vlan, nad::Encapsulation::qinq, nad::Encapsulation::linux_cooked,
        nad::Encapsulation::linux_cooked_v2, nad::Encapsulation::raw_ip}) {
    CAPTURE(nad::name(encapsulation));
    const nad::Simulator simulator(
        {.random_state = 2, .hours = 0.01, .rate = 4.0, .packets = {.encapsulation = encapsulation}});
    nad::FlowMeter meter;
    const auto link = static_cast<nad::LinkType>(nad::link_type(encapsulation));
    const nad::SimulationSummary summary = simulator.run([&](const nad::SimulatedPacket& packet) {
      meter.add({.time = packet.time, .bytes = packet.bytes, .link = link});
    });
    CHECK(meter.flush().rows() == summary.flows);
    CHECK(meter.stats().packets == summary.packets);
    CHECK(meter.stats().malformed_packets() == 0);
  }
}
