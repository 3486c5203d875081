#pragma once

// Bins that hold about the same number of rows each, after Goldstein and Dengel 2012.

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "nad/detector/sorted_column-inl.hpp"

namespace nad::detail {

/// `n_bins` bins and one ending; more of them where single values fill bins of their own, fewer where there are few
/// distinct values.
inline std::vector<float> equal_depth_edges(const SortedColumn& sorted, std::size_t n_bins) {
  const double depth = sorted.total() / static_cast<double>(n_bins);
  const std::vector<float>& values = sorted.values;
  std::vector<float> edges{values.front()};
  double filled = 0.0;  // the weight in the bin that is open
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    const double weight = sorted.weight(i);
    const bool is_last = i + 1 == values.size();
    if (weight >= depth) {
      if (value > edges.back()) {
        edges.push_back(value);
      }
      if (!is_last) {  // its bin ends right behind it
        edges.push_back(std::nextafter(value, std::numeric_limits<float>::max()));
      }
      filled = 0.0;
      continue;
    }
    filled += weight;
    if (filled >= depth && !is_last) {
      const double middle = (static_cast<double>(value) + static_cast<double>(values[i + 1])) / 2.0;
      const auto rounded = static_cast<float>(middle);
      edges.push_back(rounded > value ? rounded : values[i + 1]);
      filled = 0.0;
    }
  }
  edges.push_back(values.back());
  return edges;
}

/// A bin counts as at least this share of the range, or one value alone would be infinitely dense.
inline constexpr double narrowest_bin = 0.001;

}  // namespace nad::detail
