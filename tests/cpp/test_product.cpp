#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/simd/kernels.hpp"
#include "watched.hpp"

// Products of matrices, beside sums in double precision.

namespace {

nad::Matrix random_matrix(std::size_t rows, std::size_t columns, nad::Random& random) {
  nad::Matrix matrix(rows, columns);
  for (std::size_t i = 0; i < rows * columns; ++i) {
    matrix.data()[i] = static_cast<float>(random.uniform() * 2.0 - 1.0);
  }
  return matrix;
}

/// The largest distance from x * b', in units of what rounding may do to so many terms.
double error_of(nad::MatrixView x, nad::MatrixView b, const std::vector<float>& out, std::size_t stride, double base) {
  double worst = 0.0;
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t j = 0; j < b.rows(); ++j) {
      double sum = base;
      double size = std::abs(base);
      for (std::size_t k = 0; k < x.columns(); ++k) {
        sum += static_cast<double>(x(i, k)) * static_cast<double>(b(j, k));
        size += std::abs(static_cast<double>(x(i, k)) * static_cast<double>(b(j, k)));
      }
      const double bound = 6e-8 * static_cast<double>(x.columns() + 1) * size + 1e-30;
      worst = std::max(worst, std::abs(static_cast<double>(out[i * stride + j]) - sum) / bound);
    }
  }
  return worst;
}

struct ForcedKernel {
  explicit ForcedKernel(std::string_view name) { nad::simd::force(name); }
  ForcedKernel(const ForcedKernel&) = delete;
  ForcedKernel& operator=(const ForcedKernel&) = delete;
  ~ForcedKernel() { nad::simd::force("auto"); }
};

}  // namespace

TEST_CASE("products of all shapes are right for every kernel, and rows are the same alone and together") {
  std::vector<std::vector<float>> fused;
  for (const std::string_view kernel : nad::simd::supported()) {
    const ForcedKernel forced(kernel);
    nad::Random same(2);
    std::vector<float> all;
    for (const std::size_t rows : {1U, 3U, 13U, 14U, 15U, 29U, 230U}) {
      for (const std::size_t columns : {1U, 15U, 16U, 17U, 130U}) {
        for (const std::size_t depth : {1U, 31U, 256U, 257U}) {
          if (tests::watched && (rows + columns + depth) % 3 != 0) {
            continue;
          }
          CAPTURE(kernel);
          CAPTURE(rows);
          CAPTURE(columns);
          CAPTURE(depth);
          const nad::Matrix wide = random_matrix(rows, depth + 3, same);
          const nad::MatrixView x(wide.data(), rows, depth, depth + 3);
          // NOLINTNEXTLINE(readability-suspicious-call-argument): a row of b for each column
          const nad::Matrix b = random_matrix(columns, depth, same);
          const nad::detail::PackedMatrix packed = nad::detail::PackedMatrix::of_rows(b);
          const std::size_t stride = columns + 2;
          std::vector<float> out(rows * stride, 7.0F);
          packed.left_times(x, out.data(), stride);
          CHECK(error_of(x, b, out, stride, 0.0) <= 1.0);
          bool untouched = true;
          for (std::size_t row = 0; row < rows; ++row) {
            untouched = untouched && out[row * stride + columns] == 7.0F && out[row * stride + columns + 1] == 7.0F;
          }
          CHECK(untouched);
          std::vector<float> alone(columns);
          bool equal = true;
          for (std::size_t row = 0; row < rows; row += 7) {
            packed.left_times(x.slice(row, 1), alone.data(), columns);
            equal = equal &&
                    std::equal(alone.begin(), alone.end(), out.begin() + static_cast<std::ptrdiff_t>(row * stride));
          }
          CHECK(equal);
          all.insert(all.end(), out.begin(), out.end());

          std::vector<float> sums(rows * stride, 0.5F);
          packed.left_times(x, sums.data(), stride, true);
          CHECK(error_of(x, b, sums, stride, 0.5) <= 1.0);
        }
      }
    }
    if (kernel != "baseline") {
      fused.push_back(std::move(all));
    }
  }
  for (std::size_t i = 1; i < fused.size(); ++i) {
    CHECK(fused[i] == fused[0]);  // kernels that fuse agree bit for bit
  }
}

TEST_CASE("a matrix packed by columns is that packed by rows, turned") {
  nad::Random random(3);
  const nad::Matrix b = random_matrix(9, 35, random);
  nad::Matrix turned(35, 9);
  for (std::size_t i = 0; i < 9; ++i) {
    for (std::size_t j = 0; j < 35; ++j) {
      turned(j, i) = b(i, j);
    }
  }
  const nad::Matrix x = random_matrix(4, 9, random);
  std::vector<float> a(4 * 35);
  std::vector<float> c(4 * 35);
  nad::detail::PackedMatrix::of_columns(b).left_times(x, a.data(), 35);
  nad::detail::PackedMatrix copy = nad::detail::PackedMatrix::of_rows(turned);
  nad::detail::PackedMatrix::of_rows(turned).left_times(x, c.data(), 35);
  CHECK(a == c);
  nad::detail::PackedMatrix other;
  other = copy;  // a copy is aligned as well
  other.left_times(x, c.data(), 35);
  CHECK(a == c);
  CHECK_THROWS_WITH_AS(copy.left_times(b, a.data(), 35),
                       "a matrix of 35 columns cannot be multiplied with one of 9 rows", nad::Error);
}

TEST_CASE("products of nothing are zero, or leave what was there") {
  const nad::detail::PackedMatrix packed = nad::detail::PackedMatrix::of_rows(nad::Matrix(3, 0));
  const nad::Matrix x(2, 0);
  std::vector<float> out(6, 4.0F);
  packed.left_times(x, out.data(), 3, true);
  CHECK(out == std::vector<float>(6, 4.0F));
  packed.left_times(x, out.data(), 3);
  CHECK(out == std::vector<float>(6, 0.0F));
}
