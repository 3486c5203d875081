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

}  // namespace nad::detail
