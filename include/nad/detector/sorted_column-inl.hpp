#pragma once

// One column of the rows that are learnt from, in ascending order: each distinct value once, with the weight of the
// rows up to it.

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "nad/detail/radix_sort.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad::detail {

struct SortedColumn {
  std::vector<float> values;
  std::vector<double> through;  ///< the weight of the rows that are at most as large

  double total() const { return through.back(); }
  double weight(std::size_t i) const { return i == 0 ? through[0] : through[i] - through[i - 1]; }
  /// The weight of the rows below `value`.
  double below(double value) const {
    const auto place = std::lower_bound(values.begin(), values.end(), value,
                                        [](float a, double b) { return static_cast<double>(a) < b; }) -
                       values.begin();
    return place == 0 ? 0.0 : through[static_cast<std::size_t>(place) - 1];
  }
  /// The smallest value with at least this share of the weight up to it.
  float quantile(double share) const {
    const auto place = std::lower_bound(through.begin(), through.end(), share * total()) - through.begin();
    return values[std::min(static_cast<std::size_t>(place), values.size() - 1)];
  }
};

/// `weights` has one weight a value, or is empty where each counts 1.
inline SortedColumn sorted_values(std::vector<float> values, std::span<const float> weights) {
  SortedColumn sorted;
  const auto add = [&sorted](float value, double weight) {
    if (sorted.values.empty() || sorted.values.back() != value) {
      const double before = sorted.through.empty() ? 0.0 : sorted.through.back();
      sorted.values.push_back(value);
      sorted.through.push_back(before);
    }
    sorted.through.back() += weight;
  };
  if (weights.empty()) {
    radix_sort(values);
    for (const float value : values) {
      add(value, 1.0);
    }
    return sorted;
  }
  std::vector<std::pair<float, float>> pairs(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    pairs[i] = {values[i], weights[i]};
  }
  std::sort(pairs.begin(), pairs.end());
  for (const auto& [value, weight] : pairs) {
    add(value, static_cast<double>(weight));
  }
  return sorted;
}

inline SortedColumn sorted_column(const WeightedRows& from, std::size_t column) {
  const MatrixView x = from.rows();
  std::vector<float> values(x.rows());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    values[row] = x(row, column) + 0.0F;  // -0 becomes 0
  }
  return sorted_values(std::move(values), from.weights());
}

}  // namespace nad::detail
