#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "samples.hpp"

namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

std::size_t depth_of(const nad::ForestNodes& nodes, std::size_t node) {
  return nodes.is_leaf(node) ? 0 : 1 + std::max(depth_of(nodes, node + 1), depth_of(nodes, nodes.right[node]));
}

std::size_t rows_of(const nad::ForestNodes& nodes, std::size_t node) {
  return nodes.is_leaf(node) ? nodes.right[node] : rows_of(nodes, node + 1) + rows_of(nodes, nodes.right[node]);
}

std::size_t deepest(const nad::IsolationForest& forest) {
  std::size_t depth = 0;
  for (const std::size_t root : forest.nodes().root) {
    depth = std::max(depth, depth_of(forest.nodes(), root));
  }
  return depth;
}

std::set<int> columns_of(const nad::ForestNodes& nodes, std::size_t begin, std::size_t end) {
  std::set<int> columns(nodes.feature.begin() + static_cast<std::ptrdiff_t>(begin),
                        nodes.feature.begin() + static_cast<std::ptrdiff_t>(end));
  columns.erase(nad::ForestNodes::leaf);
  return columns;
}

bool same_trees(const nad::ForestNodes& a, const nad::ForestNodes& b) {
  return a.root == b.root && a.feature == b.feature && a.value == b.value && a.right == b.right;
}

}  // namespace

TEST_CASE("max_samples is a number, a fraction or automatic, and every tree holds that many rows") {
  const nad::Matrix rows = tests::normal_rows(1000, 3, 1);
  const std::vector<std::pair<nad::Amount, std::size_t>> cases = {
      {{}, 256}, {100, 100}, {0.5, 500}, {1.0, 1000}, {5000, 1000}};
  for (const auto& [amount, expected] : cases) {
    nad::IsolationForest forest({.n_estimators = 5, .max_samples = amount});
    forest.fit(rows);
    CHECK(forest.samples_per_tree() == expected);
    for (const std::size_t root : forest.nodes().root) {
      CHECK(rows_of(forest.nodes(), root) == expected);
    }
  }
}

TEST_CASE("max_depth limits the trees, by default to that of a balanced tree") {
  const nad::Matrix rows = tests::normal_rows(1000, 3, 1);
  nad::IsolationForest automatic({.max_samples = 256});
  automatic.fit(rows);
  CHECK(deepest(automatic) == 8);
  nad::IsolationForest shallow({.max_samples = 256, .max_depth = 3});
  shallow.fit(rows);
  CHECK(deepest(shallow) == 3);
  nad::IsolationForest deep({.max_samples = 256, .max_depth = 1000});
  deep.fit(rows);
  CHECK(deepest(deep) > 10);
  for (std::size_t node = 0; node < deep.nodes().size(); ++node) {
    if (deep.nodes().is_leaf(node)) {
      CHECK(deep.nodes().right[node] == 1);  // rows of continuous values can all be told apart
    }
  }
}

TEST_CASE("max_features limits the columns of each tree, not of the forest") {
  const nad::Matrix rows = tests::normal_rows(500, 8, 2);
  nad::IsolationForest forest({.n_estimators = 30, .max_features = 2});
  forest.fit(rows);
  const nad::ForestNodes& nodes = forest.nodes();
  std::set<int> all;
  for (std::size_t tree = 0; tree < nodes.n_trees(); ++tree) {
    const std::size_t end = tree + 1 < nodes.n_trees() ? nodes.root[tree + 1] : nodes.size();
    const std::set<int> columns = columns_of(nodes, nodes.root[tree], end);
    CHECK(columns.size() <= 2);
    all.insert(columns.begin(), columns.end());
  }
  CHECK(all.size() == 8);
}

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

TEST_CASE("random splits choose columns and positions uniformly") {
  nad::Matrix rows(2, 4);
  for (std::size_t column = 0; column < 3; ++column) {
    rows(1, column) = 1.0F;  // the fourth column is constant
  }
  nad::IsolationForest forest({.n_estimators = 6000, .max_depth = 1});
  forest.fit(rows);
  std::vector<double> hits(4, 0.0);
  std::vector<float> positions;
  for (const std::size_t root : forest.nodes().root) {
    hits[static_cast<std::size_t>(forest.nodes().feature[root])] += 1.0;
    positions.push_back(forest.nodes().value[root]);
  }
  CHECK(hits[3] == 0.0);
  for (std::size_t column = 0; column < 3; ++column) {
    CHECK(std::abs(hits[column] - 2000.0) < 4.0 * std::sqrt(6000.0 * 2.0 / 9.0));
  }
  std::sort(positions.begin(), positions.end());
  double distance = 0.0;  // Kolmogorov-Smirnov
  for (std::size_t i = 0; i < positions.size(); ++i) {
    distance = std::max(distance, std::abs(static_cast<double>(positions[i]) - static_cast<double>(i) / 6000.0));
  }
  CHECK(distance < 1.95 / std::sqrt(6000.0));  // one sample in a thousand lies farther off
  CHECK(positions.front() >= 0.0F);
  CHECK(positions.back() < 1.0F);
}

TEST_CASE("contamination sets the threshold so that this share of the training rows lies above") {
  const nad::Matrix rows = tests::normal_rows(1000, 4, 4);
  for (const double share : {0.01, 0.1, 0.25}) {
    nad::IsolationForest forest({.contamination = share, .random_state = 3});
    forest.fit(rows);
    const std::vector<float> scores = forest.anomaly_score(rows);
    const auto above = std::count_if(scores.begin(), scores.end(), [&](float s) { return s > forest.threshold(); });
    CHECK(static_cast<double>(above) == doctest::Approx(share * 1000.0).epsilon(0.02));
  }
  nad::IsolationForest plain;
  plain.fit(rows);
  CHECK(plain.threshold() == 0.5F);
  plain.set_threshold(0.625F);
  CHECK(plain.threshold() == 0.625F);
}

TEST_CASE("trees grown in two goes are the trees grown at once") {
  const nad::Matrix rows = tests::traffic_rows(800, 6, 5);
  for (const std::size_t ndim : {1U, 2U}) {
    nad::IsolationForest whole({.n_estimators = 100, .random_state = 9, .ndim = ndim});
    whole.fit(rows);
    nad::IsolationForest halves({.n_estimators = 50, .random_state = 9, .warm_start = true, .ndim = ndim});
    halves.fit(rows);
    CHECK(halves.n_trees() == 50);
    halves.set_n_estimators(100);
    halves.fit(rows);
    CHECK(same_trees(whole.nodes(), halves.nodes()));
    CHECK(whole.anomaly_score(rows) == halves.anomaly_score(rows));
    halves.fit(rows);
    CHECK(halves.n_trees() == 100);
    halves.set_n_estimators(10);
    CHECK_THROWS_AS(halves.fit(rows), nad::Error);
    CHECK(halves.n_trees() == 100);
    halves.set_warm_start(false);
    halves.fit(rows);
    CHECK(halves.n_trees() == 10);
  }
}

TEST_CASE("merged forests score as the mean of their paths") {
  const nad::Matrix here = tests::normal_rows(600, 5, 6);
  const nad::Matrix there = tests::normal_rows(700, 5, 7);
  for (const std::size_t ndim : {1U, 3U}) {
    nad::IsolationForest a({.n_estimators = 30, .random_state = 1, .ndim = ndim});
    nad::IsolationForest b({.n_estimators = 60, .random_state = 2, .ndim = ndim});
    a.fit(here);
    b.fit(there);
    nad::IsolationForest both = a;
    both.merge(b);
    CHECK(both.n_trees() == 90);
    const std::vector<float> first = a.path_length(here);
    const std::vector<float> second = b.path_length(here);
    const std::vector<float> merged = both.path_length(here);
    for (std::size_t row = 0; row < here.rows(); ++row) {
      REQUIRE(merged[row] == doctest::Approx((first[row] * 30.0F + second[row] * 60.0F) / 90.0F).epsilon(1e-5));
    }
    CHECK_THROWS_AS(both.merge(nad::IsolationForest()), nad::Error);
    nad::IsolationForest narrow({.random_state = 3});
    narrow.fit(tests::normal_rows(600, 4, 6));
    CHECK_THROWS_WITH_AS(both.merge(narrow),
                         "these forests cannot be merged: one learnt from 5 columns, the other from 4", nad::Error);
    nad::IsolationForest fewer({.max_samples = 100, .random_state = 3});
    fewer.fit(here);
    CHECK_THROWS_AS(both.merge(fewer), nad::Error);
    nad::IsolationForest twin({.n_estimators = 30, .random_state = 1, .ndim = ndim});
    twin.fit(here);
    CHECK_THROWS_WITH_AS(a.merge(twin),
                         "these forests cannot be merged: they are the same trees; give each its own random_state",
                         nad::Error);
    CHECK(both.n_trees() == 90);
  }
}

TEST_CASE("merging blends thresholds and values for missing ones by the number of trees") {
  nad::Matrix here = tests::normal_rows(400, 2, 6);
  nad::Matrix there = tests::normal_rows(401, 2, 7);
  std::vector<float> medians;
  for (nad::Matrix* rows : {&here, &there}) {
    std::vector<float> column;
    for (std::size_t row = 0; row < rows->rows(); ++row) {
      (*rows)(row, 1) += rows == &there ? 3.0F : 0.0F;
      column.push_back((*rows)(row, 1));
    }
    std::sort(column.begin(), column.end());
    medians.push_back(column[column.size() / 2]);
  }
  nad::IsolationForest a(
      {.n_estimators = 30, .contamination = 0.02, .random_state = 1, .missing = nad::Missing::impute});
  nad::IsolationForest b(
      {.n_estimators = 90, .contamination = 0.2, .random_state = 2, .missing = nad::Missing::impute});
  a.fit(here);
  b.fit(there);
  nad::IsolationForest both = a;
  both.merge(b);
  CHECK(both.threshold() == doctest::Approx(0.25F * a.threshold() + 0.75F * b.threshold()));
  CHECK(both.threshold() != a.threshold());
  const std::vector<float> gappy = {0.5F, missing};
  const std::vector<float> filled = {0.5F, 0.25F * medians[0] + 0.75F * medians[1]};
  CHECK(both.anomaly_score(gappy) == doctest::Approx(both.anomaly_score(filled)));
  CHECK(both.anomaly_score(gappy) != doctest::Approx(both.anomaly_score(std::vector<float>{0.5F, medians[0]})));
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
  nad::IsolationForest huge({.n_estimators = 5});
  huge.fit(rows, std::vector<float>(40, 1.0e30F));  // more copies than can be counted
  CHECK(huge.samples_per_tree() == 40);
}

TEST_CASE("extended splits use several columns and none that is constant in the node") {
  nad::Matrix rows = tests::normal_rows(400, 5, 9);
  for (std::size_t row = 0; row < 400; ++row) {
    rows(row, 2) = 7.0F;
  }
  nad::IsolationForest forest({.n_estimators = 20, .ndim = 3});
  forest.fit(rows);
  const nad::ForestNodes& nodes = forest.nodes();
  REQUIRE(nodes.has_planes());
  for (std::size_t plane = 0; plane + 1 < nodes.plane_begin.size(); ++plane) {
    const std::size_t terms = nodes.plane_begin[plane + 1] - nodes.plane_begin[plane];
    CHECK(terms >= 2);
    CHECK(terms <= 3);
  }
  CHECK(std::count(nodes.term_feature.begin(), nodes.term_feature.end(), 2U) == 0);
}

TEST_CASE("extended splits weigh columns by their spread, so that no unit of measurement rules") {
  nad::Matrix rows = tests::normal_rows(600, 2, 9);
  for (std::size_t row = 0; row < 600; ++row) {
    rows(row, 1) *= 1000.0F;
  }
  nad::IsolationForest forest({.n_estimators = 400, .max_depth = 1, .ndim = 2});
  forest.fit(rows);
  const nad::ForestNodes& nodes = forest.nodes();
  std::vector<double> mean(2, 0.0);
  for (std::size_t term = 0; term < nodes.term_feature.size(); ++term) {
    mean[nodes.term_feature[term]] += std::abs(static_cast<double>(nodes.term_weight[term])) / 400.0;
  }
  CHECK(mean[0] == doctest::Approx(std::sqrt(2.0 / 3.14159265)).epsilon(0.12));  // of |z|, z standard normal
  CHECK(mean[0] / mean[1] == doctest::Approx(1000.0).epsilon(0.2));
}

TEST_CASE("the best of several splits finds the gap that random splits miss") {
  // two tight groups: a position in the gap has by far the largest gain
  nad::Matrix rows = tests::normal_rows(200, 3, 10);
  for (std::size_t row = 0; row < 100; ++row) {
    rows(row, 1) += 50.0F;
  }
  nad::IsolationForest forest({.n_estimators = 40, .split = nad::Split::best, .ntry = 20});
  forest.fit(rows);
  for (const std::size_t root : forest.nodes().root) {
    CHECK(forest.nodes().feature[root] == 1);
    CHECK(forest.nodes().value[root] > 5.0F);
    CHECK(forest.nodes().value[root] < 45.0F);
  }
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
      filled(row, 1) = present[present.size() / 2];
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
