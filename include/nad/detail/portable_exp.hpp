#pragma once

// An exponential of additions and multiplications alone: the same bits on every machine, which the C library does not
// promise.

#include <cstdint>
#include <cstring>

namespace nad::detail {

/// exp(x) for x between -708 and 709, and that of the nearer end for others. Exact to a few units in the last place.
inline double portable_exp(double x) noexcept {
  x = x < -708.0 ? -708.0 : x;
  x = x > 709.0 ? 709.0 : x;
  const double doublings = x * 1.44269504088896340736;
  const auto n = static_cast<std::int32_t>(doublings + (doublings < 0.0 ? -0.5 : 0.5));
  const auto whole = static_cast<double>(n);
  // log(2) as a short number, whose products with n are exact, and what it lacks
  const double rest = (x - whole * 0.693147180369123816490) - whole * 1.90821492927058770002e-10;
  double series = 1.0 / 6227020800.0;
  for (const double factorial :
       {479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0}) {
    series = series * rest + 1.0 / factorial;
  }
  const auto bits = static_cast<std::uint64_t>(n + 1023) << 52U;
  double power = 0.0;
  std::memcpy(&power, &bits, sizeof power);
  return series * power;
}

/// 1 / (1 + exp(-x)).
inline double portable_sigmoid(double x) noexcept { return 1.0 / (1.0 + portable_exp(-x)); }

}  // namespace nad::detail
