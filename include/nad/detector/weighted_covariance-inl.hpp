#pragma once

// Covariances of rows with weights, about means that are known.

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "nad/core/parallel.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad::detail {

/// The lower triangle of size x size values, not divided by the weight, of the rows that `rows` names (all where it is
/// empty), about `means`.
inline std::vector<double> scatter_of(const WeightedRows& from, std::span<const std::size_t> rows,
                                      std::span<const double> means, const FitControl& control) {
  const std::size_t width = means.size();
  const std::size_t count = rows.empty() ? from.rows().rows() : rows.size();
  const std::size_t chunk = std::max<std::size_t>(2048, count / 16 + 1);  // few, for each holds a matrix
  constexpr std::size_t together = 4;                                      // rows: a sum is loaded once for all of them
  std::vector<std::vector<double>> parts((count + chunk - 1) / chunk);
  parallel_for(count, control, {.grain = chunk, .stage = "measuring covariances"},
               [&](std::size_t begin, std::size_t end) {
                 std::vector<double>& sums = parts[begin / chunk];
                 sums.resize(width * width);
                 std::array<std::vector<double>, together> apart;
                 std::array<std::vector<double>, together> weighted;
                 apart.fill(std::vector<double>(width));
                 weighted.fill(std::vector<double>(width));
                 for (std::size_t first = begin; first < end; first += together) {
                   for (std::size_t k = 0; k < together; ++k) {
                     const std::size_t row = first + k < end ? (rows.empty() ? first + k : rows[first + k]) : 0;
                     const double weight = first + k < end ? from.weight(row) : 0.0;
                     for (std::size_t column = 0; column < width; ++column) {
                       apart[k][column] = static_cast<double>(from.rows()(row, column)) - means[column];
                       weighted[k][column] = weight * apart[k][column];
                     }
                   }
                   for (std::size_t i = 0; i < width; ++i) {
                     double* at = sums.data() + i * width;
                     for (std::size_t j = 0; j <= i; ++j) {
                       at[j] += (weighted[0][i] * apart[0][j] + weighted[1][i] * apart[1][j]) +
                                (weighted[2][i] * apart[2][j] + weighted[3][i] * apart[3][j]);
                     }
                   }
                 }
               });
  std::vector<double> all(width * width);
  for (const std::vector<double>& part : parts) {
    for (std::size_t i = 0; i < part.size(); ++i) {
      all[i] += part[i];
    }
  }
  return all;
}

}  // namespace nad::detail
