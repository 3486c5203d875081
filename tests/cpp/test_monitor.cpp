// Monitors: the same alerts however records come, what is counted adds up, and a stop loses nothing.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
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
using monitor_samples::Said;
using tests::contains;
using tests::message_of;

/// Captures, their flows and a model, made once.
struct Office {
  TemporaryFolder folder;
  std::filesystem::path capture = folder / "attacked.pcap";
  nad::Table flows;
  std::optional<nad::Model> model;

  Office() {
    monitor_samples::write_normal(folder / "normal.pcap");
    monitor_samples::write_attacked(capture);
    model = monitor_samples::model_of(nad::read(folder / "normal.pcap"));
    flows = nad::read(capture);
  }
};

const Office& office() {
  static const Office one;
  return one;
}

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

std::vector<nad::Table> pieces(const nad::Table& table, std::size_t rows) {
  std::vector<nad::Table> parts;
  for (std::size_t first = 0; first < table.rows(); first += rows) {
    parts.push_back(table.slice(first, std::min(rows, table.rows() - first)));
  }
  return parts;
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
  for (const std::size_t shards : {1, 2, 3, 5}) {
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
  for (const std::uint64_t seed : {3, 4}) {
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
    std::atomic<std::uint64_t> come{0};
    nad::AlertSink sink(nad::callback_channel([&](const nad::Alert& alert) {
                          std::this_thread::sleep_for(std::chrono::microseconds(300));
                          come += alert.count;
                        }),
                        {.queue = 2, .when_full = when_full});
    nad::MonitorOptions options;
    options.deduplicator.records_per_minute = 0.0;
    options.folder.fold_at = 0;
    nad::Monitor monitor(*office().model, options);
    monitor.add_sink(sink);
    const auto source = nad::table_source(pieces(office().flows, 300));
    monitor.run(*source);
    const nad::MonitorStats stats = monitor.stats();
    REQUIRE(stats.sinks.size() == 1);
    CHECK(stats.sinks[0].stats.waiting == 0);
    CHECK(stats.sinks[0].stats.written + stats.sinks[0].stats.lost() == stats.written);
    CHECK((stats.sinks[0].stats.lost() == 0) == (when_full == nad::WhenFull::block));
    CHECK((come == stats.alerts) == (when_full == nad::WhenFull::block));
  }
}

TEST_CASE("[threads] queues of the host wait, or lose and count") {
  for (const bool can_wait : {true, false}) {
    nad::RecordQueue queue(1, can_wait);
    nad::Monitor monitor(*office().model);
    Said said;
    said.watch(monitor);
    monitor.on_records(
        [](const nad::Table&, const nad::Findings&) { std::this_thread::sleep_for(std::chrono::milliseconds(3)); });
    std::thread host([&] {
      for (const nad::Table& table : pieces(office().flows, 40)) {
        queue.push(table);
      }
      queue.finish();
    });
    monitor.run(queue);
    host.join();
    const nad::MonitorStats stats = monitor.stats();
    CHECK(stats.input.records == office().flows.rows());
    CHECK(stats.records + stats.input.lost == office().flows.rows());
    CHECK((stats.input.lost == 0) == can_wait);
    CHECK(adds_up(stats));
  }
}

TEST_CASE("[threads] stop ends a run from another thread, and everything is flushed") {
  nad::RecordQueue queue;
  nad::Monitor monitor(*office().model, {.stats_seconds = 0.05});
  Said said;
  said.watch(monitor);
  std::uint64_t reports = 0;
  monitor.on_stats([&](const nad::MonitorStats& stats) {
    ++reports;
    CHECK(adds_up(stats));
    CHECK(contains(stats.to_json(), "\"event_type\":\"stats\""));
  });
  queue.push(office().flows);
  std::thread stopper([&] {
    while (monitor.stats().records == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK(contains(message_of([&] { monitor.run(queue); }), "is running already"));
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    monitor.stop();
  });
  monitor.run(queue);  // would wait for more for ever
  stopper.join();
  CHECK(reports >= 2);
  CHECK(monitor.stats().deduplicator.pending == 0);
  CHECK(said.counted == monitor.stats().alerts);
  monitor.stop();  // before a run: that one ends at once
  monitor.run(queue);
  queue.push(office().flows.head(50));
  queue.finish();
  monitor.run(queue);
  CHECK(monitor.stats().records == office().flows.rows() + 50);
}

TEST_CASE("[threads] a monitor that stops and starts again goes on where it was") {
  const Said whole = run(*nad::file_source(office().capture));
  for (const std::size_t stop_after : {1, 4, 9}) {
    TemporaryFolder folder;
    const nad::MonitorOptions options{.checkpoint = folder / "office.checkpoint"};
    Said said;
    std::uint64_t runs = 0;
    for (bool ended = false; !ended; ++runs) {
      nad::Monitor monitor(*office().model, options);
      std::size_t batches = 0;
      monitor.on_alert([&](const nad::Alert& alert) {
        said.ids.push_back(nad::alert_id(alert));
        said.counted += alert.count;
      });
      monitor.on_records([&](const nad::Table&, const nad::Findings& findings) {
        said.scores.insert(said.scores.end(), findings.scores.begin(), findings.scores.end());
        if (++batches == stop_after) {
          monitor.stop();
        }
      });
      const auto source = nad::file_source(office().capture, {.batch_rows = 150});
      monitor.run(*source);
      ended = source->ended();
      CHECK(adds_up(monitor.stats()));
      CHECK((runs == 0) == (monitor.stats().replayed == 0));
    }
    CHECK(runs > 1);
    CHECK(said.scores == whole.scores);
    CHECK(said.ids == whole.ids);
  }
}

TEST_CASE("a checkpoint is of one source and whole, or an error says so") {
  TemporaryFolder folder;
  const std::filesystem::path path = folder / "c";
  const nad::MonitorOptions options{.checkpoint = path};
  const auto again = [&](nad::RecordSource& source) {
    return message_of([&] { nad::Monitor(*office().model, options).run(source); });
  };
  CHECK(again(*nad::file_source(office().capture)) == "no error");
  CHECK(again(*nad::file_source(office().capture)) == "no error");
  CHECK(contains(again(*nad::table_source({office().flows})), "give each source a checkpoint of its own"));
  std::string text;
  {
    std::ifstream file(path, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  nad::Random random(5);
  for (int time = 0; time < 40; ++time) {
    std::string damaged = text;
    if (time % 2 == 0) {
      damaged.resize(static_cast<std::size_t>(random.below(text.size())));
    } else {
      char& one = damaged[static_cast<std::size_t>(random.below(text.size()))];
      one = static_cast<char>(one ^ 4);
    }
    std::ofstream(path, std::ios::binary) << damaged;
    REQUIRE(contains(again(*nad::file_source(office().capture)), "delete"));
  }
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
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    while (monitor.stats().trainings == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
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
