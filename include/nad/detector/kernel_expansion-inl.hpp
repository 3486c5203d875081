#pragma once

// Kernel values of rows with many fixed ones, and weighted sums of those: blocks of products that stay in the cache.
// A row has the same bits alone and among others.

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

/// Memory for the rows that are looked at together; one for each thread.
struct KernelScratch {
  explicit KernelScratch(std::size_t columns);

  Matrix moved;
  Matrix values;
  std::vector<float> lengths;
};

class KernelExpansion {
 public:
  static constexpr std::size_t rows_together = 112;   ///< that are compared, in a batch
  static constexpr std::size_t chunk = 512;           ///< fixed rows whose values are held at once
  static constexpr std::size_t piece_columns = 1024;  ///< of which a row alone has a moved copy

  /// `fixed` must outlive this. Distances are taken from `origin`, which is zero, or empty, for kernels of products.
  /// `phases` are for KernelCurve::cosine.
  KernelExpansion(MatrixView fixed, const simd::KernelFunction& function, std::span<const float> origin,
                  std::span<const float> phases = {})
      : fixed_(fixed), function_(function) {
    if (function.curve == simd::KernelCurve::rbf) {
      origin_.assign(origin.begin(), origin.end());
    }
    for (std::size_t first = 0; first < fixed.rows(); first += chunk) {
      const std::size_t count = std::min(chunk, fixed.rows() - first);
      Chunk& one = chunks_.emplace_back();
      one.beside.assign(padded(count), 0.0F);
      one.weights.assign(padded(count), 0.0F);
      for (std::size_t column = 0; column < columns(); column += piece_columns) {
        const std::size_t wide = std::min(piece_columns, columns() - column);
        Matrix seen = Matrix::for_overwrite(count, wide);
        for (std::size_t i = 0; i < count; ++i) {
          move(fixed.row(first + i), column, wide, seen.row(i).data());
          one.beside[i] += simd::active_kernels().sum_of_squares(seen.row(i).data(), wide);
        }
        one.pieces.push_back(PackedMatrix::of_rows(seen));
      }
      if (function.curve == simd::KernelCurve::cosine) {
        std::copy_n(phases.begin() + static_cast<std::ptrdiff_t>(first), count, one.beside.begin());
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

  /// Values of some rows with all fixed ones: `stride()` floats a row of out.
  void values(std::span<const float* const> rows, KernelScratch& scratch, Matrix& out, std::size_t first_of_out) const {
    for (std::size_t first = 0; first < rows.size(); first += rows_together) {
      const auto some = rows.subspan(first, std::min(rows_together, rows.size() - first));
      measure(some, scratch);
      for (std::size_t i = 0; i < chunks_.size(); ++i) {
        compare(some, scratch, i, out.row(first_of_out + first).data() + i * chunk, out.columns());
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
      for (std::size_t i = 0; i < chunks_.size(); ++i) {
        compare(some, scratch, i, scratch.values.data(), chunk);
        for (std::size_t row = 0; row < count; ++row) {
          out[first + row] += weighted(chunks_[i], scratch.values.row(row).data());
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
      const std::size_t wide = std::min(piece_columns, columns() - column);
      move(row, column, wide, moved.data());
      length += simd::active_kernels().sum_of_squares(moved.data(), wide);
    }
    double sum = 0.0;
    for (const Chunk& one : chunks_) {
      std::fill_n(values.data(), one.beside.size(), 0.0F);
      for (std::size_t piece = 0; piece < one.pieces.size(); ++piece) {
        const std::size_t wide = one.pieces[piece].depth();
        if (one.pieces.size() > 1 || &one == chunks_.data()) {
          move(row, piece * piece_columns, wide, moved.data());
        }
        one.pieces[piece].left_times({moved.data(), 1, wide}, values.data(), chunk, piece != 0);
      }
      bend(one, row, length, values.data());
      sum += weighted(one, values.data());
    }
    return sum;
  }

 private:
  struct Chunk {
    std::vector<PackedMatrix> pieces;  ///< columns piece after piece
    std::vector<float> beside;         ///< squared lengths, or phases
    std::vector<float> weights;        ///< zero in what a last panel has too many
  };

  static std::size_t padded(std::size_t count) {
    return (count + simd::panel_columns - 1) / simd::panel_columns * simd::panel_columns;
  }

  void move(const float* row, std::size_t column, std::size_t wide, float* to) const {
    for (std::size_t i = 0; i < wide; ++i) {
      to[i] = origin_.empty() ? row[column + i] : row[column + i] - origin_[column + i];
    }
  }

  void measure(std::span<const float* const> rows, KernelScratch& scratch) const {
    for (std::size_t row = 0; row < rows.size(); ++row) {
      float* moved = scratch.moved.row(row).data();
      move(rows[row], 0, columns(), moved);
      scratch.lengths[row] = 0.0F;
      for (std::size_t column = 0; column < columns(); column += piece_columns) {
        scratch.lengths[row] +=
            simd::active_kernels().sum_of_squares(moved + column, std::min(piece_columns, columns() - column));
      }
    }
  }

  void compare(std::span<const float* const> rows, const KernelScratch& scratch, std::size_t number, float* out,
               std::size_t out_stride) const {
    const Chunk& one = chunks_[number];
    const std::size_t count = one.pieces.empty() ? 0 : one.pieces[0].columns();
    for (std::size_t row = 0; row < rows.size(); ++row) {
      std::fill(out + row * out_stride + count, out + row * out_stride + one.beside.size(), 0.0F);
    }
    for (std::size_t piece = 0; piece < one.pieces.size(); ++piece) {
      const MatrixView moved(scratch.moved.data() + piece * piece_columns, rows.size(), one.pieces[piece].depth(),
                             columns());
      one.pieces[piece].left_times(moved, out, out_stride, piece != 0);
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
    for (std::size_t i = 0; i < one.pieces[0].columns(); ++i) {
      if (function_.gamma * (length + one.beside[i] - 2.0F * values[i]) < negligible) {
        near[found++] = static_cast<std::uint16_t>(i);
      }
    }
    const simd::KernelTable& kernels = simd::active_kernels();
    kernels.kernel_values(function_, length, one.beside.data(), one.beside.size(), values);
    constexpr std::array<float, simd::panel_columns> nothing{};
    std::array<float, simd::panel_columns> exact{};
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
      lengths(KernelExpansion::rows_together) {}

}  // namespace nad::detail
