#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "nad/nad.hpp"

namespace {

using Counts = std::map<std::string, std::size_t>;

Counts label_counts(const nad::Table& flows) {
  Counts counts;
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    ++counts[std::string(flows["label"].text(row))];
  }
  return counts;
}

std::string csv(const nad::Table& table) {
  std::ostringstream text;
  nad::write_csv(table, text);
  return text.str();
}

std::string message_of(const nad::SyntheticFlows& options) {
  try {
    nad::synthetic_flows(options);
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Only blocks that no network in use has: documentation, benchmarks, private.
bool is_reserved(const nad::Address& address) {
  const std::uint32_t value = address.v4_value();
  if (!address.is_v4()) {
    return address.bytes()[0] == 0x20 && address.bytes()[1] == 0x01 && address.bytes()[2] == 0x0d &&
           address.bytes()[3] == 0xb8;
  }
  return value >> 24U == 10 || value >> 8U == 0xc00002 || value >> 8U == 0xc63364 || value >> 8U == 0xcb0071 ||
         value >> 17U == 0xc612U >> 1U;
}

std::int64_t hour_of(std::int64_t time) { return time / nad::nanoseconds_per_second / 3600 % 24; }
/// 0: Monday. For times after 1970, which began on a Thursday.
std::int64_t weekday_of(std::int64_t time) { return (time / nad::nanoseconds_per_second / 86400 + 3) % 7; }

/// Rows of one kind, or of all for "".
std::vector<std::size_t> rows_of(const nad::Table& flows, const std::string& label) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    if (label.empty() || flows["label"].text(row) == label) {
      rows.push_back(row);
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("synthetic flows have the columns of a flow table and what they are for") {
  const nad::Table flows = nad::synthetic_flows({.n_samples = 300});
  using Type = nad::ColumnType;
  using nad::Role;
  const std::vector<nad::Field> expected = {{"timestamp", Type::time, Role::moment},
                                            {"src_ip", Type::address, Role::identifier},
                                            {"dst_ip", Type::address, Role::identifier},
                                            {"src_port", Type::integer, Role::identifier},
                                            {"dst_port", Type::integer},
                                            {"protocol", Type::category},
                                            {"packet_size", Type::number},
                                            {"duration", Type::number},
                                            {"flags", Type::category},
                                            {"bytes_sent", Type::integer},
                                            {"bytes_received", Type::integer},
                                            {"packets_sent", Type::integer},
                                            {"packets_received", Type::integer},
                                            {"is_anomaly", Type::boolean, Role::label},
                                            {"label", Type::category, Role::label}};
  CHECK(flows.schema() == nad::Schema(expected, "synthetic_flows"));
  CHECK(nad::synthetic_flows({.n_samples = 0}).schema() == flows.schema());
}

TEST_CASE("as many synthetic flows and anomalies as were asked for, and every kind where they suffice") {
  const std::size_t kinds = nad::synthetic_anomalies().size();
  struct Case {
    std::size_t rows;
    double ratio;
    std::size_t anomalous;
  };
  for (const Case& asked : {Case{0, 0.5, 0}, Case{1, 0.0, 0}, Case{1, 1.0, 1}, Case{10, 0.05, 1}, Case{999, 0.013, 13},
                            Case{2000, 0.05, 100}, Case{400, 1.0, 400}, Case{3000, 0.0, 0}}) {
    const std::size_t rows = asked.rows;
    const std::size_t anomalous = asked.anomalous;
    CAPTURE(rows);
    CAPTURE(asked.ratio);
    const nad::Table flows = nad::synthetic_flows({.n_samples = rows, .anomaly_ratio = asked.ratio, .random_state = 3});
    REQUIRE(flows.rows() == rows);
    const auto marked = flows["is_anomaly"].booleans();
    CHECK(static_cast<std::size_t>(std::count(marked.begin(), marked.end(), 1)) == anomalous);
    Counts counts = label_counts(flows);
    CHECK(counts["normal"] == rows - anomalous);
    for (std::size_t row = 0; row < rows; ++row) {
      CHECK((flows["label"].text(row) != "normal") == (marked[row] != 0));
    }
    if (anomalous >= kinds) {
      for (const nad::SyntheticAnomaly& kind : nad::synthetic_anomalies()) {
        CHECK_MESSAGE(counts[std::string(kind.name)] > 0, kind.name);
        CHECK(!kind.description.empty());
      }
    }
  }
}

TEST_CASE("every synthetic flow could have been metered") {
  const nad::Table flows = nad::synthetic_flows({.n_samples = 20000, .anomaly_ratio = 0.3, .random_state = 1});
  const auto sent = flows["bytes_sent"].integers();
  const auto received = flows["bytes_received"].integers();
  const auto packets_sent = flows["packets_sent"].integers();
  const auto packets_received = flows["packets_received"].integers();
  const auto size = flows["packet_size"].numbers();
  const auto duration = flows["duration"].numbers();
  const auto src_port = flows["src_port"].integers();
  const auto dst_port = flows["dst_port"].integers();
  std::size_t wrong = 0;
  std::size_t v6 = 0;
  std::set<std::string> protocols;
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    const nad::Address& src = flows["src_ip"].addresses()[row];
    const nad::Address& dst = flows["dst_ip"].addresses()[row];
    const std::string protocol(flows["protocol"].text(row));
    protocols.insert(protocol);
    v6 += src.is_v4() ? 0U : 1U;
    const std::int64_t ip = src.is_v4() ? 20 : 40;
    const std::int64_t header = ip + (protocol == "tcp" ? 20 : 8);
    bool good = src.is_v4() == dst.is_v4() && src != dst && is_reserved(src) && is_reserved(dst);
    good = good && packets_sent[row] >= 1 && packets_received[row] >= 0;
    // no packet is smaller than its header or larger than Ethernet carries
    good = good && sent[row] >= packets_sent[row] * header && sent[row] <= packets_sent[row] * 1500;
    good = good && received[row] >= packets_received[row] * header && received[row] <= packets_received[row] * 1500;
    const double mean =
        static_cast<double>(sent[row] + received[row]) / static_cast<double>(packets_sent[row] + packets_received[row]);
    good = good && std::abs(size[row] - mean) <= 0.5;
    good = good && duration[row] >= 0.0 && duration[row] < 86400.0;
    good = good && (packets_sent[row] + packets_received[row] > 1 || duration[row] == 0.0);
    if (protocol == "tcp") {
      const std::string flags(flows["flags"].text(row));
      const bool begun = contains(flags, "S");
      good = good && src_port[row] > 0 && dst_port[row] > 0 && !flags.empty();
      good = good && (packets_received[row] > 0 || flags == "S" || !begun);  // who hears nothing confirms nothing
      good = good && (flags != "S" || received[row] == 0);
      good = good && (!contains(flags, "P") ||
                      (begun && sent[row] + received[row] > (packets_sent[row] + packets_received[row]) * header));
    } else {
      good = good && flows["flags"].is_missing(row);
      good = good && (protocol == "udp") == (src_port[row] > 0 && dst_port[row] > 0);
    }
    good = good && src_port[row] >= 0 && src_port[row] <= 65535 && dst_port[row] >= 0 && dst_port[row] <= 65535;
    if (!good && wrong++ < 5) {
      MESSAGE(csv(flows.slice(row, 1)));
    }
  }
  CHECK(wrong == 0);
  CHECK(protocols == std::set<std::string>{"icmp", "tcp", "udp"});
  CHECK(v6 > 500);
  CHECK(v6 < 4000);
}

TEST_CASE("synthetic flows are in the order of time, and inside the time asked for") {
  const std::int64_t saturday = nad::parse_time("2024-02-24 13:37:11.123456789").value();
  for (const auto& [begin, days] : {std::pair{saturday, 0.001},
                                    {saturday, 0.4},
                                    {saturday, 400.0},
                                    {nad::parse_time("1969-12-31 23:50:00").value(), 1.5}}) {
    const nad::Table flows =
        nad::synthetic_flows({.n_samples = 1500, .anomaly_ratio = 0.2, .begin = begin, .days = days});
    const auto times = flows["timestamp"].times();
    CHECK(std::is_sorted(times.begin(), times.end()));
    const auto length = static_cast<std::int64_t>(days * 86400e9);
    CHECK(times.front() >= begin);
    CHECK(times.back() < begin + length);
    CHECK(times.front() < begin + length / 10);
    CHECK(times.back() > begin + length / 2);
  }
}

TEST_CASE("nights and weekends are quieter in synthetic flows, unless there is no rhythm") {
  const auto count = [](bool rhythm) {
    const nad::Table flows = nad::synthetic_flows({.n_samples = 14000, .anomaly_ratio = 0.0, .rhythm = rhythm});
    std::array<double, 4> counts{};  // by day, by night, on workdays, at weekends
    for (const std::int64_t time : flows["timestamp"].times()) {
      const std::int64_t hour = hour_of(time);
      counts[0] += hour >= 9 && hour < 17 ? 1.0 / 8 : 0.0;
      counts[1] += hour < 6 ? 1.0 / 6 : 0.0;
      ++counts[weekday_of(time) < 5 ? 2 : 3];
    }
    return std::pair{counts[0] / counts[1], counts[2] / 5 / (counts[3] / 2)};
  };
  const auto [day_to_night, workday_to_weekend] = count(true);
  CHECK(day_to_night > 2.5);
  CHECK(day_to_night < 10.0);
  CHECK(workday_to_weekend > 1.6);
  CHECK(workday_to_weekend < 6.0);
  const auto [flat_day, flat_week] = count(false);
  CHECK(flat_day == doctest::Approx(1.0).epsilon(0.15));
  CHECK(flat_week == doctest::Approx(1.0).epsilon(0.15));
}

TEST_CASE("the same options give the same synthetic flows, on every machine") {
  const nad::SyntheticFlows options{.n_samples = 3000, .random_state = 42};
  const std::string text = csv(nad::synthetic_flows(options));
  CHECK(csv(nad::synthetic_flows(options)) == text);
  // FNV-1a of the table as CSV. Another number means that users' seeds give other tables: change it knowingly.
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  CHECK(hash == 0xe43ef15624f0e5a0ULL);

  const std::string other = csv(nad::synthetic_flows({.n_samples = 3000, .random_state = 43}));
  std::set<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.insert(line);
  }
  std::size_t shared = 0;
  std::istringstream other_stream(other);
  for (std::string line; std::getline(other_stream, line);) {
    shared += lines.contains(line) ? 1U : 0U;
  }
  CHECK(shared == 1);  // the names
}

TEST_CASE("kinds of synthetic anomalies can be chosen, and the normal flows stay as they are") {
  const nad::SyntheticFlows one{
      .n_samples = 2000, .anomaly_ratio = 0.1, .anomalies = {"dns_tunnel", "port_scan"}, .random_state = 5};
  nad::SyntheticFlows all = one;
  all.anomalies = {};
  const nad::Table flows = nad::synthetic_flows(one);
  Counts counts = label_counts(flows);
  CHECK(counts.size() == 3);
  CHECK(counts["dns_tunnel"] + counts["port_scan"] == 200);
  CHECK(counts["dns_tunnel"] > 20);
  const auto normal_part = [](const nad::Table& table) { return csv(table.take(rows_of(table, "normal"))); };
  CHECK(normal_part(flows) == normal_part(nad::synthetic_flows(all)));

  for (const nad::SyntheticAnomaly& kind : nad::synthetic_anomalies()) {
    const nad::Table alone = nad::synthetic_flows(
        {.n_samples = 100, .anomaly_ratio = 0.5, .anomalies = {std::string(kind.name)}, .hosts = 1});
    CHECK(label_counts(alone) == Counts{{"normal", 50}, {std::string(kind.name), 50}});
  }
}

TEST_CASE("options of synthetic flows that make no sense are refused by name") {
  const std::string unknown = message_of({.anomalies = {"port_scam"}});
  CHECK(contains(unknown, "'port_scam'"));
  CHECK(contains(unknown, "do you mean 'port_scan'?"));
  for (const nad::SyntheticAnomaly& kind : nad::synthetic_anomalies()) {
    CHECK(contains(unknown, "'" + std::string(kind.name) + "'"));
  }
  CHECK(contains(message_of({.anomaly_ratio = 1.01}), "anomaly_ratio is 1.01"));
  CHECK(contains(message_of({.anomaly_ratio = -0.1}), "between 0 and 1"));
  CHECK(contains(message_of({.anomaly_ratio = std::nan("")}), "anomaly_ratio"));
  CHECK(contains(message_of({.days = 0.0}), "days is 0"));
  CHECK(contains(message_of({.days = 1e9}), "days"));
  CHECK(contains(message_of({.hosts = 0}), "hosts is 0"));
  CHECK(contains(message_of({.begin = INT64_MAX - 5}), "begin"));
  CHECK(contains(message_of({.begin = INT64_MIN}), "begin"));
}

TEST_CASE("synthetic anomalies are what they are called") {
  const nad::Table flows = nad::synthetic_flows({.n_samples = 20000, .anomaly_ratio = 0.2, .random_state = 9});
  const auto times = flows["timestamp"].times();
  const auto ports = flows["dst_port"].integers();
  const auto sent = flows["bytes_sent"].integers();
  const auto received = flows["bytes_received"].integers();
  const auto addresses = [&](const char* name) { return flows[name].addresses(); };
  /// The most of the others that one host has.
  const auto most = [&](const std::string& label, const auto& of, const auto& other) {
    std::map<nad::Address, std::set<std::string>> seen;
    std::size_t largest = 0;
    for (const std::size_t row : rows_of(flows, label)) {
      std::set<std::string>& values = seen[of[row]];
      values.insert(flows[other].format(row));
      largest = std::max(largest, values.size());
    }
    return largest;
  };
  const auto share = [&](const std::string& label, const auto& holds) {
    const std::vector<std::size_t> rows = rows_of(flows, label);
    return static_cast<double>(std::count_if(rows.begin(), rows.end(), holds)) / static_cast<double>(rows.size());
  };
  CHECK(most("port_scan", addresses("src_ip"), "dst_port") > 25);
  CHECK(most("horizontal_scan", addresses("src_ip"), "dst_ip") > 20);
  CHECK(most("amplification", addresses("dst_ip"), "src_ip") > 40);
  CHECK(most("syn_flood", addresses("dst_ip"), "src_ip") > 40);
  CHECK(share("syn_flood", [&](std::size_t row) {
          return flows["flags"].text(row) == "S" || flows["flags"].text(row) == "SA";
        }) == 1.0);
  CHECK(share("udp_flood", [&](std::size_t row) { return received[row] == 0; }) == 1.0);
  CHECK(share("slow_http",
              [&](std::size_t row) { return flows["duration"].numbers()[row] > 40.0 && sent[row] < 10000; }) > 0.95);
  CHECK(share("exfiltration", [&](std::size_t row) { return sent[row] > 10 * received[row] && sent[row] > 100'000; }) >
        0.95);
  CHECK(share("data_staging", [&](std::size_t row) { return received[row] > 5 * sent[row]; }) > 0.8);
  CHECK(share("dns_tunnel", [&](std::size_t row) { return ports[row] == 53; }) == 1.0);
  CHECK(share("night_login", [&](std::size_t row) { return hour_of(times[row]) >= 22 || hour_of(times[row]) < 7; }) >
        0.9);

  // the beat of those that call home: within one pair of hosts, most gaps are near the middle one
  std::map<std::pair<nad::Address, nad::Address>, std::vector<std::int64_t>> beats;
  for (const std::size_t row : rows_of(flows, "beaconing")) {
    beats[{addresses("src_ip")[row], addresses("dst_ip")[row]}].push_back(times[row]);
  }
  std::size_t regular = 0;
  std::size_t gaps = 0;
  for (auto& [pair, at] : beats) {
    std::vector<std::int64_t> between;
    for (std::size_t i = 1; i < at.size(); ++i) {
      between.push_back(at[i] - at[i - 1]);
    }
    std::sort(between.begin(), between.end());
    for (const std::int64_t gap : between) {
      const auto middle = static_cast<double>(between[between.size() / 2]);
      regular += std::abs(static_cast<double>(gap) - middle) < 0.35 * middle ? 1U : 0U;
      ++gaps;
    }
  }
  CHECK(gaps > 200);
  CHECK(static_cast<double>(regular) > 0.9 * static_cast<double>(gaps));
}
