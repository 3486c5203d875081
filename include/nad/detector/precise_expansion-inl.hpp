#pragma once

// Kernel values and their weighted sums in double precision, for problems that floats are too coarse for: products of
// rows far from zero, whose sums cancel, or a gamma so small that all values are nearly 1. As in KernelExpansion a row
// has the same bits alone and among others; here they are also the same on every machine.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/detail/portable_exp.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

/// The sum of products in double precision, in four chains that need not wait for each other.
template <class Left>
double precise_product(const Left* a, const float* b, std::size_t count) noexcept {
  std::array<double, 4> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= count; i += sums.size()) {
    for (std::size_t lane = 0; lane < sums.size(); ++lane) {
      sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
    }
  }
  for (; i < count; ++i) {
    sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// From products of a row with others to kernel values, in place: `length` is the squared length of the row, `lengths`
/// are those of the others.
inline void precise_kernel_values(const simd::KernelFunction& of, double length, const double* lengths,
                                  std::size_t count, double* values) noexcept {
  const auto gamma = static_cast<double>(of.gamma);
  const auto coef0 = static_cast<double>(of.coef0);
  switch (of.curve) {
    case simd::KernelCurve::rbf:
      for (std::size_t i = 0; i < count; ++i) {
        values[i] = portable_exp(-gamma * std::max(0.0, length + lengths[i] - 2.0 * values[i]));
      }
      return;
    case simd::KernelCurve::poly:
      for (std::size_t i = 0; i < count; ++i) {
        const double inner = gamma * values[i] + coef0;
        double power = inner;
        for (std::uint32_t factor = 1; factor < of.degree; ++factor) {
          power *= inner;
        }
        values[i] = power;
      }
      return;
    case simd::KernelCurve::sigmoid:
      for (std::size_t i = 0; i < count; ++i) {
        const double inner = gamma * values[i] + coef0;
        const double small = portable_exp(-2.0 * std::abs(inner));
        values[i] = std::copysign((1.0 - small) / (1.0 + small), inner);
      }
      return;
    case simd::KernelCurve::linear:
    case simd::KernelCurve::cosine:  // only of approximations, which compute in floats
      return;
  }
}

/// How far kernel values of these rows, weighted and summed in floats, may be off by rounding. `weights`: the root of
/// the sum of their squares.
inline double rounding_of_floats(MatrixView rows, const simd::KernelFunction& function, double weights) {
  if (function.curve == simd::KernelCurve::rbf) {
    return weights * static_cast<double>(std::numeric_limits<float>::epsilon());
  }
  double longest = 0.0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    longest = std::max(longest, precise_product(rows.row(row), rows.row(row), rows.columns()));
  }
  const double inner = static_cast<double>(function.gamma) * longest;
  double largest = longest;
  if (function.curve == simd::KernelCurve::sigmoid) {
    largest = std::max(1.0, inner);  // the curve is nowhere steeper than 1
  } else if (function.curve == simd::KernelCurve::poly) {
    largest = std::pow(inner + std::abs(static_cast<double>(function.coef0)), static_cast<double>(function.degree));
  }
  return weights * largest * static_cast<double>(std::numeric_limits<float>::epsilon());
}

/// A weighted sum of rows: all that the kernel x.y has to know of them.
class RowSum {
 public:
  RowSum() = default;
  RowSum(MatrixView rows, std::span<const double> weights) : sum_(rows.columns()) {
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      for (std::size_t column = 0; column < sum_.size(); ++column) {
        sum_[column] += weights[row] * static_cast<double>(rows(row, column));
      }
    }
  }

  double times(const float* row) const noexcept { return precise_product(sum_.data(), row, sum_.size()); }

 private:
  std::vector<double> sum_;
};

class PreciseExpansion {
 public:
  using Value = double;
  static constexpr std::size_t rows_together = 64;  ///< that are compared, in a batch
  static constexpr std::size_t chunk = 512;         ///< fixed rows whose values are held at once

  /// Memory for the rows that are looked at together; one for each thread.
  struct Scratch {
    explicit Scratch(std::size_t columns)
        : rows(Matrix::for_overwrite(rows_together, columns)), values(rows_together * chunk) {}
    Matrix rows;
    std::vector<double> values;
  };

  /// `fixed` must outlive this.
  PreciseExpansion(MatrixView fixed, const simd::KernelFunction& function)
      : fixed_(fixed),
        function_(function),
        panels_(padded(fixed.rows()) * fixed.columns()),
        lengths_(padded(fixed.rows())) {
    for (std::size_t i = 0; i < fixed.rows(); ++i) {
      const float* row = fixed.row(i);
      double* to = panels_.data() + i / panel * panel * fixed.columns() + i % panel;
      for (std::size_t k = 0; k < fixed.columns(); ++k) {
        to[k * panel] = static_cast<double>(row[k]);
      }
      lengths_[i] = length_of(row);
    }
  }

  std::size_t count() const noexcept { return fixed_.rows(); }
  bool is_linear() const noexcept { return function_.curve == simd::KernelCurve::linear; }
  /// From the values of one row to those of the next.
  std::size_t stride() const noexcept { return padded(count()); }

  /// The kernel value of a row with itself.
  double own_value(const float* row) const {
    double value = length_of(row);
    const double length = value;
    precise_kernel_values(function_, length, &length, 1, &value);
    return value;
  }

  void set_weights(std::span<const double> weights) {
    if (is_linear()) {
      row_sum_ = RowSum(fixed_, weights);
    }
    weights_.assign(weights.begin(), weights.end());
    weights_.resize(stride());  // what a last panel has too many does not count
  }

  /// Values of some rows with all fixed ones, row after row, `stride()` apart.
  void values(std::span<const float* const> rows, Scratch& scratch, double* out) const {
    for (std::size_t first = 0; first < rows.size(); first += rows_together) {
      const std::size_t count = std::min(rows_together, rows.size() - first);
      for (std::size_t row = 0; row < count; ++row) {
        std::copy_n(rows[first + row], fixed_.columns(), scratch.rows.row(row).data());
      }
      const MatrixView some = scratch.rows.view().slice(0, count);
      for (std::size_t begin = 0; begin < stride(); begin += chunk) {
        compare(some, begin, std::min(chunk, stride() - begin), out + first * stride() + begin, stride());
      }
    }
  }

  /// The weighted sums of values of any number of rows.
  void sums(MatrixView rows, Scratch& scratch, double* out) const {
    if (is_linear()) {
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        out[row] = row_sum_.times(rows.row(row));
      }
      return;
    }
    for (std::size_t first = 0; first < rows.rows(); first += rows_together) {
      const std::size_t count = std::min(rows_together, rows.rows() - first);
      std::fill_n(out + first, count, 0.0);
      for (std::size_t begin = 0; begin < stride(); begin += chunk) {
        const std::size_t wide = std::min(chunk, stride() - begin);
        compare(rows.slice(first, count), begin, wide, scratch.values.data(), chunk);
        for (std::size_t row = 0; row < count; ++row) {
          out[first + row] += weighted(scratch.values.data() + row * chunk, begin, wide);
        }
      }
    }
  }

  /// The same for one row, without memory.
  double sum(const float* row) const {
    if (is_linear()) {
      return row_sum_.times(row);
    }
    std::array<double, chunk> values;
    double sum = 0.0;
    for (std::size_t begin = 0; begin < stride(); begin += chunk) {
      const std::size_t wide = std::min(chunk, stride() - begin);
      compare({row, 1, fixed_.columns()}, begin, wide, values.data(), chunk);
      sum += weighted(values.data(), begin, wide);
    }
    return sum;
  }

 private:
  static constexpr std::size_t panel = simd::wide_panel_columns;

  static std::size_t padded(std::size_t count) { return (count + panel - 1) / panel * panel; }

  double length_of(const float* row) const noexcept {
    double length = 0.0;  // one chain, as products are: a row has no distance from itself
    for (std::size_t k = 0; k < fixed_.columns(); ++k) {
      length += static_cast<double>(row[k]) * static_cast<double>(row[k]);
    }
    return length;
  }

  /// With `wide` of the fixed rows from `begin` on.
  void compare(MatrixView rows, std::size_t begin, std::size_t wide, double* out, std::size_t out_stride) const {
    simd::active_kernels().wide_product(rows.data(), rows.row_stride(), rows.rows(),
                                        panels_.data() + begin * fixed_.columns(), wide, fixed_.columns(), out,
                                        out_stride);
    const bool rbf = function_.curve == simd::KernelCurve::rbf;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const double length = rbf ? length_of(rows.row(i)) : 0.0;
      precise_kernel_values(function_, length, lengths_.data() + begin, wide, out + i * out_stride);
    }
  }

  double weighted(const double* values, std::size_t begin, std::size_t wide) const {
    std::array<double, 4> sums{};
    for (std::size_t i = 0; i < wide; i += sums.size()) {  // panels are a multiple of so many
      for (std::size_t lane = 0; lane < sums.size(); ++lane) {
        sums[lane] += values[i + lane] * weights_[begin + i + lane];
      }
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }

  MatrixView fixed_;
  simd::KernelFunction function_;
  std::vector<double, KernelAllocator<double>> panels_;  ///< packed; a last panel's rest is zero
  std::vector<double> lengths_;                          ///< squared
  std::vector<double> weights_;
  RowSum row_sum_;  ///< of the linear kernel
};

}  // namespace nad::detail
