#pragma once

// Names of files in texts that have to be UTF-8, which names need not be; not for users.
//
//   path_of_text(text_of_path(name)) == name          // whatever bytes it has
//
// A name that is UTF-8 stays as it is. Of others each byte beyond ASCII becomes a NUL, which no name has, and two
// hexadecimal digits.

#include <cstddef>
#include <string>
#include <string_view>

#include "nad/detail/utf8.hpp"

namespace nad::detail {

inline std::string text_of_path(std::string_view name) {
  if (is_utf8(name)) {
    return std::string(name);
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x80) {
      text += letter;
    } else {
      text += '\0';
      text += digits[byte >> 4U];
      text += digits[byte & 15U];
    }
  }
  return text;
}

/// What is no text of `text_of_path` stays as it is.
inline std::string path_of_text(std::string_view text) {
  const auto value_of = [](char digit) {
    return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
  };
  std::string name;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_byte =
        text[at] == '\0' && at + 2 < text.size() && value_of(text[at + 1]) >= 8 && value_of(text[at + 2]) >= 0;
    if (is_byte) {
      name += static_cast<char>(value_of(text[at + 1]) * 16 + value_of(text[at + 2]));
      at += 2;
    } else {
      name += text[at];
    }
  }
  return name;
}

}  // namespace nad::detail
