#pragma once

// Finding the bytes that separate fields: 64 bytes of text become two words of bits, and the bits become places. As in
// lanes-inl.hpp, the `generic` overload is the portable text and one for an architecture stands beside it.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

namespace bytes {

/// Bit i set: text[i] is `a` or `b`, for 64 bytes.
template <class Arch>
std::uint64_t either(const char* text, char a, char b, xsimd::generic) noexcept {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    mask |= static_cast<std::uint64_t>(text[i] == a || text[i] == b) << i;
  }
  return mask;
}

#if XSIMD_WITH_SSE2
template <class Arch>
std::uint64_t either(const char* text, char a, char b, xsimd::sse2) noexcept {
  const __m128i first = _mm_set1_epi8(a);
  const __m128i second = _mm_set1_epi8(b);
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < 64; i += 16) {
    const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i));
    const __m128i equal = _mm_or_si128(_mm_cmpeq_epi8(part, first), _mm_cmpeq_epi8(part, second));
    mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(equal))) << i;
  }
  return mask;
}
#endif

#if XSIMD_WITH_AVX2
template <class Arch>
std::uint64_t either(const char* text, char a, char b, xsimd::avx2) noexcept {
  const __m256i first = _mm256_set1_epi8(a);
  const __m256i second = _mm256_set1_epi8(b);
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < 64; i += 32) {
    const __m256i part = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + i));
    const __m256i equal = _mm256_or_si256(_mm256_cmpeq_epi8(part, first), _mm256_cmpeq_epi8(part, second));
    mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(equal))) << i;
  }
  return mask;
}
#endif

#if XSIMD_WITH_AVX512BW
template <class Arch>
std::uint64_t either(const char* text, char a, char b, xsimd::avx512bw) noexcept {
  const __m512i part = _mm512_loadu_si512(text);
  return _mm512_cmpeq_epi8_mask(part, _mm512_set1_epi8(a)) | _mm512_cmpeq_epi8_mask(part, _mm512_set1_epi8(b));
}
#endif

#if XSIMD_WITH_NEON64
template <class Arch>
std::uint64_t either(const char* text, char a, char b, xsimd::neon64) noexcept {
  const uint8x16_t first = vdupq_n_u8(static_cast<std::uint8_t>(a));
  const uint8x16_t second = vdupq_n_u8(static_cast<std::uint8_t>(b));
  const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < 64; i += 16) {
    const uint8x16_t part = vld1q_u8(reinterpret_cast<const std::uint8_t*>(text + i));
    const uint8x16_t bits = vandq_u8(vorrq_u8(vceqq_u8(part, first), vceqq_u8(part, second)), weights);
    const std::uint64_t low = vaddv_u8(vget_low_u8(bits));
    const std::uint64_t high = vaddv_u8(vget_high_u8(bits));
    mask |= (low | high << 8U) << i;
  }
  return mask;
}
#endif

}  // namespace bytes

template <class Arch>
std::size_t find_bytes(const char* text, std::size_t size, char a, char b, std::uint32_t* places) noexcept {
  std::size_t found = 0;
  std::size_t i = 0;
  for (; i + 64 <= size; i += 64) {
    std::uint64_t mask = bytes::either<Arch>(text + i, a, b, Arch{});
    const auto count = static_cast<std::size_t>(__builtin_popcountll(mask));
    // Always eight, and seldom more: places behind the last are written over by the next 64 bytes. A branch for each
    // bit would be guessed wrong too often.
    for (std::size_t done = 0; done < count; done += 8) {
      for (std::size_t k = 0; k < 8; ++k) {
        places[found + done + k] =
            static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(__builtin_ctzll(mask | std::uint64_t{1} << 63U));
        mask &= mask - 1;
      }
    }
    found += count;
  }
  for (; i < size; ++i) {
    if (text[i] == a || text[i] == b) {
      places[found++] = static_cast<std::uint32_t>(i);
    }
  }
  return found;
}

}  // namespace nad::simd
