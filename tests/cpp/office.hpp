#pragma once

// The traffic of an office, for the tests of models.

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"

namespace tests {

/// Connections of an office: one every 10 s. Every `attack_every`-th is odd: "exfiltration" sends much, "tunnel" is of
/// a service that nobody uses.
inline nad::Table office(std::size_t rows, std::uint64_t seed, std::size_t attack_every = 0) {
  nad::Random random(seed);
  nad::ColumnBuilder time(nad::ColumnType::time);
  nad::ColumnBuilder bytes(nad::ColumnType::integer);
  nad::ColumnBuilder duration(nad::ColumnType::number);
  nad::ColumnBuilder service(nad::ColumnType::category);
  nad::ColumnBuilder label(nad::ColumnType::category);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t attack =
        attack_every != 0 && row % attack_every == attack_every - 1 ? 1 + row / attack_every % 2 : 0;
    time.add_time(static_cast<std::int64_t>(row) * 10 * nad::nanoseconds_per_second);
    bytes.add_integer(static_cast<std::int64_t>(std::exp(5.0 + random.normal())) * (attack == 1 ? 4000 : 1));
    duration.add_number(0.1 + random.uniform());
    service.add_text(attack == 2 ? "irc" : random.uniform() < 0.7 ? "http" : "dns");
    label.add_text(attack == 0 ? "normal" : attack == 1 ? "exfiltration" : "tunnel");
  }
  std::vector<nad::Column> columns;
  for (nad::ColumnBuilder* builder : {&time, &bytes, &duration, &service, &label}) {
    columns.push_back(builder->finish());
  }
  return {nad::Schema({{"time", nad::ColumnType::time, nad::Role::moment},
                       {"bytes", nad::ColumnType::integer, nad::Role::feature},
                       {"duration", nad::ColumnType::number, nad::Role::feature},
                       {"service", nad::ColumnType::category, nad::Role::feature},
                       {"label", nad::ColumnType::category, nad::Role::label}}),
          std::move(columns)};
}

inline bool is_attack(const nad::Table& table, std::size_t row) { return table["label"].text(row) != "normal"; }

}  // namespace tests
