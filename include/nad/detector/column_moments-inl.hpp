#pragma once

// Means and variances of the columns that a detector learns from.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad::detail {

struct ColumnMoments {
  double weight = 0.0;
  std::vector<double> mean;
  std::vector<double> variance;  ///< of all rows, not an estimate for more of them

  /// Takes the moments of other rows in.
  void merge(const ColumnMoments& other) {
    if (weight == 0.0) {
      *this = other;
      return;
    }
    const double both = weight + other.weight;
    for (std::size_t column = 0; column < mean.size() && both > 0.0; ++column) {
      const double apart = other.mean[column] - mean[column];
      mean[column] += apart * (other.weight / both);
      variance[column] = (variance[column] * weight + other.variance[column] * other.weight) / both +
                         apart * apart * (weight / both) * (other.weight / both);
    }
    weight = both;
  }
};

/// An error where squares of the values leave what floats can hold.
inline ColumnMoments column_moments(const WeightedRows& from, const FitControl& control) {
  const MatrixView x = from.rows();
  constexpr std::size_t grain = 4096;
  std::vector<ColumnMoments> parts((x.rows() + grain - 1) / grain);
  parallel_for(x.rows(), control, {.grain = grain, .stage = "looking at columns"},
               [&](std::size_t begin, std::size_t end) {
                 const float* first = x.row(begin);  // differences from it stay small
                 std::vector<double> sums(x.columns());
                 std::vector<double> squares(x.columns());
                 double weight = 0.0;
                 for (std::size_t row = begin; row < end; ++row) {
                   const float* values = x.row(row);
                   const double counts = from.weight(row);
                   weight += counts;
                   for (std::size_t column = 0; column < x.columns(); ++column) {
                     const double apart = static_cast<double>(values[column]) - static_cast<double>(first[column]);
                     sums[column] += counts * apart;
                     squares[column] += counts * (apart * apart);
                   }
                 }
                 for (std::size_t column = 0; column < x.columns(); ++column) {
                   const double mean = sums[column] / weight;
                   squares[column] = std::max(0.0, squares[column] / weight - mean * mean);
                   sums[column] = mean + static_cast<double>(first[column]);
                 }
                 parts[begin / grain] = {weight, std::move(sums), std::move(squares)};
               });
  ColumnMoments all;
  for (const ColumnMoments& part : parts) {
    all.merge(part);
  }
  double reach = 0.0;
  for (std::size_t column = 0; column < x.columns(); ++column) {
    reach += all.mean[column] * all.mean[column] + all.variance[column] * all.weight;
  }
  if (!(reach < static_cast<double>(std::numeric_limits<float>::max()))) {
    throw Error(ErrorCode::invalid_data,
                "the values are so large that their squares overflow; scale the columns before they are learnt from");
  }
  return all;
}

/// An error where the rows differ, but by so little that floats cannot hold the squares of their differences.
inline void require_squares(const ColumnMoments& moments) {
  constexpr double least = 1e-32;  // a thousandth of such a deviation still has a square
  const double all = std::accumulate(moments.variance.begin(), moments.variance.end(), 0.0);
  if (all > 0.0 && all < least) {
    throw Error(ErrorCode::invalid_data,
                "the values differ by so little that squares of their differences vanish; scale the columns before "
                "they are learnt from");
  }
}

}  // namespace nad::detail
