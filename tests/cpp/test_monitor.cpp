// Monitors: the same alerts however records come, and what is counted adds up.

#include <doctest/doctest.h>
#include <nad/model/monitor_troubles-inl.hpp>
#include <nad/nad.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "monitor_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using monitor_samples::adds_up;
using monitor_samples::append;
using monitor_samples::office;
using monitor_samples::pieces;
using monitor_samples::Said;
using monitor_samples::wait_until;
using tests::contains;
using tests::message_of;

Said run(nad::RecordSource& source, const nad::MonitorOptions& options = {}) {
  nad::Monitor monitor(*office().model, options);
  Said said;
  said.watch(monitor);
  monitor.run(source);
  CHECK(adds_up(monitor.stats()));
  CHECK(monitor.stats().deduplicator.pending == 0);
  CHECK(monitor.stats().alerts == said.counted);
  return said;
}

TEST_CASE("[threads] a capture gives the same scores and alerts offline, streamed and in shards") {
  const nad::Findings offline = office().model->detect(office().flows);
  REQUIRE(offline.reported.size() > 50);
  const Said whole = run(*nad::table_source({office().flows}));
  CHECK(whole.scores == offline.scores);
  CHECK(whole.counted == offline.reported.size());
  CHECK(whole.ids.size() < offline.reported.size() / 2);
  const Said by_lines = run(*nad::table_source(pieces(office().flows, 7)));
  CHECK(by_lines.scores == whole.scores);
  CHECK(by_lines.ids == whole.ids);
  for (const std::size_t shards : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
    CAPTURE(shards);
    nad::CaptureSourceOptions options{.shards = shards};
    options.source.batch_rows = 100;
    const Said streamed = run(*nad::capture_source({office().capture}, options));
    CHECK(streamed.scores == whole.scores);
    CHECK(streamed.ids == whole.ids);
  }
  const Said from_file = run(*nad::file_source(office().capture, {.batch_rows = 64}));
  CHECK(from_file.ids == whole.ids);
}

TEST_CASE("[threads] shards give the rows of one meter in its order") {
  for (const std::uint64_t seed : {std::uint64_t{3}, std::uint64_t{4}}) {
    TemporaryFolder folder;
    nad::SimulatorOptions options = monitor_samples::quiet_office(seed);
    options.hours = 0.03;
    options.nanoseconds = false;
    options.attacks = {nad::Attack::syn_flood({.start = 20, .duration = 2}),
                       nad::Attack::teardrop({.start = 30, .duration = 5}),
                       nad::Attack::ping_sweep({.start = 50, .duration = 5})};
    static_cast<void>(nad::Simulator(options).write(folder / "all.pcap"));
    nad::CaptureSourceOptions how{.shards = 4};
    how.source.read.flow.active = 2.0;  // many interim records
    how.source.read.flow.tcp_attempt = 1.0;
    const nad::Table one = nad::read(folder / "all.pcap", {.flow = how.source.read.flow});
    std::vector<nad::Table> tables;
    const auto source = nad::capture_source({folder / "all.pcap"}, how);
    while (!source->ended()) {
      if (std::optional<nad::Table> table = source->next(1.0)) {
        tables.push_back(std::move(*table));
      }
    }
    const nad::Table sharded = nad::concatenate(tables);
    REQUIRE(sharded.rows() == one.rows());
    for (std::size_t place = 0; place < one.columns(); ++place) {
      for (std::size_t row = 0; row < one.rows(); ++row) {
        REQUIRE(sharded.column(place).format(row) == one.column(place).format(row));
      }
    }
    CHECK(source->stats().records == one.rows());
    CHECK(source->stats().packets > 1000);
  }
}

TEST_CASE("[threads] flows end as time passes, although no packet comes") {
  TemporaryFolder folder;
  nad::SimulatorOptions options = monitor_samples::quiet_office(3);
  options.hours = 0.01;
  static_cast<void>(nad::Simulator(options).write(folder / "a.pcap"));
  const auto feed = [&](auto& meter) {
    nad::Capture capture(folder / "a.pcap");
    std::int64_t last = 0;
    for (nad::Frame frame; capture.next(frame); last = frame.time) {
      meter.add(frame);
    }
    return last;
  };
  nad::FlowMeter meter;
  const std::int64_t last = feed(meter);
  REQUIRE(meter.stats().open > 0);
  std::size_t rows = 0;
  {
    nad::ShardedMeter shards({}, 3, [&](const nad::Table& table) { rows += table.rows(); });
    feed(shards);
    shards.advance(last + 3600 * nad::nanoseconds_per_second);
    shards.hand_over();
    shards.finish();
    CHECK(shards.stats().open == 0);
  }
  meter.advance(last + 3600 * nad::nanoseconds_per_second);
  CHECK(meter.stats().open == 0);
  CHECK(meter.ended() == rows);
  const nad::Table flows = meter.take();
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    REQUIRE(flows["ended"].text(row) != "flushed");
  }
}

TEST_CASE("records of an allow-list are counted and not told") {
  nad::Monitor monitor(*office().model);
  Said said;
  said.watch(monitor);
  std::set<std::string> sources;
  monitor.allow(nad::AllowList::parse("protocol=tcp why=\"a test\""));
  monitor.on_alert([&](const nad::Alert& alert) {
    said.counted += alert.count;
    sources.insert(alert.protocol);
  });
  const auto source = nad::table_source({office().flows});
  monitor.run(*source);
  const nad::MonitorStats stats = monitor.stats();
  CHECK(adds_up(stats));
  CHECK(stats.allowed > 50);
  CHECK(stats.alerts == said.counted);
  CHECK_FALSE(sources.contains("tcp"));
}

TEST_CASE("scans and floods are few records") {
  nad::Monitor monitor(*office().model);
  std::set<std::string> keys;
  monitor.on_alert([&](const nad::Alert& alert) { keys.insert(alert.key); });
  const auto source = nad::table_source({office().flows});
  monitor.run(*source);
  CHECK(monitor.stats().folded > monitor.stats().alerts / 2);
  CHECK(std::any_of(keys.begin(), keys.end(), [](const std::string& key) { return key.ends_with("|*|*"); }));
}

TEST_CASE("[threads] sinks that are slow hold the monitor up, or lose and count") {
  for (const nad::WhenFull when_full : {nad::WhenFull::block, nad::WhenFull::lose}) {
    const bool blocks = when_full == nad::WhenFull::block;
    std::atomic<std::uint64_t> come{0};
    std::atomic<bool> is_full{blocks};
    nad::AlertSink sink(nad::callback_channel([&](const nad::Alert& alert) {
                          CHECK(wait_until([&] { return is_full.load(); }));
                          std::this_thread::sleep_for(std::chrono::microseconds(20));
                          come += alert.count;
                        }),
                        {.queue = 2, .when_full = when_full});
    nad::MonitorOptions options;
    options.deduplicator.records_per_minute = 0.0;
    options.folder.fold_at = 0;
    nad::Monitor monitor(*office().model, options);
    monitor.add_sink(sink);
    monitor.on_alert([&, left = 20](const nad::Alert&) mutable { is_full = is_full || --left == 0; });
    const auto source = nad::table_source(pieces(office().flows.head(600), 100));
    monitor.run(*source);
    const nad::MonitorStats stats = monitor.stats();
    REQUIRE(stats.written > 20);
    REQUIRE(stats.sinks.size() == 1);
    CHECK(stats.sinks[0].stats.waiting == 0);
    CHECK(stats.sinks[0].stats.written + stats.sinks[0].stats.lost() == stats.written);
    CHECK((stats.sinks[0].stats.lost() == 0) == blocks);
    CHECK((come == stats.alerts) == blocks);
  }
}

TEST_CASE("[threads] a receiver that is away is told of while the monitor runs") {
  nad::AlertSink sink(nad::callback_channel([](const nad::Alert&) { throw std::runtime_error("nobody is there"); }),
                      {.retry_seconds = 0.01, .most_retry_seconds = 0.01});
  nad::Monitor monitor(*office().model);
  monitor.add_sink(sink);
  bool told = false;
  monitor.on_note([&](const std::string& note) {
    told = told || note.find("does not take alerts: nobody is there; they wait") != std::string::npos;
  });
  bool given = false;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto source = nad::callback_source([&](double /*seconds*/, bool& ended) -> std::optional<nad::Table> {
    ended = given && (told || std::chrono::steady_clock::now() > until);
    if (!std::exchange(given, true)) {
      return office().flows.head(600);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return std::nullopt;
  });
  monitor.run(*source);
  CHECK(told);
  sink.close(0.01);
}

TEST_CASE("troubles are said once, and losses when they are ten times as many") {
  nad::detail::MonitorTroubles troubles;
  nad::SinkReport siem;
  siem.name = "siem:514";
  nad::SourceStats source;
  source.packets = 90;
  std::chrono::steady_clock::time_point now{};
  const auto news = [&](int seconds) {
    now += std::chrono::seconds(seconds);
    std::string all;
    for (const std::string& one : troubles.news({siem}, source, now)) {
      all += one + "\n";
    }
    return all;
  };
  CHECK(news(0).empty());
  siem.stats.is_failing = true;
  siem.stats.last_error = "refused";
  siem.stats.spooled = 3;
  CHECK(news(1) == "siem:514 does not take alerts: refused; they wait in the spool and are tried again\n");
  CHECK(news(1).empty());
  siem.stats.is_failing = false;
  CHECK(news(5).empty());
  siem.stats.is_failing = true;  // it comes and goes
  CHECK(news(5).empty());
  siem.stats.is_failing = false;
  CHECK(news(11) == "siem:514 takes alerts again\n");
  for (const auto& [lost, is_said] : {std::pair{1, true}, {9, false}, {10, true}, {99, false}, {2000, true}}) {
    siem.stats.lost_queue_full = static_cast<std::uint64_t>(lost);
    CHECK((news(1) == std::to_string(lost) + " alert records for siem:514 were lost: refused\n") == is_said);
  }
  source.packets_lost = 10;
  CHECK(news(1).starts_with("10 packets of 100 were lost"));
  CHECK(news(1).empty());
  source.lost = 7;
  CHECK(news(1).starts_with("7 records were lost"));
}

TEST_CASE("[threads] queues of the host wait, or lose and count") {
  for (const bool can_wait : {true, false}) {
    nad::RecordQueue queue(1, can_wait);
    nad::Monitor monitor(*office().model);
    Said said;
    said.watch(monitor);
    std::atomic<bool> is_read{false};
    std::atomic<bool> all_came{false};
    monitor.on_records([&](const nad::Table&, const nad::Findings&) {
      is_read = true;
      CHECK(wait_until([&] { return can_wait || all_came; }));
    });
    std::thread host([&] {
      bool is_first = true;
      for (const nad::Table& table : pieces(office().flows, 40)) {
        queue.push(table);
        CHECK((!is_first || wait_until([&] { return is_read.load(); })));
        is_first = false;
      }
      all_came = true;
      queue.finish();
    });
    monitor.run(queue);
    host.join();
    const nad::MonitorStats stats = monitor.stats();
    CHECK(stats.input.records == office().flows.rows());
    CHECK(stats.records + stats.input.lost == office().flows.rows());
    CHECK(stats.records == (can_wait ? office().flows.rows() : 80));  // one was judged, and one waited
    CHECK(adds_up(stats));
  }
}

TEST_CASE("[threads] stop ends a run from another thread, and everything is flushed") {
  nad::RecordQueue queue;
  nad::Monitor monitor(*office().model, {.stats_seconds = 0.01});
  Said said;
  said.watch(monitor);
  std::atomic<int> reports{0};
  monitor.on_stats([&](const nad::MonitorStats& stats) {
    ++reports;
    CHECK(adds_up(stats));
    CHECK(contains(stats.to_json(), "\"event_type\":\"stats\""));
  });
  const nad::Table flows = office().flows.head(400);
  queue.push(flows);
  std::thread stopper([&] {
    CHECK(wait_until([&] { return monitor.stats().records != 0; }));
    CHECK(contains(message_of([&] { monitor.run(queue); }), "is running already"));
    CHECK(wait_until([&] { return reports >= 2; }));
    monitor.stop();
  });
  monitor.run(queue);  // would wait for more for ever
  stopper.join();
  CHECK(monitor.stats().deduplicator.pending == 0);
  CHECK(said.counted == monitor.stats().alerts);
  monitor.stop();  // before a run: that one ends at once
  monitor.run(queue);
  queue.push(flows.head(50));
  queue.finish();
  monitor.run(queue);
  CHECK(monitor.stats().records == flows.rows() + 50);
}

TEST_CASE("an error ends a run, and what was found before reaches the sinks") {
  for (const bool of_callback : {false, true}) {
    CAPTURE(of_callback);
    TemporaryFolder folder;
    nad::Monitor monitor(*office().model);
    nad::AlertSink sink(nad::file_channel({.path = folder / "alerts.json"}));
    monitor.add_sink(sink);
    std::uint64_t alerts = 0;
    monitor.on_alert([&](const nad::Alert&) {
      if (of_callback && ++alerts == 5) {
        throw nad::Error(nad::ErrorCode::cancelled, "enough");
      }
    });
    bool is_first = true;
    const auto source = nad::callback_source([&](double, bool&) -> std::optional<nad::Table> {
      if (!std::exchange(is_first, false)) {
        throw nad::Error(nad::ErrorCode::cancelled, "enough");
      }
      return office().flows;
    });
    CHECK(contains(message_of([&] { monitor.run(*source); }), "enough"));
    sink.close();
    const nad::MonitorStats stats = monitor.stats();
    CHECK(adds_up(stats));
    CHECK(stats.deduplicator.pending == 0);
    CHECK(stats.alerts >= 5);
    std::uint64_t counted = 0;
    std::ifstream file(folder / "alerts.json");
    for (std::string line; std::getline(file, line);) {
      counted += nad::alert_from_eve(line).count;
    }
    CHECK(counted == stats.alerts);
  }
}

TEST_CASE("each run tells what happens to its source") {
  TemporaryFolder folder;
  nad::Monitor monitor(*office().model);
  std::vector<std::string> notes;
  monitor.on_note([&](const std::string& note) { notes.push_back(note); });
  for (int run = 0; run < 2; ++run) {
    append(folder / "bad.log", "{\"a\": 1}\n");
    const auto source = nad::folder_source(folder.path(), {.once = true});
    monitor.run(*source);
  }
  REQUIRE(notes.size() == 2);
  CHECK(contains(notes[1], "passed over what follows"));
}

TEST_CASE("[threads] a monitor can learn from what comes, and not from what it reports") {
  nad::MonitorOptions options;
  options.retrain = {.every_records = 400, .reservoir_rows = 600, .block_rows = 50, .least_rows = 200};
  nad::Monitor monitor(*office().model, options);
  std::vector<std::string> notes;
  std::set<std::uint64_t> versions;
  monitor.on_note([&](const std::string& note) { notes.push_back(note); });
  nad::RecordQueue queue;
  monitor.on_alert([&](const nad::Alert& alert) {
    if (alert.kind != nad::AlertKind::suppressed) {
      versions.insert(alert.model.version);
      CHECK((alert.model.version == 1) == !alert.model.trained_until);
    }
  });
  std::thread host([&] {
    for (const nad::Table& part : pieces(office().flows, 100)) {
      queue.push(part);
    }
    CHECK(wait_until([&] { return monitor.stats().trainings != 0 || !monitor.stats().last_error.empty(); }));
    queue.push(office().flows.head(100));
    queue.finish();
  });
  monitor.run(queue);
  host.join();
  const nad::MonitorStats stats = monitor.stats();
  CAPTURE(stats.last_error);
  CHECK(stats.trainings >= 1);
  CHECK(versions.contains(1));
  CHECK(stats.model_version == 1 + stats.trainings);
  CHECK(adds_up(stats));
  CHECK(monitor.model().threshold_rule() == office().model->threshold_rule());
  CHECK(monitor.model().describe() != office().model->describe());
  CHECK(std::any_of(notes.begin(), notes.end(),
                    [](const std::string& note) { return contains(note, "model version 2 has learnt"); }));
}

TEST_CASE("drift is said, and not alerted") {
  nad::MonitorOptions options;
  options.drift.window = 200;
  nad::Monitor monitor(*office().model, options);
  std::vector<std::string> notes;
  monitor.on_note([&](const std::string& note) { notes.push_back(note); });
  nad::ColumnBuilder far(nad::ColumnType::integer);
  for (std::size_t row = 0; row < office().flows.rows(); ++row) {
    far.add_integer(70'000'000);
  }
  const nad::Table other = office().flows.with({"bytes_received", nad::ColumnType::integer}, far.finish());
  const auto source = nad::table_source({other});
  monitor.run(*source);
  CHECK(monitor.stats().drifts > 0);
  REQUIRE(!notes.empty());
  CHECK(contains(notes[0], "the scores are unlike those"));
  CHECK(notes.size() < 1 + monitor.stats().drifts);
}

TEST_CASE("options of monitors are checked") {
  const auto of = [](const nad::MonitorOptions& options) {
    return message_of([&] { nad::Monitor monitor(*office().model, options); });
  };
  CHECK(of({}) == "no error");
  CHECK(contains(of({.checkpoint_seconds = 0.0}), "checkpoint_seconds"));
  CHECK(contains(of({.stats_seconds = -1.0}), "stats_seconds"));
  CHECK(contains(of({.replay_seconds = -1.0}), "replay_seconds"));
  CHECK(contains(of({.retrain = {.every_records = 5, .reservoir_rows = 1}}), "reservoir"));
  CHECK(contains(message_of([] { nad::Monitor monitor((nad::Model())); }), "has not learnt anything yet"));
  CHECK(contains(message_of([] {
                   nad::CaptureSourceOptions two{.shards = 2};
                   two.source.read.flow.schema = nad::FlowSchema::kdd28;
                   static_cast<void>(nad::capture_source({"x.pcap"}, two));
                 }),
                 "shards=1"));
  const auto missing = nad::capture_source({"no/such.pcap"});
  CHECK(contains(message_of([&] { nad::Monitor(*office().model).run(*missing); }), "no/such.pcap"));
  const auto foreign = nad::table_source({office().flows.drop({"bytes_sent"})});
  CHECK(contains(message_of([&] { nad::Monitor(*office().model).run(*foreign); }), "bytes_sent"));
}

}  // namespace
