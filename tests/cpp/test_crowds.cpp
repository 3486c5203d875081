// What rows that are alike bring together: the evidence against a map of whole cells, and an ensemble for which a flood
// lies further out than what is odd and alone.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "detector_contract.hpp"
#include "messages.hpp"
#include "nad/core/random.hpp"
#include "nad/nad.hpp"
#include "samples.hpp"

namespace {

using tests::contains;
using tests::message_of;

std::vector<int> cell_of(std::span<const float> row) {
  std::vector<int> cell;
  for (const float value : row) {
    cell.push_back(static_cast<int>(std::floor(static_cast<double>(value) + 0.5)));
  }
  return cell;
}

TEST_CASE("crowds: the evidence is the logarithm of what alike rows bring together") {
  nad::Random random(1);
  constexpr std::size_t rows = 3'000;
  nad::Matrix x(rows, 2);
  std::vector<float> scores(rows);
  std::vector<float> weights(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    x(row, 0) = static_cast<float>(3.0 * random.normal());
    x(row, 1) = static_cast<float>(3.0 * random.normal());
    scores[row] = std::floor(10.0F * std::abs(x(row, 0)));  // many are equal
    weights[row] = static_cast<float>(random.below(3));
  }
  double total = 0.0;
  for (const float weight : weights) {
    total += static_cast<double>(weight);
  }
  std::map<std::vector<int>, std::pair<double, double>> cells;  // evidence and rows
  for (std::size_t row = 0; row < rows; ++row) {
    double as_far = 0.0;
    for (std::size_t other = 0; other < rows; ++other) {
      as_far += scores[other] >= scores[row] ? static_cast<double>(weights[other]) : 0.0;
    }
    const double surprise = -std::log(as_far / (total + 1.0));
    if (weights[row] > 0.0F && surprise > 3.0) {
      auto& [evidence, count] = cells[cell_of(x.row(row))];
      evidence += static_cast<double>(weights[row]) * (surprise - 3.0);
      count += static_cast<double>(weights[row]);
    }
  }
  const nad::detail::Crowds crowds(x, weights, scores);
  std::size_t some = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto found = cells.find(cell_of(x.row(row)));
    const bool is_crowd = found != cells.end() && found->second.second > 1.0;
    const double expected = is_crowd ? std::log1p(found->second.first) : 0.0;
    REQUIRE(crowds.evidence(x.row(row)) == doctest::Approx(expected).epsilon(1e-5));
    some += is_crowd ? 1U : 0U;
  }
  CHECK(some > 50);
  CHECK(some < rows / 5);
  CHECK(nad::detail::Crowds().evidence(x.row(0)) == 0.0);
}

TEST_CASE("crowds: cells have their middle at whole numbers, and whatever a float holds is in one") {
  nad::Matrix x(4, 1);
  const auto alike = [&](float a, float b) {
    x(0, 0) = a;
    x(1, 0) = a;
    x(2, 0) = 0.0F;
    x(3, 0) = 0.0F;
    std::vector<float> weights = {1.0F, 1.0F, 500.0F, 500.0F};
    const std::vector<float> scores = {2.0F, 2.0F, 1.0F, 1.0F};
    const nad::detail::Crowds crowds(x, weights, scores);
    REQUIRE(crowds.evidence({&a, 1}) > 0.0);
    return crowds.evidence({&b, 1}) > 0.0;
  };
  CHECK(alike(3.0F, 3.4F));
  CHECK(alike(2.5F, 3.4F));
  CHECK_FALSE(alike(3.0F, 3.6F));
  CHECK(alike(-2.4F, -1.6F));
  CHECK_FALSE(alike(-2.4F, -2.6F));
  CHECK(alike(-2.5F, -1.51F));
  CHECK(alike(1e30F, 1e20F));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(alike(nan, nan));
  CHECK_FALSE(alike(nan, 3.0F));
}

nad::Ensemble pair_of(double crowds) {
  nad::Ensemble ensemble(
      {.combination = nad::Combination::mean_surprise, .calibration = 0.0, .crowds = crowds, .random_state = 1});
  ensemble.add(nad::IsolationForest({.n_estimators = 20, .max_samples = std::uint64_t{256}, .random_state = 1}));
  ensemble.add(nad::Mahalanobis());
  return ensemble;
}

/// 6,000 usual rows, 150 alike ones somewhat off, and 20 further off, each elsewhere.
nad::Matrix flooded() {
  nad::Random random(3);
  nad::Matrix x(6'170, 3);
  for (std::size_t row = 0; row < x.rows(); ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      const double usual = random.normal();
      const double value = row < 6'000         ? usual
                           : row < 6'150       ? (column < 2 ? 4.2 : 0.0) + 0.02 * usual
                           : column == row % 3 ? 6.0 + random.uniform()
                                               : usual;
      x(row, column) = static_cast<float>(value);
    }
  }
  return x;
}

TEST_CASE("crowds: a flood lies further out than what is odd and alone, and contributions add up") {
  const nad::Matrix x = flooded();
  nad::Ensemble without = pair_of(0.0);
  nad::Ensemble with = pair_of(1.0);
  without.fit(x);
  with.fit(x, {.n_jobs = 2});
  const auto above = [&](const nad::Ensemble& ensemble) {  // how many alone lie above the middle of the flood
    const std::vector<float> scores = ensemble.anomaly_score(x);
    std::size_t count = 0;
    for (std::size_t row = 6'150; row < x.rows(); ++row) {
      count += scores[row] > scores[6'075] ? 1U : 0U;
    }
    return count;
  };
  CHECK(above(without) >= 15);
  CHECK(above(with) <= 4);
  const std::vector<float> raw = with.raw_score(x);
  const nad::Matrix reasons = with.explain(x);
  for (std::size_t row = 5'990; row < x.rows(); row += 7) {
    double sum = with.baseline();
    for (std::size_t column = 0; column < 3; ++column) {
      sum += static_cast<double>(reasons(row, column));
    }
    REQUIRE(sum == doctest::Approx(static_cast<double>(raw[row])).epsilon(1e-4));
  }
  CHECK(with.threshold() > without.threshold());
  const std::unique_ptr<nad::Detector> loaded = nad::load_detector_bytes(nad::save_bytes(with));
  CHECK(tests::same_bits(loaded->anomaly_score(x), with.anomaly_score(x)));
  CHECK(loaded->anomaly_score(x.row(6'075)) == with.anomaly_score(x)[6'075]);
}

TEST_CASE("crowds: an ensemble that counts them keeps the detector's contract") {
  tests::check_detector_contract(pair_of(0.5), {.rows = 450, .additive = 2e-4, .other_kernels = 2e-3});
}

TEST_CASE("crowds: only for surprise, and not in ONNX") {
  const auto refusal = [](const nad::EnsembleOptions& options) {
    return message_of([&] { static_cast<void>(nad::Ensemble(options)); });
  };
  CHECK(contains(refusal({.combination = nad::Combination::rank, .crowds = 0.5}), "crowds means nothing to"));
  CHECK(contains(refusal({.crowds = -1.0}), "crowds is -1"));
  CHECK(nad::Ensemble::mixed().options().crowds == 0.5);
  CHECK(nad::Ensemble::clean().options().crowds == 0.0);
  nad::Ensemble ensemble = pair_of(0.5);
  ensemble.fit(flooded());
  CHECK(contains(message_of([&] { static_cast<void>(nad::to_onnx(ensemble)); }), "counts crowds has no counterpart"));
  CHECK(contains(nad::to_json(ensemble), "\"crowds\""));
}

}  // namespace
