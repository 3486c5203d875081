#pragma once

// Operations on 64 rows of a column in a block. The `generic` overload is the portable text; one for an architecture
// stands beside it where xsimd cannot say the same (a comparison as a bit mask). The overload is picked by tag, and
// every function is a template of the architecture that it is compiled for: two files with different flags never share
// a symbol.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

namespace lanes {

template <class Arch>
std::uint64_t above(const float* column, float threshold, xsimd::generic) noexcept {
  std::uint64_t mask = 0;
  for (std::size_t row = 0; row < 64; ++row) {
    mask |= static_cast<std::uint64_t>(column[row] > threshold) << row;
  }
  return mask;
}

template <class Arch>
void add_each(float* sums, std::uint64_t rows, float value) noexcept {
  for (; rows != 0; rows &= rows - 1) {
    sums[__builtin_ctzll(rows)] += value;
  }
}

template <class Arch>
void add(float* sums, std::uint64_t rows, float value, xsimd::generic) noexcept {
  add_each<Arch>(sums, rows, value);
}

#if XSIMD_WITH_SSE2
template <class Arch>
std::uint64_t above(const float* column, float threshold, xsimd::sse2) noexcept {
  const __m128 limit = _mm_set1_ps(threshold);
  std::uint64_t mask = 0;
  for (std::size_t row = 0; row < 64; row += 16) {
    const auto compare = [&](std::size_t offset) {
      return _mm_castps_si128(_mm_cmpgt_ps(_mm_load_ps(column + row + offset), limit));
    };
    const __m128i low = _mm_packs_epi32(compare(0), compare(4));
    const __m128i high = _mm_packs_epi32(compare(8), compare(12));
    const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
    mask |= static_cast<std::uint64_t>(bits) << row;
  }
  return mask;
}
#endif

#if XSIMD_WITH_AVX
template <class Arch>
std::uint64_t above(const float* column, float threshold, xsimd::avx) noexcept {
  const __m256 limit = _mm256_set1_ps(threshold);
  std::uint64_t mask = 0;
  for (std::size_t row = 0; row < 64; row += 8) {
    const __m256 compared = _mm256_cmp_ps(_mm256_load_ps(column + row), limit, _CMP_GT_OQ);
    mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_ps(compared))) << row;
  }
  return mask;
}
#endif

#if XSIMD_WITH_AVX2
template <class Arch>
void add(float* sums, std::uint64_t rows, float value, xsimd::avx2) noexcept {
  if (__builtin_popcountll(rows) <= 8) {
    add_each<Arch>(sums, rows, value);
    return;
  }
  const __m256i bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256 added = _mm256_set1_ps(value);
  for (std::size_t row = 0; row < 64; row += 8) {
    const __m256i group = _mm256_set1_epi32(static_cast<int>((rows >> row) & 0xffU));
    const __m256i chosen = _mm256_cmpeq_epi32(_mm256_and_si256(group, bit), bit);
    const __m256 old = _mm256_load_ps(sums + row);
    _mm256_store_ps(sums + row, _mm256_blendv_ps(old, _mm256_add_ps(old, added), _mm256_castsi256_ps(chosen)));
  }
}
#endif

#if XSIMD_WITH_AVX512F
template <class Arch>
std::uint64_t above(const float* column, float threshold, xsimd::avx512f) noexcept {
  const __m512 limit = _mm512_set1_ps(threshold);
  const auto compare = [&](std::size_t row) {
    return static_cast<std::uint64_t>(_mm512_cmp_ps_mask(_mm512_load_ps(column + row), limit, _CMP_GT_OQ));
  };
  return (compare(0) | compare(16) << 16U) | (compare(32) | compare(48) << 16U) << 32U;
}

template <class Arch>
void add(float* sums, std::uint64_t rows, float value, xsimd::avx512f) noexcept {
  const __m512 added = _mm512_set1_ps(value);
  for (std::size_t row = 0; row < 64; row += 16) {
    const __m512 old = _mm512_load_ps(sums + row);
    _mm512_store_ps(sums + row, _mm512_mask_add_ps(old, static_cast<__mmask16>(rows >> row), old, added));
  }
}
#endif

#if XSIMD_WITH_NEON64
template <class Arch>
std::uint64_t above(const float* column, float threshold, xsimd::neon64) noexcept {
  const float32x4_t limit = vdupq_n_f32(threshold);
  const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  std::uint64_t mask = 0;
  for (std::size_t row = 0; row < 64; row += 16) {
    const auto pair = [&](std::size_t offset) {
      const uint16x4_t first = vmovn_u32(vcgtq_f32(vld1q_f32(column + row + offset), limit));
      const uint16x4_t second = vmovn_u32(vcgtq_f32(vld1q_f32(column + row + offset + 4), limit));
      return vmovn_u16(vcombine_u16(first, second));
    };
    const uint8x16_t bits = vandq_u8(vcombine_u8(pair(0), pair(8)), weights);
    const std::uint64_t low = vaddv_u8(vget_low_u8(bits));
    const std::uint64_t high = vaddv_u8(vget_high_u8(bits));
    mask |= (low | high << 8U) << row;
  }
  return mask;
}
#endif

}  // namespace lanes

/// Bit r set: column[r] > threshold. The column is aligned to 64 bytes.
template <class Arch>
std::uint64_t lanes_above(const float* column, float threshold) noexcept {
  return lanes::above<Arch>(column, threshold, Arch{});
}

/// sums[r] += value for the rows set in `rows`.
template <class Arch>
void add_where(float* sums, std::uint64_t rows, float value) noexcept {
  lanes::add<Arch>(sums, rows, value, Arch{});
}

}  // namespace nad::simd
