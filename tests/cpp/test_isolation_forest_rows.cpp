#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "forest_tools.hpp"
#include "nad/core/error.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "samples.hpp"

// Which rows a forest learns from: drawn with and without replacement, distinct, weighted, with missing values.

using tests::rows_of;
using tests::same_trees;

namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("bootstrap draws rows more than once") {
  // with every row drawn once, 64 distinct values end in 64 leaves
  const nad::Matrix rows = tests::normal_rows(64, 1, 3);
  nad::IsolationForest once({.n_estimators = 5, .max_samples = 64, .max_depth = 100});
  nad::IsolationForest again({.n_estimators = 5, .max_samples = 64, .max_depth = 100, .bootstrap = true});
  once.fit(rows);
  again.fit(rows);
  CHECK(once.nodes().size() == std::size_t{5} * 127);
  CHECK(again.nodes().size() < std::size_t{5} * 110);
}

TEST_CASE("unique_rows shows each distinct row to a tree at most once") {
  // 900 equal rows and 30 others: without it most of a tree's rows are equal
  nad::Matrix rows(930, 2);
  const nad::Matrix others = tests::normal_rows(30, 2, 8);
  for (std::size_t row = 0; row < 30; ++row) {
    rows(900 + row, 0) = others(row, 0);
    rows(900 + row, 1) = others(row, 1);
  }
  rows(5, 0) = -0.0F;  // equal to 0
  nad::IsolationForest distinct({.n_estimators = 4, .max_depth = 100, .unique_rows = nad::UniqueRows::on});
  distinct.fit(rows);
  CHECK(distinct.samples_per_tree() == 31);
  CHECK(distinct.nodes().size() == std::size_t{4} * 61);
  nad::IsolationForest all({.n_estimators = 4, .max_depth = 100});
  all.fit(rows);
  CHECK(all.samples_per_tree() == 256);
}

namespace {

/// One column: 900 rows at 0, then 30 rows far off, each at a place of its own.
nad::Matrix flood_and_others() {
  nad::Matrix rows(930, 1);
  for (std::size_t row = 900; row < 930; ++row) {
    rows(row, 0) = 1000.0F + static_cast<float>(row);
  }
  return rows;
}

/// The share of trees of two rows that drew a row of the flood: their split lies below the others.
double share_with_flood(const nad::IsolationForest& forest) {
  const nad::ForestNodes& nodes = forest.nodes();
  const auto below = std::count_if(nodes.root.begin(), nodes.root.end(),
                                   [&](std::uint32_t root) { return nodes.value[root] < 1900.0F; });
  return static_cast<double>(below) / static_cast<double>(nodes.n_trees());
}

}  // namespace

TEST_CASE("unique_rows weighs a distinct row by 1 or by 1 + log(copies), times the mean weight of its copies") {
  const nad::Matrix rows = flood_and_others();
  nad::IsolationForest::Options options{.n_estimators = 4000, .max_samples = 2};
  // two of 31 places of weight 1; a split below 1900 of at most 1929 has a chance of about .985
  options.unique_rows = nad::UniqueRows::on;
  nad::IsolationForest even(options);
  even.fit(rows);
  CHECK(share_with_flood(even) == doctest::Approx(2.0 / 31.0 * 0.985).epsilon(0.2));

  options.unique_rows = nad::UniqueRows::log_count;
  nad::IsolationForest logarithmic(options);
  logarithmic.fit(rows);
  const double flood = 1.0 + std::log(900.0);
  const double drawn = 1.0 - 30.0 / (30.0 + flood) * 29.0 / (29.0 + flood);
  CHECK(share_with_flood(logarithmic) == doctest::Approx(drawn * 0.985).epsilon(0.07));

  std::vector<float> weights(930, 1.0F);
  std::fill(weights.begin(), weights.begin() + 900, 0.0F);
  for (const auto unique_rows : {nad::UniqueRows::on, nad::UniqueRows::log_count}) {
    options.unique_rows = unique_rows;
    nad::IsolationForest weighted(options);
    weighted.fit(rows, weights);
    CHECK(share_with_flood(weighted) == 0.0);
  }
}

TEST_CASE("sample weights decide how often a row is drawn") {
  // three groups at 0, 1 and 2: trees of two rows show by their split position which groups they drew
  nad::Matrix rows(300, 1);
  std::vector<float> weights(300);
  for (std::size_t row = 0; row < 300; ++row) {
    rows(row, 0) = row < 100 ? 0.0F : row < 200 ? 1.0F : 2.0F;
    weights[row] = row < 100 ? 0.0F : row < 200 ? 1.0F : 3.0F;
  }
  nad::IsolationForest forest({.n_estimators = 3000, .max_samples = 2});
  forest.fit(rows, weights);
  double split = 0.0;
  for (const std::size_t root : forest.nodes().root) {
    if (!forest.nodes().is_leaf(root)) {
      CHECK(forest.nodes().value[root] >= 1.0F);  // group 0 weighs nothing
      split += 1.0;
    }
  }
  // one row of each group: 2 * 1/4 * 3/4 = .375, a little more without replacement
  CHECK(split / 3000.0 == doctest::Approx(0.377).epsilon(0.08));

  nad::IsolationForest equal({.n_estimators = 10, .random_state = 4});
  nad::IsolationForest none({.n_estimators = 10, .random_state = 4});
  equal.fit(rows, std::vector<float>(300, 0.3F));
  none.fit(rows);
  CHECK(same_trees(equal.nodes(), none.nodes()));

  // nearly all rows wanted of very unequal weights: the heavy ones are all there
  nad::IsolationForest most({.n_estimators = 50, .max_samples = 150});
  most.fit(rows, weights);
  CHECK(most.samples_per_tree() == 150);
  CHECK_THROWS_AS(forest.fit(rows, std::vector<float>(299, 1.0F)), nad::Error);
  CHECK_THROWS_AS(forest.fit(rows, std::vector<float>(300, 0.0F)), nad::Error);
  CHECK_THROWS_AS(forest.fit(rows, std::vector<float>(300, -1.0F)), nad::Error);
  CHECK_THROWS_AS(forest.fit(rows, std::vector<float>(300, missing)), nad::Error);
}

TEST_CASE("a weight that is a whole number is a number of copies") {
  const nad::Matrix rows = tests::normal_rows(40, 3, 21);
  std::vector<float> weights(40);
  std::vector<float> repeated;
  for (std::size_t row = 0; row < 40; ++row) {
    weights[row] = static_cast<float>((7 * row) % 5);
    for (std::size_t copy = 0; copy < (7 * row) % 5; ++copy) {
      repeated.insert(repeated.end(), rows.row(row).begin(), rows.row(row).end());
    }
  }
  const nad::MatrixView copies(repeated.data(), repeated.size() / 3, 3);
  const std::vector<nad::IsolationForestOptions> all = {
      {.random_state = 3}, {.max_samples = 10}, {.max_samples = 50}, {.max_samples = 0.25, .bootstrap = true}};
  for (const nad::IsolationForestOptions& options : all) {
    nad::IsolationForest weighted(options);
    nad::IsolationForest plain(options);
    weighted.fit(rows, weights);
    plain.fit(copies);
    CHECK(weighted.samples_per_tree() == plain.samples_per_tree());
    CHECK(same_trees(weighted.nodes(), plain.nodes()));
  }
  for (const float weight : {1.0e9F, 1.0e30F}) {  // more copies than anybody wants to count
    nad::IsolationForest huge({.n_estimators = 5, .max_samples = 1.0});
    huge.fit(rows, std::vector<float>(40, weight));
    CHECK(huge.samples_per_tree() == 40);
  }
}

namespace {

/// One column with the values 0, 1, 2 ...: between two neighbours that a deep tree drew lies exactly one split.
nad::Matrix numbered_rows(std::size_t count) {
  nad::Matrix rows(count, 1);
  for (std::size_t row = 0; row < count; ++row) {
    rows(row, 0) = static_cast<float>(row);
  }
  return rows;
}

/// How many splits lie at `from` or above.
std::ptrdiff_t splits_from(const nad::ForestNodes& nodes, float from) {
  std::ptrdiff_t splits = 0;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    splits += !nodes.is_leaf(node) && nodes.value[node] >= from ? 1 : 0;
  }
  return splits;
}

}  // namespace

TEST_CASE("where a tree wants many of the rows, the heavy ones are among them") {
  const nad::Matrix rows = numbered_rows(100);
  std::vector<float> weights(100, 0.00025F);
  std::fill(weights.begin() + 50, weights.end(), 1000.5F);
  nad::IsolationForest forest({.n_estimators = 20, .max_samples = 60, .max_depth = 100});
  forest.fit(rows, weights);
  CHECK(forest.nodes().size() == std::size_t{20} * (2 * 60 - 1));  // distinct rows
  CHECK(splits_from(forest.nodes(), 50.0F) == std::ptrdiff_t{20} * 49);
}

TEST_CASE("a few rows so heavy that hardly another is ever drawn are each drawn once, and others fill up") {
  const nad::Matrix rows = numbered_rows(1000);
  std::vector<float> weights(1000, 0.5F);
  std::fill(weights.begin() + 997, weights.end(), 1.0e12F);
  nad::IsolationForest forest({.n_estimators = 20, .max_samples = 100, .max_depth = 1000});
  forest.fit(rows, weights);
  CHECK(forest.nodes().size() == std::size_t{20} * (2 * 100 - 1));
  CHECK(splits_from(forest.nodes(), 997.0F) == std::ptrdiff_t{20} * 2);
}

TEST_CASE("a fraction of the rows is one of those that a tree can draw") {
  const auto samples = [](const nad::IsolationForestOptions& options, const nad::Matrix& rows,
                          const std::vector<float>& weights) {
    nad::IsolationForest forest(options);
    forest.fit(rows, weights);
    return forest.samples_per_tree();
  };
  const nad::Matrix flood = flood_and_others();  // 31 distinct rows of 930
  CHECK(samples({.max_samples = 0.5}, flood, {}) == 465);
  CHECK(samples({.max_samples = 0.5, .unique_rows = nad::UniqueRows::on}, flood, {}) == 15);
  CHECK(samples({.max_samples = 0.5, .unique_rows = nad::UniqueRows::log_count}, flood, {}) == 15);
  const nad::Matrix rows = numbered_rows(40);
  CHECK(samples({.max_samples = 0.5}, rows, std::vector<float>(40, 3.0F)) == 60);  // 120 copies
  std::vector<float> weights(40, 0.0F);
  std::fill(weights.begin(), weights.begin() + 10, 0.25F);
  CHECK(samples({.max_samples = 0.5}, rows, weights) == 5);  // of equal weight
  weights[3] = 0.75F;
  CHECK(samples({.max_samples = 0.5}, rows, weights) == 5);
}

TEST_CASE("missing values are refused, routed or filled in") {
  nad::Matrix rows = tests::normal_rows(500, 4, 11);
  for (std::size_t row = 0; row < 500; row += 5) {
    rows(row, 1) = missing;
  }
  nad::IsolationForest strict;
  CHECK_THROWS_WITH_AS(strict.fit(rows), doctest::Contains("NaN in row 0, column 1"), nad::Error);
  strict.fit(tests::normal_rows(500, 4, 11));
  CHECK_THROWS_WITH_AS(strict.anomaly_score(rows), doctest::Contains("NaN in row 0, column 1"), nad::Error);
  CHECK_THROWS_WITH_AS(strict.anomaly_score(rows.row(10)), doctest::Contains("column 1"), nad::Error);
  CHECK_THROWS_WITH_AS(strict.explain(rows), doctest::Contains("NaN in row 0, column 1"), nad::Error);

  for (const std::size_t ndim : {1U, 2U}) {
    nad::IsolationForest routing({.random_state = 1, .ndim = ndim, .missing = nad::Missing::route});
    routing.fit(rows);
    const std::vector<float> scores = routing.anomaly_score(rows);
    for (std::size_t row = 0; row < 500; row += 5) {
      CHECK(scores[row] == routing.anomaly_score(rows.row(row)));
      CHECK(scores[row] < 0.7F);  // a value that is often missing is no anomaly
    }
    nad::IsolationForest filling({.random_state = 1, .ndim = ndim, .missing = nad::Missing::impute});
    filling.fit(rows);
    std::vector<float> present;
    for (std::size_t row = 0; row < 500; ++row) {
      if (row % 5 != 0) {
        present.push_back(rows(row, 1));
      }
    }
    std::sort(present.begin(), present.end());
    nad::Matrix filled = rows;
    for (std::size_t row = 0; row < 500; row += 5) {
      filled(row, 1) = (present[present.size() / 2] + present[present.size() / 2 - 1]) / 2.0F;  // 400 values
    }
    CHECK(filling.anomaly_score(rows) == filling.anomaly_score(filled));
    const nad::Matrix reasons = filling.explain(rows);
    const nad::Matrix same = filling.explain(filled);
    CHECK(std::equal(reasons.data(), reasons.data() + 2000, same.data()));
  }
}

TEST_CASE("a missing value follows the branch that most training rows took") {
  nad::Matrix rows(300, 1);
  for (std::size_t row = 0; row < 300; ++row) {
    rows(row, 0) = row < 30 ? 0.0F : row < 290 ? 1.0F : missing;
  }
  nad::IsolationForest forest({.n_estimators = 10, .max_samples = 300, .max_depth = 1, .missing = nad::Missing::route});
  forest.fit(rows);
  for (const std::size_t root : forest.nodes().root) {
    CHECK(forest.nodes().missing_right[root] == 1);
    CHECK(rows_of(forest.nodes(), forest.nodes().right[root]) == 270);
  }
  CHECK(forest.anomaly_score(rows.row(299)) == forest.anomaly_score(rows.row(100)));
}

TEST_CASE("a missing value follows most training rows also where no training row lacked it") {
  for (const bool some_missing : {false, true}) {
    nad::Matrix rows = tests::normal_rows(2000, 5, 31);
    if (some_missing) {
      rows(3, 2) = missing;
    }
    nad::IsolationForest forest({.n_estimators = 30, .random_state = 1, .missing = nad::Missing::route});
    forest.fit(rows);
    const nad::ForestNodes& nodes = forest.nodes();
    std::size_t right = 0;
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      if (!nodes.is_leaf(node)) {
        const std::size_t left_rows = rows_of(nodes, node + 1);
        const std::size_t right_rows = rows_of(nodes, nodes.right[node]);
        // rows without the value are part of a side already where there are any: one of 2,000 here
        if (!some_missing) {
          REQUIRE((nodes.missing_right[node] == 1) == (right_rows > left_rows));
        }
        right += nodes.missing_right[node];
      }
    }
    CHECK(right > 100);
    // ordinary rows stay ordinary when a value is lacking
    std::size_t high = 0;
    const nad::Matrix fresh = tests::normal_rows(500, 5, 32);
    for (std::size_t row = 0; row < 500; ++row) {
      std::vector<float> values(fresh.row(row).begin(), fresh.row(row).end());
      const float whole = forest.anomaly_score(values);
      values[row % 5] = missing;
      high += forest.anomaly_score(values) > whole + 0.05F ? 1U : 0U;
    }
    CHECK(high < 10);
  }
}
