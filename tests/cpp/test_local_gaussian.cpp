// LocalGaussian looks at clusters in an order of its own and leaves most of them early; beside it plain loops that look
// at all of every cluster, in the arithmetic of the kernels.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <type_traits>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detector/local_gaussian.hpp"
#include "samples.hpp"

namespace {

/// Takes what a detector stores.
struct Stored {
  using is_loading = std::false_type;  // NOLINT(readability-identifier-naming): an archive's name
  std::vector<double> shares;
  std::vector<nad::detail::GaussianShape> shapes;

  template <class... Values>
  void operator()(Values&... values) {
    (take(values), ...);
  }
  void take(const std::vector<double>& values) { shares = values; }
  void take(const std::vector<nad::detail::GaussianShape>& values) { shapes = values; }
  template <class Value>
  void take(const Value& /*other*/) {}
};

/// In sixteen lanes, the last of which overlap, and these halved and halved again.
float sum_of_squares(const std::vector<float>& values) {
  std::array<float, 16> lanes{};
  const std::size_t whole = values.size() / 16 * 16;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t lane = i < whole || whole == 0 ? i % 16 : i - (values.size() - 16);
    lanes[lane] += values[i] * values[i];
  }
  std::array<float, 4> four{};
  for (std::size_t i = 0; i < 4; ++i) {
    four[i] = (lanes[i] + lanes[i + 8]) + (lanes[i + 4] + lanes[i + 12]);
  }
  return (four[0] + four[2]) + (four[1] + four[3]);
}

float distance(const nad::detail::GaussianShape& shape, const float* row, bool fused) {
  std::vector<float> turned(shape.size());
  const float* triangle = shape.triangle.data();
  for (std::size_t i = 0; i < turned.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j, ++triangle) {
      const float apart = row[j] - shape.centre[j];
      turned[i] = fused ? std::fma(apart, *triangle, turned[i]) : apart * *triangle + turned[i];
    }
  }
  return sum_of_squares(turned);
}

/// Every cluster, in order.
std::vector<float> brute_force(const Stored& stored, nad::MatrixView rows, bool fused) {
  std::vector<float> scores(rows.rows(), std::numeric_limits<float>::max());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t cluster = 0; cluster < stored.shapes.size(); ++cluster) {
      const nad::detail::GaussianShape& shape = stored.shapes[cluster];
      const auto offset = static_cast<float>(shape.log_determinant - 2.0 * std::log(stored.shares[cluster]));
      scores[row] = std::min(scores[row], distance(shape, rows.row(row), fused) + offset);
    }
  }
  return scores;
}

/// Clusters that overlap, more or less; every fourth row lies far from all of them.
nad::Matrix clustered_rows(std::size_t rows, std::size_t columns, std::uint64_t seed, bool with_strangers) {
  nad::Matrix matrix = tests::normal_rows(rows, columns, seed);
  for (std::size_t row = 0; row < rows; ++row) {
    const bool stranger = with_strangers && row % 4 == 3;
    for (std::size_t column = 0; column < columns; ++column) {
      matrix(row, column) *= stranger ? 9.0F : 1.0F;
      matrix(row, column) += column % 7 == row % 7 ? 4.0F : 0.0F;
    }
  }
  return matrix;
}

}  // namespace

TEST_CASE("a local Gaussian's scores are those of all clusters, bit for bit, in a batch and one by one") {
  struct Size {
    std::size_t columns;
    std::size_t clusters;
  };
  for (const Size size : {Size{5, 3}, Size{16, 1}, Size{32, 4}, Size{33, 7}, Size{71, 9}}) {
    CAPTURE(size.columns);
    nad::LocalGaussian local({.n_clusters = size.clusters, .random_state = 3});
    local.fit(clustered_rows(420, size.columns, 1, false));
    Stored stored;
    local.serialize(stored);
    REQUIRE(stored.shapes.size() == local.n_clusters());

    const nad::Matrix rows = clustered_rows(300, size.columns, 2, true);
    const std::vector<float> scores = local.anomaly_score(rows);
    const bool fused = scores == brute_force(stored, rows, true);  // as the processor can
    CHECK((fused || scores == brute_force(stored, rows, false)));
    std::size_t same = 0;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      same += local.anomaly_score(rows.row(row)) == scores[row] ? 1U : 0U;
    }
    CHECK(same == rows.rows());

    const nad::Matrix contributions = local.explain(rows);
    for (std::size_t row = 0; row < rows.rows(); row += 7) {
      const std::span<const float> of_row = contributions.row(row);
      const double sum = std::accumulate(of_row.begin(), of_row.end(), local.baseline());
      CHECK(sum == doctest::Approx(static_cast<double>(scores[row])).epsilon(1e-3));
    }
  }
}

TEST_CASE("a local Gaussian gives the highest score to rows too far out for any distance") {
  nad::LocalGaussian local({.n_clusters = 4});
  local.fit(clustered_rows(300, 40, 1, false));
  nad::Matrix rows = clustered_rows(10, 40, 2, false);
  for (std::size_t column = 0; column < 40; ++column) {
    rows(3, column) = column % 2 == 0 ? 3e38F : -3e38F;
  }
  rows(7, 39) = 1e30F;
  const std::vector<float> scores = local.anomaly_score(rows);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const bool is_far = row == 3 || row == 7;
    CHECK((scores[row] == std::numeric_limits<float>::max()) == is_far);
    CHECK(local.anomaly_score(rows.row(row)) == scores[row]);
  }
}
