#pragma once

// A hash of texts; not for users. Saved pipelines that hash categories depend on it: it must never change.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "nad/core/random.hpp"

namespace nad::detail {

/// Eight bytes at a time; every bit of the text changes about half of the result.
inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0) noexcept {
  std::uint64_t hash = seed ^ (text.size() * 0x9e3779b97f4a7c15ULL);
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    hash = mix_bits(hash ^ word);
  }
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < left; ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  }
  return mix_bits(hash ^ word);
}

}  // namespace nad::detail
