#pragma once

// A logarithm of additions, multiplications and divisions alone: the same bits on every machine, which the C library
// does not promise.

#include <cstdint>
#include <cstring>

namespace nad::detail {

/// log(1 + x) for x >= 0; infinity and NaN stay themselves. Exact to a few units in the last place.
inline double portable_log1p(double x) noexcept {
  double s = 0.0;
  double exponent = 0.0;
  if (x < 0.41) {
    s = x / (2.0 + x);
  } else if (x <= 1.7976931348623157e308) {
    const double y = 1.0 + x;
    std::uint64_t bits = 0;
    std::memcpy(&bits, &y, sizeof bits);
    constexpr std::uint64_t below_root_half = 0x3fe6a09e667f3bcdULL;  // sqrt(1/2)
    const std::uint64_t shifted = bits - below_root_half;
    const auto power = static_cast<std::int64_t>(shifted) >> 52;
    bits -= static_cast<std::uint64_t>(power) << 52U;
    double mantissa = 0.0;  // between sqrt(1/2) and sqrt(2)
    std::memcpy(&mantissa, &bits, sizeof bits);
    exponent = static_cast<double>(power);
    s = (mantissa - 1.0) / (mantissa + 1.0);
  } else {
    return x;
  }
  const double q = s * s;
  double series = 1.0 / 21.0;
  for (int divisor = 19; divisor >= 1; divisor -= 2) {
    series = series * q + 1.0 / divisor;
  }
  return exponent * 0.693147180559945309417 + 2.0 * s * series;
}

}  // namespace nad::detail
