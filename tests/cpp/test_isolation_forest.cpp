#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "forest_reference.hpp"
#include "forest_tools.hpp"
#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/simd/kernels.hpp"
#include "samples.hpp"
#include "watched.hpp"

namespace {

using Options = nad::IsolationForestOptions;

/// One of each kind of forest.
std::vector<Options> varieties() {
  return {
      {.n_estimators = 21, .random_state = 1},
      {.n_estimators = 10, .max_samples = 64, .max_features = 0.5, .random_state = 2},
      {.n_estimators = 10, .max_samples = 0.5, .max_depth = 30, .bootstrap = true, .random_state = 3},
      {.n_estimators = 10, .random_state = 4, .ndim = 2},
      {.n_estimators = 10, .random_state = 5, .ndim = 3, .split = nad::Split::best, .ntry = 4},
      {.n_estimators = 10, .random_state = 6, .split = nad::Split::best},
      {.n_estimators = 10, .random_state = 7, .unique_rows = nad::UniqueRows::on},
      {.n_estimators = 10, .random_state = 8, .unique_rows = nad::UniqueRows::log_count},
      {.n_estimators = 10, .random_state = 9, .missing = nad::Missing::route},
      {.n_estimators = 10, .random_state = 10, .missing = nad::Missing::impute},
  };
}

}  // namespace

TEST_CASE("c(n) is the mean path length of an unsuccessful search") {
  CHECK(nad::average_path_length(0) == 0.0);
  CHECK(nad::average_path_length(1) == 0.0);
  CHECK(nad::average_path_length(2) == 1.0);
  for (const std::size_t rows : {16U, 256U, 4096U}) {
    // the logarithm stands for the harmonic number, which it misses by about 1 / 2n
    CHECK(std::abs(nad::average_path_length(static_cast<double>(rows)) - tests::ForestReference::average_path(rows)) <
          1.1 / static_cast<double>(rows));
  }
  CHECK(nad::average_path_length(256) == doctest::Approx(10.2448).epsilon(1e-4));
}

TEST_CASE("scores and contributions equal a plain recursive reference, for every kind of forest") {
  for (const bool like_traffic : {false, true}) {
    const nad::Matrix train = like_traffic ? tests::traffic_rows(700, 9, 1) : tests::normal_rows(700, 9, 1);
    const std::size_t n_rows = tests::watched ? 45 : 301;
    const nad::Matrix rows = like_traffic ? tests::traffic_rows(n_rows, 9, 2) : tests::normal_rows(n_rows, 9, 2);
    for (const Options& options : varieties()) {
      nad::IsolationForest forest(options);
      forest.fit(train);
      CHECK(forest.n_trees() == options.n_estimators);
      const tests::ForestReference reference(forest);
      const std::vector<float> scores = forest.anomaly_score(rows);
      const std::vector<float> raw = forest.raw_score(rows);
      const std::vector<float> paths = forest.path_length(rows);
      const nad::Matrix reasons = forest.explain(rows);
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        const float* values = rows.row(row).data();
        REQUIRE(scores[row] == doctest::Approx(reference.anomaly_score(values)).epsilon(2e-6));
        REQUIRE(raw[row] == doctest::Approx(reference.raw_score(values)).epsilon(2e-6));
        REQUIRE(paths[row] == doctest::Approx(reference.mean_path(values)).epsilon(2e-6));
        const std::vector<double> expected = reference.contributions(values);
        double sum = forest.baseline();
        for (std::size_t column = 0; column < rows.columns(); ++column) {
          REQUIRE(std::abs(static_cast<double>(reasons(row, column)) - expected[column]) < 2e-6);
          sum += static_cast<double>(reasons(row, column));
        }
        REQUIRE(forest.baseline() == doctest::Approx(expected.back()).epsilon(1e-6));
        REQUIRE(sum == doctest::Approx(static_cast<double>(raw[row])).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("a row alone gets bit for bit the score that it gets in a batch, on every kernel") {
  const nad::Matrix train = tests::traffic_rows(900, 7, 3);
  const nad::Matrix rows = tests::traffic_rows(600, 7, 4);
  const std::string before(nad::simd::active());
  for (const Options& options : varieties()) {
    nad::IsolationForest forest(options);
    forest.fit(train);
    std::vector<float> first;
    for (const std::string_view kernel : nad::simd::supported()) {
      nad::simd::force(kernel);
      const std::vector<float> together = forest.anomaly_score(rows);
      if (first.empty()) {
        first = together;
      }
      CHECK(together == first);
      bool same = true;
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        same = same && forest.anomaly_score(rows.row(row)) == together[row];
      }
      CHECK(same);
      for (const std::size_t length : {2U, 3U, 4U, 5U, 63U, 257U}) {
        const std::vector<float> part = forest.anomaly_score(rows.view().slice(11, length));
        CHECK(std::equal(part.begin(), part.end(), together.begin() + 11));
      }
    }
    nad::simd::force(before);
  }
}

TEST_CASE("rows of few kinds in disorder, which a batch puts in another order, keep their scores [threads]") {
  const nad::Matrix train = tests::traffic_rows(900, 7, 3);
  nad::Matrix rows(9001, 7);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const std::size_t kind = nad::Random(12, row).below(30);
    std::copy_n(train.row(kind).data(), 7, rows.row(row).data());
  }
  for (const Options& options : varieties()) {
    nad::Matrix given = rows;
    if (options.missing != nad::Missing::reject) {
      for (std::size_t row = 3; row < rows.rows(); row += 40) {
        given(row, row % 7) = std::numeric_limits<float>::quiet_NaN();
      }
    }
    nad::IsolationForest forest(options);
    forest.fit(train);
    const std::vector<float> together = forest.anomaly_score(given);
    bool same = true;
    for (std::size_t row = 0; row < given.rows(); ++row) {
      same = same && forest.anomaly_score(given.row(row)) == together[row];
    }
    CHECK(same);
    CHECK(forest.anomaly_score(given, {.n_jobs = 3}) == together);
  }
}

TEST_CASE("the number of threads and the kernel change neither the forest nor the scores [threads]") {
  const nad::Matrix train = tests::traffic_rows(5000, 6, 5);
  const std::string before(nad::simd::active());
  for (Options options : varieties()) {
    options.contamination = 0.05;
    nad::IsolationForest one(options);
    one.fit(train);
    nad::IsolationForest three(options);
    nad::simd::force(nad::simd::supported().back());
    three.fit(train, {.n_jobs = 3});
    nad::simd::force(before);
    CHECK(tests::same_trees(one.nodes(), three.nodes()));
    CHECK(one.threshold() == three.threshold());
    CHECK(one.anomaly_score(train) == three.anomaly_score(train, {.n_jobs = 3}));
    const nad::Matrix alone = one.explain(train);
    const nad::Matrix shared = three.explain(train, {.n_jobs = 3});
    CHECK(std::equal(alone.data(), alone.data() + alone.rows() * alone.columns(), shared.data()));
  }
}

TEST_CASE("learning changes the model, scores vary, and outliers come first") {
  nad::Matrix rows = tests::normal_rows(2000, 5, 6);
  for (std::size_t outlier = 0; outlier < 20; ++outlier) {
    for (std::size_t column = 0; column < 5; ++column) {
      rows(outlier * 100, column) += 6.0F;
    }
  }
  for (const Options& options : varieties()) {
    nad::IsolationForest forest(options);
    forest.fit(rows);
    const std::vector<float> scores = forest.anomaly_score(rows);
    const auto [lowest, highest] = std::minmax_element(scores.begin(), scores.end());
    CHECK(*lowest > 0.0F);
    CHECK(*highest <= 1.0F);
    CHECK(*highest - *lowest > 0.1F);
    // every outlier against every other row: the share of pairs in the right order is the area under the ROC curve
    std::size_t right_order = 0;
    std::size_t pairs = 0;
    for (std::size_t outlier = 0; outlier < 2000; outlier += 100) {
      for (std::size_t row = 0; row < 2000; ++row) {
        if (row % 100 != 0) {
          right_order += static_cast<std::size_t>(scores[outlier] > scores[row]);
          ++pairs;
        }
      }
    }
    CHECK(static_cast<double>(right_order) / static_cast<double>(pairs) > 0.99);

    nad::IsolationForest elsewhere(options);
    elsewhere.fit(tests::normal_rows(2000, 5, 7));
    CHECK_FALSE(tests::same_trees(forest.nodes(), elsewhere.nodes()));
  }
}

TEST_CASE("explain names the column that made a row anomalous") {
  const nad::Matrix train = tests::normal_rows(1000, 6, 8);
  nad::IsolationForest forest;
  forest.fit(train);
  for (std::size_t column = 0; column < 6; ++column) {
    nad::Matrix row(1, 6);
    row(0, column) = 9.0F;
    const nad::Matrix reasons = forest.explain(row);
    const auto strongest = std::max_element(reasons.data(), reasons.data() + 6) - reasons.data();
    CHECK(static_cast<std::size_t>(strongest) == column);
    CHECK(reasons(0, column) > 0.0F);
  }
}

TEST_CASE("the same seed gives the same forest, another seed another one") {
  const nad::Matrix train = tests::normal_rows(500, 4, 9);
  nad::IsolationForest a({.random_state = 5});
  nad::IsolationForest b({.random_state = 5});
  nad::IsolationForest c({.random_state = 6});
  a.fit(train);
  b.fit(train);
  c.fit(train);
  CHECK(tests::same_trees(a.nodes(), b.nodes()));
  CHECK_FALSE(tests::same_trees(a.nodes(), c.nodes()));
  // seeds next to each other share no tree, in whatever place
  CHECK(std::search(a.nodes().value.begin(), a.nodes().value.end(), c.nodes().value.begin(),
                    c.nodes().value.begin() + 20) == a.nodes().value.end());
  b.fit(train);
  CHECK(tests::same_trees(a.nodes(), b.nodes()));
}

TEST_CASE("scoring one row allocates nothing") {
  const nad::Matrix train = tests::normal_rows(500, 41, 10);
  for (const Options& options : varieties()) {
    nad::IsolationForest forest(options);
    forest.fit(train);
    float sum = forest.anomaly_score(train.row(0));
    const tests::Allocations before = tests::allocations();
    for (std::size_t row = 0; row < 100; ++row) {
      sum += forest.anomaly_score(train.row(row));
    }
    CHECK(tests::allocations().count == before.count);
    CHECK(sum > 0.0F);
  }
}

TEST_CASE("scoring a batch needs little memory beside the scores") {
  const nad::Matrix rows = tests::normal_rows(20000, 41, 10);
  nad::IsolationForest forest;
  forest.fit(rows);
  std::vector<float> scores(rows.rows());
  tests::take_largest_request();
  forest.anomaly_score(rows, scores);
  CHECK(tests::take_largest_request() < std::size_t{1} << 20U);
}
