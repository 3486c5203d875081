#pragma once

// The standard normal distribution; not for users.

#include <algorithm>
#include <cmath>

namespace nad::detail {

/// The chance of a draw below x.
inline double normal_below(double x) noexcept { return 0.5 * std::erfc(-x * 0.70710678118654752440); }

/// The deviate below which a share `p` of a standard normal lies: a rational start (Abramowitz and Stegun 26.2.23),
/// then Newton steps. Shares nearer to 0 or 1 than 1e-7 count as that.
inline double normal_quantile(double p) {
  const double bounded = std::clamp(p, 1e-7, 1.0 - 1e-7);
  const double tail = std::min(bounded, 1.0 - bounded);
  const double t = std::sqrt(-2.0 * std::log(tail));
  double x =
      t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1.0 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
  for (int step = 0; step < 3; ++step) {
    const double above = 0.5 * std::erfc(x / 1.4142135623730950488);
    const double density = 0.39894228040143267794 * std::exp(-0.5 * x * x);
    x += (above - tail) / density;
  }
  return bounded < 0.5 ? -x : x;
}

}  // namespace nad::detail
