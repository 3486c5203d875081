// LODA against projections and bins computed by hand from what it says of itself, and its own promises.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "detector_contract.hpp"
#include "model_file_tools.hpp"
#include "samples.hpp"
#include "watched.hpp"

namespace {

/// Where a row lies along a projection.
double place_by_hand(const nad::LODA& loda, std::size_t projection, const float* row) {
  double place = 0.0;
  for (std::size_t j = 0; j < loda.columns(projection).size(); ++j) {
    const std::size_t column = loda.columns(projection)[j];
    place += static_cast<double>(loda.coefficients(projection)[j]) *
             (static_cast<double>(row[column]) - static_cast<double>(loda.mean()[column]));
  }
  return place;
}

TEST_CASE("loda: scores are those of projections and bins by hand") {
  const nad::Matrix train = tests::normal_rows(500, 10, 1);
  const nad::Matrix rows = tests::normal_rows(100, 10, 2);
  constexpr std::size_t n_bins = 12;
  constexpr double alpha = 0.01;
  nad::LODA loda({.n_projections = 25, .n_bins = n_bins, .alpha = alpha, .random_state = 3});
  loda.fit(train);
  const std::vector<float> scores = loda.raw_score(rows);
  std::vector<double> expected(rows.rows());
  std::vector<double> nearest_edge(rows.rows(), 1.0);
  std::set<std::uint32_t> used;
  for (std::size_t i = 0; i < 25; ++i) {
    CHECK(loda.columns(i).size() == 4);
    CHECK(std::set<std::uint32_t>(loda.columns(i).begin(), loda.columns(i).end()).size() == 4);
    used.insert(loda.columns(i).begin(), loda.columns(i).end());
    std::vector<double> places;
    for (std::size_t row = 0; row < train.rows(); ++row) {
      places.push_back(place_by_hand(loda, i, train.row(row).data()));
    }
    const double low = *std::min_element(places.begin(), places.end());
    const double high = *std::max_element(places.begin(), places.end());
    std::vector<double> counts(n_bins + 2);
    for (const double place : places) {
      ++counts[1 + std::min(n_bins - 1, static_cast<std::size_t>((place - low) / (high - low) * n_bins))];
    }
    for (std::size_t bin = 0; bin < counts.size(); ++bin) {
      CHECK(std::abs(loda.weights(i)[bin] - counts[bin]) <= 1.0);  // a place on an edge may fall to either side
    }
    const double highest = *std::max_element(counts.begin(), counts.end());
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      const double at = (place_by_hand(loda, i, rows.row(row).data()) - low) / (high - low) * n_bins;
      const bool inside = at >= 0.0 && at <= n_bins;
      const double height = inside ? counts[1 + std::min(n_bins - 1, static_cast<std::size_t>(at))] / highest : 0.0;
      expected[row] += std::log((1.0 + alpha) / (height + alpha)) / 25.0;
      nearest_edge[row] = std::min(nearest_edge[row], std::abs(at - std::round(at)));
    }
  }
  CHECK(used.size() == 10);
  std::size_t compared = 0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (nearest_edge[row] > 1e-4) {
      CHECK(scores[row] == doctest::Approx(expected[row]).epsilon(1e-3));
      ++compared;
    }
  }
  CHECK(compared > 80);
}

TEST_CASE("loda: coefficients are normal, and of columns in standard deviations") {
  nad::Matrix train = tests::normal_rows(2000, 4, 1);
  for (std::size_t row = 0; row < train.rows(); ++row) {
    train(row, 3) *= 1000.0F;
  }
  for (const bool standardize : {true, false}) {
    nad::LODA loda({.n_projections = 2000, .standardize = standardize});
    loda.fit(train);
    std::vector<double> squares(4);
    std::vector<double> counts(4);
    for (std::size_t i = 0; i < loda.n_projections(); ++i) {
      for (std::size_t j = 0; j < 2; ++j) {
        const double coefficient = loda.coefficients(i)[j];
        squares[loda.columns(i)[j]] += coefficient * coefficient;
        ++counts[loda.columns(i)[j]];
      }
    }
    for (std::size_t column = 0; column < 4; ++column) {
      CHECK(counts[column] == doctest::Approx(1000.0).epsilon(0.1));
      const double scale = standardize && column == 3 ? 1e-6 : 1.0;
      CHECK(squares[column] / counts[column] == doctest::Approx(scale).epsilon(0.2));
    }
  }
}

TEST_CASE("loda: the column that moves a row away is the one that explains it") {
  nad::LODA loda({.random_state = 1});
  loda.fit(tests::normal_rows(1000, 9, 1));
  nad::Matrix rows(9, 9);
  for (std::size_t row = 0; row < 9; ++row) {
    rows(row, row) = 30.0F;
  }
  const nad::Matrix reasons = loda.explain(rows);
  for (std::size_t row = 0; row < 9; ++row) {
    const std::span<const float> of_row = reasons.row(row);
    CHECK(std::max_element(of_row.begin(), of_row.end()) - of_row.begin() == static_cast<std::ptrdiff_t>(row));
  }
}

TEST_CASE("loda: weights count in the threshold of rows that come later") {
  const nad::Matrix first = tests::normal_rows(300, 4, 1);
  const nad::Matrix later = tests::normal_rows(200, 4, 2);
  std::vector<float> weights;
  std::vector<float> copies;
  for (std::size_t row = 0; row < later.rows(); ++row) {
    weights.push_back(static_cast<float>(row % 3));
    for (std::size_t copy = 0; copy < row % 3; ++copy) {
      copies.insert(copies.end(), later.row(row).begin(), later.row(row).end());
    }
  }
  nad::LODA weighted({.n_projections = 20, .contamination = 0.1});
  weighted.partial_fit(first);
  nad::LODA copied = weighted;
  nad::LODA plain = weighted;
  weighted.partial_fit(later, weights);
  copied.partial_fit(nad::MatrixView(copies.data(), copies.size() / 4, 4));
  plain.partial_fit(later);
  CHECK(weighted.threshold() == doctest::Approx(copied.threshold()));
  CHECK(weighted.threshold() != plain.threshold());
}

TEST_CASE("loda: partial_fit goes on counting") {
  const nad::Matrix first = tests::normal_rows(600, 5, 1);
  nad::Matrix later = tests::normal_rows(600, 5, 2);
  for (std::size_t row = 0; row < later.rows(); ++row) {
    later(row, 0) += 50.0F;  // traffic of another kind
  }
  nad::LODA loda({.n_projections = 50, .contamination = 0.05});
  loda.partial_fit(first);
  nad::LODA fitted({.n_projections = 50, .contamination = 0.05});
  fitted.fit(first);
  CHECK(nad::save_bytes(loda) == nad::save_bytes(fitted));

  const auto mean = [&](const nad::Matrix& rows) {
    double sum = 0.0;
    for (const float score : loda.anomaly_score(rows)) {
      sum += static_cast<double>(score) / static_cast<double>(rows.rows());
    }
    return sum;
  };
  const double strange = mean(later);
  const float threshold = loda.threshold();
  loda.partial_fit(later);
  CHECK(mean(later) < strange / 3.0);  // what was seen is no longer strange
  CHECK(loda.threshold() != threshold);
  for (std::size_t i = 0; i < 50; ++i) {
    double all = 0.0;
    for (const double weight : loda.weights(i)) {
      all += weight;
    }
    CHECK(all == 1200.0);
  }
  CHECK(model_file::error_of([&] { loda.partial_fit(tests::normal_rows(9, 4, 1)); }).has_value());
}

TEST_CASE("loda: what every detector promises") {
  tests::check_detector_contract(nad::LODA({.n_projections = 40, .random_state = 2}));
}

TEST_CASE("loda: what every detector promises, with bins by rule") {
  tests::check_detector_contract(nad::LODA({.n_projections = 20, .n_bins = {}, .max_bins = 30, .standardize = false}));
}

TEST_CASE("loda: options that make no sense are refused, and what is loaded is checked") {
  const auto refused = [](const nad::LODAOptions& options) {
    return model_file::error_of([&] { nad::LODA loda(options); }).has_value();
  };
  CHECK(refused({.n_projections = 0}));
  CHECK(refused({.n_bins = 0}));
  CHECK(refused({.bin_rule = static_cast<nad::BinRule>(9)}));
  CHECK(refused({.max_bins = 0}));
  CHECK(refused({.alpha = 0.0}));
  CHECK(refused({.contamination = 0.0}));
  CHECK(!refused({.n_projections = 1}));

  nad::LODA loda({.n_projections = 3, .n_bins = 4});
  loda.fit(tests::traffic_rows(50, 3, 7));
  const model_file::Parts parts = model_file::split(nad::save_bytes(loda));
  for (std::size_t at = 0; at < parts.payload.size(); at += tests::byte_step) {
    for (const unsigned change : {0xffU, 0x80U, 0x01U}) {
      model_file::Parts damaged = parts;
      damaged.payload[at] ^= static_cast<std::byte>(change);
      static_cast<void>(
          model_file::error_of([&] { model_file::use(*nad::load_detector_bytes(model_file::join(damaged))); }));
    }
  }
}

}  // namespace
