#pragma once

// Getting rows into blocks: the check for values that are not finite, and the turn to feature-major order.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

/// Whether a value that is not finite stands among `parts` stretches of `length` values each, one behind the other. The
/// stretches are read side by side: memory answers one reader of many streams faster than of one.
template <class Arch, std::size_t parts>
bool any_special(const float* values, std::size_t length) noexcept {
  using Bits = xsimd::batch<std::int32_t, Arch>;
  constexpr std::size_t width = Bits::size;
  const auto* bits = reinterpret_cast<const std::int32_t*>(values);  // only ever read through vector loads
  const Bits exponent(0x7f800000);
  const auto special = [&](std::size_t at) { return (Bits::load_unaligned(bits + at) & exponent) == exponent; };
  for (std::size_t i = 0; i + 4 * width <= length; i += 4 * width) {
    typename Bits::batch_bool_type found(false);
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t at = part * length + i;
      found = found | ((special(at) | special(at + width)) | (special(at + 2 * width) | special(at + 3 * width)));
    }
    if (xsimd::any(found)) {
      return true;
    }
  }
  return false;
}

/// Works on the bits, so that a host that compiles with -ffast-math still finds NaN.
template <class Arch>
bool all_finite(const float* values, std::size_t count) noexcept {
  constexpr std::size_t step = 4 * xsimd::batch<std::int32_t, Arch>::size;
  constexpr std::size_t streams = 12;
  constexpr std::size_t large = std::size_t{1} << 18U;  // 1 MiB, which no cache near the core holds
  const std::size_t stream = count < large ? 0 : count / streams / step * step;
  if (stream != 0 && any_special<Arch, streams>(values, stream)) {
    return false;
  }
  const std::size_t done = stream * streams;
  const std::size_t rest = (count - done) / step * step;
  if (any_special<Arch, 1>(values + done, rest)) {
    return false;
  }
  for (std::size_t i = done + rest; i < count; ++i) {
    std::int32_t last = 0;
    __builtin_memcpy(&last, values + i, sizeof last);
    if ((last & 0x7f800000) == 0x7f800000) {
      return false;
    }
  }
  return true;
}

/// A 4 x 4 corner: four rows of four columns become four columns of four rows.
template <class Arch, class Quad>
void turn_quad(const float* const rows[4], std::size_t column, float* to, std::size_t out_stride) noexcept {
  const Quad a = Quad::load_unaligned(rows[0] + column);
  const Quad b = Quad::load_unaligned(rows[1] + column);
  const Quad c = Quad::load_unaligned(rows[2] + column);
  const Quad d = Quad::load_unaligned(rows[3] + column);
  const Quad ac_low = xsimd::zip_lo(a, c);
  const Quad ac_high = xsimd::zip_hi(a, c);
  const Quad bd_low = xsimd::zip_lo(b, d);
  const Quad bd_high = xsimd::zip_hi(b, d);
  xsimd::zip_lo(ac_low, bd_low).store_aligned(to);
  xsimd::zip_hi(ac_low, bd_low).store_aligned(to + out_stride);
  xsimd::zip_lo(ac_high, bd_high).store_aligned(to + 2 * out_stride);
  xsimd::zip_hi(ac_high, bd_high).store_aligned(to + 3 * out_stride);
}

/// `QuadArch` is the architecture's register of four floats.
template <class Arch, class QuadArch>
void transpose(const float* first, std::size_t row_stride, std::size_t rows, std::size_t columns, float* out,
               std::size_t out_stride) noexcept {
  using Quad = xsimd::batch<float, QuadArch>;
  static_assert(Quad::size == 4);
  std::size_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float* start = first + row * row_stride;
    const float* const quad[4] = {start, start + row_stride, start + 2 * row_stride, start + 3 * row_stride};
    std::size_t column = 0;
    for (; column + 4 <= columns; column += 4) {
      turn_quad<Arch, Quad>(quad, column, out + column * out_stride + row, out_stride);
    }
    for (; column < columns; ++column) {
      for (std::size_t i = 0; i < 4; ++i) {
        out[column * out_stride + row + i] = quad[i][column];
      }
    }
  }
  for (; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      out[column * out_stride + row] = first[row * row_stride + column];
    }
  }
}

}  // namespace nad::simd
