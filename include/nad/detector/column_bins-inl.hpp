#pragma once

// Finds the bin of a value: 0 is below all bins, then the bins, then one above all of them, where NaN goes too.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace nad::detail {

/// Bins of equal width from `low` to `high`, both included.
struct EvenBins {
  float low = 0.0F;
  float high = 0.0F;
  float scale = 0.0F;  ///< bins a unit
  std::uint32_t count = 1;

  EvenBins() = default;
  EvenBins(float from, float to, std::uint32_t bins) : low(from), high(to), count(bins) {
    const double range = static_cast<double>(to) - static_cast<double>(from);
    const double most = std::numeric_limits<float>::max();
    scale = range > 0.0 ? static_cast<float>(std::min(most, static_cast<double>(bins) / range)) : 0.0F;
  }

  std::uint32_t place(float value) const noexcept {
    // clamped before it becomes a whole number: far away it may be infinite, and NaN where the range is 0
    const auto last = static_cast<float>(count - 1);
    const float at = (value - low) * scale;
    const float upper = at < last ? at : last;
    const float inside = upper > 0.0F ? upper : 0.0F;
    std::uint32_t found = static_cast<std::uint32_t>(inside) + 1;
    found = value >= low ? found : 0;
    return value <= high ? found : count + 1;
  }

  /// Where bin `bin` begins; `count` is where the last one ends.
  float edge(std::uint32_t bin) const noexcept {
    if (bin == count) {
      return high;
    }
    const double share = static_cast<double>(bin) / static_cast<double>(count);
    return static_cast<float>(static_cast<double>(low) * (1.0 - share) + static_cast<double>(high) * share);
  }
};

/// How many of the `count` values in ascending order are not above `value`.
inline std::uint32_t count_not_above(const float* sorted, std::uint32_t count, float value) noexcept {
  const float* first = sorted;
  while (count > 1) {
    const std::uint32_t half = count / 2;
    first += first[half - 1] <= value ? half : 0;
    count -= half;
  }
  return static_cast<std::uint32_t>(first - sorted) + (count == 1 && *first <= value ? 1 : 0);
}

}  // namespace nad::detail
