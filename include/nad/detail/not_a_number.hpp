#pragma once

// NaN by its bits: a host may be compiled with -ffast-math, where std::isnan is always false.

#include <cstdint>
#include <cstring>

namespace nad::detail {

inline bool is_nan(double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x7fffffffffffffffULL) > 0x7ff0000000000000ULL;
}

inline bool is_finite(double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x7ff0000000000000ULL) != 0x7ff0000000000000ULL;
}

}  // namespace nad::detail
