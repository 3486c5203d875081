// Clocks that jump by years, or say nothing that can be true: a monitor ends its run, its sums are right, and what
// comes afterwards is still told.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "monitor_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using monitor_samples::adds_up;
using monitor_samples::office;
using monitor_samples::pieces;

constexpr std::int64_t year = std::int64_t{365} * 24 * 3600 * nad::nanoseconds_per_second;

/// The flows, whose middle third has another time: moved by so much, or where there is no room for it, the limit.
nad::Table with_jump(const nad::Table& flows, std::int64_t by) {
  nad::ColumnBuilder times(nad::ColumnType::time);
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    std::int64_t time = flows["timestamp"].times()[row];
    if (row * 3 / flows.rows() == 1) {
      const bool fits = by >= 0 ? time <= std::numeric_limits<std::int64_t>::max() - by
                                : time >= std::numeric_limits<std::int64_t>::min() - by;
      time = fits     ? time + by
             : by > 0 ? std::numeric_limits<std::int64_t>::max()
                      : std::numeric_limits<std::int64_t>::min();
    }
    times.add_time(time);
  }
  return flows.with(flows.schema()[flows.schema().place("timestamp")], times.finish());
}

TEST_CASE("faults: a monitor survives clocks that jump by years, and tells of what comes afterwards") {
  for (const std::int64_t jump :
       {10 * year, -10 * year, 40 * year, -40 * year, 290 * year, -290 * year, std::int64_t{-3600'000'000'000}}) {
    CAPTURE(jump);
    const TemporaryFolder folder;
    const nad::Table flows = with_jump(office().flows, jump);
    const auto begun = std::chrono::steady_clock::now();
    std::uint64_t records = 0;
    for (const bool second_run : {false, true}) {  // the second goes on from the checkpoint, behind the jump
      nad::Monitor monitor(*office().model, {.checkpoint = folder / "checkpoint"});
      monitor_samples::Said said;
      said.watch(monitor);
      if (!second_run) {
        monitor.on_records([&](const nad::Table& table, const nad::Findings&) {
          records += table.rows();
          if (records * 2 > flows.rows()) {
            monitor.stop();  // inside the stretch of wrong times
          }
        });
      }
      const auto source = nad::table_source(pieces(flows, 50));
      monitor.run(*source);
      CHECK(adds_up(monitor.stats()));
      if (second_run) {
        CHECK(monitor.stats().alerts > 0);
      }
    }
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
  }
}

TEST_CASE("faults: runs, beats and the levels of a stream go on after a clock that jumped") {
  // the scan comes behind the jump, and is found as without one
  const nad::Findings whole = office().model->detect(office().flows);
  for (const std::int64_t jump : {10 * year, -10 * year}) {
    nad::RecordScorer scorer(*office().model);
    std::size_t reported = 0;
    for (const nad::Table& piece : pieces(with_jump(office().flows, jump), 50)) {
      const nad::Findings findings = scorer.detect(piece);
      reported += findings.reported.size();
      for (const float score : findings.scores) {
        REQUIRE(score == score);
      }
    }
    CHECK(reported * 2 > whole.reported.size());
  }
}

TEST_CASE("faults: a simulated day whose packets go back by years and forward again becomes flows, each in its time") {
  nad::FlowMeter meter;
  nad::Capture capture(office().capture);
  std::size_t frames = 0;
  std::size_t rows = 0;
  std::int64_t packets = 0;
  const auto count = [&](const nad::Table& flows) {
    rows += flows.rows();
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      packets += flows["packets_sent"].integers()[row] + flows["packets_received"].integers()[row];
      REQUIRE(flows["duration"].numbers()[row] >= 0.0);
    }
  };
  for (nad::Frame frame; capture.next(frame); ++frames) {
    frame.time += frames % 1000 < 300 ? 10 * year : frames % 1000 < 500 ? -10 * year : 0;
    meter.add(frame);
    if (meter.ended() > 500) {
      count(meter.take());
    }
  }
  count(meter.flush());
  CHECK(rows > 0);
  CHECK(static_cast<std::uint64_t>(packets) == meter.stats().packets);
}

TEST_CASE("faults: the first and the last moments that there are can be written, stored and read back") {
  constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t time : {first, first + 1, first + 1'000'000'000, last - 1'000'000'000, last - 1, last}) {
    CHECK(nad::parse_time(nad::format_time(time)) == time);
    nad::Alert alert;
    alert.first_seen = time;
    alert.last_seen = time;
    const nad::Alert read = nad::alert_from_eve(nad::to_eve(alert));
    CHECK(read.first_seen == time);
    CHECK(read.last_seen == time);
  }
  CHECK(!nad::parse_time("2262-04-11T23:47:16.854775808Z"));
  CHECK(!nad::parse_time("1677-09-21T00:12:43.145224191Z"));
  CHECK(!nad::parse_time("9999-12-31"));
}

}  // namespace
