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

inline constexpr std::size_t depth_block = 256;  // so many values of a row become doubles at a time

/// Rows of `a`, `depth_block` apart, times panels: sums that stay in registers.
template <class Arch, std::size_t rows, std::size_t panels>
void tile(const double* a, const double* b, std::size_t panel_size, std::size_t depth, double* out,
          std::size_t out_stride, bool add) noexcept {
  using Vector = Doubles<Arch>;
  constexpr std::size_t in_panel = wide_panel_columns / Vector::size;
  constexpr std::size_t vectors = panels * in_panel;
  Vector sums[rows][vectors];
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t v = 0; v < vectors; ++v) {
      sums[row][v] = add ? Vector::load_unaligned(out + row * out_stride + v * Vector::size) : Vector(0.0);
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vector values[vectors];
    for (std::size_t v = 0; v < vectors; ++v) {
      values[v] =
          Vector::load_aligned(b + v / in_panel * panel_size + k * wide_panel_columns + v % in_panel * Vector::size);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      const Vector factor(a[row * depth_block + k]);
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

/// So many rows times all panels, `panels` at a time.
template <class Arch, std::size_t rows, std::size_t panels>
void rows_times(const float* a, std::size_t a_stride, const double* b, std::size_t columns, std::size_t depth,
                double* out, std::size_t out_stride) noexcept {
  alignas(64) double wide[rows * depth_block];
  for (std::size_t k = 0; k == 0 || k < depth; k += depth_block) {
    const std::size_t count = depth - k < depth_block ? depth - k : depth_block;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < count; ++i) {
        wide[row * depth_block + i] = static_cast<double>(a[row * a_stride + k + i]);
      }
    }
    const std::size_t panel_size = depth * wide_panel_columns;
    const double* from = b + k * wide_panel_columns;
    std::size_t column = 0;
    for (; column + panels * wide_panel_columns <= columns; column += panels * wide_panel_columns) {
      tile<Arch, rows, panels>(wide, from + column * depth, panel_size, count, out + column, out_stride, k != 0);
    }
    for (; column < columns; column += wide_panel_columns) {
      tile<Arch, rows, 1>(wide, from + column * depth, panel_size, count, out + column, out_stride, k != 0);
    }
  }
}

}  // namespace wide_tiles

template <class Arch>
void wide_product(const float* a, std::size_t a_stride, std::size_t rows, const double* panels, std::size_t columns,
                  std::size_t depth, double* out, std::size_t out_stride) noexcept {
  constexpr std::size_t width = wide_tiles::Doubles<Arch>::size;
  constexpr std::size_t together = width == 8 ? 8 : width == 4 ? 4 : 2;
  constexpr std::size_t panels_of_one_row = width == 2 ? 2 : 4;  // so many sums that none waits for the one before it
  std::size_t row = 0;
  for (; row + together <= rows; row += together) {
    wide_tiles::rows_times<Arch, together, 1>(a + row * a_stride, a_stride, panels, columns, depth,
                                              out + row * out_stride, out_stride);
  }
  for (; row < rows; ++row) {
    wide_tiles::rows_times<Arch, 1, panels_of_one_row>(a + row * a_stride, a_stride, panels, columns, depth,
                                                       out + row * out_stride, out_stride);
  }
}

}  // namespace nad::simd
