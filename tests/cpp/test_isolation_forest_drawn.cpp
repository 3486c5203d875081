#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "forest_tools.hpp"
#include "nad/core/error.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "samples.hpp"

using tests::same_trees;

namespace {

using Options = nad::IsolationForestOptions;

/// These rows of a table, and nothing else of it.
nad::Matrix taken(const nad::Matrix& table, const std::vector<std::uint64_t>& numbers) {
  nad::Matrix rows(numbers.size(), table.columns());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (std::size_t column = 0; column < table.columns(); ++column) {
      rows(i, column) = table(numbers[i], column);
    }
  }
  return rows;
}

std::string refusal(const Options& options, std::uint64_t rows) {
  try {
    static_cast<void>(nad::IsolationForest(options).drawn_rows(rows));
  } catch (const nad::Error& error) {
    CHECK(error.code() == nad::ErrorCode::invalid_argument);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a forest that is given only the rows it draws is the forest of the whole table [threads]") {
  const nad::Matrix table = tests::traffic_rows(3000, 5, 11);
  const std::vector<Options> kinds = {
      {.n_estimators = 12, .max_samples = 64, .random_state = 3},
      {.n_estimators = 12, .max_samples = 64, .bootstrap = true, .random_state = 3},
      {.n_estimators = 5, .max_samples = 2000, .random_state = 4},  // most of the rows
      {.n_estimators = 3, .max_samples = 1.0, .random_state = 5},   // all of them
      {.n_estimators = 12, .max_samples = 64, .max_features = 2, .random_state = 6, .ndim = 2},
      {.n_estimators = 6, .max_samples = 64, .random_state = 7, .split = nad::Split::best},
  };
  for (const Options& options : kinds) {
    nad::IsolationForest whole(options);
    whole.fit(table);
    nad::IsolationForest drawn(options);
    const std::vector<std::uint64_t> numbers = drawn.drawn_rows(table.rows());
    CHECK(numbers.size() <= options.n_estimators * whole.samples_per_tree());
    const nad::Matrix rows = taken(table, numbers);
    drawn.fit_drawn(rows, numbers, table.rows(), {.n_jobs = 3});
    CHECK(same_trees(whole.nodes(), drawn.nodes()));
    CHECK(whole.threshold() == drawn.threshold());
    CHECK(whole.anomaly_score(table) == drawn.anomaly_score(table));
  }
}

TEST_CASE("of a table larger than any memory a forest wants few rows, and more rows than it wants do no harm") {
  nad::IsolationForest forest({.n_estimators = 20, .max_samples = 128, .random_state = 1});
  constexpr std::uint64_t huge = 1'000'000'000'000;
  const std::vector<std::uint64_t> numbers = forest.drawn_rows(huge);
  CHECK(numbers.size() == 20 * 128);  // that two trees want the same row is as good as impossible
  CHECK(numbers.back() > huge / 2);
  CHECK(numbers.back() < huge);
  forest.fit_drawn(tests::normal_rows(numbers.size(), 3, 2), numbers, huge);
  CHECK(forest.n_trees() == 20);

  const nad::Matrix table = tests::normal_rows(1000, 3, 2);
  std::vector<std::uint64_t> all(table.rows());
  std::iota(all.begin(), all.end(), 0U);
  nad::IsolationForest whole(forest.options());
  whole.fit(table);
  forest.fit_drawn(table, all, table.rows());
  CHECK(same_trees(whole.nodes(), forest.nodes()));
}

TEST_CASE("what needs all rows of the table is refused, and so are rows that do not fit") {
  CHECK(refusal({.contamination = 0.1}, 100).find("contamination") != std::string::npos);
  CHECK(refusal({.unique_rows = nad::UniqueRows::on}, 100).find("unique_rows") != std::string::npos);
  CHECK(refusal({.missing = nad::Missing::impute}, 100).find("medians") != std::string::npos);
  CHECK(refusal({.warm_start = true}, 100).find("warm_start") != std::string::npos);
  CHECK(refusal({}, 1).find("at least 2") != std::string::npos);

  nad::IsolationForest forest({.n_estimators = 2, .max_samples = 10, .random_state = 1});
  const std::vector<std::uint64_t> numbers = forest.drawn_rows(1000);
  nad::Matrix rows = tests::normal_rows(numbers.size(), 2, 1);
  std::vector<std::uint64_t> wrong = numbers;
  wrong.pop_back();
  CHECK_THROWS_AS(forest.fit_drawn(rows, wrong, 1000), nad::Error);  // one number too few
  wrong = numbers;
  wrong[1] = wrong[0];
  CHECK_THROWS_AS(forest.fit_drawn(rows, wrong, 1000), nad::Error);              // not rising
  CHECK_THROWS_AS(forest.fit_drawn(rows, numbers, numbers.back()), nad::Error);  // beyond the table
  wrong = numbers;
  wrong.back() = wrong.back() == 999 ? 998 : 999;
  CHECK_THROWS_AS(forest.fit_drawn(rows, wrong, 1000), nad::Error);  // not the rows that are drawn
  rows(3, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(forest.fit_drawn(rows, numbers, 1000), nad::Error);
  CHECK_FALSE(forest.is_fitted());
}
