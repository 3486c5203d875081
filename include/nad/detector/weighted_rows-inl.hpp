#pragma once

// What a detector learns from: rows with weights, without those that count nothing, and each distinct row once where
// that is wanted.

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detector/distinct_rows-inl.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad::detail {

class WeightedRows {
 public:
  /// Looks at `x` where all of it counts, and copies what counts where that is less.
  WeightedRows(MatrixView x, std::span<const float> sample_weight, UniqueRows unique_rows) : rows_(x) {
    std::vector<std::size_t> kept;
    if (unique_rows != UniqueRows::off) {
      for (const DistinctRow& distinct : distinct_rows(x, sample_weight)) {
        if (distinct.weight > 0.0) {
          kept.push_back(distinct.row);
          weights_.push_back(static_cast<float>(weight_of(distinct, unique_rows)));
        }
      }
    } else if (!sample_weight.empty()) {
      for (std::size_t row = 0; row < x.rows(); ++row) {
        if (sample_weight[row] > 0.0F) {
          kept.push_back(row);
          weights_.push_back(sample_weight[row]);
        }
      }
    }
    if (!weights_.empty() && kept.size() < x.rows()) {
      copy_ = Matrix::for_overwrite(kept.size(), x.columns());
      for (std::size_t i = 0; i < kept.size(); ++i) {
        std::copy_n(x.row(kept[i]), x.columns(), copy_.row(i).data());
      }
      rows_ = copy_;
    }
    const auto differs = [&](float weight) { return weight != weights_[0]; };
    if (std::none_of(weights_.begin(), weights_.end(), differs) && (weights_.empty() || weights_[0] == 1.0F)) {
      weights_.clear();
    }
  }
  WeightedRows(const WeightedRows&) = delete;  // a view may look at the copy
  WeightedRows& operator=(const WeightedRows&) = delete;

  MatrixView rows() const noexcept { return rows_; }
  /// One a row, or empty where each row counts 1.
  std::span<const float> weights() const noexcept { return weights_; }
  double weight(std::size_t row) const { return weights_.empty() ? 1.0 : static_cast<double>(weights_[row]); }
  double total_weight() const {
    double sum = 0.0;
    for (std::size_t row = 0; row < rows_.rows(); ++row) {
      sum += weight(row);
    }
    return sum;
  }

 private:
  Matrix copy_;
  MatrixView rows_;
  std::vector<float> weights_;
};

}  // namespace nad::detail
