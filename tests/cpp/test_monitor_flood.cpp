// Floods: reasons are looked for where a record shows them, and the alerts are the same.

#include <doctest/doctest.h>
#include <nad/alert/known_classes-inl.hpp>
#include <nad/nad.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "monitor_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using monitor_samples::adds_up;
using monitor_samples::office;
using monitor_samples::pieces;
using tests::contains;
using tests::message_of;

/// What a monitor says of a table, as EVE, and how it went.
struct Heard {
  std::vector<std::string> alerts = {};
  std::vector<nad::Alert> records = {};
  nad::MonitorStats stats = {};
};

Heard hear(const nad::Table& flows, std::uint64_t explain_first, std::size_t batch_rows,
           const nad::MonitorOptions& given = {}) {
  nad::MonitorOptions options = given;
  options.explain_first = explain_first;
  nad::Monitor monitor(*office().model, options);
  Heard heard;
  monitor.on_alert([&](const nad::Alert& alert) {
    heard.alerts.push_back(nad::to_eve(alert));
    heard.records.push_back(alert);
  });
  const auto source = nad::table_source(pieces(flows, batch_rows));
  monitor.run(*source);
  heard.stats = monitor.stats();
  CHECK(adds_up(heard.stats));
  return heard;
}

/// Flows of an attack among those of the office.
nad::Table flows_of(std::vector<nad::Attack> attacks) {
  TemporaryFolder folder;
  nad::SimulatorOptions options = monitor_samples::quiet_office(5);
  options.hours = 0.02;
  options.attacks = std::move(attacks);
  static_cast<void>(nad::Simulator(options).write(folder / "a.pcap"));
  return nad::read(folder / "a.pcap");
}

TEST_CASE("spoofed floods and scans are told as if each alert had been explained") {
  const nad::Table flows = flows_of({nad::Attack::syn_flood({.start = 40, .duration = 1, .intensity = 0.3}),
                                     nad::Attack::port_scan({.start = 20, .duration = 1})});
  nad::MonitorOptions unlimited;
  unlimited.deduplicator.records_per_minute = 0.0;
  for (const nad::MonitorOptions& options : {nad::MonitorOptions(), unlimited}) {
    const Heard each = hear(flows, 0, 500, options);
    REQUIRE(each.stats.alerts > 200);
    CHECK(each.stats.explained == 0);  // all came with the findings
    for (const std::size_t batch_rows : {std::size_t{1}, std::size_t{64}, flows.rows()}) {
      CAPTURE(batch_rows);
      const Heard few = hear(flows, 1'000'000, batch_rows, options);
      CHECK(few.alerts == each.alerts);
      CHECK(few.stats.explained <= each.stats.alerts);
      CHECK((batch_rows == 1 || few.stats.explained < each.stats.alerts / 2));
      for (const nad::Alert& record : few.records) {
        REQUIRE((record.kind == nad::AlertKind::suppressed || !record.reasons.empty()));
        REQUIRE((record.kind == nad::AlertKind::suppressed || record.members.size() == 2));
      }
    }
  }
}

/// The loudest record of the office again and again: the same source, destination and port each time.
nad::Table shouting(std::size_t times) {
  const nad::Findings findings = office().model->detect(office().flows, {.most_reasons = 0});
  const std::size_t loudest = findings.reported.front().row;
  const std::vector<std::size_t> rows(times, loudest);
  return office().flows.take(rows);
}

TEST_CASE("a flood of one source upon one port is explained at its beginning, and where it becomes worse") {
  const nad::Table flood = shouting(1000);
  const Heard each = hear(flood, 0, 250);
  const Heard few = hear(flood, 10, 250);
  REQUIRE(each.stats.alerts > 700);
  CHECK(few.stats.alerts == each.stats.alerts);
  CHECK(few.stats.explained < each.stats.alerts / 4);
  CHECK(few.stats.folded == 0);
  CHECK(few.alerts.front() == each.alerts.front());
  std::uint64_t counted = 0;
  std::set<std::string> keys;
  for (const nad::Alert& record : few.records) {
    counted += record.count;
    keys.insert(record.key);
    CHECK(record.key.ends_with("|" + record.anomaly_class));
    CHECK(!record.reasons.empty());
  }
  CHECK(counted == few.stats.alerts);
  std::set<std::string> all_keys;
  for (const nad::Alert& record : each.records) {
    all_keys.insert(record.key);
  }
  for (const std::string& key : keys) {
    CHECK(all_keys.contains(key));
  }
}

TEST_CASE("allow-lists know the class of alerts that are not explained otherwise") {
  const nad::Table flows = flows_of({nad::Attack::syn_flood({.start = 40, .duration = 1, .intensity = 0.3})});
  std::map<std::uint64_t, std::uint64_t> allowed;
  for (const std::uint64_t explain_first : {std::uint64_t{0}, std::uint64_t{10}}) {
    nad::Monitor monitor(*office().model, {.explain_first = explain_first});
    monitor.allow(
        nad::AllowList::parse("class=\"*_host*\" why=test\nclass=\"*state*\" why=test\nclass=high* why=test"));
    const auto source = nad::table_source({flows});
    monitor.run(*source);
    allowed[explain_first] = monitor.stats().allowed;
  }
  CHECK(allowed[0] > 0);
  CHECK(allowed[0] == allowed[10]);
}

TEST_CASE("reasons are not looked for where the class is no part of the key") {
  const nad::Table flood = shouting(1000);
  nad::MonitorOptions options;
  options.deduplicator.key.by_class = false;
  const Heard each = hear(flood, 0, 200, options);
  const Heard few = hear(flood, 10, 200, options);
  CHECK(few.alerts == each.alerts);
  CHECK(few.stats.explained < 20);
}

nad::Alert alert_at(std::int64_t second, double p_value) {
  nad::Alert alert;
  alert.src = nad::Address::v4(1);
  alert.p_value = p_value;
  alert.first_seen = alert.last_seen = second * nad::nanoseconds_per_second;
  return alert;
}

TEST_CASE("a deduplicator asks for the rest of what leaves, and of nothing else") {
  nad::Deduplicator deduplicator({.updates_at = {2, 10}, .records_per_minute = 0.0});
  CHECK(contains(message_of([&] { static_cast<void>(deduplicator.add(alert_at(0, 0.1), 0, 1)); }), "on_incomplete"));
  std::vector<std::uint64_t> asked;
  deduplicator.on_incomplete([&](nad::Alert& alert, std::uint64_t number) {
    asked.push_back(number);
    alert.detector = "detector " + std::to_string(number);
  });
  std::vector<nad::Alert> records;
  const auto add = [&](std::uint64_t number, double p_value) {
    const nad::Alert alert = alert_at(static_cast<std::int64_t>(number), p_value);
    for (nad::Alert& record : deduplicator.add(alert, alert.last_seen, number)) {
      records.push_back(std::move(record));
    }
  };
  add(1, 0.1);
  add(2, 0.1);
  for (std::uint64_t number = 3; number <= 9; ++number) {
    add(number, number == 5 ? 0.001 : 0.1);
  }
  CHECK(asked == std::vector<std::uint64_t>{1, 2});
  add(10, 0.1);
  CHECK(asked == std::vector<std::uint64_t>{1, 2, 5});  // the strongest of eight
  add(11, 0.2);
  add(12, 0.1);
  add(13, 0.2);
  deduplicator.complete();
  deduplicator.complete();
  CHECK(asked == std::vector<std::uint64_t>{1, 2, 5, 12});
  add(0, 0.2);  // complete as it is
  nad::Deduplicator restored({.updates_at = {2, 10}, .records_per_minute = 0.0});
  restored.restore_state(deduplicator.save_state());
  for (nad::Alert& record : restored.flush()) {
    records.push_back(std::move(record));
  }
  REQUIRE(records.size() == 4);
  CHECK(records[2].detector == "detector 5");
  CHECK(records[3].detector == "detector 12");
  CHECK(records[3].count == 4);
  // what is held back is counted only
  nad::Deduplicator limited({.records_per_minute = 1.0, .burst = 1.0});
  asked.clear();
  limited.on_incomplete([&](nad::Alert&, std::uint64_t number) { asked.push_back(number); });
  for (std::uint64_t number = 1; number <= 50; ++number) {
    nad::Alert alert = alert_at(1, 0.1);
    alert.dst_port = static_cast<std::uint16_t>(number);
    static_cast<void>(limited.add(alert, alert.last_seen, number));
  }
  CHECK(asked == std::vector<std::uint64_t>{1});
}

TEST_CASE("classes are known once enough alerts had the same, for what is no worse") {
  nad::detail::KnownClasses classes(3, 600, 4);
  for (int time = 0; time < 3; ++time) {
    CHECK(classes.find("a", 1.0F, time) == nullptr);
    classes.learn("a", "high count", static_cast<float>(time), time);
  }
  REQUIRE(classes.find("a", 2.0F, 5) != nullptr);
  CHECK(*classes.find("a", 0.5F, 5) == "high count");
  CHECK(classes.find("a", 2.1F, 5) == nullptr);
  CHECK(classes.find("a", std::numeric_limits<float>::quiet_NaN(), 5) == nullptr);
  CHECK(classes.find("b", 0.0F, 5) == nullptr);
  classes.learn("a", "rare state", 9.0F, 6);
  CHECK(classes.find("a", 1.0F, 6) == nullptr);  // it is not always the same
  classes.learn("a", "rare state", 1.0F, 6);
  classes.learn("a", "rare state", 1.0F, 6);
  CHECK(*classes.find("a", 9.0F, 600) == "rare state");
  nad::detail::KnownClasses other(3, 600, 4);
  other.restore_state(classes.save_state());
  CHECK(*other.find("a", 9.0F, 1200) == "rare state");
  CHECK(other.find("a", 9.0F, 1801) == nullptr);  // quiet for too long
  other.learn("a", "rare state", 1.0F, 1801);
  CHECK(other.find("a", 1.0F, 1801) == nullptr);
  for (int key = 0; key < 50; ++key) {
    for (int time = 0; time < 3; ++time) {
      classes.learn("a long name that lies elsewhere in memory " + std::to_string(key), "x", 1.0F, 700);
    }
    CHECK(classes.find("a long name that lies elsewhere in memory " + std::to_string(key), 1.0F, 700) != nullptr);
    CHECK(classes.size() <= 4);
  }
  CHECK(contains(message_of([&] { other.restore_state("{}"); }), "is damaged"));
  CHECK(contains(
      message_of([&] { other.restore_state(R"({"version":1,"known":[["a","x",1,1.0,1],["a","x",1,1.0,1]]})"); }),
      "is damaged"));
}

}  // namespace
