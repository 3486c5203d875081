// Captures that come into a folder one after the other are one: their flows are those of the capture that they were cut
// from, read at once or by processes that stop and go on.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "monitor_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using Rows = std::vector<std::string>;

/// What tells a record from all others.
void add_rows(const nad::Table& table, Rows& rows) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    std::string text;
    for (const char* column : {"timestamp", "last_seen", "community_id", "state", "history", "bytes_sent",
                               "bytes_received", "packets_sent", "packets_received", "ended"}) {
      text += table[column].format(row) + " ";
    }
    rows.push_back(std::move(text));
  }
}

/// Some minutes of an office in one capture, and the same in five.
struct CutCapture {
  TemporaryFolder folder;
  std::vector<std::string> names;
  Rows whole;
  std::size_t cut = 0;  ///< records where each of the five is metered by itself

  explicit CutCapture(const std::vector<int>& order = {0, 1, 2, 3, 4}) {
    nad::SimulatorOptions options = monitor_samples::quiet_office(3);
    options.hours = 0.1;
    static_cast<void>(nad::Simulator(options).write(folder / "all.pcap"));
    add_rows(nad::read(folder / "all.pcap"), whole);
    std::filesystem::create_directory(spool());
    nad::Capture capture(folder / "all.pcap");
    std::int64_t first = 0;
    std::optional<nad::CaptureWriter> writer;
    std::size_t part = 0;
    for (nad::Frame frame; capture.next(frame);) {
      first = first == 0 ? frame.time : first;
      const auto wanted = static_cast<std::size_t>((frame.time - first) / (72 * nad::nanoseconds_per_second));
      if (!writer || (wanted > part && wanted < order.size())) {
        if (writer) {
          writer->close();
        }
        part = writer ? part + 1 : 0;
        names.push_back("part" + std::to_string(order[part]) + ".pcap");
        writer.emplace(folder / names.back());
      }
      writer->write(frame.time, frame.bytes, frame.length);
    }
    writer->close();
    REQUIRE(names.size() == order.size());
    for (const std::string& name : names) {
      cut += nad::read(folder / name).rows();
    }
    REQUIRE(cut > whole.size() + 10);
  }

  std::filesystem::path spool() const { return folder / "spool"; }
  void come(std::size_t part) const {
    std::filesystem::copy_file(folder / names[part], spool() / names[part]);
    // in the order in which they came, whatever they are called
    std::filesystem::last_write_time(spool() / names[part], std::filesystem::file_time_type::clock::now() -
                                                                std::chrono::minutes(60 - static_cast<int>(part)));
  }
  void come() const {
    for (std::size_t part = 0; part < names.size(); ++part) {
      come(part);
    }
  }
};

nad::FolderOptions quick(bool once, std::size_t batch = 40) {
  nad::FolderOptions options{.order = nad::FolderOrder::times, .once = once, .settle_seconds = 0.0, .poll = 0.001};
  options.source.batch_rows = batch;
  return options;
}

TEST_CASE("captures of a folder are metered as the one that they are parts of") {
  const CutCapture sample({4, 2, 0, 3, 1});
  sample.come();
  const auto source = nad::folder_source(sample.spool(), quick(true));
  Rows rows;
  while (!source->ended()) {
    if (const std::optional<nad::Table> records = source->next(1.0)) {
      add_rows(*records, rows);
    }
  }
  CHECK(rows == sample.whole);
  CHECK(source->stats().records == rows.size());
  CHECK(source->stats().packets > 1'000);
  CHECK(source->stats().notes.empty());
}

TEST_CASE("a process that goes on where another stopped meters what that one had not") {
  const CutCapture sample;
  std::string position;
  std::vector<std::string> positions = {""};
  std::vector<std::size_t> counts = {0};
  Rows rows;
  std::size_t part = 0;
  for (int empty = 0; empty < 3;) {  // a new process for each batch, and files come while they work
    const auto source = nad::folder_source(sample.spool(), quick(false));
    if (!position.empty()) {
      source->go_to(position);
      REQUIRE(source->position() == position);
    }
    if (part < sample.names.size() && rows.size() * 6 >= sample.whole.size() * part) {
      sample.come(part++);
    }
    const std::optional<nad::Table> records = source->next(0.02);
    if (records) {
      add_rows(*records, rows);
    }
    empty = records || part < sample.names.size() ? 0 : empty + 1;
    if (!records && part < sample.names.size()) {
      sample.come(part++);
    }
    position = source->position();
    positions.push_back(position);
    counts.push_back(rows.size());
  }
  const auto last = nad::folder_source(sample.spool(), quick(false));
  last->go_to(position);
  static_cast<void>(last->next(0.0));
  CHECK(last->wind_up());
  while (!last->ended()) {
    if (const std::optional<nad::Table> records = last->next(0.1)) {
      add_rows(*records, rows);
    }
  }
  CHECK(rows == sample.whole);

  // from any earlier place to any later one it all comes again
  for (std::size_t from = 1; from + 3 < positions.size(); from += 7) {
    const std::size_t to = std::min(from + 9, positions.size() - 1);
    const auto again = nad::folder_source(sample.spool(), quick(false));
    REQUIRE(again->replay(positions[from], positions[to]));
    Rows repeated;
    while (repeated.size() < counts[to] - counts[from]) {
      const std::optional<nad::Table> records = again->next(1.0);
      REQUIRE(records);
      add_rows(*records, repeated);
    }
    REQUIRE(
        std::equal(repeated.begin(), repeated.end(), sample.whole.begin() + static_cast<std::ptrdiff_t>(counts[from])));
  }
  // the files of open flows are gone
  std::filesystem::remove(sample.spool() / sample.names[3]);
  const auto again = nad::folder_source(sample.spool(), quick(true));
  CHECK_FALSE(again->replay(positions[positions.size() - 8], position));
  static_cast<void>(again->next(0.0));
}

TEST_CASE("captures of the same time are not one") {
  const CutCapture sample;
  sample.come(1);
  std::filesystem::copy_file(sample.folder / sample.names[1], sample.spool() / "other.pcap");
  std::filesystem::copy_file(sample.folder / sample.names[0], sample.spool() / "yesterday.pcap");
  nad::FolderOptions options = quick(true);
  options.order = nad::FolderOrder::names;
  const auto source = nad::folder_source(sample.spool(), options);
  std::size_t rows = 0;
  while (!source->ended()) {
    const std::optional<nad::Table> records = source->next(1.0);
    rows += records ? records->rows() : 0;
  }
  const std::size_t one = nad::read(sample.folder / sample.names[1]).rows();
  CHECK(rows == 2 * one + nad::read(sample.folder / sample.names[0]).rows());
  REQUIRE(source->stats().notes.size() == 1);
  CHECK(source->stats().notes[0].find("are metered by themselves") != std::string::npos);
}

TEST_CASE("[threads] flows of the last capture end when the next one should have come") {
  TemporaryFolder folder;
  {
    nad::SimulatorOptions options = monitor_samples::quiet_office(3);
    static_cast<void>(nad::Simulator(options).write(folder / "all.pcap"));
  }
  const std::filesystem::path spool = folder / "spool";
  std::filesystem::create_directory(spool);
  {
    nad::Capture capture(folder / "all.pcap");
    nad::CaptureWriter writer(spool / "one.pcap");
    constexpr std::int64_t moment = 1'700'000'000 * nad::nanoseconds_per_second;  // a capture that does not last
    nad::Frame frame;
    for (int i = 0; i < 50 && capture.next(frame); ++i) {
      writer.write(moment, frame.bytes, frame.length);
    }
    writer.close();
  }
  nad::FolderOptions options = quick(false);
  options.source.read.flow.udp_idle = options.source.read.flow.tcp_idle = 0.5;
  options.source.read.flow.tcp_attempt = options.source.read.flow.tcp_close = 0.5;
  options.source.read.flow.icmp_idle = options.source.read.flow.other_idle = 0.5;
  const auto source = nad::folder_source(spool, options);
  const auto begin = std::chrono::steady_clock::now();
  std::optional<nad::Table> records;
  while (!records && std::chrono::steady_clock::now() - begin < std::chrono::seconds(20)) {
    records = source->next(0.5);
  }
  REQUIRE(records);
  CHECK(records->rows() > 0);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::seconds(1));
  const auto again = nad::folder_source(spool, options);
  again->go_to(source->position());
  CHECK_FALSE(again->next(0.05));
}

TEST_CASE("a damaged capture takes no flows of the others with it") {
  const CutCapture sample;
  sample.come();
  const std::filesystem::path damaged = sample.spool() / sample.names[2];
  std::filesystem::resize_file(damaged, 10);
  const auto source = nad::folder_source(sample.spool(), quick(true));
  std::size_t rows = 0;
  while (!source->ended()) {
    const std::optional<nad::Table> records = source->next(1.0);
    rows += records ? records->rows() : 0;
  }
  CHECK(rows > sample.whole.size() / 2);
  CHECK(source->stats().skipped.at("file that cannot be read") == 1);
}

TEST_CASE("[threads] a monitor with a checkpoint cuts no flow of a folder, one without loses none") {
  const CutCapture sample;
  const nad::Model model = monitor_samples::model_of(nad::read(sample.folder / "all.pcap"), 0.02);
  const auto judged = [&](const nad::MonitorOptions& options, bool follow, Rows& rows) {
    nad::Monitor monitor(model, options);
    const std::size_t wanted = rows.size() + 1;
    monitor.on_records([&](const nad::Table& records, const nad::Findings&) {
      add_rows(records, rows);
      if (follow && rows.size() >= wanted) {
        monitor.stop();
      }
    });
    const auto source = nad::folder_source(sample.spool(), quick(!follow));
    monitor.run(*source);
    return monitor.stats();
  };
  sample.come(0);
  sample.come(1);
  Rows alone;
  judged({}, true, alone);
  CHECK(std::count_if(alone.begin(), alone.end(),
                      [](const std::string& row) { return row.find("flushed") != std::string::npos; }) > 5);
  Rows rows;
  const nad::MonitorOptions kept{.checkpoint = sample.folder / "checkpoint"};
  while (rows.size() < 80) {
    judged(kept, true, rows);
  }
  for (std::size_t part = 2; part < 5; ++part) {
    sample.come(part);
  }
  const nad::MonitorStats stats = judged(kept, false, rows);
  CHECK(stats.records == sample.whole.size());
  CHECK(rows == sample.whole);
}

}  // namespace
