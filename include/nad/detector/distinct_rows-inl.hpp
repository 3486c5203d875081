#pragma once

// Rows that occur many times, found once each.

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detail/equal_rows.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad::detail {

/// One of the rows that differ from each other, where it occurs first.
struct DistinctRow {
  std::size_t row;
  double copies;
  double weight;  ///< the sum of its copies' sample weights
};

/// In the order in which they occur.
inline std::vector<DistinctRow> distinct_rows(MatrixView x, std::span<const float> sample_weight) {
  std::size_t slots = 64;
  while (slots < 2 * x.rows()) {
    slots *= 2;
  }
  constexpr std::size_t empty = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> table(slots, empty);  // slot -> place in `found`
  std::vector<DistinctRow> found;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    const float* values = x.row(row);
    std::size_t slot = static_cast<std::size_t>(hash_row(values, x.columns())) & (slots - 1);
    while (table[slot] != empty && !same_row(x.row(found[table[slot]].row), values, x.columns())) {
      slot = (slot + 1) & (slots - 1);
    }
    if (table[slot] == empty) {
      table[slot] = found.size();
      found.push_back({row, 0.0, 0.0});
    }
    DistinctRow& known = found[table[slot]];
    known.copies += 1.0;
    known.weight += sample_weight.empty() ? 1.0 : static_cast<double>(sample_weight[row]);
  }
  return found;
}

/// What a distinct row counts: the mean weight of its copies, once or 1 + log(copies) times.
inline double weight_of(const DistinctRow& distinct, UniqueRows unique_rows) {
  const double mean = distinct.weight / distinct.copies;
  return unique_rows == UniqueRows::log_count ? mean * (1.0 + std::log(distinct.copies)) : mean;
}

}  // namespace nad::detail
