#pragma once

// Distances of rows from centres. The product kernel tells roughly how far all centres are, |x|^2 - 2 x.c + |c|^2;
// where its rounding leaves a doubt, the exact distances decide. So the nearest centre, and its distance, are the same
// whatever the kernel, and for a row alone as for many.

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
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

/// Squared distances.
struct Nearest {
  std::uint32_t centre = 0;
  float distance = 0.0F;
  float second = 0.0F;  ///< no other centre is nearer than that
};

inline constexpr std::uint32_t no_centre = 0xffffffffU;

/// Memory for the rows that are looked at together; one for each thread.
struct CentreScratch {
  static constexpr std::size_t rows = 256;

  CentreScratch(std::size_t columns, std::size_t centres)
      : stride((centres + simd::panel_columns - 1) / simd::panel_columns * simd::panel_columns),
        shifted(Matrix::for_overwrite(rows, columns)),
        products(rows, stride),
        least(rows),
        lengths(rows),
        doubts(rows) {}

  std::size_t stride;
  Matrix shifted;
  Matrix products;  ///< zero behind the last centre
  std::vector<simd::LeastTwo> least;
  std::vector<float> lengths;  ///< of the rows, squared
  std::vector<float> doubts;
};

class CentreDistances {
 public:
  /// Rows and centres are looked at from `origin`, so that rounding stays small where all of them lie far from zero.
  CentreDistances(MatrixView centres, std::span<const float> origin)
      : squared_distance_(simd::active_kernels().squared_distance),
        centres_(Matrix::for_overwrite(centres.rows(), centres.columns())),
        origin_(origin.begin(), origin.end()) {
    moved_ = std::any_of(origin.begin(), origin.end(), [](float value) { return value != 0.0F; });
    Matrix seen = Matrix::for_overwrite(centres.rows(), centres.columns());
    for (std::size_t centre = 0; centre < centres.rows(); ++centre) {
      std::copy_n(centres.row(centre), centres.columns(), centres_.row(centre).data());
      move(centres.row(centre), seen.row(centre).data());
    }
    packed_ = PackedMatrix::of_rows(seen);
    const std::size_t wide = simd::panel_columns;
    lengths_.assign((count() + wide - 1) / wide * wide, simd::most_of_all);
    for (std::size_t centre = 0; centre < count(); ++centre) {
      lengths_[centre] = exact(centres.row(centre), origin_.data());
      longest_ = std::max(longest_, std::sqrt(lengths_[centre]));
    }
    rounding_ = static_cast<float>(2 * centres.columns() + 16) * 6e-8F;
  }

  std::size_t count() const noexcept { return centres_.rows(); }
  std::size_t columns() const noexcept { return centres_.columns(); }
  CentreScratch scratch() const { return {columns(), count()}; }

  /// The squared length of a row from the origin.
  float length(const float* row) const { return exact(row, origin_.data()); }

  /// The nearest centre of each of at most CentreScratch::rows rows; of equally near ones the first.
  void nearest(MatrixView rows, CentreScratch& scratch, Nearest* found) const {
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      scratch.lengths[row] = length(rows.row(row));
    }
    nearest_of_lengths(rows, scratch, found);
  }

  /// The same where scratch.lengths holds those of the rows already.
  void nearest_of_lengths(MatrixView rows, CentreScratch& scratch, Nearest* found) const {
    multiply(rows, scratch);
    simd::active_kernels().least_two(scratch.products.data(), scratch.stride, rows.rows(), lengths_.data(),
                                     scratch.stride, scratch.least.data());
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      found[row] = decide(rows.row(row), scratch.lengths[row], scratch.products.row(row).data(), scratch.least[row]);
    }
  }

  /// The same for one row, without memory.
  Nearest nearest(const float* row) const {
    if (count() < enough_for_products || lengths_.size() > most_on_stack || columns() > most_on_stack) {
      return nearest_of_all(row);
    }
    std::array<float, most_on_stack> shifted;
    std::array<float, most_on_stack> products;
    if (moved_) {
      move(row, shifted.data());
    }
    packed_.left_times({moved_ ? shifted.data() : row, 1, columns()}, products.data(), lengths_.size());
    std::fill(products.begin() + static_cast<std::ptrdiff_t>(count()),
              products.begin() + static_cast<std::ptrdiff_t>(lengths_.size()), 0.0F);
    simd::LeastTwo least{};
    simd::active_kernels().least_two(products.data(), lengths_.size(), 1, lengths_.data(), lengths_.size(), &least);
    return decide(row, length(row), products.data(), least);
  }

  /// Squared distances from every centre, in scratch.products, and how wrong they can be, in scratch.doubts; of rows
  /// whose lengths scratch.lengths holds.
  void roughly(MatrixView rows, CentreScratch& scratch) const {
    multiply(rows, scratch);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      const float length = scratch.lengths[row];
      float* values = scratch.products.row(row).data();
      for (std::size_t centre = 0; centre < count(); ++centre) {
        values[centre] = (length - 2.0F * values[centre]) + lengths_[centre];
      }
      scratch.doubts[row] = doubt(length);
    }
  }

  const float* centre(std::size_t number) const noexcept { return centres_.row(number).data(); }

  float exact(const float* a, const float* b) const { return squared_distance_(a, b, columns()); }

 private:
  static constexpr std::size_t enough_for_products = 32;  ///< centres
  static constexpr std::size_t most_on_stack = 1024;

  /// By every exact distance.
  Nearest nearest_of_all(const float* row) const {
    Nearest found = nothing();
    for (std::size_t centre = 0; centre < count(); ++centre) {
      consider(found, exact(row, centres_.row(centre).data()), centre);
    }
    return found;
  }

  /// How wrong a rough distance of a row of this squared length from the origin can be.
  float doubt(float length) const {
    const float size = std::sqrt(length) + longest_;
    return rounding_ * size * size;
  }

  void move(const float* from, float* to) const {
    for (std::size_t column = 0; column < columns(); ++column) {
      to[column] = from[column] - origin_[column];
    }
  }

  void multiply(MatrixView rows, CentreScratch& scratch) const {
    MatrixView seen = rows;
    if (moved_) {
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        move(rows.row(row), scratch.shifted.row(row).data());
      }
      seen = scratch.shifted.view().slice(0, rows.rows());
    }
    packed_.left_times(seen, scratch.products.data(), scratch.stride);
  }

  static constexpr float infinite = std::numeric_limits<float>::infinity();

  static Nearest nothing() { return {.centre = no_centre, .distance = infinite, .second = infinite}; }

  static void consider(Nearest& found, float distance, std::size_t centre) {
    if (found.centre == no_centre || distance < found.distance) {
      found = {.centre = static_cast<std::uint32_t>(centre), .distance = distance, .second = found.distance};
    } else {
      found.second = std::min(found.second, distance);
    }
  }

  Nearest decide(const float* row, float length, const float* products, const simd::LeastTwo& least) const {
    if (!(length < simd::most_of_all)) {
      return nearest_of_all(row);  // products of such values say nothing
    }
    const float doubtful = doubt(length);
    if (least.second - least.least > 2.0F * doubtful) {
      Nearest found = nothing();
      found.centre = least.place;
      found.distance = exact(row, centres_.row(least.place).data());
      if (count() > 1) {
        found.second = std::max(0.0F, least.second + (length - doubtful));
      }
      return found;
    }
    Nearest found = nothing();
    float others = infinite;
    for (std::size_t centre = 0; centre < count(); ++centre) {
      const float rough = lengths_[centre] - 2.0F * products[centre];
      if (rough > least.least + 2.0F * doubtful) {
        others = std::min(others, rough);
      } else {
        consider(found, exact(row, centres_.row(centre).data()), centre);
      }
    }
    found.second = std::min(found.second, std::max(0.0F, others + (length - doubtful)));
    return found;
  }

  float (*squared_distance_)(const float*, const float*, std::size_t) noexcept;
  Matrix centres_;
  std::vector<float> origin_;
  bool moved_ = false;
  PackedMatrix packed_;
  std::vector<float> lengths_;  ///< squared, from the origin; a last panel's rest is most_of_all
  float longest_ = 0.0F;
  float rounding_ = 0.0F;
};

}  // namespace nad::detail
