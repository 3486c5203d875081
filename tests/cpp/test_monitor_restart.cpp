// Monitors that stop, are killed, and start again.

#include <doctest/doctest.h>
#include <nad/model/monitor_marks-inl.hpp>
#include <nad/nad.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "follow_samples.hpp"
#include "messages.hpp"
#include "monitor_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using follow_samples::quick;
using monitor_samples::adds_up;
using monitor_samples::append;
using monitor_samples::office;
using monitor_samples::Said;
using monitor_samples::zeek_header;
using monitor_samples::zeek_lines;
using tests::contains;
using tests::message_of;

TEST_CASE("[threads] a monitor that stops and starts again goes on where it was") {
  Said whole;
  {
    nad::Monitor monitor(*office().model);
    whole.watch(monitor);
    monitor.run(*nad::file_source(office().capture));
  }
  for (const std::size_t stop_after : {std::size_t{1}, std::size_t{4}}) {
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

TEST_CASE("a checkpoint is of one monitor at a time, and a file") {
  TemporaryFolder folder;
  const nad::MonitorOptions options{.checkpoint = folder / "c"};
  nad::Monitor monitor(*office().model, options);
  std::string other;
  monitor.on_records([&](const nad::Table&, const nad::Findings&) {
    if (other.empty()) {
      other = message_of([&] { nad::Monitor(*office().model, options).run(*nad::file_source(office().capture)); });
    }
  });
  monitor.run(*nad::file_source(office().capture));
  CHECK(contains(other, "is in use by another monitor"));
  CHECK(message_of([&] { nad::Monitor(*office().model, options).run(*nad::file_source(office().capture)); }) ==
        "no error");
  const nad::MonitorOptions wrong{.checkpoint = folder.path()};
  CHECK(contains(message_of([&] { nad::Monitor(*office().model, wrong).run(*nad::file_source(office().capture)); }),
                 "is a folder; give the path of a file"));
}

/// A log, without a clock of its own: how long the machine takes to write it changes nothing.
class Timeless final : public nad::RecordSource {
 public:
  Timeless(const std::filesystem::path& path, const nad::FollowOptions& options)
      : log_(nad::follow_log(path, options)) {}

  std::optional<nad::Table> next(double seconds) override { return log_->next(seconds); }
  bool ended() const override { return log_->ended(); }
  void expect(const nad::Schema& inputs) override { log_->expect(inputs); }
  std::string position() const override { return log_->position(); }
  void go_to(std::string_view position) override { log_->go_to(position); }
  bool replay(std::string_view earlier, std::string_view later) override { return log_->replay(earlier, later); }
  bool is_live() const override { return false; }
  nad::SourceStats stats() const override { return log_->stats(); }
  std::string describe() const override { return log_->describe(); }

 private:
  std::unique_ptr<nad::RecordSource> log_;
};

/// A log of the office, and a model of it.
struct OfficeLog {
  nad::Model model;
  std::vector<std::string> lines;

  explicit OfficeLog(const TemporaryFolder& folder) {
    std::string normal = zeek_header();
    for (const std::string& line : zeek_lines(nad::read(office().folder / "normal.pcap"))) {
      normal += line;
    }
    append(folder / "normal.log", normal);
    model = monitor_samples::model_of(nad::read(folder / "normal.log"), 0.02);
    lines = zeek_lines(office().flows);
  }

  std::string part(std::size_t first, std::size_t last) const {
    std::string text;
    for (std::size_t line = first; line < std::min(last, lines.size()); ++line) {
      text += lines[line];
    }
    return text;
  }
};

/// What a process that is killed again and again tells, and one that is not.
struct Told {
  std::set<std::string> ids = {};
  std::size_t lines = 0;
  std::uint64_t counted = 0;
};

Told told(const std::filesystem::path& path) {
  Told result;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.find("\"event_type\":\"alert\"") == std::string::npos || line.back() != '}') {
      continue;  // cut off by the kill; it comes again
    }
    const nad::Alert alert = nad::alert_from_eve(line);
    ++result.lines;
    if (result.ids.insert(nad::alert_id(alert)).second) {
      result.counted += alert.count;
    }
  }
  return result;
}

TEST_CASE("a monitor that is killed at any moment loses nothing, and repeats with the same ids") {
  TemporaryFolder folder;
  const OfficeLog sample(folder);
  const nad::Model& model = sample.model;
  const std::vector<std::string>& all = sample.lines;
  const auto watch = [&](const std::filesystem::path& log, const std::filesystem::path& alerts,
                         const std::filesystem::path& checkpoint, bool once) {
    nad::MonitorOptions options{.checkpoint = checkpoint, .checkpoint_seconds = 0.01, .stats_seconds = 0.0};
    nad::Monitor monitor(model, options);
    monitor.add_sink(nad::file_channel({.path = alerts}), {.when_full = nad::WhenFull::block});
    nad::FollowOptions follow = quick();
    follow.once = once;
    follow.source.batch_rows = 40;
    Timeless source(log, follow);
    monitor.run(source);
    CHECK(monitor_samples::adds_up(monitor.stats()));
  };
  append(folder / "whole.log", zeek_header() + sample.part(0, all.size()));
  watch(folder / "whole.log", folder / "whole.json", folder / "whole.checkpoint", true);
  const Told whole = told(folder / "whole.json");
  REQUIRE(whole.ids.size() > 10);
  CHECK(whole.lines == whole.ids.size());

  const auto log = folder / "conn.log";
  append(log, zeek_header());
  nad::Random random(3);
  std::size_t next = 0;
  std::size_t rotations = 0;
  const auto write_some = [&](std::size_t lines_at_once) {
    for (std::size_t line = 0; line < lines_at_once && next < all.size(); ++line) {
      append(log, all[next++]);
    }
  };
  while (next < all.size()) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        watch(log, folder / "killed.json", folder / "killed.checkpoint", false);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "the child threw: %s\n", error.what());
      }
      ::_exit(1);
    }
    const auto parts = static_cast<std::size_t>(2 + random.below(4));
    for (std::size_t part = 0; part < parts; ++part) {
      write_some(all.size() / 25);
      std::this_thread::sleep_for(std::chrono::milliseconds(2 + random.below(25)));
    }
    // before the first checkpoint nothing tells which rotated logs were not read yet
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!std::filesystem::exists(folder / "killed.checkpoint") && std::chrono::steady_clock::now() < patience) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    write_some(20);  // while nobody reads
    if (++rotations % 2 == 0) {
      std::filesystem::rename(log, folder / ("conn.log." + std::to_string(rotations)));
      append(log, zeek_header());
    }
  }
  watch(log, folder / "killed.json", folder / "killed.checkpoint", true);
  const Told killed = told(folder / "killed.json");
  CHECK(killed.ids == whole.ids);
  CHECK(killed.counted == whole.counted);
  CHECK(killed.lines >= whole.lines);
}

TEST_CASE("records that came while a monitor was away are judged, although what came before is gone") {
  TemporaryFolder folder;
  const OfficeLog sample(folder);
  const auto log = folder / "conn.log";
  const std::size_t half = sample.lines.size() / 2;
  std::vector<std::string> notes;
  const auto run = [&] {
    nad::Monitor monitor(sample.model, {.checkpoint = folder / "checkpoint"});
    monitor.on_note([&](const std::string& note) { notes.push_back(note); });
    nad::FollowOptions once = quick();
    once.once = true;
    const auto source = nad::follow_log(log, once);
    monitor.run(*source);
    return monitor.stats();
  };
  append(log, zeek_header() + sample.part(0, half));
  CHECK(run().records == half);
  CHECK(run().records == half);  // nothing new
  std::filesystem::rename(log, folder / "conn.log.1");
  append(folder / "conn.log.1", sample.part(half, half + 100));
  append(log, zeek_header() + sample.part(half + 100, half + 200));
  const nad::MonitorStats whole = run();
  CHECK(whole.records == half + 200);
  CHECK(whole.replayed >= half);
  // packed before the next run, which cannot fill its windows then
  std::filesystem::rename(folder / "conn.log.1", folder / "conn.log.1.gz");
  append(log, sample.part(half + 200, sample.lines.size()));
  notes.clear();
  const nad::MonitorStats rest = run();
  CHECK(rest.records == sample.lines.size());
  CHECK(rest.replayed == whole.replayed);
  REQUIRE(notes.size() == 1);
  CHECK(contains(notes[0], "not all there any more"));
}

TEST_CASE("a run that stops before it has read anything changes no checkpoint") {
  TemporaryFolder folder;
  const OfficeLog sample(folder);
  const auto log = folder / "conn.log";
  append(log, zeek_header() + sample.part(0, 200));
  nad::Model model = sample.model;
  const auto run = [&](bool stops) {
    nad::Monitor monitor(model, {.checkpoint = folder / "checkpoint", .replay_seconds = 0.0, .replay_records = 0});
    nad::FollowOptions once = quick();
    once.once = true;
    const auto source = nad::follow_log(log, once);
    if (stops) {
      monitor.stop();
    }
    monitor.run(*source);
    return monitor.stats().records;
  };
  CHECK(run(false) == 200);
  CHECK(run(true) == 200);
  CHECK(run(true) == 200);
  append(log, sample.part(200, 250));
  CHECK(run(false) == 250);
}

TEST_CASE("marks of where to begin again are few, and reach back far enough") {
  nad::detail::ReplayMarks marks(10'000, 600 * nad::nanoseconds_per_second);
  nad::Random random(2);
  std::int64_t time = 0;
  std::uint64_t records = 0;
  for (int batch = 0; batch < 100'000; ++batch) {
    records += random.below(200);
    // clocks stand still, and sometimes little comes for long
    time += batch < 30'000 ? 0 : static_cast<std::int64_t>(random.below(batch < 60'000 ? 400'000'000 : 4'000'000'000));
    if (marks.is_due(records, time)) {
      marks.add({std::to_string(records), records, time});
    }
    marks.forget(records, time);
    REQUIRE(marks.size() < 80);
    const nad::detail::ReplayMarks::Mark& first = marks.first();
    const bool is_all = first.records < 512;
    REQUIRE((is_all || (records - first.records >= 10'000 && time - first.time >= 600 * nad::nanoseconds_per_second)));
    if (batch == 59'999) {
      CHECK(time - first.time < 620 * nad::nanoseconds_per_second);
    }
  }
  CHECK(records - marks.first().records < 32'000);
}

}  // namespace
