// The input is one field. What the parsers of addresses, times and numbers make of it is what slow and plain ones do.

#include <nad/nad.hpp>

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <regex>
#include <string>

#include "nad/source/csv_times-inl.hpp"
#include "nad/source/field_values-inl.hpp"
#include "use_table.hpp"

namespace {

using Wide = __int128;

std::optional<std::int64_t> narrow(Wide value) {
  const bool fits = value >= INT64_MIN && value <= INT64_MAX;
  return fits ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt;
}

bool matches(const std::string& text, const char* pattern, std::smatch& parts) {
  static std::map<std::string, std::regex> known;
  const auto place = known.try_emplace(pattern, pattern).first;
  return std::regex_match(text, parts, place->second);
}

/// Whole nanoseconds of "123.456" of a unit of 10^-digits seconds; nothing where that is no number.
std::optional<Wide> slow_epoch(const std::string& text, int digits) {
  std::smatch parts;
  if (!matches(text, "(-?)(0*[0-9]{1,25})(?:\\.([0-9]*))?", parts)) {
    return std::nullopt;
  }
  const std::string behind = (parts[3].str() + "000000000").substr(0, static_cast<std::size_t>(9 - digits));
  Wide value = 0;
  for (const char c : parts[2].str() + behind) {
    value = value * 10 + (c - '0');
  }
  return parts[1].length() != 0 ? -value : value;
}

std::optional<Wide> slow_time(const std::string& text) {
  std::smatch parts;
  if (!matches(text,
               "([0-9]{4})([-/])([0-9]{2})\\2([0-9]{2})(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\\.([0-9]+))?)?"
               "(?:[Zz]|([-+])([0-9]{2})(?::?([0-9]{2}))?)?)?",
               parts)) {
    return std::nullopt;
  }
  const auto number = [&](std::size_t part) {
    return parts[part].length() == 0 ? 0 : std::atoi(parts[part].str().c_str());
  };
  std::tm date = {};
  date.tm_year = number(1) - 1900;
  date.tm_mon = number(3) - 1;
  date.tm_mday = number(4);
  const std::tm asked = date;
  const Wide day = timegm(&date);
  if (date.tm_mon != asked.tm_mon || date.tm_mday != asked.tm_mday || number(5) > 23 || number(6) > 59 ||
      number(7) > 60 || number(10) > 23 || number(11) > 59) {
    return std::nullopt;
  }
  Wide seconds = day + number(5) * 3600 + number(6) * 60 + number(7);
  const Wide offset = number(10) * 3600 + number(11) * 60;
  seconds -= parts[9].str() == "-" ? -offset : offset;
  return seconds * 1000000000 + std::atoll((parts[8].str() + "000000000").substr(0, 9).c_str());
}

void check_times(const std::string& text) {
  // a time outside of what nanoseconds hold may be refused a little early
  const auto agrees = [](std::optional<std::int64_t> fast, std::optional<Wide> slow) {
    const Wide most = Wide{9'200'000'000} * 1000000000;
    return fast ? slow && narrow(*slow) == fast : !slow || *slow > most || *slow < -most;
  };
  require(agrees(nad::parse_time(text), slow_time(text)));
  require(agrees(nad::parse_epoch_seconds(text), slow_epoch(text, 0)));
  for (const nad::detail::EpochUnit& unit : nad::detail::epoch_units) {
    std::int64_t value = 0;
    const bool read = nad::detail::parse_epoch(text, unit, value);
    require(agrees(read ? std::optional(value) : std::nullopt, slow_epoch(text, unit.digits)));
  }
  std::smatch parts;
  if (const std::optional<std::int64_t> time = nad::parse_time(text)) {
    require(nad::parse_time(nad::format_time(*time)) == time);
  }
  for (const bool day_first : {true, false}) {
    std::int64_t value = 0;
    const bool read = nad::detail::parse_date(
        text, day_first ? nad::detail::DateOrder::day_first : nad::detail::DateOrder::month_first, value);
    std::optional<Wide> slow;
    if (matches(text, "([0-9]{1,2})([-/.])([0-9]{1,2})\\2([0-9]{4})(?:[T ]([0-9]{1,2})(:.*?)( [AaPp][Mm])?)?", parts)) {
      const auto two = [](const std::string& digits) { return digits.size() == 1 ? "0" + digits : digits; };
      std::string iso = parts[4].str() + "-" + two(parts[day_first ? 3 : 1]) + "-" + two(parts[day_first ? 1 : 3]);
      bool sound = true;
      if (parts[5].length() != 0) {
        int hour = std::atoi(parts[5].str().c_str());
        if (parts[7].length() != 0) {
          sound = hour >= 1 && hour <= 12 && (parts[7].str()[1] < 'a') == (parts[7].str()[2] < 'a');
          hour = hour % 12 + ((parts[7].str()[1] | 0x20) == 'p' ? 12 : 0);
        }
        iso += "T" + two(std::to_string(hour)) + parts[6].str();
      }
      slow = sound && text.size() < 40 ? slow_time(iso) : std::nullopt;
    }
    require(text.size() >= 40 || agrees(read ? std::optional(value) : std::nullopt, slow));
  }
}

void check_numbers(const std::string& text) {
  std::smatch parts;
  std::int64_t whole = 0;
  std::optional<std::int64_t> slow_whole;
  if (matches(text, "[-+]?0*[0-9]{1,30}", parts)) {
    Wide value = 0;
    for (const char c : text) {
      value = nad::detail::is_digit(c) ? value * 10 + (c - '0') : value;
    }
    slow_whole = narrow(text[0] == '-' ? -value : value);
  } else if (matches(text, "0[xX]0*[0-9a-fA-F]{1,16}", parts)) {
    const std::uint64_t value = std::strtoull(text.c_str(), nullptr, 16);
    slow_whole = value > INT64_MAX ? std::nullopt : std::optional(static_cast<std::int64_t>(value));
  }
  require(nad::detail::parse_integer(text, whole) ? slow_whole == whole : !slow_whole);
  const bool plain = matches(text, "-?(0|[1-9][0-9]*)", parts) && slow_whole;
  require(nad::detail::parse_plain_integer(text, whole) == plain && (!plain || slow_whole == whole));

  double number = 0.0;
  const bool read = nad::detail::parse_number(text, number);
  const bool decimal = matches(text, "[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?", parts);
  const bool infinite = matches(text, "[-+]?[iI][nN][fF]([iI][nN][iI][tT][yY])?", parts);
  const double slow = std::strtod(text.c_str(), nullptr);
  if (read) {
    require((decimal || infinite) && slow == number && std::signbit(slow) == std::signbit(number));
  } else if (decimal) {  // too large or too small for a number: never silently infinite or nothing
    require(std::isinf(slow) || std::abs(slow) < 2.3e-308);
  } else {
    require(!infinite || text[0] == '+');
  }
  require(!nad::detail::parse_plain_number(text, number) || (read && text[0] != '+'));
}

void check_address(const std::string& text) {
  const std::optional<nad::Address> address = nad::Address::parse(text);
  std::smatch parts;
  std::optional<nad::Address> slow;
  if (matches(text, "([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})", parts)) {
    std::uint32_t value = 0;
    bool sound = true;
    for (std::size_t i = 1; i <= 4; ++i) {
      const int part = std::atoi(parts[i].str().c_str());
      sound = sound && part < 256;
      value = value << 8U | static_cast<std::uint32_t>(part);
    }
    slow = sound ? std::optional(nad::Address::v4(value)) : std::nullopt;
  } else {
    const std::string bare = text.substr(0, text.find('%'));
    std::array<std::uint8_t, 16> bytes{};
    if (bare.find('\0') == std::string::npos && inet_pton(AF_INET6, bare.c_str(), bytes.data()) == 1) {
      slow = nad::Address(bytes);
    } else if (matches(bare, ".*([:.]0[0-9]+\\.|\\.0[0-9]+).*", parts)) {
      slow = address;  // inet_pton knows no "010" in a dotted end
    }
  }
  require(address == slow);
  require(!address || nad::Address::parse(address->to_string()) == address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (text.empty() || size > 64 || text.find_first_of("\n\r") != std::string::npos) {
    return 0;  // a field is not empty and a line has an end; regular expressions are slow
  }
  check_times(text);
  check_numbers(text);
  check_address(text);
  return 0;
}
