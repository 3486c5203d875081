// Members that see some of the columns only, against the same detectors on copies of those columns.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "damaged_payload.hpp"
#include "detector_contract.hpp"
#include "messages.hpp"
#include "model_file_tools.hpp"
#include "samples.hpp"

namespace {

nad::Matrix copy_of(const nad::Matrix& rows, std::size_t first, std::size_t count) {
  nad::Matrix part(rows.rows(), count);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    std::copy_n(rows.row(row).data() + first, count, part.row(row).data());
  }
  return part;
}

nad::Ensemble split_ensemble() {
  nad::Ensemble ensemble({.calibration = 0.0});
  ensemble.add(nad::Mahalanobis(), {.name = "left", .columns = {.first = 0, .count = 3}});
  ensemble.add(nad::KMeans({.n_clusters = 4}), {.columns = {.first = 2}});  // to the end
  ensemble.add(nad::Histogram());
  return ensemble;
}

TEST_CASE("ensemble columns: a member learns, scores and explains as it would on a copy of its columns") {
  const nad::Matrix train = tests::traffic_rows(300, 6, 1);
  const nad::Matrix rows = tests::traffic_rows(80, 6, 2);
  nad::Ensemble ensemble = split_ensemble();
  ensemble.fit(train);
  CHECK(ensemble.n_features() == 6);
  CHECK(ensemble.member_columns(0) == nad::ColumnRange{.first = 0, .count = 3});
  CHECK(ensemble.member_columns(1) == nad::ColumnRange{.first = 2, .count = 4});
  CHECK(ensemble.member_columns(2) == nad::ColumnRange());

  nad::Mahalanobis left;
  left.fit(copy_of(train, 0, 3));
  nad::KMeans right({.n_clusters = 4});
  right.fit(copy_of(train, 2, 4));
  CHECK(nad::save_bytes(ensemble.member(0)) == nad::save_bytes(left));
  CHECK(nad::save_bytes(ensemble.member(1)) == nad::save_bytes(right));

  nad::Ensemble only({.calibration = 0.0});
  only.add(left, {.columns = {.first = 1, .count = 3}});
  only.fit(train);
  nad::Ensemble alone({.calibration = 0.0});
  alone.add(left);
  alone.fit(copy_of(train, 1, 3));
  CHECK(only.anomaly_score(rows) == alone.anomaly_score(copy_of(rows, 1, 3)));
  const nad::Matrix said = only.explain(rows);
  const nad::Matrix expected = alone.explain(copy_of(rows, 1, 3));
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    REQUIRE(said(row, 0) == 0.0F);
    REQUIRE(std::equal(expected.row(row).begin(), expected.row(row).end(), said.row(row).begin() + 1));
    REQUIRE(said(row, 4) == 0.0F);
    REQUIRE(said(row, 5) == 0.0F);
  }
}

TEST_CASE("ensemble columns: what every detector promises [threads]") {
  nad::Ensemble ensemble({.combination = nad::Combination::mean, .calibration = 0.0});
  ensemble.add(nad::Mahalanobis(), {.columns = {.first = 0, .count = 3}});
  ensemble.add(nad::Histogram(), {.columns = {.first = 2}});
  tests::check_detector_contract(ensemble, {.other_kernels = 1e-4});  // products that round once or twice
}

TEST_CASE("ensemble columns: columns that are not there are refused") {
  const nad::Matrix train = tests::traffic_rows(60, 6, 1);
  const auto refusal = [&](const nad::ColumnRange& columns) {
    nad::Ensemble ensemble;
    ensemble.add(nad::Mahalanobis(), {.columns = columns});
    return tests::message_of([&] { ensemble.fit(train); });
  };
  CHECK(refusal({.first = 4, .count = 3}) ==
        "member 'mahalanobis' is to see 3 columns from 4 on, but there are 6 columns");
  CHECK(refusal({.first = 6}) == "member 'mahalanobis' is to see the columns from 6 on, but there are 6 columns");
  CHECK(refusal({.first = 1, .count = static_cast<std::size_t>(-1)}).find("but there are 6") != std::string::npos);
  nad::Ensemble fits;
  CHECK_NOTHROW(fits.add(nad::Mahalanobis(), {.columns = {.first = 4, .count = 2}}).fit(train));
}

TEST_CASE("ensemble columns: a damaged file is refused or can be used") {
  nad::Ensemble ensemble({.calibration = 0.0});
  ensemble.add(nad::Mahalanobis(), {.name = "m", .columns = {.first = 1, .count = 1}});
  ensemble.fit(tests::traffic_rows(20, 3, 1));
  const model_file::Parts sound = model_file::split(nad::save_bytes(ensemble));
  tests::check_damaged_payloads(sound);
  const auto says = [&](std::size_t from_end, std::uint64_t number) {
    model_file::Parts damaged = sound;
    constexpr std::size_t crowds = 16;  // behind the members: two arrays without values
    model_file::put(damaged.payload, damaged.payload.size() - crowds - from_end, number);
    return tests::message_of([&] { nad::load_detector_bytes(model_file::join(damaged)); });
  };
  CHECK(says(16, 2) == "no error");  // the first column: another one that is there
  CHECK(says(16, 3).find("different columns") != std::string::npos);
  CHECK(says(8, 2).find("different columns") != std::string::npos);
  CHECK(says(16, ~std::uint64_t{0}).find("different columns") != std::string::npos);
}

}  // namespace
