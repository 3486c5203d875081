#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/features/rolling_windows.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"

namespace {

using nad::Rolling;

const double missing = std::numeric_limits<double>::quiet_NaN();
const std::vector<Rolling> everything = {Rolling::mean, Rolling::deviation, Rolling::minimum, Rolling::maximum,
                                         Rolling::sum,  Rolling::count,     Rolling::failures};

using tests::message_of;

/// Numbers below 0 (and the empty state) are missing ones.
struct Record {
  double time = 0;
  int src = 0;
  int dst = 0;
  int port = 0;
  double bytes = 0;
  std::string state = "SF";
};

nad::Table table_of(const std::vector<Record>& records) {
  nad::ColumnBuilder time(nad::ColumnType::time);
  nad::ColumnBuilder src(nad::ColumnType::address);
  nad::ColumnBuilder dst(nad::ColumnType::category);
  nad::ColumnBuilder port(nad::ColumnType::integer);
  nad::ColumnBuilder bytes(nad::ColumnType::number);
  nad::ColumnBuilder state(nad::ColumnType::category);
  const auto put = [](nad::ColumnBuilder& builder, bool present, const std::function<void()>& add) {
    if (present) {
      add();
    } else {
      builder.add_missing();
    }
  };
  for (const Record& record : records) {
    put(time, record.time >= 0, [&] { time.add_time(std::llround(record.time * 1e9)); });
    put(src, record.src >= 0, [&] { src.add_address(nad::Address::v4(static_cast<std::uint32_t>(record.src))); });
    put(dst, record.dst >= 0, [&] { dst.add_text("host " + std::to_string(record.dst)); });
    put(port, record.port >= 0, [&] { port.add_integer(record.port); });
    bytes.add_number(record.bytes);
    put(state, !record.state.empty(), [&] { state.add_text(record.state); });
  }
  return {nad::Schema({{"timestamp", nad::ColumnType::time},
                       {"src_ip", nad::ColumnType::address},
                       {"dst_ip", nad::ColumnType::category},
                       {"dst_port", nad::ColumnType::integer},
                       {"bytes", nad::ColumnType::number},
                       {"state", nad::ColumnType::category}}),
          {time.finish(), src.finish(), dst.finish(), port.finish(), bytes.finish(), state.finish()}};
}

/// In quarters of a second; with gaps in every column, clocks that step back and now and then a huge value.
std::vector<Record> random_stream(std::size_t rows, std::uint64_t seed) {
  nad::Random random(seed);
  const auto rarely = [&](int value) { return random.below(25) == 0 ? -1 : value; };
  std::vector<Record> records;
  double time = 1000;
  for (std::size_t row = 0; row < rows; ++row) {
    time += random.below(3) == 0 ? static_cast<double>(random.below(8)) / 4 : 0.0;
    Record record;
    record.time = random.below(15) == 0 ? time - static_cast<double>(random.below(30)) / 4 : time;
    record.time = random.below(40) == 0 ? -1 : record.time;
    record.src = rarely(static_cast<int>(random.below(4)));
    record.dst = rarely(static_cast<int>(random.below(6)));
    record.port = rarely(static_cast<int>(random.below(random.below(2) == 0 ? 3 : 100)));
    record.bytes = random.below(9) == 0 ? missing : 1e9 + random.normal();
    record.bytes = random.below(50) == 0 ? 1e16 : record.bytes;
    record.state = random.below(8) == 0 ? "" : random.below(3) == 0 ? "S0" : random.below(4) == 0 ? "REJ" : "SF";
    records.push_back(record);
  }
  return records;
}

/// The rows in the window of the last of `records`, found by walking back through all of them.
std::vector<Record> window_of(const nad::RollingWindows& step, std::vector<Record> records) {
  const auto belongs = [&](const Record& record, const Record& last) {
    return std::all_of(step.keys.begin(), step.keys.end(), [&](const std::string& key) {
      return key == "src_ip" ? record.src == last.src && record.src >= 0 : record.dst == last.dst && record.dst >= 0;
    });
  };
  double newest = 0;
  for (Record& record : records) {
    const bool counted = record.time >= 0 && belongs(record, record);
    newest = counted ? std::max(newest, record.time) : newest;
    record.time = counted || step.seconds == 0 ? newest : -1;
  }
  std::vector<Record> window;
  for (auto record = records.rbegin(); record != records.rend() && window.size() < step.rows; ++record) {
    const bool young = step.seconds == 0 || (record->time >= 0 && record->time > newest - step.seconds);
    if (young && belongs(*record, records.back())) {
      window.push_back(*record);
    }
  }
  return window;
}

bool is_placed(const nad::RollingWindows& step, const Record& record) {
  bool placed = step.seconds == 0 || record.time >= 0;
  for (const std::string& key : step.keys) {
    placed = placed && (key == "src_ip" ? record.src >= 0 : record.dst >= 0);
  }
  return placed;
}

void check_row(const nad::Table& more, const std::string& prefix, std::size_t row, const std::vector<Record>& window) {
  std::vector<double> bytes;
  std::set<int> ports;
  std::set<int> peers;
  double known = 0;
  double failed = 0;
  for (const Record& record : window) {
    if (record.bytes == record.bytes) {
      bytes.push_back(record.bytes);
    }
    if (record.port >= 0) {
      ports.insert(record.port);
    }
    if (record.dst >= 0) {
      peers.insert(record.dst);
    }
    known += record.state.empty() ? 0 : 1;
    failed += record.state == "S0" || record.state == "REJ" ? 1 : 0;
  }
  const auto integer = [&](const std::string& name) { return more[prefix + name].integers()[row]; };
  REQUIRE(integer("count") == static_cast<std::int64_t>(window.size()));
  REQUIRE(integer("dst_port.distinct") == static_cast<std::int64_t>(ports.size()));
  REQUIRE(integer("dst_ip.distinct") == static_cast<std::int64_t>(peers.size()));
  const auto number = [&](const std::string& name) { return more[prefix + name].numbers()[row]; };
  if (known == 0) {
    REQUIRE(more[prefix + "failures"].is_missing(row));
  } else {
    REQUIRE(number("failures") == failed / known);
  }
  if (bytes.empty()) {
    REQUIRE(more[prefix + "bytes.deviation"].is_missing(row));
    REQUIRE(more[prefix + "bytes.minimum"].is_missing(row));
    return;
  }
  long double sum = 0;
  for (const double value : bytes) {
    sum += value;
  }
  const long double mean = sum / static_cast<long double>(bytes.size());
  long double squares = 0;
  for (const double value : bytes) {
    squares += (value - mean) * (value - mean);
  }
  const double deviation = static_cast<double>(std::sqrt(squares / static_cast<long double>(bytes.size())));
  REQUIRE(number("bytes.minimum") == *std::min_element(bytes.begin(), bytes.end()));
  REQUIRE(number("bytes.maximum") == *std::max_element(bytes.begin(), bytes.end()));
  REQUIRE(number("bytes.sum") == doctest::Approx(static_cast<double>(sum)).epsilon(1e-14));
  REQUIRE(number("bytes.mean") == doctest::Approx(static_cast<double>(mean)).epsilon(1e-14));
  // of values near 1e9 that differ by about 1, also after 1e16 has left
  REQUIRE(std::abs(number("bytes.deviation") - deviation) <= 1e-6 * deviation + 1e-9);
}

std::vector<std::string> formatted(const nad::Table& table, std::size_t row) {
  std::vector<std::string> values;
  for (std::size_t place = 0; place < table.columns(); ++place) {
    values.push_back(table.column(place).format(row));
  }
  return values;
}

}  // namespace

TEST_CASE("every window agrees with a walk through the rows") {
  std::vector<std::pair<std::string, nad::RollingWindows>> steps = {
      {"src_ip.3s.", {.keys = {"src_ip"}, .seconds = 3}},
      {"src_ip.0.25s.", {.keys = {"src_ip"}, .seconds = 0.25}},
      {"src_ip+dst_ip.20s.", {.keys = {"src_ip", "dst_ip"}, .seconds = 20, .rows = 7}},
      {"all.10rows.", {.keys = {}, .seconds = 0, .rows = 10}},
      {"all.100s.", {.keys = {}, .seconds = 100, .rows = 30}},
      {"dst_ip.1rows.", {.keys = {"dst_ip"}, .seconds = 0, .rows = 1}}};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string& prefix = steps[i].first;
    nad::RollingWindows& step = steps[i].second;
    step.columns = {"bytes"};
    step.functions = everything;
    step.distinct = {"dst_port", "dst_ip"};
    const std::vector<Record> stream = random_stream(300, i);
    const nad::Table more = step.apply(table_of(stream), nullptr);
    REQUIRE(more.columns() == 6 + 9);
    for (std::size_t row = 0; row < stream.size(); ++row) {
      CAPTURE(prefix);
      CAPTURE(row);
      if (!is_placed(step, stream[row])) {
        REQUIRE(formatted(more.select({prefix + "count", prefix + "bytes.sum", prefix + "dst_ip.distinct",
                                       prefix + "failures"}),
                          row) == std::vector<std::string>(4));
        continue;
      }
      const auto end = stream.begin() + static_cast<std::ptrdiff_t>(row) + 1;
      check_row(more, prefix, row, window_of(step, {stream.begin(), end}));
    }
  }
}

TEST_CASE("rolling windows are the same in pieces") {
  const nad::RollingWindows step{.columns = {"bytes"},
                                 .functions = everything,
                                 .distinct = {"dst_port"},
                                 .seconds = 5,
                                 .rows = 20,
                                 .most_rows = 30};
  const nad::Table whole = table_of(random_stream(500, 77));
  const nad::Table expected = step.apply(whole, nullptr);
  for (const std::size_t piece : {1U, 13U, 499U}) {
    const auto state = step.begin();
    for (std::size_t first = 0; first < whole.rows(); first += piece) {
      const std::size_t count = std::min<std::size_t>(piece, whole.rows() - first);
      const nad::Table part = step.apply(whole.slice(first, count), state.get());
      for (std::size_t row = 0; row < count; ++row) {
        REQUIRE(formatted(part, row) == formatted(expected, first + row));
      }
    }
    CHECK(step.forgotten(*state) > 0);
  }
}

TEST_CASE("a large value leaves nothing behind") {
  const nad::RollingWindows step{.keys = {}, .columns = {"bytes"}, .functions = everything, .seconds = 0, .rows = 3};
  const nad::Table more = step.apply(table_of({{0, 0, 0, 0, 1e300},
                                               {0, 0, 0, 0, -1e300},
                                               {0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 2},
                                               {0, 0, 0, 0, 3},
                                               {0, 0, 0, 0, std::numeric_limits<double>::infinity()}}),
                                     nullptr);
  CHECK(more["all.3rows.bytes.maximum"].numbers()[0] == 1e140);
  CHECK(std::isfinite(more["all.3rows.bytes.deviation"].numbers()[1]));
  CHECK(more["all.3rows.bytes.sum"].numbers()[4] == 6.0);
  CHECK(more["all.3rows.bytes.deviation"].numbers()[4] == doctest::Approx(std::sqrt(2.0 / 3)));
  CHECK(more["all.3rows.bytes.mean"].numbers()[5] == 2.5);  // infinity is a missing value
  CHECK(more["all.3rows.count"].integers()[5] == 3);
}

TEST_CASE("many keys stay within the memory") {
  const nad::RollingWindows step{.functions = {Rolling::count}, .seconds = 0, .rows = 10, .most_rows = 100};
  const auto state = step.begin();
  std::vector<Record> records;
  records.reserve(1000);
  for (int row = 0; row < 1000; ++row) {
    records.push_back({1, row % 20 == 0 ? 0 : row});
  }
  const nad::Table more = step.apply(table_of(records), state.get());
  CHECK(more["src_ip.10rows.count"].integers()[980] == 10);  // asked for all the time
  CHECK(step.forgotten(*state) == 950 - 90);
  CHECK(step.apply(table_of({{1, 1}, {1, 999}}), state.get())["src_ip.10rows.count"].integers()[0] == 1);

  // windows whose rows are all too old are no loss
  const nad::RollingWindows timed{.functions = {Rolling::count}, .seconds = 2, .rows = 10, .most_rows = 100};
  const auto other = timed.begin();
  for (int row = 0; row < 1000; ++row) {
    records[static_cast<std::size_t>(row)] = {row * 0.05, row};
  }
  timed.apply(table_of(records), other.get());
  CHECK(timed.forgotten(*other) == 0);
}

TEST_CASE("what a rolling window cannot do is said") {
  const nad::Table table = table_of({{1, 1}});
  const auto said = [&](const nad::RollingWindows& step) { return message_of([&] { step.apply(table, nullptr); }); };
  CHECK(said({}).find("nothing to compute") != std::string::npos);
  CHECK(said({.columns = {"bytes"}, .functions = {}}).find("nothing to compute") != std::string::npos);
  CHECK(said({.columns = {"bytes"}, .seconds = -1}).find("0 to 1e9") != std::string::npos);
  CHECK(said({.columns = {"bytes"}, .rows = 0}).find("rows must") != std::string::npos);
  CHECK(said({.columns = {"bytes"}, .most_rows = 5}).find("most_rows") != std::string::npos);
  CHECK(said({.columns = {"byte"}}) == "there is no column 'byte'; did you mean 'bytes'?");
  CHECK(said({.columns = {"dst_ip"}}).find("'dst_ip' is of type category") != std::string::npos);
  CHECK(said({.columns = {"bytes"}, .time = "dst_ip"}).find("needs a time") != std::string::npos);
  CHECK(said({.columns = {"bytes"}, .functions = {Rolling::sum, Rolling::sum}}).find("'src_ip.60s.bytes.sum'") !=
        std::string::npos);
  const nad::RollingWindows step{
      .columns = {"bytes"}, .functions = {Rolling::failures, Rolling::sum}, .distinct = {"bytes"}};
  CHECK(step.inputs() == std::vector<std::string>{"bytes", "src_ip", "state", "timestamp"});
}
