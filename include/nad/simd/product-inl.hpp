#pragma once

// Products of matrices, in tiles that stay in registers. Every sum is one chain of multiply-adds over the depth, from
// the first place to the last, wherever its row and column stand: a row multiplied alone has the same bits as among
// others.

#include <cstddef>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"
#include "nad/simd/multiply_add-inl.hpp"

namespace nad::simd {

namespace tiles {

/// How large a tile is: its sums, one row of a panel and one value of `a` fill the registers.
template <class Arch>
struct Shape {
  static constexpr std::size_t width = Floats<Arch>::size;
  static constexpr std::size_t registers = width == 16 || XSIMD_WITH_NEON64 ? 32 : 16;
  static constexpr std::size_t panels = width == 16 ? 2 : 1;
  static constexpr std::size_t vectors = panels * panel_columns / width;
  static constexpr std::size_t rows = (registers - vectors - 1) / vectors;
  /// One row alone: so many sums that none waits for the one before it.
  static constexpr std::size_t panels_of_one_row = 8 * width / panel_columns;
};

/// What a tile is made of. `columns`: how many of them are wanted.
struct Tile {
  const float* a;
  std::size_t a_stride;
  const float* panels;
  std::size_t panel_size;  ///< from one panel to the next
  std::size_t depth;
  float* out;
  std::size_t out_stride;
  std::size_t columns;
  bool add;
};

template <class Arch, std::size_t rows, std::size_t panels>
void tile(const Tile& of) noexcept {
  using Vector = Floats<Arch>;
  constexpr std::size_t width = Vector::size;
  constexpr std::size_t in_panel = panel_columns / width;
  constexpr std::size_t vectors = panels * in_panel;
  const bool whole = of.columns == panels * panel_columns;
  Vector sums[rows][vectors];
  float edge[panels * panel_columns];
  for (std::size_t row = 0; row < rows; ++row) {
    const float* from = of.out + row * of.out_stride;
    if (of.add && !whole) {
      for (std::size_t column = 0; column < panels * panel_columns; ++column) {
        edge[column] = column < of.columns ? from[column] : 0.0F;
      }
      from = edge;
    }
    for (std::size_t v = 0; v < vectors; ++v) {
      sums[row][v] = of.add ? Vector::load_unaligned(from + v * width) : Vector(0.0F);
    }
  }
  for (std::size_t k = 0; k < of.depth; ++k) {
    Vector b[vectors];
    for (std::size_t v = 0; v < vectors; ++v) {
      b[v] = Vector::load_aligned(of.panels + v / in_panel * of.panel_size + k * panel_columns + v % in_panel * width);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      const Vector a(of.a[row * of.a_stride + k]);
      for (std::size_t v = 0; v < vectors; ++v) {
        sums[row][v] = multiply_add<Arch>(a, b[v], sums[row][v], Arch{});
      }
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    float* to = of.out + row * of.out_stride;
    for (std::size_t v = 0; v < vectors; ++v) {
      sums[row][v].store_unaligned((whole ? to : edge) + v * width);
    }
    for (std::size_t column = 0; !whole && column < of.columns; ++column) {
      to[column] = edge[column];
    }
  }
}

using TileFunction = void (*)(const Tile&) noexcept;

template <class Arch, std::size_t panels, std::size_t most>
TileFunction choose_tile(std::size_t rows) noexcept {
  if constexpr (most > 1) {
    if (rows < most) {
      return choose_tile<Arch, panels, most - 1>(rows);
    }
  }
  return &tile<Arch, most, panels>;
}

/// All rows of `of` times so many panels.
template <class Arch, std::size_t panels>
void rows_times(Tile of, std::size_t rows) noexcept {
  constexpr std::size_t most = Shape<Arch>::rows;
  for (std::size_t row = 0; row < rows; row += most) {
    const std::size_t count = rows - row < most ? rows - row : most;
    choose_tile<Arch, panels, most>(count)(of);
    of.a += most * of.a_stride;
    of.out += most * of.out_stride;
  }
}

}  // namespace tiles

template <class Arch>
void product(const float* a, std::size_t a_stride, std::size_t rows, const float* panels, std::size_t columns,
             std::size_t depth, float* out, std::size_t out_stride, bool add) noexcept {
  using Shape = tiles::Shape<Arch>;
  constexpr std::size_t row_block = 16 * Shape::rows;  // their part of `a` stays in the second cache
  constexpr std::size_t depth_block = 256;             // and that of the panels in the first
  if (depth == 0 && !add) {
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < columns; ++column) {
        out[row * out_stride + column] = 0.0F;
      }
    }
  }
  for (std::size_t row = 0; row < rows; row += row_block) {
    const std::size_t row_count = rows - row < row_block ? rows - row : row_block;
    for (std::size_t k = 0; k < depth; k += depth_block) {
      const std::size_t count = depth - k < depth_block ? depth - k : depth_block;
      const auto times = [&]<std::size_t n_panels>(std::size_t column) {
        constexpr std::size_t wide = n_panels * panel_columns;
        const tiles::Tile tile = {a + row * a_stride + k,
                                  a_stride,
                                  panels + column * depth + k * panel_columns,
                                  depth * panel_columns,
                                  count,
                                  out + row * out_stride + column,
                                  out_stride,
                                  columns - column < wide ? columns - column : wide,
                                  add || k != 0};
        if constexpr (n_panels == Shape::panels_of_one_row) {
          tiles::tile<Arch, 1, Shape::panels_of_one_row>(tile);
        } else {
          tiles::rows_times<Arch, n_panels>(tile, row_count);
        }
        return column + wide;
      };
      std::size_t column = 0;
      if constexpr (Shape::panels_of_one_row > Shape::panels) {
        while (row_count == 1 && column + (Shape::panels_of_one_row - 1) * panel_columns < columns) {
          column = times.template operator()<Shape::panels_of_one_row>(column);
        }
      }
      if constexpr (Shape::panels > 1) {
        while (column + (Shape::panels - 1) * panel_columns < columns) {
          column = times.template operator()<Shape::panels>(column);
        }
      }
      while (column < columns) {
        column = times.template operator()<1>(column);
      }
    }
  }
}

}  // namespace nad::simd
