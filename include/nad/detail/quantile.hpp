#pragma once

// Order statistics that several folders need; not for users.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace nad::detail {

/// The quantile by linear interpolation between order statistics (NumPy's default), rounded down to a float, so that
/// `value > result` picks the very values that the exact quantile would pick. `values` is reordered and not empty.
inline float quantile_below(std::vector<float>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const auto low_place = values.begin() + static_cast<std::ptrdiff_t>(low);
  std::nth_element(values.begin(), low_place, values.end());
  const double first = *low_place;
  if (low + 1 == values.size()) {
    return static_cast<float>(first);
  }
  const double second = *std::min_element(low_place + 1, values.end());
  const double exact = first + (second - first) * (position - static_cast<double>(low));
  auto rounded = static_cast<float>(exact);
  if (static_cast<double>(rounded) > exact) {
    rounded = std::nextafter(rounded, -std::numeric_limits<float>::infinity());
  }
  return rounded;
}

/// The same of values that count `weights` times: copies where all weights are whole numbers, else the least value that
/// holds the share q of the weight. Some weight is above 0.
inline float weighted_quantile_below(const std::vector<float>& values, std::span<const float> weights, double q) {
  std::vector<std::size_t> order;
  double total = 0.0;
  bool copies = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (weights[i] > 0.0F) {
      order.push_back(i);
      total += static_cast<double>(weights[i]);
      copies = copies && weights[i] == std::floor(weights[i]);
    }
  }
  if (copies && total <= 0x1p26) {
    std::vector<float> expanded;
    expanded.reserve(static_cast<std::size_t>(total));
    for (const std::size_t i : order) {
      expanded.insert(expanded.end(), static_cast<std::size_t>(weights[i]), values[i]);
    }
    return quantile_below(expanded, q);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  double sum = 0.0;
  for (const std::size_t i : order) {
    sum += static_cast<double>(weights[i]);
    if (sum >= q * total) {
      return values[i];
    }
  }
  return values[order.back()];
}

}  // namespace nad::detail
