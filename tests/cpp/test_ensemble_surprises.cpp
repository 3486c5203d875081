// Columns that hold a surprise by themselves, below which no row of an ensemble lies.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
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
  Ensemble ensemble(
      {.combination = combination, .calibration = 0.0, .surprises = std::move(surprises), .random_state = 3});
  const nad::MemberOptions seen{.columns = {.first = 0, .count = 2}};
  ensemble.add(nad::IsolationForest({.n_estimators = 20, .random_state = 4}), seen).add(nad::Mahalanobis(), seen);
  ensemble.fit(flagged(2000, 1, 0.0F));
  return ensemble;
}

/// The share of the values that are at least as high.
double share_of(const std::vector<float>& values, float score) {
  const auto reached = std::count_if(values.begin(), values.end(), [&](float value) { return value >= score; });
  return static_cast<double>(reached) / static_cast<double>(values.size());
}

TEST_CASE("ensemble: what is new in one record of a hundred lies where one record of a hundred does") {
  const nad::Matrix train = flagged(2000, 1, 0.0F);
  for (const Combination combination :
       {Combination::mean_surprise, Combination::tempered_surprise, Combination::max_surprise, Combination::mean}) {
    CAPTURE(nad::name(combination));
    const Ensemble plain = learnt(combination, {});
    const Ensemble ensemble = learnt(combination, {2});
    const std::vector<float> ordinary = ensemble.raw_score(train);
    CHECK(ordinary == plain.raw_score(train));
    for (const double chance : {0.3, 0.1, 0.01, 0.004}) {
      const nad::Matrix loud = flagged(40, 2, static_cast<float>(-std::log(chance)));
      const std::vector<float> before = plain.raw_score(loud);
      const std::vector<float> scores = ensemble.raw_score(loud);
      const float least = *std::min_element(scores.begin(), scores.end());
      REQUIRE(share_of(ordinary, least) == doctest::Approx(chance).epsilon(0.15));
      const nad::Matrix reasons = ensemble.explain(loud);
      const nad::Matrix reasons_before = plain.explain(loud);
      for (std::size_t row = 0; row < loud.rows(); ++row) {
        REQUIRE(scores[row] == std::max(least, before[row]));
        REQUIRE(ensemble.raw_score(loud.view().slice(row, 1))[0] == scores[row]);
        // Shapley: over both orders in which members and surprise may come, the mean of what the flag adds
        const double quiet = plain.baseline();
        const double members = static_cast<double>(before[row]);
        const double together = static_cast<double>(scores[row]);
        const double added = 0.5 * (std::max(quiet, static_cast<double>(least)) - quiet) + 0.5 * (together - members);
        const double left = (together - quiet - added) / (members - quiet);
        const auto reason = [&](std::size_t column) { return static_cast<double>(reasons(row, column)); };
        const auto reason_before = [&](std::size_t column) { return static_cast<double>(reasons_before(row, column)); };
        REQUIRE(reason(2) == doctest::Approx(added + left * reason_before(2)).epsilon(1e-3).scale(1.0));
        REQUIRE(reason(0) == doctest::Approx(left * reason_before(0)).epsilon(1e-3).scale(1.0));
        REQUIRE(reason(0) + reason(1) + reason(2) == doctest::Approx(together - quiet).epsilon(1e-3).scale(1.0));
      }
    }
    // beyond all that was seen the tail goes on
    CHECK(ensemble.raw_score(flagged(1, 3, 12.0F))[0] > *std::max_element(ordinary.begin(), ordinary.end()));
    CHECK(ensemble.raw_score(flagged(1, 3, 14.0F))[0] > ensemble.raw_score(flagged(1, 3, 12.0F))[0]);
    if (combination == Combination::tempered_surprise) {
      const nad::Calibration calibration(ordinary, nad::ScoreRange::tempered);
      for (const float surprise : {9.0F, 12.0F, 25.0F}) {
        const float score = ensemble.raw_score(flagged(1, 3, surprise))[0];
        REQUIRE(calibration.surprise(score) == doctest::Approx(static_cast<double>(surprise)).epsilon(0.15));
      }
    }
    const auto loaded = nad::load_bytes<Ensemble>(nad::save_bytes(ensemble));
    CHECK(loaded.raw_score(flagged(5, 3, 6.0F)) == ensemble.raw_score(flagged(5, 3, 6.0F)));
  }
}

TEST_CASE("ensemble: the score of a surprise is the inverse of the surprise of a score") {
  const std::vector<float> scores = learnt(Combination::tempered_surprise, {}).raw_score(flagged(2000, 1, 0.0F));
  const nad::detail::TailScale scale(scores, {});
  for (double surprise = 0.01; surprise < 20.0; surprise *= 1.3) {
    REQUIRE(scale.surprise(scale.score_at(surprise)) == doctest::Approx(surprise).epsilon(1e-3));
  }
  CHECK(scale.score_at(0.0) == static_cast<double>(*std::min_element(scores.begin(), scores.end())));
}

TEST_CASE("ensemble: what every detector promises, where rows hold surprises [threads]") {
  Ensemble ensemble({.calibration = 0.0, .surprises = {0, 2}, .random_state = 3});
  ensemble.add(nad::IsolationForest({.n_estimators = 10})).add(nad::Mahalanobis());
  tests::check_detector_contract(ensemble, {.other_kernels = 1e-4});
}

TEST_CASE("ensemble: surprises that are not there, or mean nothing, are refused") {
  CHECK(contains(message_of([] { learnt(Combination::mean_surprise, {3}); }), "column 3 is to hold surprises"));
  CHECK(contains(message_of([] { learnt(Combination::majority, {2}); }), "surprises mean nothing to combination"));
}

TEST_CASE("ensemble defaults: members of 'clean' do not see what surprises by itself") {
  const std::vector<nad::ColumnRange> views = {{.first = 0, .count = 5}, {.first = 5, .count = 5}};
  const std::vector<std::uint32_t> flags = {4, 9};
  const Ensemble ensemble = Ensemble::clean(1, 1000, views, flags);
  for (std::size_t i = 0; i < ensemble.n_members(); ++i) {
    CHECK(ensemble.member_columns(i).count == 4);
  }
  const Ensemble without_views = Ensemble::clean(1, 1000, {}, std::vector<std::uint32_t>{7});
  CHECK(without_views.member_columns(0) == nad::ColumnRange{.first = 0, .count = 7});
}

}  // namespace
