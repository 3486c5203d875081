#pragma once

// Times that are not written in the order of ISO 8601: "07/04/2017 22:24:37", and counts since 1970.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "nad/source/field_values-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// What a count since 1970 counts, as a power of ten of a second: 0, -3, -6, -9.
struct EpochUnit {
  int digits = 0;  ///< behind the second
  std::string_view name = "seconds";
};

inline constexpr std::array<EpochUnit, 4> epoch_units = {
    {{0, "seconds"}, {3, "milliseconds"}, {6, "microseconds"}, {9, "nanoseconds"}}};

/// The unit in which all numbers between these two are times from 1990 to 2100. No number is so in two units.
inline std::optional<EpochUnit> epoch_unit(double least, double most) noexcept {
  constexpr double begin = 631'152'000.0;
  constexpr double end = 4'102'444'800.0;
  double scale = 1.0;
  for (const EpochUnit& unit : epoch_units) {
    if (least >= begin * scale && most < end * scale) {
      return unit;
    }
    scale *= 1000.0;
  }
  return std::nullopt;
}

/// "1491600277251.5" milliseconds to nanoseconds, digit by digit.
inline bool parse_epoch(std::string_view text, const EpochUnit& unit, std::int64_t& value) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  at += negative ? 1 : 0;
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 10 - 1;
  std::int64_t whole = 0;
  const char* const begin = at;
  for (; at != end && is_digit(*at); ++at) {
    if (whole > most) {
      return false;
    }
    whole = whole * 10 + (*at - '0');
  }
  if (at == begin) {
    return false;
  }
  if (at != end && *at == '.') {
    ++at;
  } else if (at != end) {
    return false;
  }
  for (int place = unit.digits; place < 9; ++place) {
    if (whole > most) {
      return false;
    }
    whole = whole * 10 + (at != end && is_digit(*at) ? *at++ - '0' : 0);
  }
  while (at != end && is_digit(*at)) {  // less than a nanosecond
    ++at;
  }
  value = negative ? -whole : whole;
  return at == end;
}

enum class DateOrder : std::uint8_t { day_first, month_first };

/// "7/4/2017", "07-04-2017 22:24", "07.04.2017 10:24:37.5 PM": the year comes last and has four digits.
inline bool parse_date(std::string_view text, DateOrder order, std::int64_t& value) noexcept {
  std::size_t at = 0;
  const auto take = [&](std::size_t least, std::size_t most, int& number) {
    const std::size_t begin = at;
    number = 0;
    while (at < text.size() && at - begin < most && is_digit(text[at])) {
      number = number * 10 + (text[at++] - '0');
    }
    return at - begin >= least;
  };
  int first = 0;
  int second = 0;
  int year = 0;
  if (!take(1, 2, first) || at == text.size()) {
    return false;
  }
  const char between = text[at++];
  if ((between != '/' && between != '-' && between != '.') || !take(1, 2, second) || at == text.size() ||
      text[at++] != between || !take(4, 4, year)) {
    return false;
  }
  std::string_view rest = text.substr(at);
  int hour = 0;
  if (!rest.empty()) {
    if (rest.front() != ' ' && rest.front() != 'T') {
      return false;
    }
    ++at;
    if (!take(1, 2, hour)) {
      return false;
    }
    rest = text.substr(at);
    const std::string_view half = rest.size() < 3 ? std::string_view() : rest.substr(rest.size() - 3);
    const bool morning = half == " AM" || half == " am";
    if (morning || half == " PM" || half == " pm") {
      if (hour < 1 || hour > 12) {
        return false;
      }
      hour = hour % 12 + (morning ? 0 : 12);
      rest.remove_suffix(3);
    }
    if (rest.size() < 3) {
      return false;  // an hour alone
    }
  }
  const int day = order == DateOrder::day_first ? first : second;
  const int month = order == DateOrder::day_first ? second : first;
  std::array<char, 64> iso{};
  if (rest.size() > 40) {
    return false;
  }
  std::size_t size = 0;
  const auto put = [&](int number, int digits) {
    for (int unit = digits == 4 ? 1000 : 10; unit != 0; unit /= 10) {
      iso[size++] = static_cast<char>('0' + number / unit % 10);
    }
  };
  put(year, 4);
  iso[size++] = '-';
  put(month, 2);
  iso[size++] = '-';
  put(day, 2);
  if (!rest.empty()) {
    iso[size++] = 'T';
    put(hour, 2);
    for (const char c : rest) {
      iso[size++] = c;
    }
  }
  const std::optional<std::int64_t> time = parse_time({iso.data(), size});
  value = time.value_or(0);
  return time.has_value();
}

}  // namespace nad::detail
