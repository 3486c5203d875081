#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "nad/core/error.hpp"
#include "nad/detector/pca_residual.hpp"
#include "samples.hpp"

// The residual beside one from another library's eigenvectors.

namespace {

Eigen::MatrixXd as_doubles(nad::MatrixView x) {
  Eigen::MatrixXd matrix(static_cast<Eigen::Index>(x.rows()), static_cast<Eigen::Index>(x.columns()));
  for (std::size_t row = 0; row < x.rows(); ++row) {
    for (std::size_t column = 0; column < x.columns(); ++column) {
      matrix(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(column)) = static_cast<double>(x(row, column));
    }
  }
  return matrix;
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
    const Eigen::MatrixXd learnt = as_doubles(x);
    const Eigen::RowVectorXd mean = learnt.colwise().mean();
    const Eigen::MatrixXd apart = learnt.rowwise() - mean;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(apart.transpose() * apart);
    const Eigen::MatrixXd plane = eigen.eigenvectors().rightCols(static_cast<Eigen::Index>(columns / 2));
    const Eigen::MatrixXd moved = as_doubles(rows).rowwise() - mean;
    const Eigen::VectorXd expected = (moved - moved * plane * plane.transpose()).rowwise().norm();
    const std::vector<float> scores = pca.anomaly_score(rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      REQUIRE(static_cast<double>(scores[row]) ==
              doctest::Approx(expected(static_cast<Eigen::Index>(row))).epsilon(1e-3));
    }
    CHECK(pca.explained()[0] > 0.0);
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
