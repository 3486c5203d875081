#pragma once

// Memory that will be read soon, asked for early; not for users.

#include <cstddef>

namespace nad::detail {

/// Does nothing but to make `bytes` bytes from `begin` on come sooner.
inline void fetch_early(const void* begin, std::size_t bytes) noexcept {
#if defined(__GNUC__)
  constexpr std::size_t line = 64;
  for (std::size_t at = 0; at < bytes; at += line) {
    __builtin_prefetch(static_cast<const char*>(begin) + at);
  }
#else
  static_cast<void>(begin);
  static_cast<void>(bytes);
#endif
}

}  // namespace nad::detail
