#pragma once

// Means and covariances of columns, in double precision.

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "nad/core/matrix.hpp"

namespace nad::detail {

inline std::vector<double> column_means(MatrixView x) {
  std::vector<double> means(x.columns());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    const float* values = x.row(row);
    for (std::size_t column = 0; column < means.size(); ++column) {
      means[column] += static_cast<double>(values[column]);
    }
  }
  for (double& mean : means) {
    mean /= static_cast<double>(x.rows());
  }
  return means;
}

/// The lower triangle of the covariances, row by row.
inline std::vector<double> covariances_of(MatrixView x, const std::vector<double>& means) {
  const std::size_t width = means.size();
  std::vector<double> covariances(width * width);
  constexpr std::size_t together = 4;  // rows: a covariance is loaded and stored once for all of them
  std::array<std::vector<double>, together> rows;
  rows.fill(std::vector<double>(width));
  for (std::size_t first = 0; first < x.rows(); first += together) {
    for (std::size_t k = 0; k < together; ++k) {
      for (std::size_t column = 0; column < width; ++column) {
        rows[k][column] = first + k < x.rows() ? static_cast<double>(x.row(first + k)[column]) - means[column] : 0.0;
      }
    }
    for (std::size_t i = 0; i < width; ++i) {
      double* sums = covariances.data() + i * width;
      for (std::size_t j = 0; j <= i; ++j) {
        sums[j] +=
            (rows[0][i] * rows[0][j] + rows[1][i] * rows[1][j]) + (rows[2][i] * rows[2][j] + rows[3][i] * rows[3][j]);
      }
    }
  }
  for (double& covariance : covariances) {
    covariance /= static_cast<double>(std::max<std::size_t>(2, x.rows()) - 1);
  }
  return covariances;
}

}  // namespace nad::detail
