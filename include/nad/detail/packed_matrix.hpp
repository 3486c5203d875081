#pragma once

// Matrices that others are multiplied with again and again, in the order in which the kernels read them.
//
//   PackedMatrix weights = PackedMatrix::of_rows(w);          // x * w'
//   weights.left_times(x, out);                               // out[i][j] = the product of row i of x and row j of w
//
// A row of x gives the same bits alone and among others.

#include <cstddef>
#include <new>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

/// Memory that begins where every kernel can load, also that of a copy.
template <class Value>
class KernelAllocator {
 public:
  using value_type = Value;  // NOLINT(readability-identifier-naming): the standard's name

  KernelAllocator() = default;
  template <class Other>
  // NOLINTNEXTLINE(google-explicit-constructor): allocators convert
  KernelAllocator(const KernelAllocator<Other>&) noexcept {}

  Value* allocate(std::size_t count) { return static_cast<Value*>(::operator new(count * sizeof(Value), boundary)); }
  void deallocate(Value* memory, std::size_t) noexcept { ::operator delete(memory, boundary); }

  friend bool operator==(const KernelAllocator&, const KernelAllocator&) noexcept { return true; }

 private:
  static constexpr std::align_val_t boundary{64};
};

class PackedMatrix {
 public:
  PackedMatrix() = default;

  /// For products with the rows of `b`: out[i][j] = x[i] . b[j].
  static PackedMatrix of_rows(MatrixView b) {
    PackedMatrix packed(b.columns(), b.rows());
    for (std::size_t column = 0; column < b.rows(); ++column) {
      for (std::size_t k = 0; k < b.columns(); ++k) {
        packed.at(k, column) = b(column, k);
      }
    }
    return packed;
  }

  /// For products with `b` as it stands: out[i][j] = the sum over k of x[i][k] * b[k][j].
  static PackedMatrix of_columns(MatrixView b) {
    PackedMatrix packed(b.rows(), b.columns());
    for (std::size_t k = 0; k < b.rows(); ++k) {
      for (std::size_t column = 0; column < b.columns(); ++column) {
        packed.at(k, column) = b(k, column);
      }
    }
    return packed;
  }

  /// What is summed over.
  std::size_t depth() const noexcept { return depth_; }
  std::size_t columns() const noexcept { return columns_; }

  /// Writes `columns()` floats for each row of x, `out_stride` apart; or adds them to what is there.
  void left_times(MatrixView x, float* out, std::size_t out_stride, bool add = false) const {
    if (x.columns() != depth_) {
      throw Error(ErrorCode::invalid_argument, "a matrix of " + std::to_string(x.columns()) +
                                                   " columns cannot be multiplied with one of " +
                                                   std::to_string(depth_) + " rows");
    }
    simd::active_kernels().product(x.data(), x.row_stride(), x.rows(), panels_.data(), columns_, depth_, out,
                                   out_stride, add);
  }

 private:
  PackedMatrix(std::size_t depth, std::size_t columns)
      : depth_(depth),
        columns_(columns),
        panels_((columns + simd::panel_columns - 1) / simd::panel_columns * simd::panel_columns * depth) {}

  float& at(std::size_t k, std::size_t column) {
    constexpr std::size_t wide = simd::panel_columns;
    return panels_[column / wide * wide * depth_ + k * wide + column % wide];
  }

  std::size_t depth_ = 0;
  std::size_t columns_ = 0;
  std::vector<float, KernelAllocator<float>> panels_;  ///< zero at first
};

}  // namespace nad::detail
