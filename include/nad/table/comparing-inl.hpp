#pragma once

#include <cstddef>

#include "nad/table/comparing.hpp"

namespace nad {

namespace detail {

/// Both have a value there.
inline bool equal_values(const Column& a, const Column& b, std::size_t row) {
  const ColumnParts& left = a.parts();
  const ColumnParts& right = b.parts();
  switch (left.type) {
    case ColumnType::number:
      return left.numbers[row] == right.numbers[row];
    case ColumnType::integer:
    case ColumnType::time:
      return left.integers[row] == right.integers[row];
    case ColumnType::address:
      return left.addresses[row] == right.addresses[row];
    case ColumnType::boolean:
      return (left.booleans[row] != 0) == (right.booleans[row] != 0);
    case ColumnType::category:
      if (left.categories == right.categories) {
        return left.codes[row] == right.codes[row];
      }
      break;
    case ColumnType::text:
      break;
  }
  return a.text(row) == b.text(row);
}

}  // namespace detail

NAD_INLINE bool equal(const Column& a, const Column& b) {
  if (a.type() != b.type() || a.size() != b.size()) {
    return false;
  }
  for (std::size_t row = 0; row < a.size(); ++row) {
    const bool is_missing = a.is_missing(row);
    if (is_missing != b.is_missing(row) || (!is_missing && !detail::equal_values(a, b, row))) {
      return false;
    }
  }
  return true;
}

NAD_INLINE bool equal(const Table& a, const Table& b) {
  if (a.columns() != b.columns()) {
    return false;
  }
  for (std::size_t place = 0; place < a.columns(); ++place) {
    if (a.schema()[place].name != b.schema()[place].name || !equal(a.column(place), b.column(place))) {
      return false;
    }
  }
  return true;
}

}  // namespace nad
