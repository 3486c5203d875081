#pragma once

// SHA-256 (FIPS 180-4); not for users. Alerts name the model that spoke by it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

namespace nad::detail {

constexpr std::uint32_t turned_right(std::uint32_t word, unsigned bits) noexcept {
  return word >> bits | word << (32U - bits);
}

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
inline constexpr std::array<std::uint32_t, 64> sha256_constants = {
    0x428a2f98U, 0x71374491U, 0xb5c0fbcfU, 0xe9b5dba5U, 0x3956c25bU, 0x59f111f1U, 0x923f82a4U, 0xab1c5ed5U,
    0xd807aa98U, 0x12835b01U, 0x243185beU, 0x550c7dc3U, 0x72be5d74U, 0x80deb1feU, 0x9bdc06a7U, 0xc19bf174U,
    0xe49b69c1U, 0xefbe4786U, 0x0fc19dc6U, 0x240ca1ccU, 0x2de92c6fU, 0x4a7484aaU, 0x5cb0a9dcU, 0x76f988daU,
    0x983e5152U, 0xa831c66dU, 0xb00327c8U, 0xbf597fc7U, 0xc6e00bf3U, 0xd5a79147U, 0x06ca6351U, 0x14292967U,
    0x27b70a85U, 0x2e1b2138U, 0x4d2c6dfcU, 0x53380d13U, 0x650a7354U, 0x766a0abbU, 0x81c2c92eU, 0x92722c85U,
    0xa2bfe8a1U, 0xa81a664bU, 0xc24b8b70U, 0xc76c51a3U, 0xd192e819U, 0xd6990624U, 0xf40e3585U, 0x106aa070U,
    0x19a4c116U, 0x1e376c08U, 0x2748774cU, 0x34b0bcb5U, 0x391c0cb3U, 0x4ed8aa4aU, 0x5b9cca4fU, 0x682e6ff3U,
    0x748f82eeU, 0x78a5636fU, 0x84c87814U, 0x8cc70208U, 0x90befffaU, 0xa4506cebU, 0xbef9a3f7U, 0xc67178f2U};

/// Mixes one block of 64 bytes into the state.
inline void sha256_block(std::array<std::uint32_t, 8>& state, const std::uint8_t* block) noexcept {
  std::array<std::uint32_t, 64> words;
  for (std::size_t i = 0; i < 16; ++i) {
    words[i] = std::uint32_t{block[4 * i]} << 24U | std::uint32_t{block[4 * i + 1]} << 16U |
               std::uint32_t{block[4 * i + 2]} << 8U | block[4 * i + 3];
  }
  for (std::size_t i = 16; i < words.size(); ++i) {
    const std::uint32_t before = words[i - 15];
    const std::uint32_t near = words[i - 2];
    words[i] = words[i - 16] + (turned_right(before, 7) ^ turned_right(before, 18) ^ before >> 3U) + words[i - 7] +
               (turned_right(near, 17) ^ turned_right(near, 19) ^ near >> 10U);
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint32_t first = h + (turned_right(e, 6) ^ turned_right(e, 11) ^ turned_right(e, 25)) +
                                ((e & f) ^ (~e & g)) + sha256_constants[i] + words[i];
    const std::uint32_t second =
        (turned_right(a, 2) ^ turned_right(a, 13) ^ turned_right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  const std::array<std::uint32_t, 8> mixed = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < state.size(); ++i) {
    state[i] += mixed[i];
  }
}

inline std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> message) noexcept {
  std::array<std::uint32_t, 8> state = {0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                        0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};
  std::size_t done = 0;
  for (; message.size() - done >= 64; done += 64) {
    sha256_block(state, message.data() + done);
  }
  std::array<std::uint8_t, 128> end = {};  // what is left, a bit, zeros, and the length
  const std::size_t left = message.size() - done;
  std::copy_n(message.begin() + static_cast<std::ptrdiff_t>(done), left, end.begin());
  end[left] = 0x80;
  const std::size_t size = left < 56 ? 64 : 128;
  const std::uint64_t bits = std::uint64_t{message.size()} * 8U;
  for (std::size_t i = 0; i < 8; ++i) {
    end[size - 1 - i] = static_cast<std::uint8_t>(bits >> (8 * i));
  }
  for (std::size_t block = 0; block < size; block += 64) {
    sha256_block(state, end.data() + block);
  }
  std::array<std::uint8_t, 32> digest = {};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24U - 8U * (i % 4)));
  }
  return digest;
}

/// In hexadecimal digits.
inline std::string sha256_text(std::span<const std::byte> message) {
  const std::array<std::uint8_t, 32> digest =
      sha256({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
  std::string text;
  text.reserve(2 * digest.size());
  constexpr const char* digits = "0123456789abcdef";
  for (const std::uint8_t byte : digest) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace nad::detail
