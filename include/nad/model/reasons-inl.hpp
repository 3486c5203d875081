#pragma once

// From contributions of columns to reasons.

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "nad/model/finding.hpp"
#include "nad/table/group_words-inl.hpp"

namespace nad::detail {

/// Contributions are in the detector's own unit; what they become adds up to `surprise`, so that detectors compare.
inline double scale_to(std::span<const float> contributions, double surprise) {
  double sum = 0.0;
  double size = 0.0;
  for (const float contribution : contributions) {
    sum += static_cast<double>(contribution);
    size += std::abs(static_cast<double>(contribution));
  }
  // a record of such a score is above the detector's baseline; where one is not, only the signs are kept
  return sum > 1e-9 * size ? surprise / sum : size > 0.0 ? surprise / size : 0.0;
}

inline std::vector<Reason> reasons_of(const UsualValues& usual, const Table& columns, std::size_t row,
                                      std::span<const float> contributions, double surprise, std::size_t most) {
  std::vector<std::size_t> order(contributions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return contributions[a] > contributions[b]; });
  const double scale = scale_to(contributions, surprise);
  const bool all = most >= order.size();
  std::vector<Reason> reasons;
  reasons.reserve(std::min(most, order.size()));
  for (const std::size_t place : order) {
    const bool speaks = all ? contributions[place] != 0.0F : contributions[place] > 0.0F;
    if (reasons.size() == most || (!all && !speaks)) {
      break;
    }
    if (speaks) {
      reasons.push_back({.column = usual.column(place),
                         .value = value_text(columns.schema()[place], columns.column(place), row),
                         .expected = usual.expected(place),
                         .direction = usual.judge(place, columns.column(place), row),
                         .contribution = scale * static_cast<double>(contributions[place])});
    }
  }
  return reasons;
}

}  // namespace nad::detail
