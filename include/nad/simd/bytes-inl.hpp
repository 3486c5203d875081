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

template <class Arch>
ByteCounts find_bytes(const char* text, std::size_t size, char a, char b, std::uint32_t* places) noexcept {
  ByteCounts counts = {0, 0};
  std::size_t i = 0;
  for (; i + 64 <= size; i += 64) {
    const bytes::Found<Arch> found = bytes::find<Arch>(text + i, a, b, Arch{});
    std::uint64_t mask = found.a | found.b;
    const auto count = static_cast<std::size_t>(__builtin_popcountll(mask));
    // Eight at a time, wanted or not: a branch for each bit would be guessed wrong too often. What is too much is
    // written over by the next 64 bytes.
    for (std::size_t done = 0; done < count; done += 8) {
      for (std::size_t k = 0; k < 8; ++k) {
        const auto place = static_cast<std::uint32_t>(__builtin_ctzll(mask | std::uint64_t{1} << 63U));
        places[counts.both + done + k] = static_cast<std::uint32_t>(i) + place;
        mask &= mask - 1;
      }
    }
    counts.both += count;
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

}  // namespace nad::simd
