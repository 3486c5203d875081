#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "detector_contract.hpp"
#include "nad/core/error.hpp"
#include "nad/detector/pca_residual.hpp"
#include "samples.hpp"

// The residual beside one from eigenvectors that Jacobi's rotations find.

namespace {

using Square = std::vector<std::vector<double>>;

struct Eigen {
  Square matrix;   ///< diagonal at the end: the values
  Square vectors;  ///< one a column
};

/// Turns pairs of axes until nothing is left beside the diagonal.
Eigen jacobi(Square matrix) {
  const std::size_t size = matrix.size();
  Square vectors(size, std::vector<double>(size));
  for (std::size_t i = 0; i < size; ++i) {
    vectors[i][i] = 1.0;
  }
  for (int sweep = 0; sweep < 20; ++sweep) {
    for (std::size_t p = 0; p < size; ++p) {
      for (std::size_t q = p + 1; q < size; ++q) {
        const double angle = 0.5 * std::atan2(2.0 * matrix[p][q], matrix[q][q] - matrix[p][p]);
        const double c = std::cos(angle);
        const double s = std::sin(angle);
        for (std::size_t k = 0; k < size; ++k) {
          const double kp = matrix[k][p];
          const double kq = matrix[k][q];
          matrix[k][p] = c * kp - s * kq;
          matrix[k][q] = s * kp + c * kq;
        }
        for (std::size_t k = 0; k < size; ++k) {
          const double pk = matrix[p][k];
          const double qk = matrix[q][k];
          matrix[p][k] = c * pk - s * qk;
          matrix[q][k] = s * pk + c * qk;
          const double vp = vectors[k][p];
          const double vq = vectors[k][q];
          vectors[k][p] = c * vp - s * vq;
          vectors[k][q] = s * vp + c * vq;
        }
      }
    }
  }
  return {std::move(matrix), std::move(vectors)};
}

/// Rows that lie near a plane of `inside` directions.
nad::Matrix flat_rows(std::size_t rows, std::size_t columns, std::size_t inside, std::uint64_t seed) {
  nad::Matrix matrix = tests::normal_rows(rows, columns, seed);
  for (std::size_t row = 0; row < rows; ++row) {
    nad::Random places(seed + 100, row);
    for (float& value : matrix.row(row)) {
      value *= 0.1F;
    }
    for (std::size_t direction = 0; direction < inside; ++direction) {
      const double along = 5.0 * places.normal();
      nad::Random shape(7, direction);
      for (float& value : matrix.row(row)) {
        value += static_cast<float>(along * shape.normal()) + 1.0F;
      }
    }
  }
  return matrix;
}

std::string refusal(const nad::PcaResidualOptions& options) {
  try {
    const nad::PcaResidual pca(options);
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the score is the distance from the plane of the largest eigenvectors") {
  for (const std::size_t columns : {2U, 6U, 40U}) {
    const nad::Matrix x = flat_rows(500, columns, columns / 2, columns);
    const nad::Matrix rows = tests::normal_rows(50, columns, 99);
    nad::PcaResidual pca({.n_components = columns / 2});
    pca.fit(x);
    std::vector<double> mean(columns);
    for (std::size_t row = 0; row < x.rows(); ++row) {
      for (std::size_t column = 0; column < columns; ++column) {
        mean[column] += static_cast<double>(x(row, column)) / static_cast<double>(x.rows());
      }
    }
    Square scatter(columns, std::vector<double>(columns));
    for (std::size_t row = 0; row < x.rows(); ++row) {
      for (std::size_t i = 0; i < columns; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
          scatter[i][j] += (static_cast<double>(x(row, i)) - mean[i]) * (static_cast<double>(x(row, j)) - mean[j]);
        }
      }
    }
    const Eigen eigen = jacobi(scatter);
    std::vector<std::size_t> order(columns);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return eigen.matrix[a][a] > eigen.matrix[b][b]; });
    const std::vector<float> scores = pca.anomaly_score(rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      double outside = 0.0;  // along the directions that were not kept
      for (std::size_t place = columns / 2; place < columns; ++place) {
        double along = 0.0;
        for (std::size_t column = 0; column < columns; ++column) {
          along += (static_cast<double>(rows(row, column)) - mean[column]) * eigen.vectors[column][order[place]];
        }
        outside += along * along;
      }
      REQUIRE(static_cast<double>(scores[row]) == doctest::Approx(std::sqrt(outside)).epsilon(1e-3));
    }
    CHECK(pca.explained()[0] > 0.0);
  }
}

TEST_CASE("what rounding leaves of rows in the plane counts as nothing, however far along it they lie") {
  nad::Matrix x = tests::normal_rows(400, 4, 3);
  const auto tie = [](nad::Matrix& rows) {  // two columns of a two-valued category, standardised, say the same
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      rows(row, 2) = rows(row, 2) < 0.3F ? -1.2345F : 0.8101F;
      rows(row, 3) = -rows(row, 2);
    }
  };
  tie(x);
  nad::PcaResidual pca;
  pca.fit(x);
  REQUIRE(pca.components().rows() == 3);
  const auto check_nothing = [&](const nad::Matrix& rows) {
    const std::vector<float> scores = pca.anomaly_score(rows);
    const nad::Matrix reasons = pca.explain(rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      REQUIRE(scores[row] == 0.0F);
      REQUIRE(pca.anomaly_score(rows.row(row)) == 0.0F);
      REQUIRE(std::count(reasons.row(row).begin(), reasons.row(row).end(), 0.0F) == 4);
    }
  };
  check_nothing(x);
  CHECK(pca.threshold() == 0.0F);
  nad::Matrix rows = tests::normal_rows(400, 4, 8);
  tie(rows);
  check_nothing(rows);
  for (const float times : {500.0F, 1e9F}) {
    nad::Matrix further = rows;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      further(row, 0) *= times;
    }
    check_nothing(further);
  }
  rows(7, 3) += 0.01F;  // no longer in the plane
  CHECK(pca.anomaly_score(rows)[7] == doctest::Approx(0.01 / std::sqrt(2.0)).epsilon(0.01));
}

TEST_CASE("far from zero, where the mean lies between two floats, the residual is as exact") {
  constexpr std::size_t columns = 6;
  nad::Matrix x = flat_rows(500, columns, 2, 4);
  nad::Matrix rows = flat_rows(60, columns, 2, 5);
  for (nad::Matrix* each : {&x, &rows}) {
    for (std::size_t i = 0; i < each->rows() * columns; ++i) {
      each->data()[i] += 2e5F;
    }
  }
  nad::PcaResidual pca({.n_components = 2});
  pca.fit(x);
  const auto loaded = nad::load_detector_bytes(nad::save_bytes(pca));
  const std::vector<float> scores = loaded->anomaly_score(rows);
  CHECK(std::count(scores.begin(), scores.end(), 0.0F) < 10);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    std::vector<double> apart(columns);
    for (std::size_t column = 0; column < columns; ++column) {
      double mean = 0.0;
      for (std::size_t other = 0; other < x.rows(); ++other) {
        mean += static_cast<double>(x(other, column)) / static_cast<double>(x.rows());
      }
      apart[column] = static_cast<double>(rows(row, column)) - mean;
    }
    std::vector<double> left = apart;
    for (std::size_t direction = 0; direction < 2; ++direction) {
      const float* axis = pca.components().row(direction);
      double along = 0.0;
      for (std::size_t column = 0; column < columns; ++column) {
        along += apart[column] * static_cast<double>(axis[column]);
      }
      for (std::size_t column = 0; column < columns; ++column) {
        left[column] -= along * static_cast<double>(axis[column]);
      }
    }
    const double expected = std::sqrt(std::inner_product(left.begin(), left.end(), left.begin(), 0.0));
    if (scores[row] == 0.0F) {  // rounding to floats alone, 2^-24 of the row's length
      REQUIRE(expected < 1.1 * 0x1p-24 * 2e5 * std::sqrt(6.0));
    } else {
      REQUIRE(std::abs(static_cast<double>(scores[row]) - expected) < 1e-5);
    }
  }
}

TEST_CASE("as many directions are kept as hold the share of the variance, but never all") {
  const nad::Matrix x = flat_rows(800, 10, 3, 4);
  nad::PcaResidual most({.variance = 0.99});
  most.fit(x);
  CHECK(most.components().rows() == 3);
  nad::PcaResidual all({.variance = 1.0});
  all.fit(x);
  CHECK(all.components().rows() == 9);
  nad::PcaResidual too_many({.n_components = 10});
  CHECK(tests::code_of([&] { too_many.fit(x); }) == nad::ErrorCode::invalid_argument);
}

TEST_CASE("one column is measured from its mean") {
  nad::Matrix x = tests::normal_rows(200, 1, 2);
  nad::PcaResidual pca;
  pca.fit(x);
  nad::Matrix far(1, 1);
  far(0, 0) = 50.0F;
  CHECK(pca.anomaly_score(far)[0] == doctest::Approx(50.0F).epsilon(0.01));
}

TEST_CASE("a PCA residual keeps the detector's contract") {
  tests::check_detector_contract(nad::PcaResidual(), {.other_kernels = 2e-3});
}

TEST_CASE("options of a PCA residual that make no sense are refused by name") {
  CHECK(refusal({.n_components = 0}).find("n_components") != std::string::npos);
  CHECK(refusal({.variance = 0.0}).find("variance") != std::string::npos);
  CHECK(refusal({.contamination = 0.9}).find("contamination") != std::string::npos);
  CHECK(refusal({}).empty());
}
