#pragma once

// Kernel values of rows with many fixed ones, and weighted sums of those: blocks of products that stay in the cache.
// Columns in which a whole block of rows has the value of the origin add nothing to its products and are left out:
// most of the columns of encoded traffic. A row has the same bits alone and among others.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

using KernelFloats = std::vector<float, KernelAllocator<float>>;

/// Where distances of these rows are taken from: for each column the value that most of them have, or else the mean.
inline std::vector<float> kernel_origin(MatrixView rows) {
  constexpr std::size_t enough = 4096;
  const std::size_t step = (rows.rows() + enough - 1) / enough;
  std::vector<float> origin(rows.columns());
  for (std::size_t column = 0; column < rows.columns(); ++column) {
    float candidate = 0.0F;  // the only value that can have the majority: the one that outlasts all pairs of two values
    std::size_t ahead = 0;
    double sum = 0.0;
    for (std::size_t row = 0; row < rows.rows(); row += step) {
      const float value = rows(row, column);
      candidate = ahead == 0 ? value : candidate;
      ahead = value == candidate ? ahead + 1 : ahead - 1;
      sum += static_cast<double>(value);
    }
    std::size_t seen = 0;
    std::size_t found = 0;
    for (std::size_t row = 0; row < rows.rows(); row += step) {
      ++seen;
      found += rows(row, column) == candidate ? 1U : 0U;
    }
    origin[column] = 2 * found > seen ? candidate : static_cast<float>(sum / static_cast<double>(seen));
  }
  return origin;
}

/// Memory for the rows that are looked at together; one for each thread.
struct KernelScratch {
  explicit KernelScratch(std::size_t columns);

  Matrix moved;
  Matrix values;
  std::vector<float> lengths;
  std::vector<float> sizes;                      ///< of what stands in each column, over all rows
  std::vector<std::vector<std::uint16_t>> used;  ///< for each piece the columns that are not all zero
  Matrix narrow;                                 ///< those columns alone
  KernelFloats panels;                           ///< and what they are multiplied with
};

class KernelExpansion {
 public:
  using Value = float;
  using Scratch = KernelScratch;
  static constexpr std::size_t rows_together = 112;   ///< that are compared, in a batch
  static constexpr std::size_t chunk = 512;           ///< fixed rows whose values are held at once
  static constexpr std::size_t piece_columns = 1024;  ///< of which a row alone has a moved copy

  /// `fixed` must outlive this. Distances are taken from `origin`; kernels of products do without. `phases` are for
  /// KernelCurve::cosine.
  KernelExpansion(MatrixView fixed, const simd::KernelFunction& function, std::span<const float> origin,
                  std::span<const float> phases = {})
      : fixed_(fixed), function_(function) {
    if (function.curve == simd::KernelCurve::rbf) {
      origin_.assign(origin.begin(), origin.end());
    }
    std::vector<float> moved(std::min(piece_columns, columns()));
    for (std::size_t first = 0; first < fixed.rows(); first += chunk) {
      Chunk& one = chunks_.emplace_back();
      one.count = std::min(chunk, fixed.rows() - first);
      one.beside.assign(padded(one.count), 0.0F);
      one.weights.assign(padded(one.count), 0.0F);
      for (std::size_t column = 0; column < columns(); column += piece_columns) {
        const std::size_t wide = width_of(column);
        KernelFloats& panels = one.pieces.emplace_back(padded(one.count) * wide);
        for (std::size_t i = 0; i < one.count; ++i) {
          move(fixed.row(first + i), column, wide, moved.data());
          one.beside[i] += simd::active_kernels().sum_of_squares(moved.data(), wide);
          float* to = panels.data() + i / panel * panel * wide + i % panel;
          for (std::size_t k = 0; k < wide; ++k) {
            to[k * panel] = moved[k];
          }
        }
      }
      if (function.curve == simd::KernelCurve::cosine) {
        std::copy_n(phases.begin() + static_cast<std::ptrdiff_t>(first), one.count, one.beside.begin());
      }
    }
  }

  std::size_t count() const noexcept { return fixed_.rows(); }
  std::size_t columns() const noexcept { return fixed_.columns(); }
  const simd::KernelFunction& function() const noexcept { return function_; }
  /// From the values of one row to those of the next.
  std::size_t stride() const noexcept { return padded(count()); }

  void set_weights(std::span<const double> weights) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      chunks_[i / chunk].weights[i % chunk] = static_cast<float>(weights[i]);
    }
  }

  /// The kernel value of a row with itself.
  double own_value(const float* row) const {
    if (function_.curve == simd::KernelCurve::rbf) {
      return 1.0;
    }
    std::array<float, panel> value{simd::active_kernels().sum_of_squares(row, columns())};
    constexpr std::array<float, panel> nothing{};
    simd::active_kernels().kernel_values(function_, 0.0F, nothing.data(), value.size(), value.data());
    return static_cast<double>(value[0]);
  }

  /// Values of some rows with all fixed ones, row after row, `stride()` apart.
  void values(std::span<const float* const> rows, KernelScratch& scratch, float* out) const {
    for (std::size_t first = 0; first < rows.size(); first += rows_together) {
      const auto some = rows.subspan(first, std::min(rows_together, rows.size() - first));
      measure(some, scratch);
      for (std::size_t i = 0; i < chunks_.size(); ++i) {
        compare(some, scratch, chunks_[i], out + first * stride() + i * chunk, stride());
      }
    }
  }

  /// The weighted sums of values of any number of rows.
  void sums(MatrixView rows, KernelScratch& scratch, double* out) const {
    std::array<const float*, rows_together> pointers;
    for (std::size_t first = 0; first < rows.rows(); first += rows_together) {
      const std::size_t count = std::min(rows_together, rows.rows() - first);
      for (std::size_t row = 0; row < count; ++row) {
        pointers[row] = rows.row(first + row);
      }
      const auto some = std::span<const float* const>(pointers).first(count);
      measure(some, scratch);
      std::fill_n(out + first, count, 0.0);
      for (const Chunk& one : chunks_) {
        compare(some, scratch, one, scratch.values.data(), chunk);
        for (std::size_t row = 0; row < count; ++row) {
          out[first + row] += weighted(one, scratch.values.row(row).data());
        }
      }
    }
  }

  /// The same for one row, without memory.
  double sum(const float* row) const {
    alignas(64) std::array<float, piece_columns> moved;
    alignas(64) std::array<float, chunk> values;
    float length = 0.0F;
    for (std::size_t column = 0; column < columns(); column += piece_columns) {
      move(row, column, width_of(column), moved.data());
      length += simd::active_kernels().sum_of_squares(moved.data(), width_of(column));
    }
    double sum = 0.0;
    for (const Chunk& one : chunks_) {
      for (std::size_t piece = 0; piece < one.pieces.size(); ++piece) {
        const std::size_t wide = width_of(piece * piece_columns);
        if (one.pieces.size() > 1) {
          move(row, piece * piece_columns, wide, moved.data());
        }
        simd::active_kernels().product(moved.data(), wide, 1, one.pieces[piece].data(), one.beside.size(), wide,
                                       values.data(), chunk, piece != 0);
      }
      bend(one, row, length, values.data());
      sum += weighted(one, values.data());
    }
    return sum;
  }

 private:
  static constexpr std::size_t panel = simd::panel_columns;

  struct Chunk {
    std::size_t count = 0;
    std::vector<KernelFloats> pieces;  ///< packed, columns piece after piece; a last panel's rest is zero
    std::vector<float> beside;         ///< squared lengths, or phases
    std::vector<float> weights;        ///< zero in what a last panel has too many
  };

  static std::size_t padded(std::size_t count) { return (count + panel - 1) / panel * panel; }

  /// Of the piece that begins at a column.
  std::size_t width_of(std::size_t column) const { return std::min(piece_columns, columns() - column); }

  void move(const float* row, std::size_t column, std::size_t wide, float* to) const {
    if (origin_.empty()) {
      std::copy_n(row + column, wide, to);
      return;
    }
    for (std::size_t i = 0; i < wide; ++i) {
      to[i] = row[column + i] - origin_[column + i];
    }
  }

  void measure(std::span<const float* const> rows, KernelScratch& scratch) const {
    std::fill(scratch.sizes.begin(), scratch.sizes.end(), 0.0F);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      float* moved = scratch.moved.row(row).data();
      move(rows[row], 0, columns(), moved);
      scratch.lengths[row] = 0.0F;
      for (std::size_t column = 0; column < columns(); column += piece_columns) {
        scratch.lengths[row] += simd::active_kernels().sum_of_squares(moved + column, width_of(column));
      }
      for (std::size_t column = 0; column < columns(); ++column) {
        scratch.sizes[column] += std::abs(moved[column]);
      }
    }
    for (std::size_t piece = 0; piece < scratch.used.size(); ++piece) {
      std::vector<std::uint16_t>& used = scratch.used[piece];
      const std::size_t first = piece * piece_columns;
      used.clear();
      for (std::size_t k = 0; k < width_of(first); ++k) {
        if (scratch.sizes[first + k] != 0.0F) {
          used.push_back(static_cast<std::uint16_t>(k));
        }
      }
      for (std::size_t row = 0; leaves_out_enough(used.size(), first) && row < rows.size(); ++row) {
        const float* from = scratch.moved.row(row).data() + first;
        float* to = scratch.narrow.row(row).data() + first;
        for (std::size_t i = 0; i < used.size(); ++i) {
          to[i] = from[used[i]];
        }
      }
    }
  }

  /// Whether copying what is multiplied with costs less than it saves.
  bool leaves_out_enough(std::size_t used, std::size_t first) const { return 8 * used <= 7 * width_of(first); }

  void compare(std::span<const float* const> rows, KernelScratch& scratch, const Chunk& one, float* out,
               std::size_t out_stride) const {
    const std::size_t wide_out = one.beside.size();
    for (std::size_t piece = 0; piece < one.pieces.size(); ++piece) {
      const std::size_t first = piece * piece_columns;
      const std::size_t wide = width_of(first);
      const std::vector<std::uint16_t>& used = scratch.used[piece];
      const float* a = scratch.moved.data() + first;
      const float* panels = one.pieces[piece].data();
      std::size_t depth = wide;
      if (leaves_out_enough(used.size(), first)) {
        depth = used.size();
        a = scratch.narrow.data() + first;
        float* to = scratch.panels.data();
        for (std::size_t i = 0; i < wide_out; i += panel) {
          for (const std::uint16_t k : used) {
            std::copy_n(panels + i * wide + k * panel, panel, to);
            to += panel;
          }
        }
        panels = scratch.panels.data();
      }
      simd::active_kernels().product(a, columns(), rows.size(), panels, wide_out, depth, out, out_stride, piece != 0);
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
      bend(one, rows[row], scratch.lengths[row], out + row * out_stride);
    }
  }

  /// From products to kernel values.
  void bend(const Chunk& one, const float* row, float length, float* values) const {
    const bool rbf = function_.curve == simd::KernelCurve::rbf;
    constexpr float too_long = 1e37F;  // products of such rows overflow
    if (rbf && !(length < too_long)) {
      std::fill_n(values, one.beside.size(), 0.0F);
      return;
    }
    constexpr float rounded = 50.0F;  // gamma times squared length, behind which rounding of products shows
    if (rbf && length * function_.gamma > rounded) {
      bend_exactly(one, row, length, values);
      return;
    }
    simd::active_kernels().kernel_values(function_, length, one.beside.data(), one.beside.size(), values);
  }

  /// For rows so far out that the difference of squared lengths says little about those near them.
  void bend_exactly(const Chunk& one, const float* row, float length, float* values) const {
    constexpr float negligible = 12.0F;  // a kernel value of exp(-12)
    const auto first = static_cast<std::size_t>(&one - chunks_.data()) * chunk;
    std::array<std::uint16_t, chunk> near;
    std::size_t found = 0;
    for (std::size_t i = 0; i < one.count; ++i) {
      if (function_.gamma * (length + one.beside[i] - 2.0F * values[i]) < negligible) {
        near[found++] = static_cast<std::uint16_t>(i);
      }
    }
    const simd::KernelTable& kernels = simd::active_kernels();
    kernels.kernel_values(function_, length, one.beside.data(), one.beside.size(), values);
    constexpr std::array<float, panel> nothing{};
    std::array<float, panel> exact{};
    for (std::size_t begin = 0; begin < found; begin += exact.size()) {
      const std::size_t count = std::min(exact.size(), found - begin);
      for (std::size_t i = 0; i < count; ++i) {
        exact[i] = -0.5F * kernels.squared_distance(row, fixed_.row(first + near[begin + i]), columns());
      }
      kernels.kernel_values(function_, 0.0F, nothing.data(), exact.size(), exact.data());
      for (std::size_t i = 0; i < count; ++i) {
        values[near[begin + i]] = exact[i];
      }
    }
  }

  static double weighted(const Chunk& one, const float* values) {
    return simd::active_kernels().weighted_sum(values, one.weights.data(), one.weights.size());
  }

  MatrixView fixed_;
  simd::KernelFunction function_;
  std::vector<float> origin_;  ///< empty for kernels of products
  std::vector<Chunk> chunks_;
};

inline KernelScratch::KernelScratch(std::size_t columns)
    : moved(Matrix::for_overwrite(KernelExpansion::rows_together, columns)),
      values(Matrix::for_overwrite(KernelExpansion::rows_together, KernelExpansion::chunk)),
      lengths(KernelExpansion::rows_together),
      sizes(columns),
      used((columns + KernelExpansion::piece_columns - 1) / KernelExpansion::piece_columns),
      narrow(Matrix::for_overwrite(KernelExpansion::rows_together, columns)),
      panels(KernelExpansion::chunk * std::min(columns, KernelExpansion::piece_columns)) {}

}  // namespace nad::detail
