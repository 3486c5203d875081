#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "flow_packets.hpp"
#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/flow/community_id.hpp"
#include "nad/flow/flow_meter.hpp"
#include "nad/table/combining.hpp"

namespace {

using tests::answer_to;
using tests::packet_of;
using tests::rows_with;
using tests::Sent;
using tests::text_of;
using tests::total;

constexpr std::uint8_t syn = 2;
constexpr std::uint8_t ack = 16;
constexpr std::uint8_t syn_ack = 18;
constexpr std::uint8_t fin_ack = 17;
constexpr std::uint8_t rst = 4;

nad::Table flows_of(const std::vector<Sent>& packets, const nad::FlowOptions& options = {}) {
  nad::FlowMeter meter(options);
  for (const Sent& sent : packets) {
    meter.add(packet_of(sent));
  }
  return meter.flush();
}

bool all_finite(const nad::Table& table) {
  for (std::size_t column = 0; column < table.columns(); ++column) {
    if (table.column(column).type() == nad::ColumnType::number) {
      for (const double value : table.column(column).numbers()) {
        if (!std::isfinite(value)) {
          return false;
        }
      }
    }
  }
  return true;
}

/// Random traffic of few hosts: connections that begin, talk, end and begin again.
std::vector<Sent> random_traffic(std::size_t count, std::uint64_t seed) {
  nad::Random random(seed);
  std::vector<Sent> packets;
  double seconds = 1000.0;
  for (std::size_t i = 0; i < count; ++i) {
    seconds += random.uniform() * (random.below(200) == 0 ? 90.0 : 0.3);
    Sent sent;
    sent.seconds = seconds - (random.below(20) == 0 ? 0.2 : 0.0);  // some come late
    sent.from = static_cast<std::uint32_t>(1 + random.below(6));
    sent.to = static_cast<std::uint32_t>(10 + random.below(3));
    sent.source_port = static_cast<std::uint16_t>(40000 + random.below(4));
    sent.protocol = std::vector<std::uint8_t>{6, 6, 6, 17, 1, 47}[random.below(6)];
    if (sent.protocol == 6) {
      sent.flags = std::vector<std::uint8_t>{2, 18, 16, 24, 17, 4, 20}[random.below(7)];
      sent.sequence = static_cast<std::uint32_t>(random.below(5000));
    }
    sent.payload = static_cast<std::uint32_t>(random.below(3) == 0 ? random.below(1400) : 0);
    packets.push_back(random.below(2) == 0 ? sent : answer_to(sent));
  }
  return packets;
}

}  // namespace

TEST_CASE("A flow has the amounts of both directions") {
  const Sent ask{.seconds = 1.0, .flags = ack, .payload = 100, .sequence = 1};
  Sent answer = answer_to(ask);
  answer.seconds = 1.5;
  answer.payload = 1000;
  Sent more = answer;
  more.seconds = 3.5;
  more.sequence = 1001;
  more.payload = 400;
  const nad::Table flows = flows_of({ask, answer, more});
  REQUIRE(flows.rows() == 1);
  CHECK(flows["timestamp"].times()[0] == 1'000'000'000);
  CHECK(flows["last_seen"].times()[0] == 3'500'000'000);
  CHECK(flows["duration"].numbers()[0] == 2.5);
  CHECK(flows["src_ip"].format(0) == "10.0.0.1");
  CHECK(flows["dst_port"].integers()[0] == 80);
  CHECK(flows["protocol"].text(0) == "tcp");
  CHECK(flows["bytes_sent"].integers()[0] == 100);
  CHECK(flows["bytes_received"].integers()[0] == 1400);
  CHECK(flows["packets_sent"].integers()[0] == 1);
  CHECK(flows["packets_received"].integers()[0] == 2);
  CHECK(flows["ip_bytes_sent"].integers()[0] == 140);
  CHECK(flows["ip_bytes_received"].integers()[0] == 1480);
  CHECK(flows["ack_received"].integers()[0] == 2);
  CHECK(flows["flags"].text(0) == "A");
  CHECK(flows["first_window_sent"].integers()[0] == 1000);
  CHECK(flows["size_mean_received"].numbers()[0] == 740.0);
  CHECK(flows["size_std_received"].numbers()[0] == 300.0);
  CHECK(flows["size_min_received"].numbers()[0] == 440.0);
  CHECK(flows["size_max_received"].numbers()[0] == 1040.0);
  CHECK(flows["gap_mean_received"].numbers()[0] == 2.0);
  CHECK(flows["gap_std_received"].numbers()[0] == 0.0);
  CHECK(flows["gap_min_received"].numbers()[0] == 2.0);
  CHECK(flows["ended"].text(0) == "flushed");
  CHECK(flows["interim"].format(0) == "false");
  CHECK(flows["community_id"].text(0) ==
        nad::community_id({nad::Address::v4(0x0a000001), nad::Address::v4(0x0a000002), 40000, 80, 6}));
}

TEST_CASE("Means and deviations are those of the packets") {
  nad::Random random(4);
  std::vector<Sent> packets;
  std::vector<double> sizes;
  std::vector<double> gaps;
  double seconds = 5.0;
  for (int i = 0; i < 200; ++i) {
    const double gap = static_cast<double>(random.below(1000)) / 1024.0;
    seconds += gap;
    packets.push_back({.seconds = seconds, .protocol = 17, .payload = static_cast<std::uint32_t>(random.below(1400))});
    sizes.push_back(packets.back().payload + 28.0);
    if (i > 0) {
      gaps.push_back(gap);
    }
  }
  const nad::Table flows = flows_of(packets);
  REQUIRE(flows.rows() == 1);
  const auto check = [&](const std::string& what, const std::vector<double>& values) {
    double sum = 0.0;
    for (const double value : values) {
      sum += value;
    }
    const double mean = sum / static_cast<double>(values.size());
    double squares = 0.0;
    for (const double value : values) {
      squares += (value - mean) * (value - mean);
    }
    CHECK(flows[what + "_mean_sent"].numbers()[0] == doctest::Approx(mean));
    CHECK(flows[what + "_std_sent"].numbers()[0] ==
          doctest::Approx(std::sqrt(squares / static_cast<double>(values.size()))));
    CHECK(flows[what + "_min_sent"].numbers()[0] == doctest::Approx(*std::min_element(values.begin(), values.end())));
    CHECK(flows[what + "_max_sent"].numbers()[0] == doctest::Approx(*std::max_element(values.begin(), values.end())));
  };
  check("size", sizes);
  check("gap", gaps);
}

TEST_CASE("A flow of one packet is a row, and all its numbers are finite") {
  const nad::Table flows = flows_of({{.flags = syn}, {.protocol = 17}, {.protocol = 47}});
  CHECK(flows.rows() == 3);
  CHECK(all_finite(flows));
  CHECK(flows["duration"].numbers()[0] == 0.0);
  CHECK(flows["first_window_received"].is_missing(0));
  CHECK(flows["flags"].is_missing(1));
  CHECK(flows["history"].is_missing(2));
  CHECK(flows["vlan"].is_missing(0));
}

TEST_CASE("Bytes that come again count apart, and late ones do not") {
  const auto piece = [](double seconds, std::uint32_t sequence, std::uint32_t payload) {
    return Sent{.seconds = seconds, .flags = ack, .payload = payload, .sequence = sequence};
  };
  const auto again = [](const std::vector<Sent>& packets) {
    const nad::Table flows = flows_of(packets);
    return std::pair(flows["retransmitted_packets_sent"].integers()[0],
                     flows["retransmitted_bytes_sent"].integers()[0]);
  };
  using Pair = std::pair<std::int64_t, std::int64_t>;
  CHECK(again({piece(0, 100, 50), piece(1, 150, 50)}) == Pair(0, 0));
  CHECK(again({piece(0, 100, 50), piece(1, 100, 50)}) == Pair(1, 50));
  CHECK(again({piece(0, 100, 50), piece(1, 120, 80)}) == Pair(1, 30));                    // the rest is new
  CHECK(again({piece(0, 100, 50), piece(1, 200, 50), piece(2, 150, 50)}) == Pair(0, 0));  // was late
  CHECK(again({piece(0, 100, 50), piece(1, 250, 50), piece(2, 200, 50), piece(3, 150, 50)}) == Pair(0, 0));
  CHECK(again({piece(0, 100, 50), piece(1, 200, 50), piece(2, 150, 50), piece(3, 150, 50)}) == Pair(1, 50));
  CHECK(again({piece(0, 0xfffffff0U, 32), piece(1, 16, 32), piece(2, 0xfffffff0U, 32)}) == Pair(1, 32));  // wraps
  const nad::Table flows = flows_of({piece(0, 100, 50), piece(1, 100, 50)});
  CHECK(flows["bytes_sent"].integers()[0] == 100);  // what was seen
  CHECK(flows["history"].text(0) == "DT");
}

TEST_CASE("Flows end when they were silent for too long, each protocol after its own time") {
  const auto rows = [](double gap, std::uint8_t protocol, const nad::FlowOptions& options = {}) {
    const Sent first{.protocol = protocol, .flags = ack, .payload = 1};
    Sent second = answer_to(first);
    second.seconds = gap;
    return flows_of({first, second}, options).rows();
  };
  CHECK(rows(300.0, 6) == 1);
  CHECK(rows(300.5, 6) == 2);
  CHECK(rows(60.0, 17) == 1);
  CHECK(rows(60.5, 17) == 2);
  CHECK(rows(60.5, 47) == 2);
  CHECK(rows(60.5, 17, {.udp_idle = 100.0}) == 1);
  CHECK(rows(20.5, 6, {.tcp_idle = 20.0}) == 2);
}

TEST_CASE("Attempts and connections that are over end soon") {
  nad::FlowMeter meter;
  meter.add(packet_of({.seconds = 0.0, .flags = syn}));
  meter.add(packet_of({.seconds = 1.0, .source_port = 41000, .flags = syn}));
  meter.add(
      packet_of(answer_to({.seconds = 1.5, .source_port = 41000, .flags = static_cast<std::uint8_t>(rst | ack)})));
  meter.add(packet_of({.seconds = 4.9, .source_port = 42000, .flags = syn}));
  CHECK(meter.ended() == 0);
  meter.add(packet_of({.seconds = 5.1, .source_port = 43000, .protocol = 17}));
  CHECK(meter.ended() == 1);
  meter.add(packet_of({.seconds = 7.0, .source_port = 43000, .protocol = 17}));
  CHECK(meter.ended() == 2);
  const nad::Table flows = meter.take();
  CHECK(flows["state"].text(0) == "S0");
  CHECK(flows["ended"].text(0) == "idle");
  CHECK(flows["state"].text(1) == "REJ");
  CHECK(flows["ended"].text(1) == "closed");
  CHECK(meter.ended() == 0);
  CHECK(meter.stats().open == 2);
  CHECK(meter.take().rows() == 0);
}

TEST_CASE("A connection that begins again between the same ports is another flow") {
  const Sent open{.seconds = 0.0, .flags = syn, .sequence = 1};
  const Sent refuse = answer_to({.seconds = 0.1, .flags = static_cast<std::uint8_t>(rst | ack)});
  Sent again = open;
  again.seconds = 1.0;
  again.sequence = 777;
  CHECK(flows_of({open, refuse, again}).rows() == 2);
  again.sequence = 1;  // a copy of the first packet
  CHECK(flows_of({open, refuse, again}).rows() == 1);
  again.sequence = 777;
  CHECK(flows_of({open, again}).rows() == 1);  // tried again
}

TEST_CASE("Flows that go on give interim records") {
  nad::FlowMeter meter({.active = 10.0});
  for (int i = 0; i <= 25; ++i) {
    meter.add(packet_of({.seconds = static_cast<double>(i), .protocol = 17, .payload = 1}));
  }
  const nad::Table interim = meter.take();
  REQUIRE(interim.rows() == 2);
  CHECK(interim["interim"].format(0) == "true");
  CHECK(interim["ended"].text(0) == "open");
  CHECK(interim["bytes_sent"].integers()[0] == 11);
  CHECK(interim["bytes_sent"].integers()[1] == 21);  // all since the beginning
  const nad::Table last = meter.flush();
  REQUIRE(last.rows() == 1);
  CHECK(last["interim"].format(0) == "false");
  CHECK(last["bytes_sent"].integers()[0] == 26);
  CHECK(meter.stats().interim == 2);
  CHECK(meter.stats().flows == 1);
}

TEST_CASE("Of too many flows, those that were never agreed upon end first, and none is lost") {
  nad::FlowMeter meter({.max_flows = 100});
  for (std::uint16_t port = 0; port < 50; ++port) {  // 50 connections that talk
    const Sent open{.seconds = 0.0, .from = 9, .source_port = static_cast<std::uint16_t>(50000 + port), .flags = syn};
    meter.add(packet_of(open));
    Sent answer = answer_to(open);
    answer.flags = syn_ack;
    meter.add(packet_of(answer));
    Sent last = open;
    last.flags = ack;
    meter.add(packet_of(last));
  }
  nad::Table all = meter.take();
  for (std::uint32_t source = 0; source < 5000; ++source) {  // and a flood
    meter.add(packet_of({.seconds = 1.0 + 1e-5 * source, .from = 1000 + source, .flags = syn}));
    CHECK(meter.stats().open <= 100);
  }
  const nad::Table evicted = meter.take();
  CHECK(evicted.rows() == 4950);
  CHECK(rows_with(evicted, "ended", "evicted") == 4950);
  CHECK(rows_with(evicted, "state", "S0") == 4950);
  CHECK(meter.stats().evicted == 4950);
  CHECK(meter.stats().evicted_half_open == 4950);
  const nad::Table rest = meter.flush();
  CHECK(rest.rows() == 100);
  CHECK(rows_with(rest, "state", "S1") == 50);
  CHECK(rows_with(rest, "ended", "flushed") == 100);
}

TEST_CASE("Floods of other protocols do not end conversations either") {
  for (const std::uint8_t protocol : {std::uint8_t{17}, std::uint8_t{6}, std::uint8_t{1}, std::uint8_t{47}}) {
    nad::FlowMeter meter({.max_flows = 10});
    const Sent ask{.source_port = 5353, .destination_port = 53, .protocol = 17};
    meter.add(packet_of(ask));
    meter.add(packet_of(answer_to(ask)));
    for (std::uint32_t source = 0; source < 500; ++source) {
      meter.add(packet_of({.from = 1000 + source, .protocol = protocol, .flags = ack, .payload = 9}));
    }
    const nad::Table flows = meter.flush();
    CHECK(flows.rows() == 501);
    CHECK(rows_with(flows, "state", "SF") == 1);
    CHECK(meter.stats().evicted == 491);
  }
}

TEST_CASE("Clocks that step back, and packets from the future, are survived") {
  nad::FlowMeter meter;
  for (int i = 0; i < 100; ++i) {
    meter.add(packet_of({.seconds = 1000.0 + i, .protocol = 17}));
  }
  meter.add(packet_of({.seconds = 4e9, .from = 7, .protocol = 17}));  // the year 2096
  for (int i = 0; i < 5000; ++i) {                                    // back, and further back than before
    meter.add(packet_of({.seconds = 500.0 + 0.1 * i, .from = 8, .protocol = 17}));
  }
  CHECK(meter.stats().late == 1);
  meter.add(packet_of({.seconds = 500.0 + 600.0, .from = 9, .protocol = 17}));
  const nad::Table flows = meter.take();  // time goes on: the flow from before has ended
  CHECK(rows_with(flows, "src_ip", "10.0.0.8") == 1);
  CHECK(all_finite(flows));
  nad::Packet extreme = packet_of({.protocol = 17});
  for (const std::int64_t time :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), std::int64_t{0}}) {
    extreme.time = time;
    meter.add(extreme);
  }
  CHECK(all_finite(meter.flush()));
}

TEST_CASE("Copies of packets change amounts, and no state") {
  std::vector<Sent> packets;
  const Sent open{.seconds = 0.0, .flags = syn, .sequence = 10};
  const auto add = [&](Sent sent) {
    const std::size_t turn = packets.size() / 2;
    sent.seconds = 0.1 * static_cast<double>(turn);
    packets.push_back(sent);
    packets.push_back(sent);
  };
  Sent answer = answer_to(open);
  add(open);
  answer.flags = syn_ack;
  answer.sequence = 90;
  add(answer);
  Sent mine = open;
  mine.flags = ack;
  mine.sequence = 11;
  mine.payload = 20;
  add(mine);
  mine.flags = fin_ack;
  mine.sequence = 31;
  mine.payload = 0;
  add(mine);
  answer.flags = fin_ack;
  answer.sequence = 91;
  add(answer);
  const nad::Table flows = flows_of(packets);
  REQUIRE(flows.rows() == 1);
  CHECK(flows["state"].text(0) == "SF");
  CHECK(flows["history"].text(0) == "ShDTFf");
  CHECK(flows["retransmitted_bytes_sent"].integers()[0] == 20);
}

TEST_CASE("Flows with the same ends and ports are marked, and wrong fragments are counted") {
  nad::Packet land = packet_of({.from = 3, .to = 3, .source_port = 80, .flags = syn});
  land.wrong_fragment = true;
  nad::FlowMeter meter;
  meter.add(land);
  const nad::Table flows = meter.flush();
  CHECK(flows["land"].format(0) == "true");
  CHECK(flows["wrong_fragments"].integers()[0] == 1);
  CHECK(flows["packets_sent"].integers()[0] == 1);
}

TEST_CASE("Nothing is lost and nothing depends on when rows are taken") {
  const std::vector<Sent> packets = random_traffic(4000, 11);
  std::int64_t bytes = 0;
  for (const Sent& sent : packets) {
    bytes += sent.payload;
  }
  for (const std::size_t most_flows : {std::size_t{1000000}, std::size_t{8}}) {
    const nad::FlowOptions options{.max_flows = most_flows};
    const nad::Table whole = flows_of(packets, options);
    CHECK(all_finite(whole));
    CHECK(total(whole, "packets_sent") + total(whole, "packets_received") == 4000);
    CHECK(total(whole, "bytes_sent") + total(whole, "bytes_received") == bytes);
    nad::Random random(5);
    nad::FlowMeter meter(options);
    std::vector<nad::Table> parts;
    for (const Sent& sent : packets) {
      meter.add(packet_of(sent));
      if (random.below(40) == 0) {
        meter.prepare(2);
        parts.push_back(meter.take(random.below(2) == 0 ? 7 : 1000));
      }
    }
    parts.push_back(meter.flush());
    CHECK((text_of(nad::concatenate(parts)) == text_of(whole)));
    CHECK(meter.stats().flows == whole.rows());
  }
}

TEST_CASE("Options that make no sense are refused") {
  CHECK_THROWS_WITH_AS(nad::FlowMeter({.tcp_idle = 0.0}), doctest::Contains("tcp_idle"), nad::Error);
  CHECK_THROWS_WITH_AS(nad::FlowMeter({.active = -1.0}), doctest::Contains("active"), nad::Error);
  CHECK_THROWS_WITH_AS(nad::FlowMeter({.max_flows = 0}), doctest::Contains("max_flows"), nad::Error);
  CHECK_THROWS_WITH_AS(nad::parse_flow_schema("kdd41"), doctest::Contains("kdd28"), nad::Error);
  CHECK_THROWS_WITH_AS(nad::parse_flow_schema("x"), doctest::Contains("'flow' and 'kdd28'"), nad::Error);
  CHECK(nad::parse_flow_schema("kdd28") == nad::FlowSchema::kdd28);
}

TEST_CASE("Who sends first is the source of everything where answers are not turned") {
  const Sent answer{.source_port = 80, .destination_port = 40000, .flags = syn_ack};
  CHECK(flows_of({answer})["src_ip"].format(0) == "10.0.0.2");
  CHECK(flows_of({answer}, {.turn_answers = false})["src_ip"].format(0) == "10.0.0.1");
  CHECK(flows_of({answer}, {.turn_answers = false})["history"].text(0) == "H");
}

TEST_CASE("A million flows at a time take less than half a gigabyte [long]") {
  nad::FlowMeter meter;
  nad::Packet packet = packet_of({.protocol = 17});
  std::size_t taken = 0;
  for (std::uint32_t i = 0; i < 1'200'000; ++i) {
    packet.source = nad::Address::v4(0x0a000000U + i);
    packet.time = i;
    meter.add(packet);
    if (meter.ended() == 10'000) {
      taken += meter.take().rows();
    }
  }
  CHECK(meter.stats().open == 1'000'000);
  CHECK(meter.stats().evicted == 200'000);
  CHECK(meter.stats().bytes < 512'000'000);
  CHECK(taken + meter.ended() == 200'000);
}
