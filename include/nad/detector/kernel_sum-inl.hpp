#pragma once

// The weighted sum of kernel values that the score of a One-Class SVM is made of.

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>

#include "nad/core/matrix.hpp"
#include "nad/detector/kernel_expansion-inl.hpp"
#include "nad/detector/precise_expansion-inl.hpp"

namespace nad::detail {

class KernelSum {
 public:
  /// Of the features of an approximation, in floats. `fixed` must outlive this.
  KernelSum(MatrixView fixed, const simd::KernelFunction& function, std::span<const float> phases,
            std::span<const double> weights)
      : function_(function) {
    sum_in_floats(fixed, phases, weights);
  }

  /// Of support vectors: in doubles where the rounding of floats would be more than `tol`.
  KernelSum(MatrixView fixed, const simd::KernelFunction& function, std::span<const double> weights, double tol)
      : function_(function) {
    double squares = 0.0;
    for (const double weight : weights) {
      squares += weight * weight;
    }
    if (function.curve == simd::KernelCurve::linear) {
      row_sum_ = std::make_unique<RowSum>(fixed, weights);
    } else if (rounding_of_floats(fixed, function, std::sqrt(squares)) > tol) {
      precise_ = std::make_unique<PreciseExpansion>(fixed, function);
      precise_->set_weights(weights);
    } else {
      sum_in_floats(fixed, {}, weights);
    }
  }

  const simd::KernelFunction& function() const noexcept { return function_; }
  /// Of an approximation.
  const std::shared_ptr<const KernelExpansion>& features() const noexcept { return in_floats_; }

  /// Of any number of rows.
  void sums(MatrixView rows, double* out) const {
    if (row_sum_ != nullptr) {
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        out[row] = row_sum_->times(rows.row(row));
      }
    } else if (precise_ != nullptr) {
      PreciseExpansion::Scratch scratch(rows.columns());
      precise_->sums(rows, scratch, out);
    } else {
      KernelScratch scratch(rows.columns());
      in_floats_->sums(rows, scratch, out);
    }
  }

  /// Of one row, without memory.
  double sum(const float* row) const {
    if (row_sum_ != nullptr) {
      return row_sum_->times(row);
    }
    return precise_ != nullptr ? precise_->sum(row) : in_floats_->sum(row);
  }

 private:
  void sum_in_floats(MatrixView fixed, std::span<const float> phases, std::span<const double> weights) {
    const auto expansion = std::make_shared<KernelExpansion>(fixed, function_, kernel_origin(fixed), phases);
    expansion->set_weights(weights);
    in_floats_ = expansion;
  }

  simd::KernelFunction function_;
  // one of these
  std::unique_ptr<RowSum> row_sum_;
  std::unique_ptr<PreciseExpansion> precise_;
  std::shared_ptr<const KernelExpansion> in_floats_;
};

}  // namespace nad::detail
