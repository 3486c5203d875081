#pragma once

// A normal distribution that many rows are measured against: squared Mahalanobis distances and what each column adds.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/detail/cholesky.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/detector/gaussian_shape.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

/// From the lower triangle of a covariance, size x size values; an error where it is not positive, or so small that
/// floats cannot hold its inverse.
inline GaussianShape gaussian_shape(std::span<const double> centre, std::vector<double> covariance) {
  const std::size_t size = centre.size();
  GaussianShape shape{nearest_floats(centre), {}, 0.0, rest_of_floats(centre)};
  if (!cholesky(covariance, size)) {
    throw Error(ErrorCode::invalid_data,
                "the columns' covariance has no inverse: values are too large, or too far apart in size; scale them");
  }
  for (std::size_t i = 0; i < size; ++i) {
    shape.log_determinant += 2.0 * std::log(covariance[i * size + i]);
  }
  invert_triangle(covariance, size);
  shape.triangle.reserve(size * (size + 1) / 2);
  for (std::size_t row = 0; row < size; ++row) {
    for (std::size_t column = 0; column <= row; ++column) {
      shape.triangle.push_back(static_cast<float>(covariance[row * size + column]));
      if (!is_finite(shape.triangle.back())) {
        throw Error(ErrorCode::invalid_data,
                    "the columns vary so little that floats cannot hold the inverse of their covariance; scale them");
      }
    }
  }
  return shape;
}

inline void check_shape(const GaussianShape& shape, std::size_t n_features) {
  const bool fits = shape.size() == n_features && shape.triangle.size() == n_features * (n_features + 1) / 2 &&
                    (shape.rest.empty() || shape.rest.size() == n_features);
  const auto finite = [](double value) { return is_finite(value); };
  if (!fits || !std::all_of(shape.centre.begin(), shape.centre.end(), finite) ||
      !std::all_of(shape.rest.begin(), shape.rest.end(), finite) ||
      !std::all_of(shape.triangle.begin(), shape.triangle.end(), finite) || !is_finite(shape.log_determinant)) {
    throw Error(ErrorCode::bad_file, "a covariance is damaged");
  }
}

/// Memory for the rows that are measured together; one for each thread.
struct GaussianScratch {
  static constexpr std::size_t rows = 128;
  explicit GaussianScratch(std::size_t columns)
      : moved(Matrix::for_overwrite(rows, columns)), turned(Matrix::for_overwrite(rows, columns)) {}
  Matrix moved;
  Matrix turned;
};

class Gaussian {
 public:
  explicit Gaussian(std::shared_ptr<const GaussianShape> of) : shape_(std::move(of)), zeros_(shape_->size()) {
    const GaussianShape& shape = *shape_;
    std::size_t last = 0;
    for (std::size_t first = 0; first < shape.size(); first = last) {  // the upper right of W is zero: left out
      last = std::min(shape.size(), first + (first == 0 ? first_part : part));
      Matrix rows(last - first, last);
      for (std::size_t row = first; row < last; ++row) {
        std::copy_n(shape.triangle.data() + row * (row + 1) / 2, row + 1, rows.row(row - first).data());
      }
      parts_.push_back(PackedMatrix::of_rows(rows));
    }
  }

  std::size_t size() const noexcept { return zeros_.size(); }

  /// Squared distances of at most GaussianScratch::rows rows.
  void distances(MatrixView x, GaussianScratch& scratch, float* out) const {
    for (std::size_t row = 0; row < x.rows(); ++row) {
      move(x.row(row), 0, size(), scratch.moved.row(row).data());
    }
    turn(scratch.moved.view().slice(0, x.rows()), scratch.turned.data());
    const auto squared_distance = simd::active_kernels().squared_distance;
    for (std::size_t row = 0; row < x.rows(); ++row) {
      out[row] = squared_distance(scratch.turned.row(row).data(), zeros_.data(), size());
    }
  }

  /// The same bits for one row; without memory up to `most_on_stack` columns.
  float distance(const float* row) const {
    if (size() > most_on_stack) {
      GaussianScratch scratch(size());
      float out = 0.0F;
      distances(MatrixView(row, 1, size()), scratch, &out);
      return out;
    }
    std::array<float, most_on_stack> moved;
    std::array<float, most_on_stack> turned;
    move(row, 0, size(), moved.data());
    turn(MatrixView(moved.data(), 1, size()), turned.data());
    return simd::active_kernels().squared_distance(turned.data(), zeros_.data(), size());
  }

  /// For each of some rows, `which` of x and at most GaussianScratch::rows: distance + offset where that is below what
  /// `least` says of the row. A distance only grows from part to part, in its rounded sums too, so rows are left behind
  /// as soon as they are as far as that: the bits are those of `distances`.
  void lower(MatrixView x, std::span<std::uint32_t> which, float offset, GaussianScratch& scratch, float* least) const {
    const auto squared_distance = simd::active_kernels().squared_distance;
    std::size_t count = which.size();
    std::size_t done = 0;
    for (const PackedMatrix& rows : parts_) {
      for (std::size_t i = 0; i < count; ++i) {
        move(x.row(which[i]), done, rows.depth(), scratch.moved.row(i).data());
      }
      rows.left_times(MatrixView(scratch.moved.data(), count, rows.depth(), size()), scratch.turned.data() + done,
                      size());
      done = rows.depth();
      std::size_t kept = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const float value = squared_distance(scratch.turned.row(i).data(), zeros_.data(), done) + offset;
        if (!(value < least[which[i]])) {
          continue;
        }
        if (done == size()) {
          least[which[i]] = value;
        } else if (kept < i) {
          std::copy_n(scratch.moved.row(i).data(), done, scratch.moved.row(kept).data());
          std::copy_n(scratch.turned.row(i).data(), done, scratch.turned.row(kept).data());
        }
        which[kept++] = which[i];
      }
      count = kept;
      if (count == 0) {
        return;
      }
    }
  }

  /// The same for one row: distance + offset, or `least` where it is not below that.
  float lower(const float* row, float offset, float least) const {
    if (size() > most_on_stack) {
      GaussianScratch scratch(size());
      std::uint32_t only = 0;
      lower(MatrixView(row, 1, size()), {&only, 1}, offset, scratch, &least);
      return least;
    }
    std::array<float, most_on_stack> moved;
    std::array<float, most_on_stack> turned;
    const auto squared_distance = simd::active_kernels().squared_distance;
    float value = least;
    std::size_t done = 0;
    for (const PackedMatrix& rows : parts_) {
      move(row, done, rows.depth(), moved.data());
      rows.left_times(MatrixView(moved.data(), 1, rows.depth()), turned.data() + done, size());
      done = rows.depth();
      value = squared_distance(turned.data(), zeros_.data(), done) + offset;
      if (!(value < least)) {
        return least;
      }
    }
    return value;
  }

  /// What each column adds to the distance of a row: its own deviation times the one that the others leave
  /// unexplained. Less than zero where the other columns make a deviation expected.
  void contributions(const float* row, std::span<float> out) const {
    std::vector<double> turned(size());
    const float* triangle = shape_->triangle.data();
    for (std::size_t i = 0; i < size(); ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        turned[i] += static_cast<double>(*triangle++) * deviation(row, j);
      }
    }
    std::vector<double> back(size());
    triangle = shape_->triangle.data();
    for (std::size_t i = 0; i < size(); ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        back[j] += static_cast<double>(*triangle++) * turned[i];
      }
    }
    for (std::size_t j = 0; j < size(); ++j) {
      out[j] = static_cast<float>(deviation(row, j) * back[j]);
    }
  }

 private:
  // multiples of the lanes in which a distance is summed; the first tells most rows from most clusters
  static constexpr std::size_t first_part = 16;
  static constexpr std::size_t part = 32;
  static constexpr std::size_t most_on_stack = 1024;

  double deviation(const float* row, std::size_t column) const {
    return static_cast<double>(row[column]) - joined_at(shape_->centre, shape_->rest, column);
  }

  /// Columns [first, last).
  void move(const float* row, std::size_t first, std::size_t last, float* to) const {
    move_to_centre(row, shape_->centre, shape_->rest, first, last, to);
  }

  void turn(MatrixView moved, float* out) const {
    std::size_t first = 0;
    for (const PackedMatrix& rows : parts_) {
      rows.left_times(MatrixView(moved.data(), moved.rows(), rows.depth(), moved.row_stride()), out + first, size());
      first += rows.columns();
    }
  }

  std::shared_ptr<const GaussianShape> shape_;
  std::vector<float> zeros_;
  std::vector<PackedMatrix> parts_;
};

}  // namespace nad::detail
