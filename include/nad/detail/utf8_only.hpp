#pragma once

// Makes any bytes a text; not for users.

#include <cstddef>
#include <string>
#include <string_view>

#include "nad/detail/utf8.hpp"

namespace nad::detail {

/// The same text, but for bytes that are no UTF-8: each becomes U+FFFD.
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
    result += is_sound ? text.substr(at, length) : std::string_view("\xef\xbf\xbd");
    at += is_sound ? length : 1;
  }
  return result;
}

}  // namespace nad::detail
