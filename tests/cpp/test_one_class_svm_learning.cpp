// What of a One-Class SVM only shows in corners: where the boundary lies when no row is on it, rows of weight 0, what
// partial_fit does with threshold, equal rows and order, and coefficients out of range.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "model_file_tools.hpp"
#include "nad/detector/one_class_svm.hpp"
#include "nad/persist/model_file.hpp"
#include "samples.hpp"

namespace {

using nad::KernelApproximation;
using nad::OneClassSVM;
using nad::OneClassSVMOptions;
using nad::SvmKernel;

TEST_CASE("one-class svm: what every detector promises, with one weight a column") {
  tests::check_detector_contract(OneClassSVM({.kernel = SvmKernel::linear, .nu = 0.1}), {.rows = 300});
}

TEST_CASE("one-class svm: what every detector promises, in double precision") {
  tests::check_detector_contract(OneClassSVM({.kernel = SvmKernel::poly, .nu = 0.1, .coef0 = 1.0, .tol = 1e-8}),
                                 {.rows = 300});
  tests::check_detector_contract(OneClassSVM({.nu = 0.1, .tol = 1e-8}), {.rows = 300});
}

TEST_CASE("one-class svm: with no row on the boundary it lies in the middle of where it may") {
  nad::Matrix x(4, 1);
  for (std::size_t row = 0; row < 4; ++row) {
    x(row, 0) = static_cast<float>(row + 1);
  }
  OneClassSVM half({.kernel = SvmKernel::linear, .nu = 0.5});  // alphas 1, 1, 0, 0: sums 3, 6, 9, 12
  half.fit(x);
  CHECK(half.support_vectors().rows() == 2);
  CHECK(half.rho() == doctest::Approx(7.5));
  OneClassSVM all({.kernel = SvmKernel::linear, .nu = 1.0});  // all alphas 1: sums 10, 20, 30, 40
  all.fit(x);
  CHECK(all.support_vectors().rows() == 4);
  CHECK(all.rho() == doctest::Approx(40.0));
}

TEST_CASE("one-class svm: rows on the boundary do not lie outside by rounding") {
  const nad::Matrix x = tests::normal_rows(400, 4, 8);
  for (const double tol : {1e-3, 0.1}) {
    for (const double nu : {0.1003, 0.3003}) {
      OneClassSVM svm({.nu = nu, .tol = tol});
      svm.fit(x);
      std::size_t free = 0;
      for (std::size_t i = 0; i < svm.support_vectors().rows(); ++i) {
        if (svm.dual_coefficients()[i] < 1.0) {
          ++free;
          CHECK(svm.anomaly_score(svm.support_vectors().slice(i, 1))[0] <= 0.0F);
        }
      }
      CHECK(free > 3);
    }
  }
}

TEST_CASE("one-class svm: gamma does not see rows of weight 0") {
  nad::Matrix x = tests::normal_rows(120, 3, 9);
  std::vector<float> weights(120, 1.0F);
  for (std::size_t row = 100; row < 120; ++row) {
    x(row, 0) = 1000.0F;
    weights[row] = 0.0F;
  }
  OneClassSVM weighted({.nu = 0.2});
  weighted.fit(x, weights);
  OneClassSVM without({.nu = 0.2});
  without.fit(x.view().slice(0, 100));
  CHECK(weighted.gamma() == without.gamma());
  CHECK(weighted.gamma() > 0.1);
}

OneClassSVMOptions of_some_rows() {
  return {.nu = 0.2, .approximation = KernelApproximation::nystroem, .n_components = 30};
}

nad::Matrix later_rows(std::size_t rows) {
  nad::Matrix later = tests::normal_rows(rows, 3, 22);
  for (std::size_t row = 0; row < rows; ++row) {
    later(row, 0) += row < rows / 2 ? 1.5F : -0.5F;  // in bursts
  }
  return later;
}

TEST_CASE("one-class svm: each batch is drawn in an order of its own") {
  const nad::Matrix first = tests::normal_rows(900, 3, 21);
  const nad::Matrix later = later_rows(3000);
  OneClassSVM once(of_some_rows());
  once.fit(first);
  OneClassSVM twice(of_some_rows());
  twice.fit(first, std::vector<float>(900, 2.0F));
  REQUIRE(once.rho() == doctest::Approx(twice.rho()).epsilon(1e-12));
  // twice the weight of everything changes nothing but how many rows came before, and so the order
  once.partial_fit(later);
  twice.partial_fit(later, std::vector<float>(3000, 2.0F));
  CHECK(once.rho() == doctest::Approx(twice.rho()).epsilon(0.05));
  CHECK(std::abs(once.rho() - twice.rho()) > 1e-9);
}

TEST_CASE("one-class svm: the threshold follows rows that come later, by their share") {
  OneClassSVMOptions options = of_some_rows();
  options.contamination = 0.05;
  OneClassSVM svm(options);
  svm.fit(tests::normal_rows(600, 3, 21));
  const nad::Matrix later = later_rows(600);
  OneClassSVM lightly = svm;
  lightly.partial_fit(later, std::vector<float>(600, 0.01F));
  OneClassSVM fully = svm;
  fully.partial_fit(later);
  const float by_little = std::abs(lightly.threshold() - svm.threshold());
  const float by_much = std::abs(fully.threshold() - svm.threshold());
  CHECK(by_much > 0.0F);
  CHECK(by_little > 0.0F);
  CHECK(by_little < 0.2F * by_much);
  // half way from the threshold before to the one that the later rows alone would have
  std::vector<float> scores = fully.anomaly_score(later);
  std::sort(scores.begin(), scores.end());
  const float of_later = scores[570 - 1];
  CHECK(fully.threshold() == doctest::Approx((svm.threshold() + of_later) / 2.0F).epsilon(0.02));
}

TEST_CASE("one-class svm: equal rows of a later batch are one where rows are to be unique") {
  OneClassSVMOptions options = of_some_rows();
  options.unique_rows = nad::UniqueRows::on;
  OneClassSVM svm(options);
  svm.fit(tests::normal_rows(300, 3, 21));
  const nad::Matrix later = later_rows(300);
  nad::Matrix flooded(900, 3);
  for (std::size_t row = 0; row < 900; ++row) {
    std::copy_n(later.row(row < 300 ? row : 7).data(), 3, flooded.row(row).data());
  }
  OneClassSVM of_flooded = svm;
  of_flooded.partial_fit(flooded);
  svm.partial_fit(later);
  CHECK(nad::save_bytes(of_flooded) == nad::save_bytes(svm));
}

TEST_CASE("one-class svm: coefficients beyond all measure are refused, learnt or loaded") {
  OneClassSVM svm(
      {.kernel = SvmKernel::linear, .nu = 0.2, .approximation = KernelApproximation::nystroem, .n_components = 4});
  svm.fit(tests::normal_rows(200, 3, 21));
  const auto before = nad::save_bytes(svm);
  nad::Matrix huge = tests::normal_rows(200, 3, 22);
  for (std::size_t row = 0; row < 200; ++row) {
    huge(row, 0) = -1e36F;
  }
  CHECK(tests::code_of([&] { svm.partial_fit(huge); }) == nad::ErrorCode::invalid_data);
  CHECK(nad::save_bytes(svm) == before);

  const double coefficient = svm.dual_coefficients()[0];
  const auto sought = std::bit_cast<std::array<std::byte, sizeof coefficient>>(coefficient);
  for (const double other : {1e29, 1e31}) {
    model_file::Parts parts = model_file::split(before);
    std::size_t found = 0;
    for (std::size_t at = 0; at + sizeof coefficient <= parts.payload.size(); ++at) {
      if (std::equal(sought.begin(), sought.end(), parts.payload.begin() + static_cast<std::ptrdiff_t>(at))) {
        std::memcpy(parts.payload.data() + at, &other, sizeof other);
        ++found;
      }
    }
    REQUIRE(found == 1);
    const auto error = model_file::error_of([&] { nad::load_detector_bytes(model_file::join(parts)); });
    CHECK(error.has_value() == (other > 1e30));
  }
}

}  // namespace
