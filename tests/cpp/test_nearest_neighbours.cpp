#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "nad/core/error.hpp"
#include "nad/detector/nearest_neighbours.hpp"
#include "samples.hpp"

// Nearest neighbours beside every distance, in double precision.

namespace {

std::vector<double> distances(nad::MatrixView samples, const float* row) {
  std::vector<double> all;
  for (std::size_t other = 0; other < samples.rows(); ++other) {
    double sum = 0.0;
    for (std::size_t column = 0; column < samples.columns(); ++column) {
      const double apart = static_cast<double>(row[column]) - static_cast<double>(samples(other, column));
      sum += apart * apart;
    }
    all.push_back(std::sqrt(sum));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::string refusal(const nad::NearestNeighboursOptions& options) {
  try {
    const nad::NearestNeighbours neighbours(options);
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("scores are those of every distance, near zero and far from it") {
  for (const float offset : {0.0F, 2000.0F}) {
    for (const std::size_t samples : {3U, 40U, 1300U}) {
      for (const std::size_t n_neighbors : {1U, 5U, 33U}) {
        CAPTURE(offset);
        CAPTURE(samples);
        CAPTURE(n_neighbors);
        nad::Matrix x = tests::traffic_rows(samples, 9, samples);
        nad::Matrix rows = tests::traffic_rows(150, 9, 77);
        for (float* value = x.data(); value != x.data() + samples * 9; ++value) {
          *value += offset;
        }
        for (float* value = rows.data(); value != rows.data() + 150 * 9; ++value) {
          *value += offset;
        }
        nad::NearestNeighbours mean({.n_neighbors = n_neighbors, .unique_rows = nad::UniqueRows::off});
        mean.fit(x);
        nad::NearestNeighbours largest(
            {.n_neighbors = n_neighbors, .method = nad::NeighbourScore::largest, .unique_rows = nad::UniqueRows::off});
        largest.fit(x);
        const std::vector<float> means = mean.anomaly_score(rows);
        const std::vector<float> largests = largest.anomaly_score(rows);
        const std::size_t n = std::min<std::size_t>(n_neighbors, samples);
        for (std::size_t row = 0; row < rows.rows(); ++row) {
          const std::vector<double> all = distances(x, rows.row(row).data());
          double sum = 0.0;
          for (std::size_t i = 0; i < n; ++i) {
            sum += all[i] / static_cast<double>(n);
          }
          REQUIRE(static_cast<double>(means[row]) == doctest::Approx(sum).epsilon(1e-5));
          REQUIRE(static_cast<double>(largests[row]) == doctest::Approx(all[n - 1]).epsilon(1e-5));
        }
      }
    }
  }
}

TEST_CASE("the sample is bounded, drawn anew by another seed, and has no row twice") {
  const nad::Matrix x = tests::traffic_rows(900, 5, 3);  // each third row is the same
  nad::NearestNeighbours all;
  all.fit(x);
  CHECK(all.samples().rows() == 601);
  nad::NearestNeighbours some({.max_samples = 100, .random_state = 1});
  some.fit(x);
  CHECK(some.samples().rows() == 100);
  nad::NearestNeighbours others({.max_samples = 100, .random_state = 2});
  others.fit(x);
  CHECK(some.anomaly_score(x) != others.anomaly_score(x));
}

TEST_CASE("nearest neighbours keep the detector's contract") {
  tests::check_detector_contract(nad::NearestNeighbours({.max_samples = 400, .random_state = 5}),
                                 {.weights_are_copies = false});
  tests::check_detector_contract(
      nad::NearestNeighbours({.method = nad::NeighbourScore::largest, .unique_rows = nad::UniqueRows::off}),
      {.weights_are_copies = false});
}

TEST_CASE("options of nearest neighbours that make no sense are refused by name") {
  CHECK(refusal({.n_neighbors = 0}).find("n_neighbors") != std::string::npos);
  CHECK(refusal({.n_neighbors = 2000}).find("n_neighbors") != std::string::npos);
  CHECK(refusal({.max_samples = 0.0}).find("max_samples") != std::string::npos);
  CHECK(refusal({.contamination = 0.9}).find("contamination") != std::string::npos);
  CHECK(refusal({}).empty());
}
