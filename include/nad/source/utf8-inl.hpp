#pragma once

// Whether bytes are UTF-8, and of other encodings what they are in UTF-8.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace nad::detail {

/// The length of the valid sequence that `text` begins with, 0 where it begins with none.
inline std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return continues(1) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {  // no overlong forms, no surrogates
    return continues(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {  // nothing above U+10FFFF
    return continues(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && continues(2) && continues(3) ? 4
                                                                                                                  : 0;
  }
  return 0;
}

/// How many bytes at the front are ASCII for certain; NUL counts as ASCII.
inline std::size_t ascii_words(std::string_view text) noexcept {
  std::size_t at = 0;
  for (std::uint64_t word = 0; text.size() - at >= sizeof(word); at += sizeof(word)) {
    std::memcpy(&word, text.data() + at, sizeof(word));
    if ((word & 0x8080808080808080U) != 0) {
      break;
    }
  }
  return at;
}

inline bool is_utf8(std::string_view text) noexcept {
  text.remove_prefix(ascii_words(text));
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

/// UTF-8 without NUL: text that people and other programs can read.
inline bool is_readable(std::string_view text) noexcept {
  return is_utf8(text) && (text.empty() || text.find('\0') == std::string_view::npos);
}

}  // namespace nad::detail
