#pragma once

// Whether bytes are UTF-8, and what to make of them where they are not; not for users.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace nad::detail {

inline bool is_ascii(std::string_view text) noexcept {
  std::uint64_t seen = 0;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data() + at, 8);
    seen |= eight;
  }
  for (; at < text.size(); ++at) {
    seen |= static_cast<unsigned char>(text[at]);
  }
  return (seen & 0x8080808080808080ULL) == 0;
}

/// No overlong forms, no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) noexcept {
  if (is_ascii(text)) {
    return true;
  }
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(text[at])); };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned first = byte(at);
    if (first < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() - at < length) {
      return false;
    }
    const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(at + 1) < least || byte(at + 1) > most) {
      return false;
    }
    for (std::size_t i = 2; i < length; ++i) {
      if ((byte(at + i) & 0xc0U) != 0x80) {
        return false;
      }
    }
    at += length;
  }
  return true;
}

/// UTF-8 without NUL: text that people and other programs can read.
inline bool is_readable(std::string_view text) noexcept {
  return is_utf8(text) && text.find('\0') == std::string_view::npos;
}

/// The same text, but for bytes that are no UTF-8: each becomes a question mark.
inline std::string utf8_only(std::string_view text) {
  constexpr std::size_t longest = 4;  // of a character
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 1;
    while (length <= longest && at + length <= text.size() && !is_utf8(text.substr(at, length))) {
      ++length;
    }
    const bool is_sound = length <= longest && at + length <= text.size();
    result += is_sound ? text.substr(at, length) : std::string_view("?");
    at += is_sound ? length : 1;
  }
  return result;
}

}  // namespace nad::detail
