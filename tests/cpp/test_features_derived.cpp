#include <doctest/doctest.h>

#include <any>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "messages.hpp"
#include "nad/core/error.hpp"
#include "nad/features/address_features.hpp"
#include "nad/features/port_features.hpp"
#include "nad/features/step_options.hpp"
#include "nad/features/time_parts.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"

namespace {

using tests::message_of;

/// A table of one column; an empty text is a missing value.
nad::Table addresses(const std::vector<std::string>& texts) {
  nad::ColumnBuilder builder(nad::ColumnType::address);
  for (const std::string& text : texts) {
    const std::optional<nad::Address> address = nad::Address::parse(text);
    if (address) {
      builder.add_address(*address);
    } else {
      builder.add_missing();
    }
  }
  return nad::Table().with({"src_ip", nad::ColumnType::address}, builder.finish());
}

nad::Table ports(const std::vector<std::int64_t>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::integer);
  for (const std::int64_t value : values) {
    builder.add_integer(value);
  }
  builder.add_missing();
  return nad::Table().with({"dst_port", nad::ColumnType::integer}, builder.finish());
}

nad::Table times(const std::vector<std::string>& texts) {
  nad::ColumnBuilder builder(nad::ColumnType::time);
  for (const std::string& text : texts) {
    if (text.empty()) {
      builder.add_missing();
    } else {
      builder.add_time(nad::parse_time(text).value());
    }
  }
  return nad::Table().with({"timestamp", nad::ColumnType::time}, builder.finish());
}

std::vector<std::string> formatted(const nad::Column& column) {
  std::vector<std::string> values;
  for (std::size_t row = 0; row < column.size(); ++row) {
    values.push_back(column.format(row));
  }
  return values;
}

/// A step of defaults that was given every option, and what was learnt, of another by name.
template <class Step>
Step copied_by_name(const Step& step) {
  std::map<std::string, std::any> values;
  const auto keep = [&](const char* name, const auto& value) { values[name] = value; };
  Step copy;
  const auto restore = [&](const char* name, auto& value) {
    value = std::any_cast<std::remove_reference_t<decltype(value)>>(values.at(name));
  };
  nad::for_each_option(step, keep);
  nad::for_each_option(copy, restore);
  if constexpr (requires { nad::for_each_learned(step, keep); }) {
    nad::for_each_learned(step, keep);
    nad::for_each_learned(copy, restore);
  }
  return copy;
}

}  // namespace

TEST_CASE("addresses are told apart by what they reach") {
  nad::AddressFeatures step{.columns = {"src_ip"}};
  const nad::Table table = addresses({"10.255.0.1", "172.15.0.1", "172.31.0.1", "192.168.3.4", "100.64.0.1",
                                      "169.254.1.1", "8.8.8.8", "224.0.0.251", "255.255.255.255", "127.9.9.9",
                                      "fd00::1", "fe80::1", "ff02::1", "::1", "2001:db8::1", ""});
  step.fit(table);
  const nad::Table more = step.apply(table, nullptr);
  const auto marks = [&](const char* name) {
    std::string all;
    for (const std::string& value : formatted(more[std::string("src_ip.") + name])) {
      all += value.empty() ? '.' : value == "true" ? '1' : '0';
    }
    return all;
  };
  CHECK(marks("is_private") == "101111000011000.");
  CHECK(marks("is_multicast") == "000000011000100.");
  CHECK(marks("is_loopback") == "000000000100010.");
  CHECK(marks("is_v6") == "000000000011111.");
  CHECK(more.columns() == 7);
  CHECK(more["src_ip.value"].numbers()[6] == 0x08080808U / 4294967296.0);
  CHECK(more["src_ip.value"].numbers()[8] < 1.0);
  CHECK(more["src_ip.value"].numbers()[12] == doctest::Approx(0xff02 / 65536.0));
  CHECK(more["src_ip.value"].is_missing(15));
  CHECK(more["src_ip.prefix_rarity"].is_missing(15));
}

TEST_CASE("a network is as rare as its rows in training") {
  nad::AddressFeatures step{.columns = {"src_ip"}};
  CHECK(message_of([&] { step.apply(addresses({"1.2.3.4"}), nullptr); }).find("call fit()") != std::string::npos);
  step.fit(addresses({"192.0.2.1", "192.0.2.200", "192.0.2.1", "198.51.100.1", "2001:db8:1::1", "2001:db8:1:ffff::2",
                      "2001:db8:2::1", "", "198.51.100.7"}));
  step.check_learned();
  const nad::Table more = step.apply(
      addresses({"192.0.2.77", "198.51.100.0", "2001:db8:1:8::", "2001:db8:2::", "192.0.3.1", "2001:db8:3::"}),
      nullptr);
  const std::vector<double> shares = {3.0 / 8, 2.0 / 8, 2.0 / 8, 1.0 / 8, 0.5 / 8, 0.5 / 8};
  for (std::size_t row = 0; row < shares.size(); ++row) {
    CHECK(more["src_ip.prefix_rarity"].numbers()[row] == doctest::Approx(-std::log(shares[row])));
  }

  step.most_prefixes = 2;  // leaves 192.0.2.0/24 and the first of two networks with two rows
  step.fit(
      addresses({"192.0.2.1", "192.0.2.2", "192.0.2.3", "10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.1.2", "10.0.2.1"}));
  CHECK(step.learned.prefixes.size() == 2);
  const nad::Table pooled =
      step.apply(addresses({"192.0.2.9", "10.0.0.9", "10.0.1.9", "10.0.2.9", "9.9.9.9"}), nullptr);
  const std::vector<double> rows = {3, 2, 1.5, 1.5, 1.5};
  for (std::size_t row = 0; row < rows.size(); ++row) {
    CHECK(pooled["src_ip.prefix_rarity"].numbers()[row] == doctest::Approx(-std::log(rows[row] / 8)));
  }

  nad::AddressFeatures damaged = step;
  damaged.learned.ends[0] = 3;
  CHECK(message_of([&] { damaged.check_learned(); }).find("damaged") != std::string::npos);
  damaged = step;
  damaged.learned.counts[1] = 0;
  CHECK(message_of([&] { damaged.check_learned(); }).find("damaged") != std::string::npos);
  CHECK(damaged != step);
}

TEST_CASE("ports have a range and a service") {
  const nad::PortFeatures step{.columns = {"dst_port"}};
  const nad::Table more =
      step.apply(ports({0, 53, 80, 443, 1023, 1024, 3389, 49151, 49152, 65535, 65536, -1}), nullptr);
  CHECK(formatted(more["dst_port.class"]) ==
        std::vector<std::string>{"well_known", "well_known", "well_known", "well_known", "well_known", "registered",
                                 "registered", "registered", "ephemeral", "ephemeral", "", "", ""});
  CHECK(formatted(more["dst_port.service"]) == std::vector<std::string>{"other", "dns", "http", "https", "other",
                                                                        "other", "rdp", "other", "other", "other", "",
                                                                        "", ""});
  nad::ColumnBuilder numbers(nad::ColumnType::number);
  numbers.add_number(443.0);
  numbers.add_number(443.5);
  numbers.add_missing();
  CHECK(formatted(step.apply(nad::Table().with({"dst_port", nad::ColumnType::number}, numbers.finish()),
                             nullptr)["dst_port.service"]) == std::vector<std::string>{"https", "", ""});
  CHECK(nad::port_service(22) == "ssh");
  CHECK(nad::port_service(51820) == "wireguard");
  CHECK(message_of([&] { step.apply(addresses({"::"}).rename("src_ip", "dst_prt"), nullptr); }) ==
        "there is no column 'dst_port'; did you mean 'dst_prt'?");
  CHECK(message_of([&] {
          step.apply(addresses({"::"}).rename("src_ip", "dst_port"), nullptr);
        }).find("'dst_port' is of type address") != std::string::npos);
  CHECK(message_of([&] { step.apply(more, nullptr); }).find("'dst_port.class'") != std::string::npos);
}

TEST_CASE("a moment is a place in the day and in the week") {
  const nad::TimeParts step{.gap = false};
  const nad::Table table = times({"2024-02-26 00:00:00", "2024-03-03 23:59:59.5", "2024-03-01 17:59:59",
                                  "2024-03-01 18:00:00", "1969-12-31 23:00:00", "2024-03-02 12:00:00", ""});
  const nad::Table more = step.apply(table, nullptr);
  CHECK(formatted(more["timestamp.hour"]) == std::vector<std::string>{"0", "23", "17", "18", "23", "12", ""});
  CHECK(formatted(more["timestamp.weekday"]) == std::vector<std::string>{"0", "6", "4", "4", "2", "5", ""});
  CHECK(formatted(more["timestamp.is_weekend"]) ==
        std::vector<std::string>{"false", "true", "false", "false", "false", "true", ""});
  CHECK(formatted(more["timestamp.business_hours"]) ==
        std::vector<std::string>{"false", "false", "true", "false", "false", "false", ""});
  CHECK(more["timestamp.second_of_day"].numbers()[1] == doctest::Approx(86399.5));
  CHECK(more["timestamp.hour_sin"].numbers()[1] == doctest::Approx(0.0).epsilon(1e-4));
  CHECK(more["timestamp.hour_cos"].numbers()[5] == doctest::Approx(-1.0));
  CHECK(more["timestamp.weekday_cos"].numbers()[1] == doctest::Approx(1.0));
  CHECK(more["timestamp.weekday_sin"].numbers()[2] ==
        doctest::Approx(std::sin(6.283185307 * (4 + 64799 / 86400.0) / 7)));
  CHECK_FALSE(more.has("timestamp.gap"));

  const nad::TimeParts night{.utc_offset = -5.5, .business_begin = 22, .business_end = 6, .gap = false};
  const nad::Table shifted = night.apply(table, nullptr);
  CHECK(formatted(shifted["timestamp.hour"]) == std::vector<std::string>{"18", "18", "12", "12", "17", "6", ""});
  CHECK(formatted(shifted["timestamp.weekday"]) == std::vector<std::string>{"6", "6", "4", "4", "2", "5", ""});
  CHECK(formatted(night.apply(times({"2024-03-01 04:00:00", "2024-03-01 12:00:00"}),
                              nullptr)["timestamp.business_hours"]) == std::vector<std::string>{"true", "false"});
  CHECK(message_of([&] { nad::TimeParts{.business_end = 25}.apply(table, nullptr); }).find("0 to 24") !=
        std::string::npos);
}

TEST_CASE("the gap to the record before is the same in pieces") {
  const nad::TimeParts step;
  const nad::Table table =
      times({"2024-01-01 00:00:10", "2024-01-01 00:00:10.25", "", "2024-01-01 00:00:12", "2024-01-01 00:00:11"});
  const nad::Table whole = step.apply(table, nullptr);
  CHECK(formatted(whole["timestamp.gap"]) == std::vector<std::string>{"0", "0.25", "", "1.75", "-1"});
  const auto state = step.begin();
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const nad::Table one = step.apply(table.slice(row, 1), state.get());
    for (std::size_t place = 0; place < whole.columns(); ++place) {
      CHECK(one.column(place).format(0) == whole.column(place).format(row));
    }
  }
  struct Stranger final : nad::StepState {};
  Stranger stranger;
  CHECK(message_of([&] { step.apply(table, &stranger); }).find("state of another") != std::string::npos);
}

TEST_CASE("options and what was learnt can be named one by one") {
  nad::AddressFeatures address{.columns = {"src_ip"}, .most_prefixes = 7};
  address.fit(addresses({"192.0.2.1", "2001:db8::1"}));
  CHECK(copied_by_name(address) == address);
  const nad::PortFeatures port{.columns = {"sport"}};
  CHECK(copied_by_name(port) == port);
  const nad::TimeParts time{.column = "t", .utc_offset = 1, .business_begin = 7, .business_end = 15, .gap = false};
  CHECK(copied_by_name(time) == time);
  nad::TrafficFeatures traffic{.shortest_duration = 1};
  traffic.fit(ports({1}).rename("dst_port", "flags"));
  CHECK(copied_by_name(traffic) == traffic);
  const nad::HostWindows host{.seconds = 1,
                              .most = 2,
                              .host_records = 3,
                              .most_hosts = 4,
                              .rounded = true,
                              .time = "a",
                              .dst = "b",
                              .dst_port = "c",
                              .src_port = "d",
                              .protocol = "e",
                              .state = "f"};
  CHECK(copied_by_name(host) == host);
  const nad::RollingWindows rolling{.keys = {"a"},
                                    .columns = {"b"},
                                    .functions = {nad::Rolling::sum},
                                    .distinct = {"c"},
                                    .seconds = 1,
                                    .rows = 2,
                                    .most_rows = 3,
                                    .time = "d",
                                    .state = "e"};
  CHECK(copied_by_name(rolling) == rolling);
  CHECK(nad::name(nad::Rolling::failures) == "failures");
}
