#pragma once

// Columns of numbers as people read them; not for users.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "nad/detail/not_a_number.hpp"
#include "nad/table/column.hpp"

namespace nad::detail {

/// Whether a number is written with digits alone, and not with an exponent.
inline bool has_plain_form(double value) noexcept {
  return value == 0.0 || (is_finite(value) && std::abs(value) >= 1e-4 && std::abs(value) < 1e15);
}

inline int to_int(std::size_t value) noexcept { return static_cast<int>(std::min<std::size_t>(value, 17)); }

/// "d.ddde+xx" with at most `digits` digits and no zeros at the end of them.
inline std::string scientific(double value, std::size_t digits) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific,
                                 to_int(std::max<std::size_t>(digits, 1)) - 1)
                       .ptr;
  std::string text(buffer.data(), end);
  const std::size_t exponent = std::min(text.find('e'), text.size());
  if (text.find('.') < exponent) {
    std::size_t kept = text.find_last_not_of('0', exponent - 1) + 1;
    kept -= text[kept - 1] == '.' ? 1U : 0U;
    text.erase(kept, exponent - kept);
  }
  return text;
}

/// How many digits behind the point show `digits` digits of a number, those at its end that are 0 left out.
inline int decimals_of(double value, std::size_t digits) {
  const std::string text = scientific(value, digits);
  const std::size_t exponent_at = text.find('e');
  int exponent = 0;
  const char* begin = text.data() + exponent_at + 1;
  std::from_chars(*begin == '+' ? begin + 1 : begin, text.data() + text.size(), exponent);
  const std::size_t point = text.find('.');
  const int behind_point = point < exponent_at ? static_cast<int>(exponent_at - point - 1) : 0;
  return std::max(0, behind_point - exponent);
}

inline std::string plain(double value, int decimals) {
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, decimals).ptr;
  std::string text(buffer.data(), end);
  if (text.front() == '-' && text.find_first_of("123456789") == std::string::npos) {
    text.erase(0, 1);  // -0
  }
  return text;
}

/// Puts spaces behind texts so that their points stand below one another.
inline void align_points(std::vector<std::string>& texts) {
  const auto behind = [](const std::string& text) {
    return text.size() - std::min(text.find_first_of(".e"), text.size());
  };
  std::size_t most = 0;
  for (const std::string& text : texts) {
    most = std::max(most, behind(text));
  }
  for (std::string& text : texts) {
    text.append(most - behind(text), ' ');
  }
}

/// The values of some rows, ready to be put to the right: with as many digits behind the point as the value that needs
/// most, as long as these are few, else each with its own, the points aligned.
inline std::vector<std::string> format_numbers(const Column& column, const std::vector<std::size_t>& rows,
                                               std::size_t digits) {
  constexpr int few = 3;
  std::vector<int> decimals;
  int most = 0;
  bool all_plain = true;
  for (const std::size_t row : rows) {
    const double value = column.numbers()[row];
    const bool is_plain = has_plain_form(value);
    decimals.push_back(is_plain ? decimals_of(value, digits) : 0);
    most = std::max(most, decimals.back());
    all_plain = all_plain && (is_plain || column.is_missing(row));
  }
  const bool same = all_plain && most <= few;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double value = column.numbers()[rows[i]];
    texts.push_back(column.is_missing(rows[i]) ? ""
                    : has_plain_form(value)    ? plain(value, same ? most : decimals[i])
                       : is_finite(value) ? scientific(value, digits)
                                               : column.format(rows[i]));
  }
  if (!same) {
    align_points(texts);
  }
  return texts;
}

}  // namespace nad::detail
