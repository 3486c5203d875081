#pragma once

/// Random tables of every column type, and slow ways to look at them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "messages.hpp"
#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"

namespace tests {

inline const std::array<nad::ColumnType, 7> all_types = {
    nad::ColumnType::number, nad::ColumnType::integer, nad::ColumnType::category, nad::ColumnType::text,
    nad::ColumnType::time,   nad::ColumnType::address, nad::ColumnType::boolean};

/// One of few values of a type, so that equal ones meet: also -0 and infinities, "" and texts that begin alike.
inline void add_random(nad::ColumnBuilder& column, nad::Random& random) {
  static const std::array<double, 7> numbers = {
      0.0, -0.0, 1.5, -1.5, 1e300, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  static const std::array<std::int64_t, 5> integers = {0, -1, 7, std::numeric_limits<std::int64_t>::min(),
                                                       std::numeric_limits<std::int64_t>::max()};
  static const std::array<std::string, 9> texts = {
      "", "a", "aaaaaaaa", std::string("a\0", 2), "aaaaaaaab", "aaaaaaaac", "\xc3\xa9t", "Z", "a\xc3\xa9"};
  static const std::array<const char*, 5> addresses = {"10.0.0.1", "10.0.0.2", "::1", "2001:db8::1", "2001:db8::2"};
  switch (column.type()) {
    case nad::ColumnType::number:
      column.add_number(numbers[random.below(numbers.size())]);
      break;
    case nad::ColumnType::integer:
      column.add_integer(integers[random.below(integers.size())]);
      break;
    case nad::ColumnType::time:
      column.add_time(integers[random.below(integers.size())]);
      break;
    case nad::ColumnType::address:
      column.add_address(nad::Address::parse(addresses[random.below(addresses.size())]).value());
      break;
    case nad::ColumnType::boolean:
      column.add_boolean(random.below(2) == 1);
      break;
    default:
      column.add_text(texts[random.below(texts.size())]);
  }
}

/// A column of each type, named after it; about every fifth value is missing. The columns are slices of longer ones, so
/// that marks for missing values begin within a byte.
inline nad::Table random_table(std::size_t rows, std::uint64_t seed) {
  std::vector<nad::Field> fields;
  std::vector<nad::Column> columns;
  for (const nad::ColumnType type : all_types) {
    nad::Random random(seed, fields.size());
    nad::ColumnBuilder builder(type);
    const std::size_t before = 1 + fields.size() + seed % 5;
    for (std::size_t row = 0; row < before + rows + 3; ++row) {
      if (random.below(5) == 0) {
        builder.add_missing();
      } else {
        add_random(builder, random);
      }
    }
    fields.push_back({std::string(nad::name(type)), type});
    columns.push_back(builder.finish().slice(before, rows));
  }
  return {nad::Schema(std::move(fields), "random"), std::move(columns)};
}

/// Adds a column "row" of the rows' numbers.
inline nad::Table numbered(const nad::Table& table) {
  nad::ColumnBuilder numbers(nad::ColumnType::integer);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    numbers.add_integer(static_cast<std::int64_t>(row));
  }
  return table.with({"row", nad::ColumnType::integer}, numbers.finish());
}

/// A value as text that tells missing from empty and writes equal values alike.
inline std::string cell(const nad::Column& column, std::size_t row) {
  if (column.is_missing(row)) {
    return "missing";
  }
  const std::string text = column.format(row);
  return text == "-0" ? "'0'" : "'" + text + "'";
}

/// All values, row by row.
inline std::vector<std::vector<std::string>> cells(const nad::Table& table) {
  std::vector<std::vector<std::string>> rows(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t place = 0; place < table.columns(); ++place) {
      rows[row].push_back(cell(table.column(place), row));
    }
  }
  return rows;
}

}  // namespace tests
