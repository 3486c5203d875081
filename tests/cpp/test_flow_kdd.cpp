#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flow_packets.hpp"
#include "nad/core/random.hpp"
#include "nad/features/host_windows.hpp"
#include "nad/flow/flow_meter.hpp"
#include "nad/source/kdd99.hpp"
#include "nad/table/converting.hpp"

namespace {

using tests::answer_to;
using tests::packet_of;
using tests::Sent;

nad::Table kdd_of(const std::vector<Sent>& packets) {
  nad::FlowMeter meter({.schema = nad::FlowSchema::kdd28});
  for (const Sent& sent : packets) {
    meter.add(packet_of(sent));
  }
  return meter.flush();
}

nad::Packet icmp_of(double seconds, std::uint8_t type, std::uint8_t code, std::uint32_t payload) {
  nad::Packet packet = packet_of({.seconds = seconds, .source_port = 0, .destination_port = 0, .protocol = 1});
  packet.icmp_type = type;
  packet.icmp_code = code;
  packet.payload_bytes = payload;
  return packet;
}

}  // namespace

TEST_CASE("The 28 columns are those of the data set, in its order, and then who it was") {
  const nad::Table flows = kdd_of({{.flags = 2}});
  const auto names = nad::kdd99_columns();
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i < 9 || i >= 22) {
      expected.emplace_back(names[i]);
    }
  }
  REQUIRE(expected.size() == 28);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(flows.schema()[i].name == expected[i]);
    CHECK(flows.schema()[i].role == nad::Role::feature);
  }
  for (std::size_t i = 28; i < flows.columns(); ++i) {
    CHECK(flows.schema()[i].role != nad::Role::feature);
  }
  CHECK(flows["ended"].text(0) == "flushed");
}

TEST_CASE("Records of KDD Cup 99 follow its rules") {
  const Sent ask{.seconds = 0.0, .source_port = 5000, .destination_port = 161, .protocol = 17, .payload = 105};
  Sent slow{.seconds = 0.1, .destination_port = 25, .flags = 16, .payload = 7, .sequence = 1};
  Sent late = slow;
  late.seconds = 2.9;
  late.sequence = 8;
  const nad::Table flows = kdd_of({ask, slow, late});
  REQUIRE(flows.rows() == 2);
  CHECK(flows["flag"].text(0) == "SF");  // UDP, also without an answer
  CHECK(flows["service"].text(0) == "private");
  CHECK(flows["src_bytes"].integers()[0] == 105);
  CHECK(flows["protocol_type"].text(0) == "udp");
  CHECK(flows["service"].text(1) == "smtp");
  CHECK(flows["duration"].integers()[1] == 2);  // whole seconds
  CHECK(flows["src_bytes"].integers()[1] == 14);
  CHECK(flows["flag"].text(1) == "OTH");
}

TEST_CASE("Each packet of ICMP is a record, with all bytes behind IP") {
  nad::FlowMeter meter({.schema = nad::FlowSchema::kdd28});
  meter.add(icmp_of(0.0, 8, 0, 0));
  meter.add(icmp_of(0.0, 8, 0, 1024));
  meter.add(icmp_of(0.0, 3, 3, 174));
  const nad::Table flows = meter.take();  // at once: nothing to wait for
  REQUIRE(flows.rows() == 3);
  CHECK(flows["service"].text(0) == "eco_i");
  CHECK(flows["src_bytes"].integers()[0] == 8);
  CHECK(flows["src_bytes"].integers()[1] == 1032);  // as smurf has
  CHECK(flows["dst_bytes"].integers()[1] == 0);
  CHECK(flows["flag"].text(1) == "SF");
  CHECK(flows["service"].text(2) == "urp_i");
  CHECK(flows["count"].integers()[2] == 3);
  CHECK(flows["srv_count"].integers()[2] == 1);
}

TEST_CASE("Services are those of the published table") {
  const std::array<std::pair<std::uint16_t, std::string_view>, 12> tcp = {{{80, "http"},
                                                                           {20, "ftp_data"},
                                                                           {443, "http_443"},
                                                                           {6667, "IRC"},
                                                                           {6005, "X11"},
                                                                           {143, "imap4"},
                                                                           {53, "domain"},
                                                                           {1023, "private"},
                                                                           {1024, "other"},
                                                                           {65535, "other"},
                                                                           {513, "login"},
                                                                           {5190, "aol"}}};
  for (const auto& [port, service] : tcp) {
    CHECK(kdd_of({{.destination_port = port, .flags = 2}})["service"].text(0) == service);
  }
  CHECK(kdd_of({{.source_port = 20, .destination_port = 3000, .flags = 2}})["service"].text(0) == "ftp_data");
  CHECK(kdd_of({{.destination_port = 53, .protocol = 17}})["service"].text(0) == "domain_u");
  CHECK(kdd_of({{.destination_port = 123, .protocol = 17}})["service"].text(0) == "ntp_u");
  CHECK(kdd_of({{.destination_port = 80, .protocol = 17}})["service"].text(0) == "private");
}

TEST_CASE("Windows are those of the step host_windows over the records as they ended") {
  nad::Random random(7);
  std::vector<Sent> packets;
  for (int i = 0; i < 3000; ++i) {
    Sent sent{.seconds = 100.0 + 0.004 * i,
              .from = static_cast<std::uint32_t>(1 + random.below(9)),
              .to = static_cast<std::uint32_t>(20 + random.below(4)),
              .source_port = static_cast<std::uint16_t>(30000 + random.below(3000)),
              .destination_port = std::vector<std::uint16_t>{80, 22, 25, 8080}[random.below(4)],
              .protocol = random.below(4) == 0 ? std::uint8_t{17} : std::uint8_t{6},
              .flags = 2};
    packets.push_back(sent);
    if (random.below(3) == 0) {
      sent = answer_to(sent);
      sent.flags = random.below(2) == 0 ? 20 : 18;
      sent.seconds += 0.001;
      packets.push_back(sent);
    }
  }
  const nad::Table kdd = kdd_of(packets);
  // of the general table, UDP has states of its own; only TCP counts as an error in both
  nad::FlowMeter meter;
  for (const Sent& sent : packets) {
    meter.add(packet_of(sent));
  }
  const nad::Table flows = meter.flush();
  REQUIRE(flows.rows() == kdd.rows());
  const nad::HostWindows step{.rounded = true};
  const auto state = step.begin();
  const nad::Table windows = step.apply(flows, state.get());
  for (const nad::Field& field : kdd.schema()) {
    if (!windows.has(field.name) || flows.has(field.name)) {
      continue;
    }
    for (std::size_t row = 0; row < kdd.rows(); ++row) {
      if (kdd[field.name].format(row) != windows[field.name].format(row)) {
        FAIL_CHECK(field.name << " of row " << row << ": " << kdd[field.name].format(row) << " instead of "
                              << windows[field.name].format(row));
        break;
      }
    }
  }
  CHECK(windows.has("dst_host_srv_rerror_rate"));
}
