// The ensembles of nad's choice, and the way their members' words become one.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "messages.hpp"
#include "samples.hpp"
#include "watched.hpp"

namespace {

using nad::Combination;
using nad::Ensemble;

TEST_CASE("ensemble defaults: tempered surprise is surprise up to 5, and beyond it half of a logarithm more") {
  const nad::Matrix train = tests::normal_rows(300, 4, 1);
  nad::Matrix rows = tests::normal_rows(60, 4, 2);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    rows(row, 1) *= 0.2F * static_cast<float>(row);  // some far out
  }
  const auto words = [&](Combination combination) {
    Ensemble ensemble({.combination = combination, .calibration = 0.0});
    ensemble.add(nad::Mahalanobis()).add(nad::Histogram());
    ensemble.fit(train);
    return ensemble.member_scores(rows);
  };
  const nad::Matrix plain = words(Combination::mean_surprise);
  const nad::Matrix tempered = words(Combination::tempered_surprise);
  std::size_t far = 0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t member = 0; member < 2; ++member) {
      const auto surprise = static_cast<double>(plain(row, member));
      far += surprise > 6.0 ? 1 : 0;
      const double expected = surprise <= 5.0 ? surprise : 5.0 + std::log(1.0 + 2.0 * (surprise - 5.0)) / 2.0;
      REQUIRE(static_cast<double>(tempered(row, member)) == doctest::Approx(expected).epsilon(1e-5));
    }
  }
  CHECK(far > 10);
}

TEST_CASE("ensemble defaults: each member of 'clean' sees the view that suits it") {
  const std::vector<nad::ColumnRange> views = {{.first = 0, .count = 5}, {.first = 5, .count = 4}};
  const Ensemble clean = Ensemble::clean(3, 2000, views);
  CHECK(clean.n_members() == 5);
  for (std::size_t member = 0; member < clean.n_members(); ++member) {
    const bool sees_sizes = clean.member_name(member) == "isolation_forest_of_sizes";
    CHECK(clean.member_columns(member) == views[sees_sizes ? 0 : 1]);
  }
  CHECK(clean.member_name(1) == "isolation_forest_of_sizes");
  CHECK(Ensemble::clean(3).n_members() == 4);  // without views one forest is enough
  CHECK(tests::message_of([&] { Ensemble::clean(3, 2000, std::span(views).first(1)); }) ==
        "there are 1 views for the ensemble; give two, scaled by size and by rank, or none");
}

TEST_CASE("ensemble defaults: they learn, and score as they promise [long]") {
  tests::check_detector_contract(Ensemble::mixed(), {.weights_are_copies = false, .other_kernels = 1e-4});
  if (!tests::watched) {
    Ensemble clean = Ensemble::clean(1);
    const nad::Matrix train = tests::traffic_rows(900, 5, 1);
    clean.fit(train, {.n_jobs = 2});
    CHECK(clean.n_members() == 4);
    const nad::Matrix rows = tests::traffic_rows(50, 5, 2);
    const std::vector<float> scores = clean.anomaly_score(rows);
    CHECK(clean.anomaly_score(rows.row(7)) == scores[7]);
  }
}

}  // namespace
