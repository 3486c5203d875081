#pragma once

// Columns of a kernel matrix: some rows against all, by the product kernel.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/detector/svm_kernel.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

struct SvmFunction {
  SvmKernel kernel = SvmKernel::rbf;
  double gamma = 1.0;
  double coef0 = 0.0;
  std::size_t degree = 3;
};

/// Kernel values from products, in place. `count` is a multiple of panel_columns.
inline void apply_kernel(const SvmFunction& function, float length, const float* lengths, std::size_t count,
                         float* products) {
  const auto scaled = [&](float product) {
    return function.gamma * static_cast<double>(product) + function.coef0;
  };
  switch (function.kernel) {
    case SvmKernel::rbf:
      simd::active_kernels().rbf(static_cast<float>(function.gamma), length, products, lengths, count, products);
      return;
    case SvmKernel::poly:
      for (std::size_t j = 0; j < count; ++j) {
        const double base = scaled(products[j]);
        double power = 1.0;
        for (std::size_t factor = 0; factor < function.degree; ++factor) {
          power *= base;
        }
        products[j] = static_cast<float>(power);
      }
      return;
    case SvmKernel::sigmoid:
      for (std::size_t j = 0; j < count; ++j) {
        products[j] = static_cast<float>(std::tanh(scaled(products[j])));
      }
      return;
    case SvmKernel::linear:
      return;
  }
}

/// Rows that many others are compared with.
class KernelRows {
 public:
  KernelRows(MatrixView rows, const SvmFunction& function, std::span<const float> origin)
      : function_(function), origin_(origin.begin(), origin.end()) {
    Matrix seen = Matrix::for_overwrite(rows.rows(), rows.columns());
    const std::vector<float> zeros(rows.columns());
    lengths_.assign(padded(rows.rows()), 0.0F);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      move(rows.row(row), seen.row(row).data());
      lengths_[row] = simd::active_kernels().sum_of_squares(seen.row(row).data(), rows.columns());
    }
    packed_ = PackedMatrix::of_rows(seen);
  }

  std::size_t count() const noexcept { return packed_.columns(); }
  std::size_t columns() const noexcept { return origin_.size(); }
  std::size_t stride() const noexcept { return lengths_.size(); }
  static std::size_t padded(std::size_t count) {
    return (count + simd::panel_columns - 1) / simd::panel_columns * simd::panel_columns;
  }

  /// A row as it is compared: for kernels of distances from the origin of the training rows.
  void move(const float* from, float* to) const {
    for (std::size_t column = 0; column < columns(); ++column) {
      to[column] = from[column] - origin_[column];
    }
  }

  /// Values of some rows that were moved already, stride() apart, with all of these.
  void values(MatrixView moved, float* out) const {
    packed_.left_times(moved, out, stride());
    for (std::size_t row = 0; row < moved.rows(); ++row, out += stride()) {
      const float length = simd::active_kernels().sum_of_squares(moved.row(row), columns());
      apply_kernel(function_, length, lengths_.data(), stride(), out);
    }
  }

 private:
  SvmFunction function_;
  std::vector<float> origin_;  ///< zero for kernels of products
  PackedMatrix packed_;
  std::vector<float> lengths_;
};

/// Columns that were computed lately, as many as fit.
class KernelCache {
 public:
  KernelCache(const KernelRows& all, MatrixView x, double mebibytes)
      : all_(all), x_(x), place_(all.count(), none), diagonal_(all.count()) {
    const double column = static_cast<double>(all.stride() * sizeof(float));
    const auto fit = static_cast<std::size_t>(std::max(0.0, mebibytes) * 1048576.0 / column);
    room_ = std::clamp<std::size_t>(fit, 2 * together, std::max<std::size_t>(2 * together, all.count()));
  }

  static constexpr std::size_t together = 32;  ///< columns that are computed at once

  bool has(std::uint32_t row) const { return place_[row] != none; }

  /// The column of a row; those of `likely` rows that are missing are computed along.
  const float* column(std::uint32_t row, std::span<const std::uint32_t> likely) {
    if (!has(row)) {
      std::vector<std::uint32_t> wanted = {row};
      for (const std::uint32_t other : likely) {
        if (wanted.size() < together && other != row && !has(other)) {
          wanted.push_back(other);
        }
      }
      compute(wanted);
    }
    touch(place_[row]);
    return slots_[place_[row]].values.data();
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  struct Slot {
    std::uint32_t row = 0;
    std::uint64_t used = 0;
    std::vector<float> values;
  };

  void touch(std::size_t slot) { slots_[slot].used = ++clock_; }

  std::size_t free_slot() {
    if (slots_.size() < room_) {
      slots_.emplace_back().values.resize(all_.stride());
      return slots_.size() - 1;
    }
    const auto oldest = std::min_element(slots_.begin(), slots_.end(),
                                         [](const Slot& a, const Slot& b) { return a.used < b.used; });
    place_[oldest->row] = none;
    return static_cast<std::size_t>(oldest - slots_.begin());
  }

  void compute(const std::vector<std::uint32_t>& rows) {
    Matrix moved = Matrix::for_overwrite(rows.size(), x_.columns());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      all_.move(x_.row(rows[i]), moved.row(i).data());
    }
    Matrix values = Matrix::for_overwrite(rows.size(), all_.stride());
    all_.values(moved, values.data());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t slot = free_slot();
      slots_[slot].row = rows[i];
      std::copy_n(values.row(i).data(), all_.stride(), slots_[slot].values.data());
      place_[rows[i]] = slot;
      touch(slot);
    }
  }

  const KernelRows& all_;
  MatrixView x_;
  std::vector<std::size_t> place_;
  std::vector<float> diagonal_;
  std::vector<Slot> slots_;
  std::size_t room_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace nad::detail
