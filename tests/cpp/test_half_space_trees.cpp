// Half-space trees: windows counted by hand, batches cut anywhere, and their own promises.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "detector_contract.hpp"
#include "model_file_tools.hpp"
#include "samples.hpp"
#include "watched.hpp"

namespace {

/// One column, one tree of height 1: all that it knows is where its cut lies.
TEST_CASE("half-space trees: density in one tree with one cut, by hand") {
  nad::Matrix rows(10, 1);
  for (std::size_t row = 0; row < 10; ++row) {
    rows(row, 0) = row < 9 ? static_cast<float>(row) * 0.01F : 1.0F;
  }
  nad::Matrix ends(2, 1);
  ends(0, 0) = -100.0F;
  ends(1, 0) = 100.0F;
  bool uneven = false;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    nad::HalfSpaceTrees linear(
        {.n_estimators = 1, .height = 1, .window_size = 10, .density = nad::Density::linear, .random_state = seed});
    linear.fit(rows);
    const std::vector<float> scores = linear.raw_score(ends);
    const double left = -static_cast<double>(scores[0]) * 10.0 / 2.0;  // rows below the cut
    const double right = -static_cast<double>(scores[1]) * 10.0 / 2.0;
    CHECK(left + right == doctest::Approx(10.0));
    CHECK(left == doctest::Approx(std::round(left)));
    CHECK(left >= 1.0);  // the cut is a random point of the range
    CHECK(left <= 9.0);
    uneven = uneven || left == doctest::Approx(9.0);
    CHECK(linear.baseline() == -1.0);

    nad::HalfSpaceTrees logarithm({.n_estimators = 1, .height = 1, .window_size = 10, .random_state = seed});
    logarithm.fit(rows);
    CHECK(logarithm.baseline() == 0.0);
    CHECK(logarithm.raw_score(ends)[0] == doctest::Approx(-std::log(2.0 * (left + 0.001) / 10.001)));
    CHECK(logarithm.raw_score(ends)[1] == doctest::Approx(-std::log(2.0 * (right + 0.001) / 10.001)));
  }
  CHECK(uneven);
}

TEST_CASE("half-space trees: the same model however the rows are cut into batches") {
  const nad::Matrix rows = tests::traffic_rows(700, 5, 4);
  const nad::HalfSpaceTreesOptions options{.n_estimators = 9, .height = 6, .window_size = 200, .random_state = 3};
  for (const std::size_t n_rows : {1U, 7U, 150U, 200U, 201U, 700U}) {
    nad::HalfSpaceTrees at_once(options);
    at_once.partial_fit(rows.view().slice(0, n_rows));
    const std::vector<std::byte> bytes = nad::save_bytes(at_once);
    for (const std::size_t batch : {1U, 33U, 199U}) {
      nad::HalfSpaceTrees in_parts(options);
      for (std::size_t first = 0; first < n_rows; first += batch) {
        in_parts.partial_fit(rows.view().slice(first, std::min(batch, n_rows - first)));
      }
      CHECK(nad::save_bytes(in_parts) == bytes);
      CHECK(in_parts.rows_seen() == static_cast<double>(n_rows));
    }
    if (n_rows >= 200) {  // saved half way and gone on with
      nad::HalfSpaceTrees half(options);
      half.partial_fit(rows.view().slice(0, 199));
      auto loaded = nad::load_bytes<nad::HalfSpaceTrees>(nad::save_bytes(half));
      loaded.partial_fit(rows.view().slice(199, n_rows - 199));
      CHECK(nad::save_bytes(loaded) == bytes);
      // fit differs in its threshold alone
      nad::HalfSpaceTrees fitted(options);
      fitted.fit(rows.view().slice(0, n_rows));
      fitted.set_threshold(at_once.threshold());
      CHECK(nad::save_bytes(fitted) == bytes);
    }
  }
}

TEST_CASE("half-space trees: scores compare with the last window that is full") {
  nad::Matrix here = tests::normal_rows(300, 3, 1);
  nad::Matrix there = tests::normal_rows(300, 3, 2);
  for (std::size_t row = 0; row < 300; ++row) {
    here(row, 0) += row % 2 == 0 ? 100.0F : 0.0F;  // the first window ranges as far as the later rows
    there(row, 0) += 100.0F;
  }
  const auto mean = [](const std::vector<float>& scores) {
    double sum = 0.0;
    for (const float score : scores) {
      sum += static_cast<double>(score) / static_cast<double>(scores.size());
    }
    return sum;
  };
  const nad::Matrix near_zero = tests::normal_rows(200, 3, 3);
  nad::HalfSpaceTrees trees({.window_size = 100});
  trees.partial_fit(here);
  const double ordinary = mean(trees.anomaly_score(near_zero));
  const std::vector<float> before = trees.anomaly_score(near_zero);
  trees.partial_fit(there.view().slice(0, 99));
  CHECK(trees.anomaly_score(near_zero) == before);  // the window is not full
  trees.partial_fit(there.view().slice(99, 1));
  CHECK(mean(trees.anomaly_score(near_zero)) > ordinary + 1.0);  // nobody is there any more
  trees.partial_fit(near_zero);
  CHECK(mean(trees.anomaly_score(near_zero)) < ordinary + 0.5);
}

TEST_CASE("half-space trees: data of any scale") {
  const nad::Matrix rows = tests::normal_rows(400, 4, 1);
  nad::Matrix scaled = rows;
  nad::Matrix test = tests::normal_rows(50, 4, 2);
  nad::Matrix scaled_test = test;
  for (nad::Matrix* matrix : {&scaled, &scaled_test}) {
    for (std::size_t row = 0; row < matrix->rows(); ++row) {
      for (std::size_t column = 0; column < 4; ++column) {
        (*matrix)(row, column) *= 4096.0F;
      }
    }
  }
  nad::HalfSpaceTrees plain({.window_size = 400, .random_state = 5});
  plain.fit(rows);
  nad::HalfSpaceTrees large({.window_size = 400, .random_state = 5});
  large.fit(scaled);
  CHECK(large.anomaly_score(scaled_test) == plain.anomaly_score(test));

  nad::Matrix extreme(3, 2);
  extreme(0, 0) = 3e38F;
  extreme(1, 0) = -3e38F;
  nad::HalfSpaceTrees wide({.window_size = 2});
  wide.fit(extreme);
  CHECK(std::isfinite(wide.anomaly_score(extreme)[0]));
}

TEST_CASE("half-space trees: a weight is copies, also across windows") {
  const nad::Matrix rows = tests::traffic_rows(40, 3, 9);
  std::vector<float> weights(40);
  std::vector<float> copied;
  for (std::size_t row = 0; row < 40; ++row) {
    const std::size_t copies = row == 30 ? 95 : row % 4;
    weights[row] = static_cast<float>(copies);
    for (std::size_t copy = 0; copy < copies; ++copy) {
      copied.insert(copied.end(), rows.row(row).begin(), rows.row(row).end());
    }
  }
  for (const std::size_t window : {10U, 31U, 500U}) {
    nad::HalfSpaceTrees weighted({.height = 6, .window_size = window});
    weighted.fit(rows, weights);
    nad::HalfSpaceTrees repeated({.height = 6, .window_size = window});
    repeated.fit(nad::MatrixView(copied.data(), copied.size() / 3, 3));
    CHECK(weighted.raw_score(rows) == repeated.raw_score(rows));
    CHECK(weighted.rows_seen() == repeated.rows_seen());
  }
  const std::vector<float> huge(40, 1e30F);
  const std::vector<float> tiny(40, 1e-30F);
  nad::HalfSpaceTrees trees({.window_size = 100});
  trees.fit(rows, huge);
  CHECK(trees.reference_weight() == 100.0);
  trees.fit(rows, tiny);
  CHECK(std::isfinite(trees.anomaly_score(rows)[0]));
}

TEST_CASE("half-space trees: a file scores as its model does where rows wait for the trees to grow anew") {
  const nad::Matrix rows = tests::normal_rows(60, 3, 1);
  nad::HalfSpaceTrees trees({.window_size = 200});
  for (std::size_t row = 0; row < 47; ++row) {  // they grew at 45 last
    trees.partial_fit(rows.view().slice(row, 1));
  }
  CHECK(trees.reference_weight() == 47.0);
  CHECK(nad::load_bytes<nad::HalfSpaceTrees>(nad::save_bytes(trees)).raw_score(rows) == trees.raw_score(rows));
}

TEST_CASE("half-space trees: partial_fit sets the threshold by the rows of the last window, when they came") {
  const nad::Matrix rows = tests::normal_rows(600, 3, 1);
  nad::HalfSpaceTrees trees({.window_size = 200, .contamination = 0.1});
  trees.partial_fit(rows.view().slice(0, 400));
  const std::vector<float> scores = trees.anomaly_score(rows.view().slice(400, 200));
  trees.partial_fit(rows.view().slice(400, 200));
  const float threshold = trees.threshold();
  CHECK(std::count_if(scores.begin(), scores.end(), [&](float score) { return score > threshold; }) == 20);
}

TEST_CASE("half-space trees: what every detector promises") {
  tests::check_detector_contract(nad::HalfSpaceTrees({.n_estimators = 5, .window_size = 300}));
}

TEST_CASE("half-space trees: what every detector promises, in the first window and with the paper's score") {
  tests::check_detector_contract(nad::HalfSpaceTrees({.height = 8}));
  tests::check_detector_contract(nad::HalfSpaceTrees(
      {.n_estimators = 10, .height = 8, .window_size = 250, .size_limit = 0.1, .density = nad::Density::linear}));
}

TEST_CASE("half-space trees: options that make no sense are refused, and what is loaded is checked") {
  const auto refused = [](const nad::HalfSpaceTreesOptions& options) {
    return model_file::error_of([&] { nad::HalfSpaceTrees trees(options); }).has_value();
  };
  CHECK(refused({.n_estimators = 0}));
  CHECK(refused({.n_estimators = 65537}));
  CHECK(refused({.height = 0}));
  CHECK(refused({.height = 21}));
  CHECK(refused({.n_estimators = 65536, .height = 20}));
  CHECK(refused({.window_size = 0}));
  CHECK(refused({.size_limit = 1.0}));
  CHECK(refused({.density = static_cast<nad::Density>(5)}));
  CHECK(refused({.contamination = 0.0}));

  for (const std::size_t n_rows : {20U, 75U}) {
    nad::HalfSpaceTrees trees({.n_estimators = 2, .height = 2, .window_size = 30});
    trees.partial_fit(tests::traffic_rows(n_rows, 3, 7));
    const model_file::Parts parts = model_file::split(nad::save_bytes(trees));
    for (std::size_t at = 0; at < parts.payload.size(); at += tests::byte_step) {
      for (const unsigned change : {0xffU, 0x80U, 0x01U}) {
        model_file::Parts damaged = parts;
        damaged.payload[at] ^= static_cast<std::byte>(change);
        static_cast<void>(model_file::error_of([&] {
          auto loaded = nad::load_bytes<nad::HalfSpaceTrees>(model_file::join(damaged));
          model_file::use(loaded);
          if (loaded.n_features() == 3 && loaded.options().window_size < 1000) {
            loaded.partial_fit(tests::traffic_rows(40, 3, 8));
          }
        }));
      }
    }
  }
}

}  // namespace
