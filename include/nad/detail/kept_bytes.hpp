#pragma once

// Bytes in texts that have to be UTF-8: names of files and names on a network need not be; not for users.
//
//   bytes_of_text(text_of_bytes(name)) == name          // whatever it is
//
// UTF-8 without a NUL stays as it is. Of all else each byte beyond ASCII, and each NUL, becomes a NUL and two
// hexadecimal digits.

#include <cstddef>
#include <string>
#include <string_view>

#include "nad/detail/utf8.hpp"

namespace nad::detail {

inline std::string text_of_bytes(std::string_view bytes) {
  if (is_utf8(bytes) && bytes.find('\0') == std::string_view::npos) {
    return std::string(bytes);
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char letter : bytes) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte != 0 && byte < 0x80) {
      text += letter;
    } else {
      text += '\0';
      text += digits[byte >> 4U];
      text += digits[byte & 15U];
    }
  }
  return text;
}

/// What `text_of_bytes` does not give stays as it is.
inline std::string bytes_of_text(std::string_view text) {
  const auto value_of = [](char digit) {
    return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
  };
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_byte =
        text[at] == '\0' && at + 2 < text.size() && value_of(text[at + 1]) >= 0 && value_of(text[at + 2]) >= 0;
    if (is_byte) {
      bytes += static_cast<char>(value_of(text[at + 1]) * 16 + value_of(text[at + 2]));
      at += 2;
    } else {
      bytes += text[at];
    }
  }
  return bytes;
}

}  // namespace nad::detail
