#pragma once

// Numbers as bytes, the lowest byte first, whatever the machine.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace nad::detail {

/// Numbers of one width on every machine.
template <class Number>
inline constexpr bool is_storable =
    std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool> &&
    (std::is_integral_v<Number> || std::numeric_limits<Number>::is_iec559) && sizeof(Number) <= 8;

template <class Number>
void copy_little_endian(std::byte* to, const std::byte* from, std::size_t count) noexcept {
  static_assert(is_storable<Number>);
  if (count == 0) {
    return;  // memcpy may not be given the null pointer of an empty vector
  }
  if constexpr (std::endian::native == std::endian::little || sizeof(Number) == 1) {
    std::memcpy(to, from, count * sizeof(Number));
  } else {
    for (std::size_t at = 0; at < count * sizeof(Number); at += sizeof(Number)) {
      std::reverse_copy(from + at, from + at + sizeof(Number), to + at);
    }
  }
}

template <class Number>
Number read_little_endian(const std::byte* from) noexcept {
  std::array<std::byte, sizeof(Number)> bytes{};
  copy_little_endian<Number>(bytes.data(), from, 1);
  return std::bit_cast<Number>(bytes);
}

template <class Number>
void append_little_endian(std::vector<std::byte>& to, const Number* numbers, std::size_t count) {
  const std::size_t begin = to.size();
  to.resize(begin + count * sizeof(Number));
  copy_little_endian<Number>(to.data() + begin, reinterpret_cast<const std::byte*>(numbers), count);
}

template <class Number>
void append_little_endian(std::vector<std::byte>& to, Number number) {
  append_little_endian(to, &number, 1);
}

}  // namespace nad::detail
