#pragma once

// What the fuzzers do with a table that a reader gave: it must survive use, and hold only what its types promise.

#include <nad/nad.hpp>

#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include "nad/detail/utf8.hpp"

inline void require(bool sound) {
  if (!sound) {
    std::abort();
  }
}

inline void use_column(const nad::Column& column) {
  std::size_t missing = 0;
  for (std::size_t row = 0; row < column.size(); ++row) {
    const std::string text = column.format(row);
    require(nad::detail::is_utf8(text));
    missing += column.is_missing(row) ? 1U : 0U;
    require(!column.is_missing(row) || text.empty());
    if (column.type() == nad::ColumnType::boolean) {
      require(column.booleans()[row] <= 1);
    }
    if (column.type() == nad::ColumnType::category) {
      require(column.is_missing(row) || static_cast<std::size_t>(column.codes()[row]) < column.categories().size());
    }
  }
  require(missing == column.missing_count());
  if (column.is_numeric()) {
    std::vector<double> numbers(column.size());
    column.copy_numbers(0, numbers);
  }
}

inline void use_table(const nad::Table& table) {
  std::vector<std::size_t> backwards;
  for (std::size_t row = table.rows(); row > 0; --row) {
    backwards.push_back(row - 1);
  }
  const nad::Table turned = table.take(backwards);
  const nad::Table half = table.slice(table.rows() / 2, table.rows() - table.rows() / 2);
  for (std::size_t place = 0; place < table.columns(); ++place) {
    const nad::Column& column = table.column(place);
    require(nad::detail::is_utf8(table.schema()[place].name));
    require(column.size() == table.rows());
    use_column(column);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      require(turned.column(place).format(table.rows() - 1 - row) == column.format(row));
    }
    for (std::size_t row = 0; row < half.rows(); ++row) {
      require(half.column(place).format(row) == column.format(table.rows() / 2 + row));
    }
  }
}
