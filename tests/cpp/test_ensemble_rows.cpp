// Which rows an ensemble's members learn from and are calibrated on, with labels and without.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "messages.hpp"
#include "nad/detector/ensemble_rows-inl.hpp"
#include "samples.hpp"

namespace {

using nad::Combination;
using nad::Ensemble;
using nad::EnsembleOptions;

/// The share of the values below, of equal ones a half; one value more than there are lies on both sides.
double share_below(const std::vector<float>& values, float value) {
  double below = 0.5;
  for (const float other : values) {
    below += other < value ? 1.0 : other == value ? 0.5 : 0.0;
  }
  return below / static_cast<double>(values.size() + 1);
}

TEST_CASE("ensemble: how many rows are kept out for calibration, and which") {
  // a column that counts rows, of which the nearest neighbour's distance tells who was there to learn from
  const auto kept_out = [](std::size_t rows, double share, std::uint64_t seed) {
    nad::Matrix x(rows, 1);
    for (std::size_t row = 0; row < rows; ++row) {
      x(row, 0) = static_cast<float>(row);
    }
    Ensemble ensemble({.combination = Combination::mean, .calibration = share, .random_state = seed});
    ensemble.add(nad::NearestNeighbours({.n_neighbors = 1, .max_samples = 100000}));
    ensemble.fit(x);
    const std::vector<float> distance = ensemble.member(0).raw_score(x);
    std::vector<std::size_t> far;
    for (std::size_t row = 0; row < rows; ++row) {
      if (distance[row] > 0.0F) {
        far.push_back(row);
      }
    }
    return far;
  };
  CHECK(kept_out(245, 0.2, 1).empty());  // would be 49
  const std::vector<std::size_t> some = kept_out(255, 0.2, 1);
  CHECK(some.size() > 30);
  CHECK(some.size() < 75);
  CHECK(kept_out(255, 0.2, 1) == some);
  CHECK(kept_out(255, 0.2, 2) != some);
  std::vector<bool> all(40000, true);
  const nad::detail::RowSplit many(all, 0.5, 3);
  CHECK(many.kept_out.size() > 9600);  // 10,000 at most, give or take four standard deviations
  CHECK(many.kept_out.size() < 10400);
  CHECK(many.kept_out.size() + many.learnt_from.size() == all.size());
}

TEST_CASE("ensemble: members that learn once more know all rows, and kept ones say what that is worth") {
  const nad::Matrix rows = tests::normal_rows(500, 3, 9);
  const nad::IsolationForest forest({.n_estimators = 10, .random_state = 2});
  Ensemble once({.combination = Combination::rank, .random_state = 5});
  Ensemble again({.combination = Combination::rank, .refit = true, .random_state = 5});
  once.add(forest).add(nad::Mahalanobis()).fit(rows);
  again.add(forest).add(nad::Mahalanobis()).fit(rows);
  const auto alone = forest.clone();
  alone->fit(rows);
  CHECK(nad::save_bytes(again.member(0)) == nad::save_bytes(*alone));
  CHECK(nad::save_bytes(once.member(0)) != nad::save_bytes(*alone));
  const nad::detail::RowSplit split(std::vector<bool>(rows.rows(), true), 0.2, 5);
  nad::Matrix kept(split.kept_out.size(), rows.columns());
  for (std::size_t i = 0; i < split.kept_out.size(); ++i) {
    std::copy_n(rows.view().row(split.kept_out[i]), 3, kept.row(i).begin());
  }
  const nad::Matrix probe = tests::normal_rows(50, 3, 10);
  const nad::Matrix ranks = again.member_scores(probe);
  for (std::size_t member = 0; member < 2; ++member) {
    const std::vector<float> of_kept = once.member(member).raw_score(kept);
    const std::vector<float> raw = again.member(member).raw_score(probe);
    for (std::size_t row = 0; row < probe.rows(); ++row) {
      const double off = static_cast<double>(ranks(row, member)) - share_below(of_kept, raw[row]);
      REQUIRE(std::abs(off) < 1.0 / static_cast<double>(of_kept.size()));  // between two of them, the way counts, too
    }
  }
}

TEST_CASE("ensemble: where rows count once, so they do for members and their calibration") {
  nad::Matrix repeated(400, 3);
  const nad::Matrix few = tests::normal_rows(100, 3, 4);
  for (std::size_t row = 0; row < 400; ++row) {
    const std::size_t from = row < 301 ? 0 : row - 300;
    std::copy_n(few.view().row(from), 3, repeated.row(row).begin());
  }
  Ensemble once({.combination = Combination::rank, .calibration = 0.0, .unique_rows = nad::UniqueRows::on});
  Ensemble plain({.combination = Combination::rank, .calibration = 0.0});
  Ensemble all({.combination = Combination::rank, .calibration = 0.0});
  for (Ensemble* ensemble : {&once, &plain, &all}) {
    ensemble->add(nad::Mahalanobis());
  }
  once.fit(repeated);
  plain.fit(few);
  all.fit(repeated);
  CHECK(nad::save_bytes(once.member(0)) == nad::save_bytes(plain.member(0)));
  CHECK(once.raw_score(few) == plain.raw_score(few));
  CHECK(once.raw_score(few) != all.raw_score(few));
}

TEST_CASE("ensemble: a member of no weight says nothing, however loud it is") {
  nad::Matrix rows = tests::normal_rows(300, 4, 3);
  Ensemble ensemble({.combination = Combination::maximum, .calibration = 0.0});
  ensemble.add(nad::Mahalanobis(), {.weight = 0.0}).add(nad::ECOD());
  ensemble.fit(rows);
  rows(0, 0) = 1e4F;    // the Mahalanobis distance has no limit
  rows(1, 0) = -60.0F;  // words below 0 are lower than the 0 that no weight makes of them
  std::size_t below_nothing = 0;
  const nad::Matrix terms = ensemble.member_scores(rows);
  const std::vector<float> scores = ensemble.anomaly_score(rows);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    REQUIRE(scores[row] == doctest::Approx(terms(row, 1)).epsilon(1e-6));
    below_nothing += terms(row, 1) < 0.0F ? 1U : 0U;
  }
  CHECK(terms(0, 0) > terms(0, 1));
  CHECK(below_nothing > 100);
}

TEST_CASE("ensemble: missing values are for members that all take them") {
  nad::Matrix gaps = tests::traffic_rows(120, 4, 1);
  gaps(3, 1) = std::numeric_limits<float>::quiet_NaN();
  Ensemble all({.calibration = 0.0});
  all.add(nad::IsolationForest({.n_estimators = 10, .missing = nad::Missing::impute}));
  Ensemble some = all;
  some.add(nad::ECOD());
  std::vector<float> weights(120, 1.0F);
  weights[0] = 0.0F;  // the ensemble looks itself: members would count from the first row that counts
  CHECK(tests::message_of([&] { some.fit(gaps, weights); }).find("NaN in row 3, column 1") != std::string::npos);
  CHECK(tests::message_of([&] { all.fit(gaps); }) == "no error");
  some.fit(tests::traffic_rows(120, 4, 1));
  CHECK(tests::message_of([&] { static_cast<void>(some.explain(gaps)); }).find("NaN in row 3, column 1") !=
        std::string::npos);
}

// ---- members that learn from labels

std::vector<std::int32_t> traffic_kinds(nad::MatrixView x) {
  std::vector<std::int32_t> labels(x.rows());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    labels[row] = x(row, 2) > 10.0F ? 4 : x(row, 0) >= 2.0F && x(row, 3) > 0.5F ? 7 : 0;
  }
  return labels;
}

void teach(nad::Detector& detector, nad::MatrixView x, std::span<const float> weights, const nad::FitControl& control) {
  dynamic_cast<Ensemble&>(detector).fit(x, traffic_kinds(x), weights, control);
}

Ensemble taught_pair(const EnsembleOptions& options) {
  Ensemble ensemble(options);
  ensemble.add(nad::BoostedTrees({.max_iter = 8, .max_leaf_nodes = 6, .min_samples_leaf = 5}));
  ensemble.add(nad::Mahalanobis());
  return ensemble;
}

TEST_CASE("ensemble: what every detector promises, with a member that learns from labels [threads]") {
  // members multiply by a kernel that rounds once or twice
  const tests::ContractWishes wishes{.rows = 300, .strange_stands_out = false, .other_kernels = 1e-4, .fit = teach};
  tests::ContractWishes kept_out = wishes;
  kept_out.weights_are_copies = false;
  tests::check_detector_contract(taught_pair({.calibration = 0.3}), kept_out);
  Ensemble outer({.combination = Combination::mean, .calibration = 0.0});
  outer.add(taught_pair({.calibration = 0.0})).add(nad::Histogram());
  tests::check_detector_contract(outer, wishes);
}

TEST_CASE("ensemble: with labels, members learn as they would alone and are calibrated on normal rows") {
  const nad::Matrix train = tests::traffic_rows(900, 5, 1);
  const std::vector<std::int32_t> labels = traffic_kinds(train);
  std::vector<std::size_t> normal;
  for (std::size_t row = 0; row < 900; ++row) {
    if (labels[row] == 0) {
      normal.push_back(row);
    }
  }
  REQUIRE(normal.size() < 850);
  Ensemble ensemble = taught_pair({.combination = Combination::rank, .calibration = 0.0, .contamination = 0.1});
  CHECK(ensemble.learns_from_labels());
  ensemble.fit(train, labels);
  nad::BoostedTrees alone({.max_iter = 8, .max_leaf_nodes = 6, .min_samples_leaf = 5});
  alone.fit(train, labels);
  CHECK(nad::save_bytes(ensemble.member(0)) == nad::save_bytes(alone));
  nad::Mahalanobis unlabelled;
  unlabelled.fit(train);
  CHECK(nad::save_bytes(ensemble.member(1)) == nad::save_bytes(unlabelled));
  const nad::Matrix terms = ensemble.member_scores(train);
  const std::vector<float> scores = ensemble.anomaly_score(train);
  for (std::size_t member = 0; member < 2; ++member) {
    const std::vector<float> raw = ensemble.member(member).raw_score(train);
    std::vector<float> of_normal;
    of_normal.reserve(normal.size());
    for (const std::size_t row : normal) {
      of_normal.push_back(raw[row]);
    }
    for (const std::size_t row : normal) {
      REQUIRE(static_cast<double>(terms(row, member)) ==
              doctest::Approx(share_below(of_normal, raw[row])).epsilon(2e-3));
    }
  }
  std::size_t beyond = 0;
  for (const std::size_t row : normal) {
    beyond += scores[row] > ensemble.threshold() ? 1U : 0U;
  }
  CHECK(std::abs(static_cast<double>(beyond) / static_cast<double>(normal.size()) - 0.1) < 0.005);

  // rows that are kept out are normal ones: no attack is lost to those that learn
  Ensemble held({.calibration = 0.5});
  held.add(nad::BoostedTrees({.max_iter = 1})).add(nad::NearestNeighbours({.n_neighbors = 1}));
  held.fit(train, labels);
  const std::vector<float> distance = held.member(1).raw_score(train);
  std::size_t kept_out = 0;
  for (std::size_t row = 0; row < 900; ++row) {
    REQUIRE((labels[row] == 0 || distance[row] == 0.0F));
    kept_out += distance[row] > 0.0F ? 1U : 0U;
  }
  CHECK(kept_out > normal.size() / 5);

  // weights of 0 take rows away, and labels without a row do not count
  std::vector<float> weights(900);
  for (const std::size_t row : normal) {
    weights[row] = 1.0F;
  }
  CHECK(tests::message_of([&] { ensemble.fit(train, labels, weights); }).find("all rows that count are of one class") !=
        std::string::npos);
}

TEST_CASE("ensemble: labels that are missing, or do not agree, are refused") {
  const nad::Matrix train = tests::traffic_rows(200, 5, 1);
  const std::vector<std::int32_t> labels = traffic_kinds(train);
  Ensemble ensemble = taught_pair({});
  CHECK(tests::message_of([&] { ensemble.fit(train); }).find("member 'boosted_trees' learns from labelled rows") !=
        std::string::npos);
  Ensemble outer;
  outer.add(ensemble, {.name = "inner"});
  CHECK(tests::message_of([&] { outer.fit(train); }).find("member 'inner' learns from labelled rows") !=
        std::string::npos);
  CHECK(tests::message_of([&] {
          ensemble.fit(train, std::vector<std::int32_t>(9));
        }).find("9 labels were given for 200") != std::string::npos);
  Ensemble divided;
  divided.add(nad::BoostedTrees({.max_iter = 1, .normal_class = 0}));
  divided.add(nad::BoostedTrees({.max_iter = 1, .normal_class = 4}));
  CHECK(tests::message_of([&] { divided.fit(train, labels); }).find("the same normal_class") != std::string::npos);
  Ensemble absent;
  absent.add(nad::BoostedTrees({.max_iter = 1, .normal_class = 5}));
  CHECK(tests::message_of([&] { absent.fit(train, labels); }).find("normal_class is 5, but no row") !=
        std::string::npos);
  // nobody listens
  Ensemble without({.calibration = 0.0});
  without.add(nad::Mahalanobis());
  Ensemble with = without;
  without.fit(train);
  with.fit(train, labels);
  CHECK(nad::save_bytes(with) == nad::save_bytes(without));
}

}  // namespace
