#pragma once

// Text to values. Every function answers false where the text is not wholly such a value.

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <system_error>

#include "nad/detail/not_a_number.hpp"

namespace nad::detail {

inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// Takes digits off the front; stops before 19 of them overflow 64 bits.
inline std::uint64_t take_digits(const char*& at, const char* end, std::uint64_t value, std::size_t& digits) noexcept {
  for (; at != end && is_digit(*at) && digits < 18; ++at, ++digits) {
    value = value * 10 + static_cast<std::uint64_t>(*at - '0');
  }
  return value;
}

/// Where a number begins, for parsers that know no plus; "+-1" is none.
inline const char* behind_plus(std::string_view text) noexcept {
  return text.data() + (text.size() > 1 && text[0] == '+' && text[1] != '-' ? 1 : 0);
}

/// A whole number, also "0x1f". The text is not empty.
inline bool parse_integer(std::string_view text, std::int64_t& value) noexcept {
  if (text.size() == 1 && is_digit(text[0])) {
    value = text[0] - '0';
    return true;
  }
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  at += negative || (at != end && *at == '+') ? 1 : 0;
  std::size_t digits = 0;
  const std::uint64_t magnitude = take_digits(at, end, 0, digits);
  if (at == end && digits != 0) {
    value = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
    return true;
  }
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    const auto [stop, failure] = std::from_chars(text.data() + 2, end, value, 16);
    return failure == std::errc() && stop == end && text[2] != '-';
  }
  const char* const begin = behind_plus(text);
  const auto [stop, failure] = std::from_chars(begin, end, value);
  return failure == std::errc() && stop == end;
}

inline constexpr std::array<double, 19> powers_of_ten = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                                         1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

/// Any decimal number. Correctly rounded: a quotient of two exact numbers is, and longer ones go the long way.
inline bool parse_any_number(std::string_view text, double& value) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  at += negative ? 1 : 0;
  std::size_t digits = 0;
  std::uint64_t mantissa = take_digits(at, end, 0, digits);
  std::size_t behind = 0;
  if (at != end && *at == '.') {
    ++at;
    const std::size_t before = digits;
    mantissa = take_digits(at, end, mantissa, digits);
    behind = digits - before;
  }
  if (at == end && digits != 0 && mantissa < std::uint64_t{1} << 53U) {
    const double exact = static_cast<double>(mantissa);
    const double magnitude = behind == 0 ? exact : exact / powers_of_ten[behind];
    value = negative ? -magnitude : magnitude;
    return true;
  }
  const char* const begin = behind_plus(text);
  const auto [stop, failure] = std::from_chars(begin, end, value);
  return failure == std::errc() && stop == end && !is_nan(value);
}

/// A decimal number; also "inf" and its kin, but not "nan". The text is not empty.
inline bool parse_number(std::string_view text, double& value) noexcept {
  // "7" and "0.25" make up most of a table of counts and rates
  if (text.size() == 1 && is_digit(text[0])) {
    value = text[0] - '0';
    return true;
  }
  if (text.size() == 4 && text[1] == '.' && is_digit(text[0]) && is_digit(text[2]) && is_digit(text[3])) {
    value = ((text[0] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0')) / 100.0;
    return true;
  }
  return parse_any_number(text, value);
}

/// Whether a zero stands before other digits, or a plus before all: such digits are a name, a code, a telephone number.
inline bool is_decorated(std::string_view text) noexcept {
  const std::size_t first = text.front() == '-' ? 1 : 0;
  return text[0] == '+' || (text.size() > first + 1 && text[first] == '0' && is_digit(text[first + 1]));
}

/// As parse_integer, but neither "007", "+1" nor "0x1f". The text is not empty.
inline bool parse_plain_integer(std::string_view text, std::int64_t& value) noexcept {
  if (text.size() == 1 && is_digit(text[0])) {
    value = text[0] - '0';
    return true;
  }
  return !is_decorated(text) && (text.size() < 2 || (text[1] | 0x20) != 'x') && parse_integer(text, value);
}

/// As parse_number, but neither "007" nor "+1.5". The text is not empty.
inline bool parse_plain_number(std::string_view text, double& value) noexcept {
  return !is_decorated(text) && parse_number(text, value);
}

// ---- fields of a grid: eight bytes can be read from where each begins, whatever stands behind its end

/// The digits of a text of 1 to 8 bytes, the last of them in the highest byte; a byte above 9 was no digit.
inline std::uint64_t padded_digits(std::string_view text) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), sizeof(word));
  const auto unused = static_cast<unsigned>(64 - 8 * text.size());
  return word << unused ^ std::uint64_t{0x3030303030303030} << unused;
}

/// The highest bit of each byte that is above 9; of the lowest such byte it can be trusted.
inline std::uint64_t above_nine(std::uint64_t digits) noexcept {
  return ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
}

/// Digits, eight of them, to a number: pairs become hundreds, these become ten thousands.
inline std::uint64_t join_digits(std::uint64_t digits) noexcept {
  digits = digits * 10 + (digits >> 8U);
  constexpr std::uint64_t every_fourth = 0x000000ff000000ff;
  return ((digits & every_fourth) * (100 + (std::uint64_t{1000000} << 32U)) +
          (digits >> 16U & every_fourth) * (1 + (std::uint64_t{10000} << 32U))) >>
         32U;
}

inline constexpr bool reads_padded = std::endian::native == std::endian::little;

/// As parse_plain_integer or, where not strict, parse_integer.
template <bool strict>
bool parse_integer_field(std::string_view text, std::int64_t& value) noexcept {
  if (reads_padded && text.size() <= 8 && (!strict || text.size() == 1 || text[0] != '0')) {
    const std::uint64_t digits = padded_digits(text);
    if (above_nine(digits) == 0) {
      value = static_cast<std::int64_t>(join_digits(digits));
      return true;
    }
  }
  return strict ? parse_plain_integer(text, value) : parse_integer(text, value);
}

/// A rate with two places, "0.25".
inline bool parse_hundredths(std::string_view text, double& value) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, text.data(), sizeof(word));
  word ^= 0x30302e30;
  if (text.size() != 4 || ((word | (word + 0x06060006)) & 0xf0f0fff0) != 0) {
    return false;
  }
  value = static_cast<double>((word & 0xffU) * 100 + (word >> 16U & 0xffU) * 10 + (word >> 24U)) / 100.0;
  return true;
}

template <bool strict>
bool parse_short_number(std::string_view text, double& value) noexcept {
  if (reads_padded && text.size() <= 8 && (!strict || text.size() == 1 || text[0] != '0' || text[1] == '.')) {
    std::uint64_t digits = padded_digits(text);
    const std::uint64_t others = above_nine(digits);
    if (others == 0) {
      value = static_cast<double>(join_digits(digits));
      return true;
    }
    const auto place = static_cast<unsigned>(std::countr_zero(others)) - 7U;  // of the first that is no digit, in bits
    constexpr std::uint64_t point = '.' ^ '0';
    if ((digits >> place & 0xffU) == point && place != 64 - 8 * text.size()) {
      const std::uint64_t before = digits & ((std::uint64_t{1} << place) - 1);
      const std::uint64_t behind = digits & ~((std::uint64_t{256} << place) - 1);
      digits = before << 8U | behind;
      if (above_nine(digits) == 0) {
        value = static_cast<double>(join_digits(digits)) / powers_of_ten[7U - place / 8U];
        return true;
      }
    }
  }
  return strict ? parse_plain_number(text, value) : parse_number(text, value);
}

/// As parse_plain_number or, where not strict, parse_number.
template <bool strict>
bool parse_number_field(std::string_view text, double& value) noexcept {
  return (reads_padded && parse_hundredths(text, value)) || parse_short_number<strict>(text, value);
}

inline bool parse_boolean(std::string_view text, bool& value) noexcept {
  for (const std::string_view yes : {"1", "t", "T", "true", "True", "TRUE", "yes", "Yes"}) {
    if (text == yes) {
      value = true;
      return true;
    }
  }
  for (const std::string_view no : {"0", "f", "F", "false", "False", "FALSE", "no", "No"}) {
    if (text == no) {
      value = false;
      return true;
    }
  }
  return false;
}

}  // namespace nad::detail
