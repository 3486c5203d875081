#include <doctest/doctest.h>

#include <map>
#include <string>

#include "read_tools.hpp"
#include "shared_data.hpp"

using tests::contains;
using tests::has_note;
using tests::message_of;
using tests::read_text;
using tests::sum;

namespace {

/// Members that every event has.
std::string event(const std::string& type, const std::string& more) {
  return R"({"timestamp":"2024-05-01T12:00:00.000001+0200","flow_id":1234567890123456,"event_type":")" + type +
         R"(","src_ip":"192.0.2.1","src_port":40000,"dest_ip":"198.51.100.2","dest_port":443,"proto":"TCP")" + more +
         "}\n";
}

/// One direction of a flow.
std::string netflow(const std::string& id, const std::string& from, const std::string& to, int packets,
                    const std::string& flags) {
  return R"({"timestamp":"2024-05-01T12:00:00.000001+0200","flow_id":)" + id + R"(,"event_type":"netflow","src_ip":")" +
         from + R"(","src_port":1,"dest_ip":")" + to + R"(","dest_port":2,"proto":"TCP","netflow":{"pkts":)" +
         std::to_string(packets) + R"(,"bytes":)" + std::to_string(100 * packets) +
         R"(,"start":"2024-05-01T11:59:58.000000+0200","end":"2024-05-01T11:59:59.500000+0200","age":1,"min_ttl":64,)" +
         R"("max_ttl":64},"tcp":{"tcp_flags":")" + flags + "\"}}\n";
}

}  // namespace

TEST_CASE("flow events become rows, other events are counted by type") {
  const std::string flow =
      event("flow",
            R"(,"app_proto":"tls","flow":{"pkts_toserver":3,"pkts_toclient":2,"bytes_toserver":300,)"
            R"("bytes_toclient":200,"start":"2024-05-01T11:59:58.000000+0200","end":"2024-05-01T11:59:59.250000+0200",)"
            R"("age":1,"state":"closed","reason":"timeout","alerted":true},"vlan":[10,20],)"
            R"("tcp":{"tcp_flags":"1b","syn":true,"state":"closed"},"new":{"thing":1})");
  nad::ReadReport report;
  const nad::Table table = read_text(
      event("dns", R"(,"dns":{"answers":[{"a":[1,{}]}]})") + flow + event("dns", "") + event("alert", "") +
          event("flow", R"(,"app_proto":"failed","proto":"IPv6-ICMP")") + "{\"timestamp\":\"x\",\"stats\":{}}\n",
      {}, &report);
  CHECK(report.format == "suricata_eve");
  CHECK(table.rows() == 2);
  CHECK(report.skipped ==
        std::map<std::string, std::uint64_t>{{"event_type dns", 2}, {"event_type alert", 1}, {"no event_type", 1}});
  CHECK(table["timestamp"].format(0) == "2024-05-01 09:59:58");
  CHECK(table["timestamp"].format(1) == "2024-05-01 10:00:00.000001");  // no start: when it was logged
  CHECK(table["logged_at"].format(0) == "2024-05-01 10:00:00.000001");
  CHECK(table["duration"].numbers()[0] == 1.25);
  CHECK(table["duration"].is_missing(1));
  CHECK(table["flow_id"].text(0) == "1234567890123456");
  CHECK(table["src_ip"].format(0) == "192.0.2.1");
  CHECK(table["dst_port"].integers()[0] == 443);
  CHECK(table["protocol"].text(0) == "tcp");
  CHECK(table["protocol"].text(1) == "ipv6-icmp");
  CHECK(table["service"].text(0) == "tls");
  CHECK(table["service"].is_missing(1));
  CHECK(table["bytes_sent"].integers()[0] == 300);
  CHECK(table["packets_received"].integers()[0] == 2);
  CHECK(table["state"].text(0) == "closed");
  CHECK(table["flags"].text(0) == "1b");
  CHECK(table["tcp.syn"].booleans()[0] == 1);
  CHECK(table["tcp.syn"].is_missing(1));
  CHECK(table["vlan"].text(0) == "10,20");
  CHECK(table.schema()[table.schema().place("flow.alerted")].role == nad::Role::label);
  CHECK(table.schema()[table.schema().place("dst_ip")].origin == "dest_ip");
  CHECK(has_note(report, "'new.thing' are left out"));
  CHECK_FALSE(has_note(report, "dns"));
}

TEST_CASE("the two netflow events of a flow become one row") {
  const std::string a = "192.0.2.1";
  const std::string b = "198.51.100.2";
  nad::ReadReport report;
  const nad::Table table =
      read_text(netflow("1", a, b, 5, "12") + netflow("2", a, b, 9, "02") + netflow("1", b, a, 7, "19") +
                    netflow("3", a, b, 1, "") + netflow("3", a, b, 2, "04"),
                {}, &report);
  CHECK(table.rows() == 4);
  CHECK(report.skipped.empty());
  CHECK(table["flow_id"].text(0) == "1");  // joined when its second half came
  CHECK(table["src_ip"].format(0) == a);
  CHECK(table["packets_sent"].integers()[0] == 5);
  CHECK(table["packets_received"].integers()[0] == 7);
  CHECK(table["bytes_received"].integers()[0] == 700);
  CHECK(table["flags"].text(0) == "1b");
  CHECK(table["duration"].numbers()[0] == 1.5);
  CHECK(table["flow_id"].text(1) == "3");  // the same direction twice: two rows
  CHECK(table["packets_sent"].integers()[1] == 1);
  CHECK(table["flow_id"].text(2) == "2");
  CHECK(table["packets_received"].is_missing(2));
  CHECK(table["packets_sent"].integers()[3] == 2);
  CHECK_FALSE(has_note(report, "twice"));

  std::string many;
  for (int id = 0; id < 10000; ++id) {  // more than may wait
    many += netflow(std::to_string(id), a, b, 1, "02");
  }
  const nad::Table alone = read_text(many + netflow("0", b, a, 3, "02") + event("flow", ""), {}, &report);
  CHECK(alone.rows() == 10002);
  CHECK(sum(alone["packets_sent"]) == 10003);
  CHECK(has_note(report, "twice"));
}

TEST_CASE("a flow of two netflow events begins with the earlier and ends with the later") {
  const std::string a = "192.0.2.1";
  const std::string b = "198.51.100.2";
  const auto at = [](std::string event, const std::string& start, const std::string& end) {
    event.replace(event.find("11:59:58.000000"), 15, start);
    return event.replace(event.find("11:59:59.500000"), 15, end);
  };
  const std::string inner[2] = {"11:59:58.000000", "11:59:59.500000"};
  const std::string outer[2] = {"11:59:57.250000", "12:00:01.750000"};
  const std::string late[2] = {"11:59:59.000000", "12:00:02.000000"};
  const nad::Table table = read_text(
      at(netflow("1", a, b, 5, "12"), inner[0], inner[1]) + at(netflow("1", b, a, 5, "12"), outer[0], outer[1]) +
      at(netflow("2", a, b, 5, "12"), outer[0], outer[1]) + at(netflow("2", b, a, 5, "12"), inner[0], inner[1]) +
      at(netflow("3", a, b, 5, "12"), inner[0], inner[1]) + at(netflow("3", b, a, 5, "12"), late[0], late[1]));
  REQUIRE(table.rows() == 3);
  for (std::size_t row = 0; row < 2; ++row) {
    CHECK(table["timestamp"].format(row) == "2024-05-01 09:59:57.250");
    CHECK(table["flow.end"].format(row) == "2024-05-01 10:00:01.750");
    CHECK(table["duration"].numbers()[row] == 4.5);
  }
  CHECK(table["timestamp"].format(2) == "2024-05-01 09:59:58");
  CHECK(table["flow.end"].format(2) == "2024-05-01 10:00:02");
}

TEST_CASE("EVE that is damaged, and JSON that is none") {
  const std::string good = event("flow", "");
  CHECK(contains(message_of(good + good.substr(0, 70)), "line 2: damaged JSON at byte 71"));
  CHECK(contains(message_of(good + event("flow", R"(,"flow":{"pkts_toserver":"many"})")),
                 "line 2, column 'packets_sent' ('flow.pkts_toserver' in the file): 'many' is not of type integer"));
  nad::ReadReport report;
  CHECK(read_text(good + "{\"event_type\":}\n" + event("flow", R"(,"src_ip":"host")") + good,
                  {.on_error = nad::OnError::skip}, &report)
            .rows() == 2);
  CHECK(report.skipped ==
        std::map<std::string, std::uint64_t>{{"damaged JSON", 1}, {"column 'src_ip': not of type address", 1}});
  std::string types;
  for (int type = 0; type < 1000; ++type) {
    types += event("type" + std::to_string(type), "");
  }
  read_text(types, {}, &report);
  CHECK(report.skipped.size() <= 201);
  CHECK(report.skipped_rows() == 1000);
  CHECK(contains(message_of("[{\"a\":1}]\n"), "one JSON object a line"));
  CHECK(contains(message_of("{\"a\":1}\n"), "neither Zeek's conn.log nor Suricata's EVE"));
  CHECK(contains(message_of("{\n  \"event_type\": \"flow\"\n}\n"), "one object a line"));
}

TEST_CASE("sample: every event is a row or counted") {
  const auto path = shared_data("logs/suricata_eve_ad_exercise.json.gz");
  if (!path) {
    return;
  }
  nad::ReadReport report;
  const nad::Table table = nad::read(*path, {}, &report);
  CHECK(table.rows() == 826);
  CHECK(report.rows + report.skipped_rows() == 2325);
  CHECK(report.skipped["event_type dns"] == 488);
  CHECK(report.skipped["event_type anomaly"] == 25);
  CHECK(report.skipped["no event_type"] == 1);
  // from another reader
  CHECK(sum(table["bytes_sent"]) == 4302406);
  CHECK(sum(table["packets_received"]) == 15977);
  CHECK(sum(table["dst_port"]) == 1963356);
  double seconds = 0.0;
  for (const double duration : table["duration"].numbers()) {
    seconds += duration;
  }
  CHECK(seconds == doctest::Approx(17485.507478));
  CHECK(table["timestamp"].times()[0] == 1645640544'405139000);
}
