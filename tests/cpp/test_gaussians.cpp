#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/local_gaussian.hpp"
#include "nad/detector/mahalanobis.hpp"
#include "samples.hpp"

// Mahalanobis and LocalGaussian beside plain double precision: covariances by their definition, and distances by
// solving with Gaussian elimination.

namespace {

using Square = std::vector<std::vector<double>>;

/// Rows with columns that depend on each other.
nad::Matrix dependent_rows(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  nad::Matrix matrix = tests::normal_rows(rows, columns, seed);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 1; column < columns; ++column) {
      matrix(row, column) = 0.8F * matrix(row, column - 1) + 0.6F * matrix(row, column) + static_cast<float>(column);
    }
  }
  return matrix;
}

std::vector<double> mean_of(nad::MatrixView x, const std::vector<std::size_t>& rows) {
  std::vector<double> mean(x.columns());
  for (const std::size_t row : rows) {
    for (std::size_t column = 0; column < x.columns(); ++column) {
      mean[column] += static_cast<double>(x(row, column)) / static_cast<double>(rows.size());
    }
  }
  return mean;
}

Square covariance_of(nad::MatrixView x, const std::vector<std::size_t>& rows, const std::vector<double>& mean) {
  Square covariance(x.columns(), std::vector<double>(x.columns()));
  for (const std::size_t row : rows) {
    for (std::size_t i = 0; i < x.columns(); ++i) {
      for (std::size_t j = 0; j < x.columns(); ++j) {
        covariance[i][j] += (static_cast<double>(x(row, i)) - mean[i]) * (static_cast<double>(x(row, j)) - mean[j]) /
                            static_cast<double>(rows.size());
      }
    }
  }
  return covariance;
}

std::vector<std::size_t> all_rows(std::size_t count) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < count; ++row) {
    rows.push_back(row);
  }
  return rows;
}

struct Solved {
  std::vector<double> solution;
  double log_determinant = 0.0;
};

Solved solve(Square matrix, std::vector<double> right) {
  Solved solved;
  const std::size_t size = right.size();
  for (std::size_t step = 0; step < size; ++step) {
    solved.log_determinant += std::log(matrix[step][step]);
    for (std::size_t row = step + 1; row < size; ++row) {
      const double factor = matrix[row][step] / matrix[step][step];
      for (std::size_t column = step; column < size; ++column) {
        matrix[row][column] -= factor * matrix[step][column];
      }
      right[row] -= factor * right[step];
    }
  }
  solved.solution.resize(size);
  for (std::size_t row = size; row-- > 0;) {
    double sum = right[row];
    for (std::size_t column = row + 1; column < size; ++column) {
      sum -= matrix[row][column] * solved.solution[column];
    }
    solved.solution[row] = sum / matrix[row][row];
  }
  return solved;
}

std::vector<double> deviation(const float* row, const std::vector<double>& mean) {
  std::vector<double> apart(mean.size());
  for (std::size_t column = 0; column < mean.size(); ++column) {
    apart[column] = static_cast<double>(row[column]) - mean[column];
  }
  return apart;
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

template <class D>
std::string refusal(const typename D::Options& options) {
  try {
    const D detector(options);
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("Mahalanobis distances and contributions are those of the definition") {
  for (const std::size_t columns : {1U, 2U, 7U, 65U, 130U}) {
    const nad::Matrix x = dependent_rows(700, columns, columns);
    nad::Mahalanobis mahalanobis({.shrinkage = 0.1});
    mahalanobis.fit(x);
    const std::vector<double> mean = mean_of(x, all_rows(700));
    Square covariance = covariance_of(x, all_rows(700), mean);
    double trace = 0.0;
    for (std::size_t i = 0; i < columns; ++i) {
      trace += covariance[i][i] / static_cast<double>(columns);
    }
    for (std::size_t i = 0; i < columns; ++i) {
      for (double& value : covariance[i]) {
        value *= 0.9;
      }
      covariance[i][i] += 0.1 * trace;
    }
    const nad::Matrix rows = dependent_rows(40, columns, 77);
    const std::vector<float> raw = mahalanobis.raw_score(rows);
    const std::vector<float> scores = mahalanobis.anomaly_score(rows);
    const nad::Matrix reasons = mahalanobis.explain(rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      const std::vector<double> apart = deviation(rows.row(row).data(), mean);
      const std::vector<double> solved = solve(covariance, apart).solution;
      const double expected = product(apart, solved);
      REQUIRE(static_cast<double>(raw[row]) == doctest::Approx(expected).epsilon(2e-4));
      REQUIRE(static_cast<double>(scores[row]) == doctest::Approx(std::sqrt(expected)).epsilon(1e-4));
      for (std::size_t column = 0; column < columns; ++column) {
        REQUIRE(std::abs(static_cast<double>(reasons(row, column)) - apart[column] * solved[column]) <
                2e-4 * (1.0 + expected));
      }
    }
  }
}

TEST_CASE("far from zero, where the mean lies between two floats, Mahalanobis distances are as exact") {
  constexpr std::size_t columns = 5;
  nad::Matrix x = tests::normal_rows(600, columns, 4);
  nad::Matrix rows = tests::normal_rows(50, columns, 5);
  for (nad::Matrix* each : {&x, &rows}) {
    for (std::size_t i = 0; i < each->rows() * columns; ++i) {
      each->data()[i] += 1e6F;  // rounded to sixteenths: these rows are what is learnt from
    }
  }
  nad::Mahalanobis mahalanobis({.shrinkage = 0.0});
  mahalanobis.fit(x);
  const auto loaded = nad::load_detector_bytes(nad::save_bytes(mahalanobis));
  const std::vector<double> mean = mean_of(x, all_rows(600));
  const Square covariance = covariance_of(x, all_rows(600), mean);
  const std::vector<float> scores = loaded->anomaly_score(rows);
  const nad::Matrix reasons = loaded->explain(rows);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const std::vector<double> apart = deviation(rows.row(row).data(), mean);
    const std::vector<double> solved = solve(covariance, apart).solution;
    REQUIRE(static_cast<double>(scores[row]) == doctest::Approx(std::sqrt(product(apart, solved))).epsilon(1e-5));
    for (std::size_t column = 0; column < columns; ++column) {
      REQUIRE(std::abs(static_cast<double>(reasons(row, column)) - apart[column] * solved[column]) < 1e-4);
    }
  }
}

TEST_CASE("the shrinkage is the one of Ledoit and Wolf") {
  // made with scikit-learn 1.9: LedoitWolf().fit(X).shrinkage_ for X[i, j] = ((i * 7 + j * 3) % 11) * (j + 1)
  nad::Matrix x(40, 6);
  for (std::size_t row = 0; row < 40; ++row) {
    for (std::size_t column = 0; column < 6; ++column) {
      x(row, column) = static_cast<float>(((row * 7 + column * 3) % 11) * (column + 1));
    }
  }
  nad::Mahalanobis mahalanobis;
  mahalanobis.fit(x);
  CHECK(mahalanobis.shrinkage() == doctest::Approx(0.09713375937127454).epsilon(1e-6));
}

TEST_CASE("columns that never vary, or are copies, leave a distance") {
  nad::Matrix x = tests::normal_rows(100, 4, 3);
  for (std::size_t row = 0; row < 100; ++row) {
    x(row, 1) = 5.0F;
    x(row, 2) = x(row, 0);
  }
  nad::Mahalanobis mahalanobis({.shrinkage = 0.0});
  mahalanobis.fit(x);
  for (const float score : mahalanobis.anomaly_score(x)) {
    CHECK(score < 10.0F);
  }
  nad::Matrix strange = tests::normal_rows(1, 4, 4);
  strange(0, 1) = 6.0F;  // what never happened
  strange(0, 2) = strange(0, 0);
  CHECK(mahalanobis.anomaly_score(strange)[0] > 100.0F);
}

TEST_CASE("one local Gaussian is the density of all rows") {
  const nad::Matrix x = dependent_rows(500, 5, 1);
  nad::LocalGaussian local({.n_clusters = 1, .prior = 20.0, .ridge = 0.2});
  local.fit(x);
  const std::vector<double> mean = mean_of(x, all_rows(500));
  Square covariance = covariance_of(x, all_rows(500), mean);
  double trace = 0.0;
  for (std::size_t i = 0; i < 5; ++i) {
    trace += covariance[i][i] / 5.0;
  }
  // (n S + p (S + r t I)) / (n + p)
  for (std::size_t i = 0; i < 5; ++i) {
    covariance[i][i] += 20.0 / 520.0 * 0.2 * trace;
  }
  const nad::Matrix rows = dependent_rows(60, 5, 9);
  const std::vector<float> scores = local.anomaly_score(rows);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const std::vector<double> apart = deviation(rows.row(row).data(), mean);
    const Solved solved = solve(covariance, apart);
    REQUIRE(static_cast<double>(scores[row]) ==
            doctest::Approx(product(apart, solved.solution) + solved.log_determinant).epsilon(2e-4));
  }
}

TEST_CASE("each cluster has a shape of its own") {
  // a long thin cluster and a round one: what is ordinary along the first is strange beside the second
  nad::Matrix x(2000, 2);
  for (std::size_t row = 0; row < 2000; ++row) {
    nad::Random random(4, row);
    const bool thin = row % 2 == 0;
    x(row, 0) = static_cast<float>(random.normal() * (thin ? 5.0 : 0.5)) + (thin ? 0.0F : 40.0F);
    x(row, 1) = static_cast<float>(random.normal() * (thin ? 0.1 : 0.5));
  }
  nad::LocalGaussian local({.n_clusters = 2, .prior = 1.0, .ridge = 0.01, .random_state = 2});
  local.fit(x);
  REQUIRE(local.n_clusters() == 2);
  CHECK(local.shares()[0] == doctest::Approx(0.5).epsilon(0.05));
  const auto score = [&](float a, float b) { return local.anomaly_score(std::vector<float>{a, b}); };
  CHECK(score(8.0F, 0.0F) < score(0.0F, 1.0F));    // eight along the thin one is less than one across it
  CHECK(score(40.0F, 1.0F) < score(48.0F, 0.0F));  // and the round one is as wide as it is high
}

TEST_CASE("Mahalanobis keeps the detector's contract") {
  // fused multiply-adds round once where others round twice
  tests::check_detector_contract(nad::Mahalanobis(), {.additive = 2e-4, .other_kernels = 2e-3});
}

TEST_CASE("LocalGaussian keeps the detector's contract") {
  tests::check_detector_contract(nad::LocalGaussian({.n_clusters = 4, .random_state = 1}),
                                 {.additive = 2e-4, .weights_are_copies = false, .other_kernels = 2e-3});
}

TEST_CASE("Gaussians of distinct rows forget floods") {
  nad::Matrix x = tests::normal_rows(1000, 3, 5);
  for (std::size_t row = 0; row < 600; ++row) {
    std::fill(x.row(row).begin(), x.row(row).end(), 9.0F);
  }
  nad::Mahalanobis all;
  all.fit(x);
  nad::Mahalanobis distinct({.unique_rows = nad::UniqueRows::on});
  distinct.fit(x);
  CHECK(distinct.anomaly_score(x)[0] > 5.0F * all.anomaly_score(x)[0]);
}

TEST_CASE("options of Gaussians that make no sense are refused by name") {
  CHECK(refusal<nad::Mahalanobis>({.shrinkage = 1.5}).find("shrinkage") != std::string::npos);
  CHECK(refusal<nad::Mahalanobis>({.contamination = 0.0}).find("contamination") != std::string::npos);
  CHECK(refusal<nad::LocalGaussian>({.n_clusters = 0}).find("n_clusters") != std::string::npos);
  CHECK(refusal<nad::LocalGaussian>({.prior = 0.0}).find("prior") != std::string::npos);
  CHECK(refusal<nad::LocalGaussian>({.ridge = -1.0}).find("ridge") != std::string::npos);
  CHECK(refusal<nad::LocalGaussian>({}).empty());
}
