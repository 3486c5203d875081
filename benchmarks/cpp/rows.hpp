#pragma once

/// The rows that a benchmark works on: a file of raw float32, or seeded synthetic traffic.
///
///   nad::Matrix rows = benchmark::read_rows("kdd99.f32", 41);
///   nad::Matrix same_everywhere = benchmark::synthetic_rows(494'021, 41, /*seed=*/1);

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/core/random.hpp"

namespace benchmark {

inline nad::Matrix read_rows(const std::string& path, std::size_t columns) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot open " + path);
  }
  const std::uintmax_t bytes = std::filesystem::file_size(path);
  const std::uintmax_t row_bytes = columns * sizeof(float);
  if (columns == 0 || bytes == 0 || bytes % row_bytes != 0) {
    throw std::runtime_error(path + " holds " + std::to_string(bytes) + " bytes, not whole rows of " +
                             std::to_string(columns) + " float32; give the right number with --columns");
  }
  nad::Matrix rows(bytes / row_bytes, columns);
  file.read(reinterpret_cast<char*>(rows.data()), static_cast<std::streamsize>(bytes));
  if (!file) {
    throw std::runtime_error("cannot read all of " + path);
  }
  return rows;
}

/// Columns in turn: a size with a long tail, a counter that is mostly zero, a rate with two decimals.
inline nad::Matrix synthetic_rows(std::size_t count, std::size_t columns, std::uint64_t seed) {
  nad::Matrix rows(count, columns);
  nad::Random random(seed);
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      double value = 0.0;
      if (c % 3 == 0) {
        value = std::floor(std::exp(4.0 + 2.0 * random.normal()));
      } else if (c % 3 == 1) {
        value = random.uniform() < 0.9 ? 0.0 : static_cast<double>(1 + random.below(5));
      } else {
        value = static_cast<double>(random.below(101)) / 100.0;
      }
      rows(r, c) = static_cast<float>(value);
    }
  }
  return rows;
}

/// The same rows in random order.
inline nad::Matrix shuffled(nad::MatrixView rows, std::uint64_t seed) {
  nad::Matrix out(rows.rows(), rows.columns());
  std::vector<std::size_t> order(rows.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  nad::Random random(seed);
  for (std::size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[random.below(left)]);
  }
  for (std::size_t r = 0; r < order.size(); ++r) {
    std::copy_n(rows.row(order[r]), rows.columns(), out.row(r).begin());
  }
  return out;
}

}  // namespace benchmark
