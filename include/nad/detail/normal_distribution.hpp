#pragma once

// The standard normal distribution; not for users.

#include <cmath>

namespace nad::detail {

/// The chance of a draw below x.
inline double normal_below(double x) noexcept { return 0.5 * std::erfc(-x * 0.70710678118654752440); }

/// The x below which a draw lies with this chance, which is above 0 and below 1.
inline double normal_quantile(double chance) noexcept {
  double low = -40.0;
  double high = 40.0;
  for (int step = 0; step < 64; ++step) {
    const double middle = 0.5 * (low + high);
    (normal_below(middle) < chance ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace nad::detail
