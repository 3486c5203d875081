#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "forest_tools.hpp"
#include "nad/core/error.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "samples.hpp"

using tests::rows_of;
using tests::same_trees;

namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

std::size_t deepest(const nad::IsolationForest& forest) {
  std::size_t depth = 0;
  for (const std::size_t root : forest.nodes().root) {
    depth = std::max(depth, tests::depth_of(forest.nodes(), root));
  }
  return depth;
}

std::set<int> columns_of(const nad::ForestNodes& nodes, std::size_t begin, std::size_t end) {
  std::set<int> columns(nodes.feature.begin() + static_cast<std::ptrdiff_t>(begin),
                        nodes.feature.begin() + static_cast<std::ptrdiff_t>(end));
  columns.erase(nad::ForestNodes::leaf);
  return columns;
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
  for (const auto& [samples, depth] : {std::pair{100, 7}, {257, 9}, {300, 9}}) {  // the next power of two counts
    nad::IsolationForest between({.max_samples = samples});
    between.fit(rows);
    CHECK(deepest(between) == static_cast<std::size_t>(depth));
  }
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
                         "these forests cannot be merged: they have trees in common; give each its own random_state",
                         nad::Error);
    CHECK_THROWS_AS(both.merge(b), nad::Error);  // merged before
    nad::IsolationForest longer({.n_estimators = 40, .random_state = 1, .ndim = ndim});
    longer.fit(here);
    CHECK_THROWS_AS(a.merge(longer), nad::Error);
    CHECK(both.n_trees() == 90);
  }
}

TEST_CASE("forests that treat missing values in different ways are not merged") {
  const nad::Matrix rows = tests::normal_rows(300, 3, 6);
  const std::vector<nad::Missing> ways = {nad::Missing::reject, nad::Missing::route, nad::Missing::impute};
  for (const nad::Missing mine : ways) {
    for (const nad::Missing theirs : ways) {
      nad::IsolationForest a({.n_estimators = 5, .random_state = 1, .missing = mine});
      nad::IsolationForest b({.n_estimators = 5, .random_state = 2, .missing = theirs});
      a.fit(rows);
      b.fit(rows);
      if (mine == theirs) {
        CHECK_NOTHROW(a.merge(b));
        continue;
      }
      CHECK_THROWS_WITH_AS(a.merge(b), "these forests cannot be merged: they treat missing values in different ways",
                           nad::Error);
      CHECK(a.n_trees() == 5);
    }
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
    const std::size_t half = column.size() / 2;
    medians.push_back(column.size() % 2 == 0 ? (column[half] + column[half - 1]) / 2.0F : column[half]);
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

TEST_CASE("rows that floats cannot tell apart along a hyperplane are split on one of its columns") {
  // in units of their spread the values are some 2^25: sums differ by less than the distance of two floats there
  const float low = 1.9F;
  const float high = std::nextafter(low, 2.0F);
  nad::Matrix rows(2, 2);
  rows(0, 0) = rows(1, 1) = low;
  rows(1, 0) = rows(0, 1) = high;
  nad::IsolationForest forest({.n_estimators = 300, .ndim = 2});
  forest.fit(rows);
  const nad::ForestNodes& nodes = forest.nodes();
  std::size_t planes = 0;
  for (const std::size_t root : nodes.root) {
    REQUIRE(!nodes.is_leaf(root));
    CHECK(rows_of(nodes, nodes.right[root]) == 1);
    planes += nodes.feature[root] < nad::ForestNodes::leaf ? 1U : 0U;
  }
  CHECK(planes > 20);
  CHECK(planes < 280);
}

TEST_CASE("a column whose spread is so small that no float holds its inverse can be part of a hyperplane") {
  nad::Matrix rows = tests::normal_rows(64, 2, 12);
  for (std::size_t row = 0; row < 64; ++row) {
    rows(row, 1) = static_cast<float>(row % 2) * std::numeric_limits<float>::denorm_min();
  }
  for (const auto split : {nad::Split::random, nad::Split::best}) {
    nad::IsolationForest forest({.n_estimators = 50, .max_depth = 1, .ndim = 2, .split = split});
    forest.fit(rows);
    const nad::ForestNodes& nodes = forest.nodes();
    CHECK(std::all_of(nodes.root.begin(), nodes.root.end(),
                      [&](std::uint32_t root) { return nodes.feature[root] < nad::ForestNodes::leaf; }));
    CHECK(std::all_of(nodes.term_weight.begin(), nodes.term_weight.end(),
                      [](float weight) { return std::isfinite(weight); }));
  }
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
