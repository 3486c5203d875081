#pragma once

// When rows of floats are the same; not for users.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nad/core/random.hpp"

namespace nad::detail {

/// The bits of a value, the same for 0 and -0 and for every NaN.
inline std::uint32_t identity(float value) noexcept {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  if (bits == 0x80000000U) {
    return 0;
  }
  return (bits & 0x7fffffffU) > 0x7f800000U ? 0x7fc00000U : bits;
}

inline bool same_row(const float* a, const float* b, std::size_t columns) noexcept {
  for (std::size_t column = 0; column < columns; ++column) {
    if (identity(a[column]) != identity(b[column])) {
      return false;
    }
  }
  return true;
}

/// The same for rows that are the same.
inline std::uint64_t hash_row(const float* values, std::size_t columns) noexcept {
  std::uint64_t hash = 0;
  for (std::size_t column = 0; column < columns; ++column) {
    hash = (hash ^ identity(values[column])) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29U;
  }
  return mix_bits(hash);
}

}  // namespace nad::detail
