#pragma once

// Products of rows in double precision. The product of two floats is exact there, so that it does not matter whether a
// processor fuses multiply and add: every kernel gives the same bits, for a row alone and among others.

#include <cstddef>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

namespace wide_tiles {

template <class Arch>
using Doubles = xsimd::batch<double, Arch>;

template <class Arch>
Doubles<Arch> multiply_add(Doubles<Arch> a, Doubles<Arch> b, Doubles<Arch> sum, xsimd::generic) noexcept {
  return a * b + sum;
}

#if XSIMD_WITH_AVX && defined(__FMA__)
template <class Arch>
Doubles<Arch> multiply_add(Doubles<Arch> a, Doubles<Arch> b, Doubles<Arch> sum, xsimd::avx) noexcept {
  return _mm256_fmadd_pd(a, b, sum);
}
#endif

#if XSIMD_WITH_AVX512F
template <class Arch>
Doubles<Arch> multiply_add(Doubles<Arch> a, Doubles<Arch> b, Doubles<Arch> sum, xsimd::avx512f) noexcept {
  return _mm512_fmadd_pd(a, b, sum);
}
#endif

/// Rows of `a` times panels: sums in registers, two vectors of `b` a panel and one value of `a` beside them.
template <class Arch, std::size_t rows, std::size_t panels>
void tile(const float* a, std::size_t a_stride, const double* b, std::size_t depth, double* out,
          std::size_t out_stride) noexcept {
  using Vector = Doubles<Arch>;
  constexpr std::size_t in_panel = wide_panel_columns / Vector::size;
  constexpr std::size_t vectors = panels * in_panel;
  Vector sums[rows][vectors];
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t v = 0; v < vectors; ++v) {
      sums[row][v] = Vector(0.0);
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vector values[vectors];
    for (std::size_t v = 0; v < vectors; ++v) {
      const std::size_t at = (v / in_panel * depth + k) * wide_panel_columns + v % in_panel * Vector::size;
      values[v] = Vector::load_aligned(b + at);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      const Vector factor(static_cast<double>(a[row * a_stride + k]));
      for (std::size_t v = 0; v < vectors; ++v) {
        sums[row][v] = multiply_add<Arch>(factor, values[v], sums[row][v], Arch{});
      }
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t v = 0; v < vectors; ++v) {
      sums[row][v].store_unaligned(out + row * out_stride + v * Vector::size);
    }
  }
}

}  // namespace wide_tiles

template <class Arch>
void wide_product(const float* a, std::size_t a_stride, std::size_t rows, const double* panels, std::size_t columns,
                  std::size_t depth, double* out, std::size_t out_stride) noexcept {
  constexpr std::size_t width = wide_tiles::Doubles<Arch>::size;
  constexpr std::size_t in_tile = width == 8 ? 8 : 4;         // rows
  constexpr std::size_t panels_of_one_row = width == 2 ? 2 : 4;  // so many sums that none waits for the one before it
  std::size_t row = 0;
  for (; row + in_tile <= rows; row += in_tile) {
    for (std::size_t column = 0; column < columns; column += wide_panel_columns) {
      wide_tiles::tile<Arch, in_tile, 1>(a + row * a_stride, a_stride, panels + column * depth, depth,
                                         out + row * out_stride + column, out_stride);
    }
  }
  for (; row < rows; ++row) {
    constexpr std::size_t wide = panels_of_one_row * wide_panel_columns;
    std::size_t column = 0;
    for (; column + wide <= columns; column += wide) {
      wide_tiles::tile<Arch, 1, panels_of_one_row>(a + row * a_stride, 0, panels + column * depth, depth,
                                                   out + row * out_stride + column, 0);
    }
    for (; column < columns; column += wide_panel_columns) {
      wide_tiles::tile<Arch, 1, 1>(a + row * a_stride, 0, panels + column * depth, depth,
                                   out + row * out_stride + column, 0);
    }
  }
}

}  // namespace nad::simd
