#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <limits>

#include "nad/table/time.hpp"

namespace nad {

namespace detail {

/// Takes digits off the front of a text.
class DigitReader {
 public:
  explicit DigitReader(std::string_view text) noexcept : text_(text) {}

  bool at_end() const noexcept { return text_.empty(); }
  char next() const noexcept { return text_.empty() ? '\0' : text_.front(); }
  bool next_is_digit() const noexcept { return next() >= '0' && next() <= '9'; }

  bool skip(char c) noexcept {
    if (next() != c || text_.empty()) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }

  /// Exactly `count` digits.
  bool number(std::size_t count, int& value) noexcept {
    value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!next_is_digit()) {
        return false;
      }
      value = value * 10 + (next() - '0');
      text_.remove_prefix(1);
    }
    return true;
  }

  /// The digits behind a decimal point as nanoseconds; at least one.
  bool fraction(std::int64_t& nanoseconds) noexcept {
    nanoseconds = 0;
    std::int64_t unit = nanoseconds_per_second / 10;
    if (!next_is_digit()) {
      return false;
    }
    for (; next_is_digit(); text_.remove_prefix(1)) {
      nanoseconds += unit * (next() - '0');
      unit /= 10;
    }
    return true;
  }

 private:
  std::string_view text_;
};

/// seconds * 1e9 + nanoseconds where 64 bits hold it.
inline std::optional<std::int64_t> join_seconds(std::int64_t seconds, std::int64_t nanoseconds) noexcept {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / nanoseconds_per_second;
  constexpr std::int64_t most_rest = std::numeric_limits<std::int64_t>::max() % nanoseconds_per_second;
  if (seconds < 0) {  // so that both have one sign
    ++seconds;
    nanoseconds -= nanoseconds_per_second;
  }
  if (seconds > most || seconds < -most || (seconds == most && nanoseconds > most_rest) ||
      (seconds == -most && nanoseconds < -most_rest - 1)) {
    return std::nullopt;
  }
  return seconds * nanoseconds_per_second + nanoseconds;
}

/// "Z", "+01:00", "+0100", "+01" or nothing.
inline bool read_offset(DigitReader& reader, int& minutes) noexcept {
  minutes = 0;
  if (reader.at_end() || reader.skip('Z') || reader.skip('z')) {
    return true;
  }
  const bool west = reader.next() == '-';
  if (!reader.skip('-') && !reader.skip('+')) {
    return false;
  }
  int hours = 0;
  if (!reader.number(2, hours)) {
    return false;
  }
  const bool colon = reader.skip(':');
  if (((colon || !reader.at_end()) && !reader.number(2, minutes)) || minutes > 59) {
    return false;
  }
  minutes = (hours * 60 + minutes) * (west ? -1 : 1);
  return hours < 24;
}

}  // namespace detail

NAD_INLINE std::optional<std::int64_t> parse_time(std::string_view text) noexcept {
  detail::DigitReader reader(text);
  int year = 0;
  int month = 0;
  int day = 0;
  if (!reader.number(4, year) || !(reader.next() == '-' || reader.next() == '/')) {
    return std::nullopt;
  }
  const char separator = reader.next();
  reader.skip(separator);
  if (!reader.number(2, month) || !reader.skip(separator) || !reader.number(2, day)) {
    return std::nullopt;
  }
  int hour = 0;
  int minute = 0;
  int second = 0;
  int offset = 0;
  std::int64_t nanoseconds = 0;
  if (!reader.at_end()) {
    if (!reader.skip('T') && !reader.skip('t') && !reader.skip(' ')) {
      return std::nullopt;
    }
    if (!reader.number(2, hour) || !reader.skip(':') || !reader.number(2, minute)) {
      return std::nullopt;
    }
    if (reader.skip(':')) {
      if (!reader.number(2, second) || (reader.skip('.') && !reader.fraction(nanoseconds))) {
        return std::nullopt;
      }
    }
    if (!detail::read_offset(reader, offset)) {
      return std::nullopt;
    }
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!reader.at_end() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t minutes = days * 1440 + hour * 60 + minute - offset;
  return detail::join_seconds(minutes * 60 + second, nanoseconds);
}

NAD_INLINE std::optional<std::int64_t> parse_epoch_seconds(std::string_view text) noexcept {
  detail::DigitReader reader(text);
  const bool negative = reader.skip('-');
  std::int64_t seconds = 0;
  if (!reader.next_is_digit()) {
    return std::nullopt;
  }
  while (reader.next_is_digit()) {
    if (seconds > std::numeric_limits<std::int64_t>::max() / 100) {
      return std::nullopt;
    }
    int digit = 0;
    reader.number(1, digit);
    seconds = seconds * 10 + digit;
  }
  std::int64_t nanoseconds = 0;
  if (reader.skip('.') && !reader.at_end() && !reader.fraction(nanoseconds)) {
    return std::nullopt;
  }
  if (!reader.at_end()) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> whole = detail::join_seconds(seconds, nanoseconds);
  return whole && negative ? -*whole : whole;
}

NAD_INLINE std::string format_time(std::int64_t nanoseconds) {
  std::int64_t seconds = nanoseconds / nanoseconds_per_second;
  std::int64_t rest = nanoseconds % nanoseconds_per_second;
  if (rest < 0) {
    rest += nanoseconds_per_second;
    --seconds;
  }
  const std::int64_t day = seconds >= 0 ? seconds / 86400 : -((86399 - seconds) / 86400);
  const auto in_day = static_cast<int>(seconds - day * 86400);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), in_day / 3600, in_day / 60 % 60,
                in_day % 60);
  std::string result(text.data());
  if (rest != 0) {
    std::snprintf(text.data(), text.size(), ".%09u", static_cast<unsigned>(rest));
    const std::size_t digits = rest % 1'000'000 == 0 ? 3 : rest % 1'000 == 0 ? 6 : 9;
    result.append(text.data(), digits + 1);
  }
  return result;
}

}  // namespace nad
