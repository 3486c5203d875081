// ECOD against tails that are counted row by row, and its own promises.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "detector_contract.hpp"
#include "model_file_tools.hpp"
#include "samples.hpp"
#include "watched.hpp"

namespace {

struct Tails {
  std::vector<double> left;
  std::vector<double> right;
  std::vector<double> skewed;
};

/// -log((rows in the tail + 1) / (rows + 1)) of each column.
Tails tails_by_hand(const nad::Matrix& train, const float* row) {
  Tails tails;
  const auto n = static_cast<double>(train.rows());
  for (std::size_t column = 0; column < train.columns(); ++column) {
    double mean = 0.0;
    for (std::size_t i = 0; i < train.rows(); ++i) {
      mean += static_cast<double>(train(i, column)) / n;
    }
    double at_most = 0.0;
    double at_least = 0.0;
    double third = 0.0;
    for (std::size_t i = 0; i < train.rows(); ++i) {
      at_most += train(i, column) <= row[column] ? 1.0 : 0.0;
      at_least += train(i, column) >= row[column] ? 1.0 : 0.0;
      third += std::pow(static_cast<double>(train(i, column)) - mean, 3.0);
    }
    tails.left.push_back(-std::log((at_most + 1.0) / (n + 1.0)));
    tails.right.push_back(-std::log((at_least + 1.0) / (n + 1.0)));
    tails.skewed.push_back(third < -1e-9 ? tails.left.back() : tails.right.back());
  }
  return tails;
}

double sum(const std::vector<double>& terms) {
  double all = 0.0;
  for (const double term : terms) {
    all += term;
  }
  return all;
}

/// Some columns lean to the left, some to the right.
nad::Matrix leaning_rows(std::size_t rows, std::uint64_t seed) {
  nad::Matrix x = tests::traffic_rows(rows, 7, seed);
  for (std::size_t row = 0; row < rows; ++row) {
    x(row, 2) = -x(row, 2);
    x(row, 4) = x(row, 4) * x(row, 4);
  }
  return x;
}

TEST_CASE("ecod: scores and contributions are those of tails counted by hand") {
  const nad::Matrix train = leaning_rows(400, 1);
  const nad::Matrix others = leaning_rows(150, 2);
  nad::ECOD by_column;
  by_column.fit(train);
  nad::ECOD by_row({.tail = nad::TailChoice::whole_row});
  by_row.fit(train);
  CHECK(by_row.skewness()[2] < 0.0);
  CHECK(by_row.skewness()[6] > 0.0);
  std::size_t won[3] = {};
  for (const nad::Matrix* rows : {&train, &others}) {
    const std::vector<float> scores = by_column.raw_score(*rows);
    const std::vector<float> row_scores = by_row.raw_score(*rows);
    const nad::Matrix reasons = by_column.explain(*rows);
    const nad::Matrix row_reasons = by_row.explain(*rows);
    for (std::size_t row = 0; row < rows->rows(); ++row) {
      const Tails tails = tails_by_hand(train, rows->row(row).data());
      const std::vector<double>* winner = &tails.left;
      winner = sum(tails.right) > sum(*winner) + 1e-4 ? &tails.right : winner;
      winner = sum(tails.skewed) > sum(*winner) + 1e-4 ? &tails.skewed : winner;
      ++won[winner == &tails.left ? 0 : winner == &tails.right ? 1 : 2];
      double expected = 0.0;
      for (std::size_t column = 0; column < 7; ++column) {
        const double larger = std::max(tails.left[column], tails.right[column]);
        expected += larger;
        REQUIRE(reasons(row, column) == doctest::Approx(larger).epsilon(1e-5));
        REQUIRE(row_reasons(row, column) == doctest::Approx((*winner)[column]).epsilon(1e-5));
      }
      REQUIRE(scores[row] == doctest::Approx(expected).epsilon(1e-5));
      REQUIRE(row_scores[row] == doctest::Approx(sum(*winner)).epsilon(1e-5));
    }
  }
  CHECK(won[0] > 0);
  CHECK(won[1] > 0);
  CHECK(won[2] > 0);
}

TEST_CASE("ecod: nothing is infinite, however far out") {
  nad::Matrix train = tests::normal_rows(99, 2, 1);
  nad::ECOD ecod;
  ecod.fit(train);
  nad::Matrix far(1, 2);
  far(0, 0) = std::numeric_limits<float>::max();
  far(0, 1) = std::numeric_limits<float>::lowest();
  CHECK(ecod.raw_score(far)[0] == doctest::Approx(2.0 * std::log(100.0)));
}

TEST_CASE("ecod: a bounded number of values keeps the tails") {
  nad::Matrix train = tests::normal_rows(20000, 2, 5);
  for (std::size_t row = 0; row < train.rows(); ++row) {
    train(row, 1) = std::exp(2.0F * train(row, 1));
  }
  nad::ECOD exact({.max_quantiles = 1U << 20U});
  exact.fit(train);
  CHECK(exact.n_quantiles() > 39000);
  nad::ECOD bounded({.max_quantiles = 512});
  bounded.fit(train);
  CHECK(bounded.n_quantiles() <= 1024);
  CHECK(bounded.n_quantiles() > 700);
  const nad::Matrix rows = tests::normal_rows(2000, 2, 6);
  const nad::Matrix a = exact.explain(rows);
  const nad::Matrix b = bounded.explain(rows);
  double most = 0.0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    most = std::max(most, std::abs(static_cast<double>(a(row, 0)) - static_cast<double>(b(row, 0))));
    if (a(row, 0) > 7.0F) {  // fewer than 20 rows farther out: each of them is kept
      CHECK(a(row, 0) == b(row, 0));
    }
  }
  CHECK(most < 0.05);
  CHECK(most > 0.0);
}

TEST_CASE("ecod: what every detector promises") { tests::check_detector_contract(nad::ECOD()); }

TEST_CASE("ecod: what every detector promises, with the paper's sums") {
  tests::check_detector_contract(nad::ECOD({.tail = nad::TailChoice::whole_row, .max_quantiles = 64}));
}

TEST_CASE("ecod: options that make no sense are refused, and what is loaded is checked") {
  const auto refused = [](const nad::ECODOptions& options) {
    return model_file::error_of([&] { nad::ECOD ecod(options); }).has_value();
  };
  CHECK(refused({.tail = static_cast<nad::TailChoice>(9)}));
  CHECK(refused({.max_quantiles = 15}));
  CHECK(refused({.unique_rows = static_cast<nad::UniqueRows>(9)}));
  CHECK(refused({.contamination = 0.0}));
  CHECK(!refused({.max_quantiles = 16}));

  nad::ECOD ecod({.max_quantiles = 16});
  ecod.fit(tests::traffic_rows(50, 3, 7));
  const model_file::Parts parts = model_file::split(nad::save_bytes(ecod));
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
