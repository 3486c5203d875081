#pragma once

/// Records as numbers: rows are records, columns are features, float32, row-major.
///
///   std::vector<float> rows = {0.F, 1.F, 2.F, 3.F, 4.F, 5.F};
///   nad::MatrixView view(rows.data(), 3, 2);            // three records of two features, nothing is copied
///   float last = view(2, 1);                             // 5
///
/// A view borrows memory that somebody else owns and must outlive it. `row_stride` counts floats from one row to the
/// next, so a view can look at some leading columns of a wider array.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/large_memory.hpp"

namespace nad {

class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(const float* data, std::size_t rows, std::size_t columns) : MatrixView(data, rows, columns, columns) {}
  MatrixView(const float* data, std::size_t rows, std::size_t columns, std::size_t row_stride)
      : data_(data), rows_(rows), columns_(columns), row_stride_(row_stride) {}

  const float* data() const noexcept { return data_; }
  std::size_t rows() const noexcept { return rows_; }
  std::size_t columns() const noexcept { return columns_; }
  std::size_t row_stride() const noexcept { return row_stride_; }
  bool empty() const noexcept { return rows_ == 0 || columns_ == 0; }

  const float* row(std::size_t index) const noexcept { return data_ + index * row_stride_; }
  float operator()(std::size_t r, std::size_t c) const noexcept { return row(r)[c]; }

  /// `count` rows from `first` on, looking at the same memory.
  MatrixView slice(std::size_t first, std::size_t count) const noexcept {
    return {row(first), count, columns_, row_stride_};
  }

  /// `count` columns from `first` on, looking at the same memory.
  MatrixView columns(std::size_t first, std::size_t count) const noexcept {
    return {data_ + first, rows_, count, row_stride_};
  }

 private:
  const float* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::size_t row_stride_ = 0;
};

/// A matrix that owns its values, zero at first.
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t columns)
      : values_(size_of(rows, columns), 0.0F), rows_(rows), columns_(columns) {}
  /// Its values mean nothing until they are written: for whoever writes all of them at once.
  static Matrix for_overwrite(std::size_t rows, std::size_t columns) {
    Matrix matrix;
    matrix.values_.resize(size_of(rows, columns));
    matrix.rows_ = rows;
    matrix.columns_ = columns;
    return matrix;
  }

  std::size_t rows() const noexcept { return rows_; }
  std::size_t columns() const noexcept { return columns_; }
  float* data() noexcept { return values_.data(); }
  const float* data() const noexcept { return values_.data(); }
  std::span<float> row(std::size_t index) noexcept { return {values_.data() + index * columns_, columns_}; }
  std::span<const float> row(std::size_t index) const noexcept { return {values_.data() + index * columns_, columns_}; }
  float& operator()(std::size_t r, std::size_t c) noexcept { return values_[r * columns_ + c]; }
  float operator()(std::size_t r, std::size_t c) const noexcept { return values_[r * columns_ + c]; }

  MatrixView view() const noexcept { return {values_.data(), rows_, columns_}; }
  // NOLINTNEXTLINE(google-explicit-constructor): a matrix is viewed freely
  operator MatrixView() const noexcept { return view(); }

 private:
  static std::size_t size_of(std::size_t rows, std::size_t columns) {
    if (columns != 0 && rows > static_cast<std::size_t>(-1) / sizeof(float) / columns) {
      throw Error(ErrorCode::invalid_argument, "no memory holds a matrix of " + std::to_string(rows) + " rows and " +
                                                   std::to_string(columns) + " columns");
    }
    return rows * columns;
  }

  std::vector<float, detail::LargeAllocator<float>> values_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace nad
