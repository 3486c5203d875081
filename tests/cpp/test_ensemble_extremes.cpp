// Values far beyond all that was learnt, below whose chance no row of an ensemble lies.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
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

/// Two exponential columns, on both sides of 0 the second, and one with hardly any values.
nad::Matrix exponential(std::size_t rows, std::uint64_t seed) {
  nad::Random random(seed);
  nad::Matrix x(rows, 3);
  for (std::size_t row = 0; row < rows; ++row) {
    x(row, 0) = static_cast<float>(-std::log1p(-random.uniform()));
    x(row, 1) = static_cast<float>((random.uniform() < 0.5 ? -3.0 : 3.0) * std::log1p(-random.uniform()));
    x(row, 2) = static_cast<float>(random.below(4));
  }
  return x;
}

nad::Matrix row_of(float a, float b, float c) {
  nad::Matrix x(1, 3);
  x(0, 0) = a;
  x(0, 1) = b;
  x(0, 2) = c;
  return x;
}

Ensemble learnt(std::vector<std::uint32_t> extremes, Combination combination = Combination::tempered_surprise) {
  Ensemble ensemble(
      {.combination = combination, .calibration = 0.0, .extremes = std::move(extremes), .random_state = 3});
  ensemble.add(nad::IsolationForest({.n_estimators = 20, .random_state = 4})).add(nad::ECOD());
  ensemble.fit(exponential(4000, 1));
  return ensemble;
}

TEST_CASE("extremes: -log p of a value beyond all others, as one of all ends") {
  constexpr std::size_t rows = 20'000;
  const nad::Matrix x = exponential(rows, 1);
  const std::vector<std::uint32_t> columns = {0, 1, 2};
  const nad::detail::Extremes extremes(x, {}, columns);
  REQUIRE(extremes.ends().size() == 4);  // four different values tell of no end; the first column has one at 0, too
  const double ends = std::log(4.0);
  for (const float value : {14.0F, 20.0F}) {
    const nad::detail::Extremes::Far up = extremes.furthest(row_of(value, 0.0F, 0.0F).data());
    CHECK(up.column == 0);
    CHECK(up.surprise == doctest::Approx(static_cast<double>(value) - ends).epsilon(0.25));
    const nad::detail::Extremes::Far down = extremes.furthest(row_of(0.5F, -3.0F * value, 0.0F).data());
    CHECK(down.column == 1);
    CHECK(down.surprise == doctest::Approx(static_cast<double>(value) + std::log(2.0) - ends).epsilon(0.25));
  }
  CHECK(extremes.furthest(row_of(0.5F, 0.0F, 1e6F).data()).surprise == 0.0);
  // what as many rows bring about by chance is no news
  std::size_t told = 0;
  const nad::Matrix more = exponential(40000, 2);
  for (std::size_t row = 0; row < more.rows(); ++row) {
    const double surprise = extremes.furthest(more.row(row).data()).surprise;
    REQUIRE((surprise == 0.0 || surprise >= std::log(static_cast<double>(rows)) - 1e-9));
    told += surprise > 0.0 ? 1U : 0U;
  }
  CHECK(told < 12);  // 2 would be expected of tails known exactly
}

TEST_CASE("extremes: a row counts as often as its weight says") {
  const nad::Matrix x = exponential(1000, 5);
  nad::Matrix twice(2000, 3);
  for (std::size_t row = 0; row < 2000; ++row) {
    std::copy_n(x.row(row / 2).data(), 3, twice.row(row).data());
  }
  const std::vector<std::uint32_t> columns = {0, 1};
  const nad::detail::Extremes weighted(x, std::vector<float>(1000, 2.0F), columns);
  const nad::detail::Extremes repeated(twice, {}, columns);
  const nad::Matrix far = row_of(25.0F, 0.0F, 0.0F);
  CHECK(weighted.furthest(far.data()).surprise > 10.0);
  CHECK(weighted.furthest(far.data()).surprise == repeated.furthest(far.data()).surprise);
}

TEST_CASE("ensemble: a value far beyond all others lifts a row, and is the reason") {
  for (const Combination combination : {Combination::tempered_surprise, Combination::mean}) {
    const Ensemble plain = learnt({}, combination);
    const Ensemble ensemble = learnt({0, 1}, combination);
    const std::vector<float> ordinary = ensemble.raw_score(exponential(4000, 1));
    const float furthest = *std::max_element(ordinary.begin(), ordinary.end());
    CHECK(ordinary == plain.raw_score(exponential(4000, 1)));
    const nad::Matrix far = row_of(30.0F, 0.1F, 1.0F);
    const float score = ensemble.raw_score(far)[0];
    CHECK(score > furthest);
    CHECK(score > plain.raw_score(far)[0]);
    CHECK(ensemble.raw_score(row_of(60.0F, 0.1F, 1.0F))[0] > score);
    CHECK(plain.raw_score(row_of(60.0F, 0.1F, 1.0F))[0] == plain.raw_score(far)[0]);  // which sees no more in it
    const nad::Matrix reasons = ensemble.explain(far);
    CHECK(reasons(0, 0) > 0.5F * (score - static_cast<float>(ensemble.baseline())));
    const auto loaded = nad::load_bytes<Ensemble>(nad::save_bytes(ensemble));
    CHECK(loaded.raw_score(far)[0] == score);
    CHECK(loaded.explain(far)(0, 0) == reasons(0, 0));
  }
}

TEST_CASE("ensemble: what every detector promises, with extremes [threads]") {
  Ensemble ensemble({.calibration = 0.0, .extremes = {0, 1, 2}, .random_state = 3});
  ensemble.add(nad::IsolationForest({.n_estimators = 10})).add(nad::Mahalanobis());
  tests::check_detector_contract(ensemble, {.other_kernels = 1e-4});
}

TEST_CASE("ensemble: extremes that are not there, or mean nothing, are refused") {
  CHECK(contains(message_of([] { learnt({3}); }), "column 3 is to be judged by its extremes"));
  CHECK(contains(message_of([] { learnt({1}, Combination::majority); }), "extremes mean nothing to combination"));
}

TEST_CASE("ensemble defaults: sizes of 'clean' may be extreme") {
  const std::vector<nad::ColumnRange> views = {{.first = 0, .count = 3}, {.first = 3, .count = 3}};
  CHECK(Ensemble::clean(1, 1000, views, std::vector<std::uint32_t>{2, 5}).options().extremes ==
        std::vector<std::uint32_t>{0, 1});
  CHECK(Ensemble::clean(1, 1000).options().extremes.empty());
}

}  // namespace
