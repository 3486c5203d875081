#pragma once

// Words, numbers and times as alerts write them.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>

#include "nad/alert/alert.hpp"
#include "nad/detail/json_writer.hpp"
#include "nad/detail/utf8.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// How many bytes the character at `at` has; 0 where it is no UTF-8.
inline std::size_t character_length(std::string_view text, std::size_t at) noexcept {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return is_utf8(text.substr(at, length)) ? length : 0;
}

/// U+0000 to U+001F, U+007F to U+009F and the separators of lines and paragraphs.
inline bool is_control(std::string_view character) noexcept {
  if (character.size() == 1) {
    const auto byte = static_cast<unsigned char>(character[0]);
    return byte < 0x20 || byte == 0x7f;
  }
  return (character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0) || character == "\xe2\x80\xa8" ||
         character == "\xe2\x80\xa9";
}

/// UTF-8 in one line: control characters become blanks, what is no character U+FFFD.
inline std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    const std::string_view character = text.substr(at, length);
    if (length == 0) {
      line += "\xef\xbf\xbd";
    } else if (is_control(character)) {
      line += ' ';
    } else {
      line += character;
    }
    at += length == 0 ? 1 : length;
  }
  return line;
}

/// The characters that fit into so many bytes.
inline std::string_view cut_text(std::string_view text, std::size_t most_bytes) noexcept {
  if (text.size() <= most_bytes) {
    return text;
  }
  std::size_t end = most_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end);
}

/// Puts `with` before each of the signs.
inline std::string escape_signs(std::string_view text, std::string_view signs, char with = '\\') {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (signs.find(c) != std::string_view::npos) {
      escaped += with;
    }
    escaped += c;
  }
  return escaped;
}

/// With the digits that it needs.
template <class Number>
std::string number_text(Number number) {
  std::array<char, 48> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

/// "2026-11-20T17:42:03.118274" and what stands for UTC.
inline std::string alert_time(std::int64_t nanoseconds, std::size_t digits, std::string_view zone) {
  if (digits < 9) {  // what is cut off of the first moment there is can be read back
    nanoseconds = std::max(nanoseconds, std::numeric_limits<std::int64_t>::min() + 999);
  }
  std::string text = format_time(nanoseconds).substr(0, 19);
  text[10] = 'T';
  std::int64_t rest = nanoseconds % nanoseconds_per_second;
  rest += rest < 0 ? nanoseconds_per_second : 0;
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%09u", static_cast<unsigned>(rest));
  return text.append(fraction, digits + 1).append(zone);
}

inline bool is_icmp(const Alert& alert) noexcept {
  return alert.protocol == "icmp" || alert.protocol == "icmp6" || alert.protocol == "icmpv6" ||
         alert.protocol == "ipv6-icmp";
}

/// "10.0.3.17:51544", "[2001:db8::1]:443", "10.0.3.17" or "?".
inline std::string endpoint_text(const std::optional<Address>& address, const std::optional<std::uint16_t>& port,
                                 bool with_port) {
  if (!address) {
    return "?";
  }
  std::string text = address->to_string();
  if (!port || !with_port) {
    return text;
  }
  return (address->is_v4() ? text : "[" + text + "]") + ":" + std::to_string(*port);
}

inline std::string in_upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return upper;
}

inline std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return lower;
}

/// Members of a JSON object that are left out where there is nothing to say.
inline void json_text(JsonWriter& json, std::string_view key, std::string_view value) {
  if (!value.empty()) {
    json.key(key).text(value);
  }
}
inline void json_number(JsonWriter& json, std::string_view key, double value) {
  if (is_finite(value)) {
    json.key(key).value(value);
  }
}
inline void json_single(JsonWriter& json, std::string_view key, float value) {
  if (is_finite(static_cast<double>(value))) {
    json.key(key).single(value);
  }
}
template <class Texts>
void json_texts(JsonWriter& json, std::string_view key, const Texts& texts) {
  if (!texts.empty()) {
    json.key(key).begin('[');
    for (const auto& text : texts) {
      json.text(text);
    }
    json.end(']');
  }
}

}  // namespace nad::detail
