#pragma once

#include <cstddef>

namespace tests {

/// Whether a sanitizer watches each access. What a test repeats thousands of times takes minutes then, and a part of it
/// shows the sanitizer as much.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool watched = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool watched = true;
#else
inline constexpr bool watched = false;
#endif
#else
inline constexpr bool watched = false;
#endif

/// The step through the bytes of a file of which each is changed: with a prime, all places of a number's bytes have
/// their turn.
inline constexpr std::size_t byte_step = watched ? 7 : 1;

}  // namespace tests
