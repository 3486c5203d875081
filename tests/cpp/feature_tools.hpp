#pragma once

// Small tables for the tests of features, and looks at what becomes of them.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "nad/nad.hpp"

namespace tests {

inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

inline nad::Column numbers(const std::vector<double>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (const double value : values) {
    builder.add_number(value);
  }
  return builder.finish();
}

/// "" is missing.
inline nad::Column categories(const std::vector<std::string>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::category);
  for (const std::string& value : values) {
    value.empty() ? builder.add_missing() : builder.add_text(value);
  }
  return builder.finish();
}

inline nad::Table table(const std::vector<std::pair<std::string, nad::Column>>& columns) {
  nad::Table result;
  for (const auto& [name, column] : columns) {
    result = result.with({name, column.type()}, column);
  }
  return result;
}

inline std::vector<float> column_of(const nad::Matrix& x, std::size_t column) {
  std::vector<float> values;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    values.push_back(x(row, column));
  }
  return values;
}

inline std::vector<std::string> names_of(const nad::FeaturePipeline& pipeline) {
  std::vector<std::string> names;
  for (const nad::FeatureInfo& feature : pipeline.features()) {
    names.push_back(feature.name);
  }
  return names;
}

inline std::vector<float> fitted(const nad::FeatureStep& step, const std::vector<double>& values) {
  nad::FeaturePipeline pipeline({step});
  return column_of(pipeline.fit_transform(table({{"x", numbers(values)}})), 0);
}

inline void check_close(const std::vector<float>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(static_cast<double>(found[i]) == doctest::Approx(expected[i]).epsilon(1e-6));
  }
}

/// Records of every kind of input, some of them odd.
inline nad::Table traffic(std::size_t rows, std::uint64_t seed) {
  nad::Random random(seed);
  std::vector<double> duration;
  std::vector<double> bytes;
  std::vector<std::string> service;
  std::vector<std::string> flag;
  nad::ColumnBuilder local(nad::ColumnType::boolean);
  nad::ColumnBuilder count(nad::ColumnType::integer);
  for (std::size_t row = 0; row < rows; ++row) {
    duration.push_back(random.below(10) == 0 ? missing : std::exp(3.0 * random.normal()));
    bytes.push_back(std::floor(std::exp(6.0 + 2.0 * random.normal())));
    service.push_back(random.below(20) == 0 ? "" : "service " + std::to_string(random.below(9)));
    flag.emplace_back(random.below(2) == 0 ? "SF" : "S0");
    local.add_boolean(random.below(2) == 0);
    count.add_integer(static_cast<std::int64_t>(random.below(511)));
  }
  return table({{"duration", numbers(duration)},
                {"bytes", numbers(bytes)},
                {"service", categories(service)},
                {"flag", categories(flag)},
                {"local", local.finish()},
                {"count", count.finish()}});
}

/// Connections of some hosts over some minutes.
inline nad::Table flow_table(std::size_t rows) {
  nad::Random random(9);
  nad::ColumnBuilder time(nad::ColumnType::time);
  nad::ColumnBuilder src(nad::ColumnType::address);
  nad::ColumnBuilder dst(nad::ColumnType::address);
  nad::ColumnBuilder src_port(nad::ColumnType::integer);
  nad::ColumnBuilder dst_port(nad::ColumnType::integer);
  nad::ColumnBuilder bytes(nad::ColumnType::integer);
  std::vector<double> duration;
  std::vector<std::string> protocol;
  std::vector<std::string> state;
  std::int64_t now = 1'700'000'000 * nad::nanoseconds_per_second;
  for (std::size_t row = 0; row < rows; ++row) {
    now += static_cast<std::int64_t>(random.below(900'000'000));
    time.add_time(now);
    src.add_address(nad::Address::v4(0x0a000000U + static_cast<std::uint32_t>(random.below(5))));
    dst.add_address(nad::Address::v4(0xc6336400U + static_cast<std::uint32_t>(random.below(3))));
    src_port.add_integer(static_cast<std::int64_t>(1024 + random.below(60000)));
    dst_port.add_integer(random.below(2) == 0 ? 80 : 443);
    random.below(15) == 0 ? bytes.add_missing() : bytes.add_integer(static_cast<std::int64_t>(random.below(5000)));
    duration.push_back(random.uniform());
    protocol.emplace_back(random.below(4) == 0 ? "udp" : "tcp");
    state.emplace_back(random.below(5) == 0 ? "S0" : "SF");
  }
  nad::Table result = table({{"duration", numbers(duration)},
                             {"protocol", categories(protocol)},
                             {"state", categories(state)},
                             {"bytes_sent", bytes.finish()},
                             {"dst_port", dst_port.finish()}});
  result = result.with({"timestamp", nad::ColumnType::time, nad::Role::moment}, time.finish());
  result = result.with({"src_ip", nad::ColumnType::address, nad::Role::identifier}, src.finish());
  result = result.with({"dst_ip", nad::ColumnType::address, nad::Role::identifier}, dst.finish());
  return result.with({"src_port", nad::ColumnType::integer, nad::Role::identifier}, src_port.finish());
}

inline void set_record(nad::FeatureStream& stream, const nad::Table& from, std::size_t row) {
  for (std::size_t place = 0; place < stream.inputs().size(); ++place) {
    const nad::Column& column = from[stream.inputs()[place].name];
    if (column.is_missing(row)) {
      stream.set_missing(place);
    } else if (column.type() == nad::ColumnType::category) {
      stream.set(place, column.text(row));
    } else if (column.type() == nad::ColumnType::address) {
      stream.set(place, column.addresses()[row]);
    } else if (column.type() == nad::ColumnType::time) {
      stream.set_time(place, column.times()[row]);
    } else {
      double value = 0.0;
      column.copy_numbers(row, {&value, 1});
      stream.set(place, value);
    }
  }
}

}  // namespace tests
