#pragma once

// Sorts many numbers without comparing them.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace nad::detail {

// Whole numbers in the order of the floats, which are no NaN; 0 and -0 have different ones.

inline std::uint32_t ordered_bits(float value) noexcept {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits ^ ((bits >> 31U) != 0 ? 0xffffffffU : 0x80000000U);
}

inline float float_of(std::uint32_t ordered) noexcept {
  const std::uint32_t bits = ordered ^ ((ordered >> 31U) != 0 ? 0x80000000U : 0xffffffffU);
  float value = 0.0F;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline std::uint64_t ordered_bits(double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits ^ ((bits >> 63U) != 0 ? ~std::uint64_t{0} : std::uint64_t{1} << 63U);
}

inline double double_of(std::uint64_t ordered) noexcept {
  const std::uint64_t bits = ordered ^ ((ordered >> 63U) != 0 ? std::uint64_t{1} << 63U : ~std::uint64_t{0});
  double value = 0.0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Ascending by `key(item)`, a whole number without sign; equal ones stay in their order.
template <class Item, class Key>
void radix_sort_by(std::vector<Item>& items, const Key& key) {
  constexpr std::size_t few = 1024;
  if (items.size() < few) {
    std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) { return key(a) < key(b); });
    return;
  }
  constexpr unsigned digit_bits = 11;
  constexpr std::size_t digit_values = std::size_t{1} << digit_bits;
  constexpr unsigned key_bits = 8 * sizeof(key(items[0]));
  constexpr unsigned digits = (key_bits + digit_bits - 1) / digit_bits;
  const auto digit = [&](const Item& item, unsigned place) {
    return static_cast<std::size_t>(key(item) >> (place * digit_bits)) & (digit_values - 1);
  };
  std::vector<std::array<std::size_t, digit_values>> counts(digits);
  for (const Item& item : items) {
    for (unsigned place = 0; place < digits; ++place) {
      ++counts[place][digit(item, place)];
    }
  }
  std::vector<Item> from(items.size());
  for (unsigned place = 0; place < digits; ++place) {
    std::array<std::size_t, digit_values>& next = counts[place];
    if (next[digit(items[0], place)] == items.size()) {
      continue;  // they have this digit in common
    }
    std::size_t before = 0;
    for (std::size_t& count : next) {
      before += count;
      count = before - count;
    }
    items.swap(from);
    for (const Item& item : from) {
      items[next[digit(item, place)]++] = item;
    }
  }
}

/// Ascending; the values are no NaN.
inline void radix_sort(std::vector<float>& values) {
  constexpr std::size_t few = 1024;
  if (values.size() < few) {
    std::sort(values.begin(), values.end());
    return;
  }
  std::vector<std::uint32_t> keys(values.size());
  std::transform(values.begin(), values.end(), keys.begin(), [](float value) { return ordered_bits(value); });
  radix_sort_by(keys, [](std::uint32_t bits) { return bits; });
  std::transform(keys.begin(), keys.end(), values.begin(), float_of);
}

}  // namespace nad::detail
