// Columns that hold a surprise by themselves, below which no member of an ensemble counts.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "messages.hpp"
#include "samples.hpp"

namespace {

using nad::Combination;
using nad::Ensemble;
using tests::contains;
using tests::message_of;

/// Ordinary rows, with a flag in the last column that never rose in training.
nad::Matrix flagged(std::size_t rows, std::uint64_t seed, float flag) {
  nad::Matrix x = tests::normal_rows(rows, 3, seed);
  for (std::size_t row = 0; row < rows; ++row) {
    x(row, 2) = flag;
  }
  return x;
}

Ensemble learnt(Combination combination, std::vector<std::uint32_t> surprises) {
  Ensemble ensemble({.combination = combination, .surprises = std::move(surprises), .random_state = 3});
  ensemble.add(nad::IsolationForest({.n_estimators = 20, .random_state = 4}), {.weight = 3.0}).add(nad::ECOD());
  ensemble.fit(flagged(500, 1, 0.0F));
  return ensemble;
}

TEST_CASE("ensemble: no member counts less than the surprise that a row holds by itself") {
  const nad::Matrix quiet = flagged(60, 2, 0.0F);
  const nad::Matrix loud = flagged(60, 2, 8.0F);
  const double tempered = 5.0 + 0.5 * std::log(1.0 + 2.0 * 3.0);
  for (const auto& [combination, floor] :
       {std::pair(Combination::mean_surprise, 8.0), std::pair(Combination::tempered_surprise, tempered),
        std::pair(Combination::max_surprise, 8.0)}) {
    const Ensemble plain = learnt(combination, {});
    const Ensemble ensemble = learnt(combination, {2});
    CHECK(ensemble.raw_score(quiet) == plain.raw_score(quiet));
    const std::vector<float> scores = ensemble.raw_score(loud);
    const nad::Matrix words = plain.member_scores(loud);
    const nad::Matrix reasons = ensemble.explain(loud);
    for (std::size_t row = 0; row < loud.rows(); ++row) {
      const double forest = std::max(floor, static_cast<double>(words(row, 0)));
      const double other = std::max(floor, static_cast<double>(words(row, 1)));
      const double expected =
          combination == Combination::max_surprise ? std::max(3.0 * forest, other) : (3.0 * forest + other) / 4.0;
      REQUIRE(static_cast<double>(scores[row]) == doctest::Approx(expected).epsilon(1e-5));
      REQUIRE(ensemble.member_scores(loud)(row, 0) == words(row, 0));
      REQUIRE(ensemble.raw_score(loud.view().slice(row, 1))[0] == scores[row]);
      double sum = ensemble.baseline();
      for (const float reason : reasons.row(row)) {
        sum += static_cast<double>(reason);
      }
      REQUIRE(sum == doctest::Approx(expected).epsilon(1e-4));
      if (forest == floor && other == floor) {
        REQUIRE(reasons(row, 2) == doctest::Approx(expected - ensemble.baseline()).epsilon(1e-4));
      }
    }
  }
  // a forest alone finds the flag as usual as anything
  const nad::Matrix words = learnt(Combination::mean_surprise, {}).member_scores(loud);
  for (std::size_t row = 0; row < loud.rows(); ++row) {
    REQUIRE(words(row, 0) < 8.0F);
  }
}

TEST_CASE("ensemble: what every detector promises, where rows hold surprises [threads]") {
  Ensemble ensemble({.calibration = 0.0, .surprises = {0, 2}, .random_state = 3});
  ensemble.add(nad::IsolationForest({.n_estimators = 10})).add(nad::Mahalanobis());
  tests::check_detector_contract(ensemble, {.other_kernels = 1e-4});
}

TEST_CASE("ensemble: surprises that are not there, or mean nothing, are refused") {
  CHECK(contains(message_of([] { learnt(Combination::mean_surprise, {3}); }), "column 3 is to hold surprises"));
  CHECK(contains(message_of([] { learnt(Combination::rank, {2}); }), "surprises mean nothing to combination 'rank'"));
}

}  // namespace
