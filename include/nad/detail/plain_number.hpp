#pragma once

// Numbers in messages, as people write them.

#include <cstddef>
#include <cstdio>
#include <string>

namespace nad::detail {

/// "8784" and "0.5", where std::to_string has six digits behind the point.
inline std::string plain_number(double value) {
  char text[32];
  const int length = std::snprintf(text, sizeof text, "%.10g", value);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace nad::detail
