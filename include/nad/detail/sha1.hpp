#pragma once

// SHA-1 (RFC 3174) of short messages; not for users. Community ids are made of it: there it names flows and protects
// nothing.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace nad::detail {

constexpr std::uint32_t turned_left(std::uint32_t word, unsigned bits) noexcept {
  return word << bits | word >> (32U - bits);
}

/// Mixes one block of 64 bytes into the state.
constexpr void sha1_block(std::array<std::uint32_t, 5>& state, const std::array<std::uint8_t, 64>& block) noexcept {
  std::array<std::uint32_t, 80> words = {};
  for (std::size_t i = 0; i < 16; ++i) {
    words[i] = std::uint32_t{block[4 * i]} << 24U | std::uint32_t{block[4 * i + 1]} << 16U |
               std::uint32_t{block[4 * i + 2]} << 8U | block[4 * i + 3];
  }
  for (std::size_t i = 16; i < 80; ++i) {
    words[i] = turned_left(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  }
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < 80; ++i) {
    const std::uint32_t choice = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999U
                                 : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1U
                                 : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU
                                          : (b ^ c ^ d) + 0xca62c1d6U;
    const std::uint32_t next = turned_left(a, 5) + choice + e + words[i];
    e = d;
    d = c;
    c = turned_left(b, 30);
    b = a;
    a = next;
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

constexpr std::array<std::uint8_t, 20> sha1(std::span<const std::uint8_t> message) noexcept {
  std::array<std::uint32_t, 5> state = {0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U};
  std::array<std::uint8_t, 64> block = {};
  std::size_t filled = 0;
  const auto put = [&](std::uint8_t byte) {
    block[filled++] = byte;
    if (filled == block.size()) {
      sha1_block(state, block);
      filled = 0;
    }
  };
  for (const std::uint8_t byte : message) {
    put(byte);
  }
  put(0x80);
  while (filled != 56) {
    put(0);
  }
  const std::uint64_t bits = std::uint64_t{message.size()} * 8U;
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    put(static_cast<std::uint8_t>(bits >> (shift - 8)));
  }
  std::array<std::uint8_t, 20> digest = {};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24U - 8U * (i % 4)));
  }
  return digest;
}

}  // namespace nad::detail
