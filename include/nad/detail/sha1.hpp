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

/// Mixes one block of 16 words into the state.
class Sha1Mixer {
 public:
  constexpr explicit Sha1Mixer(const std::array<std::uint32_t, 16>& block) noexcept : words_(block) {}

  constexpr void mix(std::array<std::uint32_t, 5>& state) noexcept {
    std::array<std::uint32_t, 5> s = state;
    for (unsigned i = 0; i < 20; ++i) {
      step(s, ((s[1] & (s[2] ^ s[3])) ^ s[3]) + 0x5a827999U, i);
    }
    for (unsigned i = 20; i < 40; ++i) {
      step(s, (s[1] ^ s[2] ^ s[3]) + 0x6ed9eba1U, i);
    }
    for (unsigned i = 40; i < 60; ++i) {
      step(s, ((s[1] & s[2]) | (s[3] & (s[1] | s[2]))) + 0x8f1bbcdcU, i);
    }
    for (unsigned i = 60; i < 80; ++i) {
      step(s, (s[1] ^ s[2] ^ s[3]) + 0xca62c1d6U, i);
    }
    for (std::size_t i = 0; i < s.size(); ++i) {
      state[i] += s[i];
    }
  }

 private:
  constexpr void step(std::array<std::uint32_t, 5>& s, std::uint32_t choice, unsigned i) noexcept {
    const std::uint32_t next = turned_left(s[0], 5) + choice + s[4] + word(i);
    s = {next, s[0], turned_left(s[1], 30), s[2], s[3]};
  }

  /// Behind the words of the block, each follows from those before; 16 are enough to keep.
  constexpr std::uint32_t word(unsigned i) noexcept {
    std::uint32_t& place = words_[i & 15U];
    if (i >= 16) {
      place = turned_left(words_[(i + 13) & 15U] ^ words_[(i + 8) & 15U] ^ words_[(i + 2) & 15U] ^ place, 1);
    }
    return place;
  }

  std::array<std::uint32_t, 16> words_;
};

constexpr std::array<std::uint8_t, 20> sha1(std::span<const std::uint8_t> message) noexcept {
  std::array<std::uint32_t, 5> state = {0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U};
  const std::size_t padded = (message.size() + 9 + 63) / 64 * 64;  // with a bit behind it, and its length at the end
  const std::uint64_t bits = std::uint64_t{message.size()} * 8U;
  for (std::size_t begin = 0; begin < padded; begin += 64) {
    std::array<std::uint32_t, 16> block = {};
    const std::size_t end = message.size() < begin + 64 ? message.size() : begin + 64;
    for (std::size_t at = begin; at < end; ++at) {
      block[(at - begin) / 4] |= std::uint32_t{message[at]} << (24U - 8U * (at % 4));
    }
    if (message.size() >= begin && message.size() < begin + 64) {
      block[(message.size() - begin) / 4] |= std::uint32_t{0x80} << (24U - 8U * (message.size() % 4));
    }
    if (begin + 64 == padded) {
      block[14] = static_cast<std::uint32_t>(bits >> 32U);
      block[15] = static_cast<std::uint32_t>(bits);
    }
    Sha1Mixer(block).mix(state);
  }
  std::array<std::uint8_t, 20> digest = {};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24U - 8U * (i % 4)));
  }
  return digest;
}

}  // namespace nad::detail
