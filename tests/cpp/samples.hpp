#pragma once

/// Seeded data that several tests learn from.

#include <cstddef>
#include <cstdint>

#include "nad/core/matrix.hpp"
#include "nad/core/random.hpp"

namespace tests {

/// Standard normal values.
inline nad::Matrix normal_rows(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  nad::Matrix matrix(rows, columns);
  for (std::size_t row = 0; row < rows; ++row) {
    nad::Random random(seed, row);
    for (std::size_t column = 0; column < columns; ++column) {
      matrix(row, column) = static_cast<float>(random.normal());
    }
  }
  return matrix;
}

/// Like traffic: constant columns, few distinct values, heavy tails, and floods of equal rows.
inline nad::Matrix traffic_rows(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  nad::Matrix matrix(rows, columns);
  for (std::size_t row = 0; row < rows; ++row) {
    nad::Random random(seed, row % 3 == 0 ? 0 : row);  // each third row is the same
    for (std::size_t column = 0; column < columns; ++column) {
      const double u = random.uniform();
      switch (column % 4) {
        case 0:
          matrix(row, column) = static_cast<float>(static_cast<int>(u * 4.0));
          break;
        case 1:
          matrix(row, column) = 5.0F;
          break;
        case 2:
          matrix(row, column) = static_cast<float>(1.0 / (u + 1e-4) - 1.0);
          break;
        default:
          matrix(row, column) = static_cast<float>(u);
      }
    }
  }
  return matrix;
}

}  // namespace tests
