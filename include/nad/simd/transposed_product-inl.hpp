#pragma once

// Products of a transposed matrix with another: how the weights between two layers change. Tiles stay in registers as
// in product-inl.hpp; both matrices are read as they stand, row by row. Every sum is one chain over the rows.

#include <cstddef>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"
#include "nad/simd/multiply_add-inl.hpp"
#include "nad/simd/product-inl.hpp"

namespace nad::simd {

namespace tiles {

struct OuterTile {
  const float* a;
  std::size_t a_stride;
  const float* b;
  std::size_t b_stride;
  std::size_t depth;
  float* out;
  std::size_t panel_size;  ///< of `out`, from one panel to the next
  bool add;
};

template <class Arch, std::size_t rows, std::size_t panels>
void outer_tile(const OuterTile& of) noexcept {
  using Vector = Floats<Arch>;
  constexpr std::size_t width = Vector::size;
  constexpr std::size_t in_panel = panel_columns / width;
  constexpr std::size_t vectors = panels * in_panel;
  const auto place = [&of](std::size_t row, std::size_t v) {
    return of.out + v / in_panel * of.panel_size + row * panel_columns + v % in_panel * width;
  };
  Vector sums[rows][vectors];
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t v = 0; v < vectors; ++v) {
      sums[row][v] = of.add ? Vector::load_aligned(place(row, v)) : Vector(0.0F);
    }
  }
  for (std::size_t k = 0; k < of.depth; ++k) {
    Vector b[vectors];
    for (std::size_t v = 0; v < vectors; ++v) {
      b[v] = Vector::load_aligned(of.b + k * of.b_stride + v * width);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      const Vector a(of.a[k * of.a_stride + row]);
      for (std::size_t v = 0; v < vectors; ++v) {
        sums[row][v] = multiply_add<Arch>(a, b[v], sums[row][v], Arch{});
      }
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t v = 0; v < vectors; ++v) {
      sums[row][v].store_aligned(place(row, v));
    }
  }
}

using OuterTileFunction = void (*)(const OuterTile&) noexcept;

template <class Arch, std::size_t panels, std::size_t most>
OuterTileFunction choose_outer_tile(std::size_t rows) noexcept {
  if constexpr (most > 1) {
    if (rows < most) {
      return choose_outer_tile<Arch, panels, most - 1>(rows);
    }
  }
  return &outer_tile<Arch, most, panels>;
}

/// All columns of `a`, so many panels.
template <class Arch, std::size_t panels>
void columns_times(OuterTile of, std::size_t a_columns) noexcept {
  constexpr std::size_t most = Shape<Arch>::rows;
  for (std::size_t column = 0; column < a_columns; column += most) {
    const std::size_t count = a_columns - column < most ? a_columns - column : most;
    choose_outer_tile<Arch, panels, most>(count)(of);
    of.a += most;
    of.out += most * panel_columns;
  }
}

}  // namespace tiles

template <class Arch>
void transposed_product(const float* a, std::size_t a_stride, std::size_t a_columns, const float* b,
                        std::size_t b_stride, std::size_t b_columns, std::size_t rows, float* panels,
                        bool add) noexcept {
  constexpr std::size_t together = tiles::Shape<Arch>::panels;
  const std::size_t panel_size = a_columns * panel_columns;
  std::size_t column = 0;
  const auto tile = [&] {
    return tiles::OuterTile{
        a, a_stride, b + column, b_stride, rows, panels + column / panel_columns * panel_size, panel_size, add};
  };
  if constexpr (together > 1) {
    for (; column + (together - 1) * panel_columns < b_columns; column += together * panel_columns) {
      tiles::columns_times<Arch, together>(tile(), a_columns);
    }
  }
  for (; column < b_columns; column += panel_columns) {
    tiles::columns_times<Arch, 1>(tile(), a_columns);
  }
}

}  // namespace nad::simd
