#pragma once

// The triangle L of a symmetric positive matrix L * L', and its inverse.

#include <cmath>
#include <cstddef>
#include <vector>

namespace nad::detail {

/// Overwrites the lower triangle of size x size values with L; false where the matrix is not positive.
inline bool cholesky(std::vector<double>& matrix, std::size_t size) {
  for (std::size_t row = 0; row < size; ++row) {
    double* at = matrix.data() + row * size;
    for (std::size_t column = 0; column <= row; ++column) {
      const double* other = matrix.data() + column * size;
      double sum = at[column];
      for (std::size_t k = 0; k < column; ++k) {
        sum -= at[k] * other[k];
      }
      if (column < row) {
        at[column] = sum / other[column];
      } else if (sum > 0.0 && sum <= 1.7976931348623157e308) {
        at[row] = std::sqrt(sum);
      } else {
        return false;
      }
    }
  }
  return true;
}

/// Overwrites the lower triangle L with its inverse.
inline void invert_triangle(std::vector<double>& matrix, std::size_t size) {
  for (std::size_t row = 0; row < size; ++row) {
    double* at = matrix.data() + row * size;
    const double pivot = 1.0 / at[row];
    // row i of the inverse: -(1 / L_ii) * the sum over k < i of L_ik times row k of the inverse
    std::vector<double> sums(row);
    for (std::size_t k = 0; k < row; ++k) {
      const double* inverse = matrix.data() + k * size;
      for (std::size_t column = 0; column <= k; ++column) {
        sums[column] += at[k] * inverse[column];
      }
    }
    for (std::size_t column = 0; column < row; ++column) {
      at[column] = -pivot * sums[column];
    }
    at[row] = pivot;
  }
}

}  // namespace nad::detail
