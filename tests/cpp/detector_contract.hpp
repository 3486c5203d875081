#pragma once

/// What every detector promises, asked of one that has not learnt yet.
///
///   tests::check_detector_contract(nad::KMeans({.n_clusters = 8}));
///   tests::check_detector_contract(nad::BoostedTrees(), {.fit = with_labels});   // one that learns from labels, too

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "allocations.hpp"
#include "nad/core/error.hpp"
#include "nad/detector/detector.hpp"
#include "nad/persist/model_file.hpp"
#include "nad/simd/kernels.hpp"
#include "samples.hpp"
#include "watched.hpp"

namespace tests {

using Fit = std::function<void(nad::Detector&, nad::MatrixView, std::span<const float>, const nad::FitControl&)>;

inline void fit_without_labels(nad::Detector& detector, nad::MatrixView x, std::span<const float> weights,
                               const nad::FitControl& control) {
  detector.fit(x, weights, control);
}

struct ContractWishes {
  std::size_t rows = watched ? 450 : 900;
  std::size_t columns = 7;
  double additive = 2e-5;          ///< how far, relative to the sizes, contributions may be off the raw score
  bool weights_are_copies = true;  ///< a weight of 2 is a row twice, of 0 a row that is not there
  bool strange_stands_out = true;  ///< a row unlike all others scores high; who learns from labels owes nothing there
  double other_kernels = 0.0;      ///< how far, relatively, other kernels may score; 0: the same bits
  bool accepts_missing = false;    ///< NaN is no error, but infinity is
  Fit fit = fit_without_labels;
};

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

inline std::vector<std::byte> fitted_bytes(const nad::Detector& unfitted, nad::MatrixView x,
                                           const nad::FitControl& control = {}, const Fit& fit = fit_without_labels) {
  const std::unique_ptr<nad::Detector> detector = unfitted.clone();
  fit(*detector, x, {}, control);
  return nad::save_bytes(*detector);
}

inline nad::ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const nad::Error& error) {
    return error.code();
  }
  FAIL("no error");
  return nad::ErrorCode::invalid_argument;
}

inline void check_refusals(const nad::Detector& unfitted, const nad::Detector& fitted, nad::MatrixView x,
                           const ContractWishes& wishes) {
  std::vector<float> out(x.rows());
  CHECK(code_of([&] { unfitted.anomaly_score(x, out); }) == nad::ErrorCode::not_fitted);
  CHECK(code_of([&] { static_cast<void>(unfitted.explain(x)); }) == nad::ErrorCode::not_fitted);
  CHECK(code_of([&] { static_cast<void>(nad::save_bytes(unfitted)); }) == nad::ErrorCode::not_fitted);
  const nad::MatrixView narrow(x.data(), x.rows(), x.columns() - 1, x.row_stride());
  CHECK(code_of([&] { fitted.anomaly_score(narrow, out); }) == nad::ErrorCode::invalid_data);
  const std::unique_ptr<nad::Detector> learner = unfitted.clone();
  CHECK(code_of([&] { wishes.fit(*learner, nad::MatrixView(nullptr, 0, 3), {}, {}); }) == nad::ErrorCode::invalid_data);
  nad::Matrix spoilt(x.rows(), x.columns());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    std::copy_n(x.row(row), x.columns(), spoilt.row(row).data());
  }
  spoilt(5, 2) =
      wishes.accepts_missing ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  CHECK(code_of([&] { wishes.fit(*learner, spoilt, {}, {}); }) == nad::ErrorCode::invalid_data);
  CHECK_FALSE(learner->is_fitted());
  CHECK(code_of([&] { fitted.anomaly_score(spoilt, out); }) == nad::ErrorCode::invalid_data);
  CHECK(code_of([&] { static_cast<void>(fitted.explain(spoilt)); }) == nad::ErrorCode::invalid_data);
  CHECK(code_of([&] { static_cast<void>(fitted.anomaly_score(spoilt.row(5))); }) == nad::ErrorCode::invalid_data);
}

inline void check_weights(const nad::Detector& unfitted, nad::MatrixView x, const Fit& fit = fit_without_labels) {
  std::vector<float> weights(x.rows(), 1.0F);
  std::vector<float> twice;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    weights[row] = static_cast<float>(row % 3);
    for (std::size_t copy = 0; copy < row % 3; ++copy) {
      twice.insert(twice.end(), x.row(row), x.row(row) + x.columns());
    }
  }
  const std::unique_ptr<nad::Detector> weighted = unfitted.clone();
  const std::unique_ptr<nad::Detector> copied = unfitted.clone();
  fit(*weighted, x, weights, {});
  fit(*copied, nad::MatrixView(twice.data(), twice.size() / x.columns(), x.columns()), {}, {});
  const std::vector<float> a = weighted->raw_score(x);
  const std::vector<float> b = copied->raw_score(x);
  double worst = 0.0;
  double size = 0.0;
  for (std::size_t row = 0; row < a.size(); ++row) {
    worst = std::max(worst, std::abs(static_cast<double>(a[row]) - static_cast<double>(b[row])));
    size = std::max(size, std::abs(static_cast<double>(a[row])));
  }
  CHECK(worst <= 1e-4 * size);
  CHECK(static_cast<double>(weighted->threshold()) ==
        doctest::Approx(static_cast<double>(copied->threshold())).epsilon(1e-3));
}

inline void check_detector_contract(const nad::Detector& unfitted, const ContractWishes& wishes = {}) {
  const nad::Matrix train = traffic_rows(wishes.rows, wishes.columns, 1);
  const nad::Matrix rows = traffic_rows(watched ? 260 : 777, wishes.columns, 2);
  const std::unique_ptr<nad::Detector> detector = unfitted.clone();
  CHECK_FALSE(detector->is_fitted());
  wishes.fit(*detector, train, {}, {});
  CHECK(detector->is_fitted());
  CHECK(detector->n_features() == wishes.columns);
  const std::vector<float> scores = detector->anomaly_score(rows);
  const std::vector<float> raw = detector->raw_score(rows);

  SUBCASE("scores differ, are finite, and keep the order of the raw score") {
    CHECK(*std::min_element(scores.begin(), scores.end()) < *std::max_element(scores.begin(), scores.end()));
    for (std::size_t row = 1; row < scores.size(); ++row) {
      REQUIRE(std::isfinite(scores[row]));
      REQUIRE((raw[row] < raw[row - 1] ? scores[row] <= scores[row - 1] : scores[row] >= scores[row - 1]));
    }
  }
  SUBCASE("a row that is nothing like the others stands out") {
    nad::Matrix strange(1, wishes.columns);
    for (std::size_t column = 0; column < wishes.columns; ++column) {
      strange(0, column) = column % 2 == 0 ? 1e4F : -1e4F;
    }
    std::vector<float> sorted = scores;
    std::sort(sorted.begin(), sorted.end());
    if (wishes.strange_stands_out) {
      CHECK(detector->anomaly_score(strange)[0] > sorted[sorted.size() / 2]);
    }
  }
  SUBCASE("a row alone scores as among others, without memory, and on any number of threads") {
    for (std::size_t row = 0; row < rows.rows(); row += 13) {
      const Allocations before = allocations();
      const float alone = detector->anomaly_score(rows.row(row));
      CHECK(allocations().count == before.count);
      REQUIRE(std::bit_cast<std::uint32_t>(alone) == std::bit_cast<std::uint32_t>(scores[row]));
    }
    std::vector<float> in_parts(rows.rows());
    for (std::size_t first = 0; first < rows.rows(); first += 101) {
      const std::size_t count = std::min<std::size_t>(101, rows.rows() - first);
      detector->anomaly_score(rows.view().slice(first, count), std::span(in_parts).subspan(first, count));
    }
    CHECK(same_bits(in_parts, scores));
    CHECK(same_bits(detector->anomaly_score(rows, {.n_jobs = 3}), scores));
  }
  SUBCASE("contributions and the baseline add up to the raw score") {
    const nad::Matrix reasons = detector->explain(rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      double sum = detector->baseline();
      double size = std::abs(sum);
      for (const float reason : reasons.row(row)) {
        sum += static_cast<double>(reason);
        size += std::abs(static_cast<double>(reason));
      }
      REQUIRE(std::abs(sum - static_cast<double>(raw[row])) <= wishes.additive * (size + 1e-3));
    }
  }
  SUBCASE("the same model on any number of threads, another from other rows") {
    const std::vector<std::byte> once = fitted_bytes(unfitted, train, {}, wishes.fit);
    CHECK(once == fitted_bytes(unfitted, train, {.n_jobs = 3}, wishes.fit));
    CHECK(once != fitted_bytes(unfitted, traffic_rows(wishes.rows, wishes.columns, 3), {}, wishes.fit));
    std::unique_ptr<nad::Detector> again = detector->clone();  // what was learnt before leaves no trace
    wishes.fit(*again, rows, {}, {});
    wishes.fit(*again, train, {}, {});
    CHECK(nad::save_bytes(*again) == once);
  }
  SUBCASE("it comes back from its file") {
    const std::vector<std::byte> bytes = nad::save_bytes(*detector);
    const std::unique_ptr<nad::Detector> loaded = nad::load_detector_bytes(bytes);
    CHECK(loaded->kind() == detector->kind());
    CHECK(loaded->threshold() == detector->threshold());
    CHECK(same_bits(loaded->anomaly_score(rows), scores));
    CHECK(loaded->baseline() == detector->baseline());
    CHECK(nad::save_bytes(*loaded) == bytes);
  }
  SUBCASE("every kernel gives the same scores") {
    for (const std::string_view kernel : nad::simd::supported()) {
      nad::simd::force(kernel);
      const std::vector<float> others = detector->anomaly_score(rows);
      nad::simd::force("auto");
      CAPTURE(kernel);
      for (std::size_t row = 0; row < scores.size(); ++row) {
        const double off = std::abs(static_cast<double>(others[row]) - static_cast<double>(scores[row]));
        REQUIRE(off <= wishes.other_kernels * std::max(1.0, std::abs(static_cast<double>(scores[row]))));
      }
    }
  }
  SUBCASE("what cannot be learnt from or scored is refused") { check_refusals(unfitted, *detector, rows, wishes); }
  SUBCASE("weights count rows") {
    if (wishes.weights_are_copies) {
      check_weights(unfitted, train, wishes.fit);
    }
  }
  SUBCASE("a fit can be cancelled, which leaves what was there") {
    const std::vector<std::byte> before = nad::save_bytes(*detector);
    CHECK(code_of([&] { wishes.fit(*detector, rows, {}, {.progress = [](const nad::Progress&) { return false; }}); }) ==
          nad::ErrorCode::cancelled);
    CHECK(nad::save_bytes(*detector) == before);
  }
}

}  // namespace tests
