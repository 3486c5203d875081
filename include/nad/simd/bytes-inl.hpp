#pragma once

// Finding the bytes that separate fields: 64 bytes of text become two words of bits, and the bits become places. As in
// lanes-inl.hpp, the `generic` overload is the portable text and one for an architecture stands beside it.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

namespace bytes {

/// Bit i of `a` and `b`: byte i of 64 is the first or the second wanted one.
template <class Arch>
struct Found {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
};

template <class Arch>
Found<Arch> find(const char* text, char a, char b, xsimd::generic) noexcept {
  Found<Arch> found;
  for (std::size_t i = 0; i < 64; ++i) {
    found.a |= static_cast<std::uint64_t>(text[i] == a) << i;
    found.b |= static_cast<std::uint64_t>(text[i] == b) << i;
  }
  return found;
}

#if XSIMD_WITH_SSE2
template <class Arch>
Found<Arch> find(const char* text, char a, char b, xsimd::sse2) noexcept {
  Found<Arch> found;
  for (std::size_t i = 0; i < 64; i += 16) {
    const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i));
    const auto equal = [&](char c) {
      const int bits = _mm_movemask_epi8(_mm_cmpeq_epi8(part, _mm_set1_epi8(c)));
      return static_cast<std::uint64_t>(static_cast<std::uint32_t>(bits)) << i;
    };
    found.a |= equal(a);
    found.b |= equal(b);
  }
  return found;
}
#endif

#if XSIMD_WITH_AVX2
template <class Arch>
Found<Arch> find(const char* text, char a, char b, xsimd::avx2) noexcept {
  Found<Arch> found;
  for (std::size_t i = 0; i < 64; i += 32) {
    const __m256i part = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + i));
    const auto equal = [&](char c) {
      const int bits = _mm256_movemask_epi8(_mm256_cmpeq_epi8(part, _mm256_set1_epi8(c)));
      return static_cast<std::uint64_t>(static_cast<std::uint32_t>(bits)) << i;
    };
    found.a |= equal(a);
    found.b |= equal(b);
  }
  return found;
}
#endif

#if XSIMD_WITH_AVX512BW
template <class Arch>
Found<Arch> find(const char* text, char a, char b, xsimd::avx512bw) noexcept {
  const __m512i part = _mm512_loadu_si512(text);
  return {_mm512_cmpeq_epi8_mask(part, _mm512_set1_epi8(a)), _mm512_cmpeq_epi8_mask(part, _mm512_set1_epi8(b))};
}
#endif

#if XSIMD_WITH_NEON64
template <class Arch>
Found<Arch> find(const char* text, char a, char b, xsimd::neon64) noexcept {
  const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  Found<Arch> found;
  for (std::size_t i = 0; i < 64; i += 16) {
    const uint8x16_t part = vld1q_u8(reinterpret_cast<const std::uint8_t*>(text + i));
    const auto equal = [&](char c) {
      const uint8x16_t bits = vandq_u8(vceqq_u8(part, vdupq_n_u8(static_cast<std::uint8_t>(c))), weights);
      const std::uint64_t low = vaddv_u8(vget_low_u8(bits));
      const std::uint64_t high = vaddv_u8(vget_high_u8(bits));
      return (low | high << 8U) << i;
    };
    found.a |= equal(a);
    found.b |= equal(b);
  }
  return found;
}
#endif

}  // namespace bytes

namespace bytes {

/// Writes where the bits of a mask are set, behind a first place; returns how many they are.
template <class Arch>
std::size_t write_places(std::uint64_t mask, std::size_t first, std::uint32_t* places) noexcept {
  const auto count = static_cast<std::size_t>(__builtin_popcountll(mask));
  // Eight at a time, wanted or not: a branch for each bit would be guessed wrong too often. What is too much is
  // written over by the next 64 bytes.
  for (std::size_t done = 0; done < count; done += 8) {
    for (std::size_t k = 0; k < 8; ++k) {
      const auto place = static_cast<std::uint32_t>(__builtin_ctzll(mask | std::uint64_t{1} << 63U));
      places[done + k] = static_cast<std::uint32_t>(first) + place;
      mask &= mask - 1;
    }
  }
  return count;
}

/// Bit i of the result: an odd number of the bits 0 to i are set.
template <class Arch>
std::uint64_t odd_up_to(std::uint64_t bits) noexcept {
  for (unsigned shift = 1; shift < 64; shift *= 2) {
    bits ^= bits << shift;
  }
  return bits;
}

}  // namespace bytes

template <class Arch>
ByteCounts find_bytes(const char* text, std::size_t size, char a, char b, std::uint32_t* places) noexcept {
  ByteCounts counts = {0, 0};
  std::size_t i = 0;
  for (; i + 64 <= size; i += 64) {
    const bytes::Found<Arch> found = bytes::find<Arch>(text + i, a, b, Arch{});
    counts.both += bytes::write_places<Arch>(found.a | found.b, i, places + counts.both);
    counts.b += static_cast<std::size_t>(__builtin_popcountll(found.b));
  }
  for (; i < size; ++i) {
    if (text[i] == a || text[i] == b) {
      places[counts.both++] = static_cast<std::uint32_t>(i);
      counts.b += text[i] == b ? 1U : 0U;
    }
  }
  return counts;
}

template <class Arch>
QuotedCounts find_unquoted(const char* text, std::size_t size, char a, char b, char quote,
                           std::uint32_t* places) noexcept {
  QuotedCounts counts = {0, 0, 0, 0, false, true};
  std::uint64_t inside = 0;  // all bits: the next 64 bytes begin between quotes
  std::uint64_t ended = 1;   // bit 0: the byte before ended a field
  std::uint64_t closed = 0;  // bit 0: the byte before was a closing quote
  char rest[64];
  for (std::size_t i = 0; i < size; i += 64) {
    const char* block = text + i;
    std::uint64_t here = ~std::uint64_t{0};
    if (size - i < 64) {
      here = (std::uint64_t{1} << (size - i)) - 1;
      for (std::size_t k = 0; k < 64; ++k) {
        rest[k] = k < size - i ? block[k] : '\0';
      }
      block = rest;
    }
    const bytes::Found<Arch> found = bytes::find<Arch>(block, a, b, Arch{});
    const std::uint64_t quotes = bytes::find<Arch>(block, quote, quote, Arch{}).a & here;
    const std::uint64_t within = bytes::odd_up_to<Arch>(quotes) ^ inside;  // also the opening quotes themselves
    const std::uint64_t opening = quotes & within;
    const std::uint64_t closing = quotes & ~within;
    const std::uint64_t ends = (found.a | found.b) & ~within & here;
    const std::uint64_t behind_closing = closing << 1U | closed;
    counts.sound = counts.sound && (opening & ~(ends << 1U | ended | behind_closing)) == 0;
    counts.doubled += static_cast<std::size_t>(__builtin_popcountll(opening & behind_closing));
    counts.b += static_cast<std::size_t>(__builtin_popcountll(found.b & ~within & here));
    counts.b_inside += static_cast<std::size_t>(__builtin_popcountll(found.b & within & here));
    counts.both += bytes::write_places<Arch>(ends, i, places + counts.both);
    inside = std::uint64_t{0} - (within >> 63U);
    ended = ends >> 63U;
    closed = closing >> 63U;
  }
  counts.open = inside != 0;
  return counts;
}

}  // namespace nad::simd
