#pragma once

// Sorts many floats without comparing them.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace nad::detail {

/// Ascending; the values are no NaN.
inline void radix_sort(std::vector<float>& values) {
  constexpr std::size_t few = 1024;
  if (values.size() < few) {
    std::sort(values.begin(), values.end());
    return;
  }
  constexpr unsigned digit_bits = 11;
  constexpr std::uint32_t digit_values = 1U << digit_bits;
  std::vector<std::uint32_t> keys(values.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {  // in an order that whole numbers have, too
    std::uint32_t bits = 0;
    std::memcpy(&bits, &values[i], sizeof bits);
    keys[i] = bits ^ ((bits >> 31U) != 0 ? 0xffffffffU : 0x80000000U);
  }
  std::vector<std::uint32_t> from(keys.size());
  for (unsigned shift = 0; shift < 32; shift += digit_bits) {
    std::array<std::size_t, digit_values + 1> place{};
    for (const std::uint32_t key : keys) {
      ++place[((key >> shift) & (digit_values - 1)) + 1];
    }
    for (std::size_t digit = 1; digit < digit_values; ++digit) {
      place[digit] += place[digit - 1];
    }
    keys.swap(from);
    for (const std::uint32_t key : from) {
      keys[place[(key >> shift) & (digit_values - 1)]++] = key;
    }
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint32_t bits = keys[i] ^ ((keys[i] >> 31U) != 0 ? 0x80000000U : 0xffffffffU);
    std::memcpy(&values[i], &bits, sizeof bits);
  }
}

}  // namespace nad::detail
