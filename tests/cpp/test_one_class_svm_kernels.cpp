// What the One-Class SVM is made of: kernel values and the ways along which it explains, beside double precision, and
// the approximations beside the exact one.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/detector/one_class_svm.hpp"
#include "nad/persist/model_file.hpp"
#include "nad/simd/active_kernels.hpp"
#include "samples.hpp"

namespace {

using nad::KernelApproximation;
using nad::OneClassSVM;
using nad::SvmKernel;
using nad::simd::KernelCurve;
using nad::simd::KernelFunction;
using Floats = std::vector<float, nad::detail::KernelAllocator<float>>;

double exact_value(const KernelFunction& of, double product, double length, double beside) {
  const double inner = static_cast<double>(of.gamma) * product + static_cast<double>(of.coef0);
  switch (of.curve) {
    case KernelCurve::rbf:
      return std::exp(-static_cast<double>(of.gamma) * std::max(0.0, length + beside - 2.0 * product));
    case KernelCurve::poly:
      return std::pow(inner, of.degree);
    case KernelCurve::sigmoid:
      return std::tanh(inner);
    case KernelCurve::cosine:
      return std::cos(product + beside);
    case KernelCurve::linear:
      break;
  }
  return product;
}

TEST_CASE("kernel values are right for every instruction set, and their sums the same") {
  constexpr std::size_t count = 96;
  std::vector<double> sums;
  for (const std::string_view name : nad::simd::supported()) {
    CAPTURE(name);
    nad::simd::force(name);
    const nad::simd::KernelTable& table = nad::simd::active_kernels();
    nad::simd::force("auto");
    nad::Random random(5);
    Floats weights(count);
    for (const KernelFunction& function :
         {KernelFunction{KernelCurve::rbf, 0.3F, 0.0F, 3}, KernelFunction{KernelCurve::rbf, 5.0F, 0.0F, 3},
          KernelFunction{KernelCurve::linear, 1.0F, 0.0F, 1}, KernelFunction{KernelCurve::poly, 0.5F, 1.0F, 3},
          KernelFunction{KernelCurve::sigmoid, 0.4F, -0.2F, 3}, KernelFunction{KernelCurve::cosine, 1.0F, 0.0F, 1}}) {
      CAPTURE(static_cast<int>(function.curve));
      Floats products(count);
      Floats beside(count);
      for (std::size_t i = 0; i < count; ++i) {
        products[i] = static_cast<float>(8.0 * random.uniform() - 4.0) * (i % 16 == 7 ? 50.0F : 1.0F);
        beside[i] = static_cast<float>(6.0 * random.uniform());
        weights[i] = static_cast<float>(random.uniform());
      }
      const float length = 3.5F;
      Floats values = products;
      table.kernel_values(function, length, beside.data(), count, values.data());
      for (std::size_t i = 0; i < count; ++i) {
        const double expected = exact_value(function, products[i], length, beside[i]);
        const double angle = function.curve == KernelCurve::cosine ? std::abs(static_cast<double>(products[i])) : 0.0;
        // rounding of the products' sum, which the curve then sees
        const double off = 1e-6 * (std::abs(expected) + (function.curve == KernelCurve::rbf ? 10.0 * expected : 0.0)) +
                           2.5e-7 + 1e-7 * angle;
        REQUIRE(std::abs(static_cast<double>(values[i]) - expected) <= off);
      }
    }
    Floats some(count);
    for (std::size_t i = 0; i < count; ++i) {
      some[i] = static_cast<float>(random.uniform());
    }
    sums.push_back(table.weighted_sum(some.data(), weights.data(), count));
    double expected = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      expected += static_cast<double>(some[i]) * static_cast<double>(weights[i]);
    }
    CHECK(sums.back() == doctest::Approx(expected).epsilon(1e-6));
    CHECK(sums.back() == sums.front());
  }
}

/// What an unapproximated, or streamed, SVM says of itself: the sum of weighted kernel values at a place.
double sum_at(const OneClassSVM& svm, const std::vector<double>& place) {
  double sum = 0.0;
  for (std::size_t i = 0; i < svm.support_vectors().rows(); ++i) {
    double product = 0.0;
    double squared = 0.0;
    for (std::size_t column = 0; column < place.size(); ++column) {
      const double value = svm.support_vectors()(i, column);
      product += place[column] * value;
      squared += (place[column] - value) * (place[column] - value);
    }
    const double inner = svm.gamma() * product + svm.options().coef0;
    double k = product;
    switch (svm.options().kernel) {
      case SvmKernel::rbf:
        k = std::exp(-svm.gamma() * squared);
        break;
      case SvmKernel::poly:
        k = std::pow(inner, static_cast<double>(svm.options().degree));
        break;
      case SvmKernel::sigmoid:
        k = std::tanh(inner);
        break;
      case SvmKernel::linear:
        break;
    }
    sum += svm.dual_coefficients()[i] * k;
  }
  return sum;
}

TEST_CASE("explanations are the slope's integral along the way from the mean row") {
  const nad::Matrix train = tests::normal_rows(60, 4, 1);
  nad::Matrix rows = tests::normal_rows(3, 4, 2);
  rows(1, 2) = 9.0F;
  std::vector<double> mean(4);
  for (std::size_t row = 0; row < train.rows(); ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      mean[column] += static_cast<double>(train(row, column)) / 60.0;
    }
  }
  for (const nad::OneClassSVMOptions& options :
       {nad::OneClassSVMOptions{.nu = 0.2}, nad::OneClassSVMOptions{.nu = 0.3, .gamma = 2.0},
        nad::OneClassSVMOptions{.kernel = SvmKernel::linear, .nu = 0.3},
        nad::OneClassSVMOptions{.kernel = SvmKernel::poly, .nu = 0.3, .gamma = 0.2, .coef0 = 1.0, .degree = 4},
        nad::OneClassSVMOptions{.kernel = SvmKernel::sigmoid, .nu = 0.3, .gamma = 0.2, .coef0 = 0.1},
        nad::OneClassSVMOptions{.nu = 0.3, .approximation = KernelApproximation::nystroem, .n_components = 20}}) {
    CAPTURE(static_cast<int>(options.kernel));
    OneClassSVM svm(options);
    svm.fit(train);
    const nad::Matrix reasons = svm.explain(rows);
    CHECK(svm.baseline() == doctest::Approx(svm.rho() - sum_at(svm, mean)).epsilon(1e-3));
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      constexpr int steps = 200;
      std::vector<double> expected(4);
      for (int step = 0; step < steps; ++step) {
        std::vector<double> place(4);
        for (std::size_t column = 0; column < 4; ++column) {
          place[column] = mean[column] + (rows(row, column) - mean[column]) * (step + 0.5) / steps;
        }
        for (std::size_t column = 0; column < 4; ++column) {
          std::vector<double> before = place;
          std::vector<double> behind = place;
          before[column] -= 1e-5;
          behind[column] += 1e-5;
          const double slope = (sum_at(svm, before) - sum_at(svm, behind)) / 2e-5;
          expected[column] += slope * (rows(row, column) - mean[column]) / steps;
        }
      }
      const double size = std::accumulate(expected.begin(), expected.end(), 0.0,
                                          [](double sum, double value) { return sum + std::abs(value); });
      for (std::size_t column = 0; column < 4; ++column) {
        REQUIRE(std::abs(static_cast<double>(reasons(row, column)) - expected[column]) <= 2e-3 * size);
      }
    }
    if (options.kernel == SvmKernel::rbf) {
      const auto of_row = reasons.row(1);
      CHECK(std::max_element(of_row.begin(), of_row.end()) - of_row.begin() == 2);  // the column that was pushed out
    }
  }
}

TEST_CASE("the column that moves a row away is the one that explains it, with approximations too") {
  for (const KernelApproximation approximation :
       {KernelApproximation::none, KernelApproximation::nystroem, KernelApproximation::fourier}) {
    OneClassSVM svm({.nu = 0.1, .approximation = approximation});
    svm.fit(tests::normal_rows(600, 9, 1));
    nad::Matrix rows(9, 9);
    for (std::size_t row = 0; row < 9; ++row) {
      rows(row, row) = 6.0F;
    }
    const nad::Matrix reasons = svm.explain(rows);
    for (std::size_t row = 0; row < 9; ++row) {
      const std::span<const float> of_row = reasons.row(row);
      CHECK(std::max_element(of_row.begin(), of_row.end()) - of_row.begin() == static_cast<std::ptrdiff_t>(row));
    }
  }
}

TEST_CASE("rows far out, where products of squares say little, and rows of many columns") {
  nad::Matrix far = tests::normal_rows(200, 3, 1);
  for (std::size_t row = 100; row < 200; ++row) {
    far(row, 0) += 3000.0F;  // gamma * |x|^2 is 1e6 here: kernel values near 1 are differences of such numbers
  }
  OneClassSVM svm({.nu = 0.5, .gamma = 0.5});
  svm.fit(far);
  for (std::size_t row = 0; row < far.rows(); row += 7) {
    const auto values = far.row(row);
    const double expected = svm.rho() - sum_at(svm, {values.begin(), values.end()});
    CHECK(std::abs(static_cast<double>(svm.anomaly_score(values)) - expected) <= 1e-3);
  }
  const nad::Matrix wide = tests::normal_rows(40, 2500, 2);
  OneClassSVM of_wide({.nu = 0.5});
  of_wide.fit(wide);
  const std::vector<float> scores = of_wide.anomaly_score(wide);
  for (std::size_t row = 0; row < wide.rows(); row += 9) {
    const auto values = wide.row(row);
    CHECK(of_wide.anomaly_score(values) == scores[row]);
    const double expected = of_wide.rho() - sum_at(of_wide, {values.begin(), values.end()});
    CHECK(std::abs(static_cast<double>(scores[row]) - expected) <= 1e-4);
  }
}

TEST_CASE("a row beyond what floats can hold is as anomalous as can be") {
  const nad::Matrix train = tests::normal_rows(50, 2, 1);
  const std::vector<float> row = {1e30F, -1e30F};
  OneClassSVM rbf({.nu = 0.2});
  rbf.fit(train);
  CHECK(rbf.anomaly_score(row) == doctest::Approx(rbf.rho()));
  OneClassSVM poly({.kernel = SvmKernel::poly, .nu = 0.2});
  poly.fit(train);
  CHECK(std::isfinite(poly.anomaly_score(row)));
}

/// How two lists of numbers go together.
double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double sums[5] = {};
  const auto n = static_cast<double>(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i];
    const double y = b[i];
    sums[0] += x / n;
    sums[1] += y / n;
    sums[2] += x * x / n;
    sums[3] += y * y / n;
    sums[4] += x * y / n;
  }
  return (sums[4] - sums[0] * sums[1]) / std::sqrt((sums[2] - sums[0] * sums[0]) * (sums[3] - sums[1] * sums[1]));
}

TEST_CASE("approximations find the boundary that the exact fit finds") {
  const nad::Matrix train = tests::normal_rows(1500, 3, 1);
  const nad::Matrix rows = tests::normal_rows(300, 3, 2);
  for (const double nu : {0.05, 0.5}) {
    OneClassSVM exact({.nu = nu});
    exact.fit(train);
    const std::vector<float> expected = exact.anomaly_score(rows);
    const auto steps = static_cast<float>(nu * 1500.0);  // alphas add up to this, those of approximations to 1
    for (const KernelApproximation approximation : {KernelApproximation::nystroem, KernelApproximation::fourier}) {
      CAPTURE(nu);
      CAPTURE(static_cast<int>(approximation));
      OneClassSVM svm({.nu = nu,
                       .approximation = approximation,
                       .n_components = approximation == KernelApproximation::fourier ? 1000U : 150U});
      svm.fit(train);
      const std::vector<float> scores = svm.anomaly_score(rows);
      CHECK(correlation(scores, expected) > 0.97);
      CHECK(svm.rho() * static_cast<double>(steps) == doctest::Approx(exact.rho()).epsilon(0.1));
      std::size_t outside = 0;
      for (const float score : svm.anomaly_score(train)) {
        outside += score > 0.0F ? 1U : 0U;
      }
      CHECK(static_cast<double>(outside) / 1500.0 == doctest::Approx(nu).epsilon(0.25));
    }
  }
}

TEST_CASE("partial_fit learns what comes later, by its weight") {
  const nad::Matrix first = tests::normal_rows(800, 3, 1);
  nad::Matrix later = tests::normal_rows(800, 3, 2);
  for (std::size_t row = 0; row < later.rows(); ++row) {
    later(row, 0) += 1.5F;  // traffic of another kind
  }
  OneClassSVM svm({.nu = 0.2, .approximation = KernelApproximation::nystroem, .n_components = 60});
  svm.partial_fit(first);
  OneClassSVM fitted({.nu = 0.2, .approximation = KernelApproximation::nystroem, .n_components = 60});
  fitted.fit(first);
  CHECK(nad::save_bytes(svm) == nad::save_bytes(fitted));
  const auto outside = [&](const OneClassSVM& of) {
    const std::vector<float> scores = of.anomaly_score(later);
    return std::count_if(scores.begin(), scores.end(), [](float score) { return score > 0.0F; });
  };
  const auto strange = outside(svm);
  OneClassSVM lightly = svm;
  lightly.partial_fit(later, std::vector<float>(800, 0.01F));
  svm.partial_fit(later);
  CHECK(outside(lightly) > strange * 9 / 10);
  CHECK(outside(svm) < strange * 2 / 3);

  // without a first row that stays, no rows are heavier than others
  OneClassSVM all_weigh_two({.nu = 0.2, .approximation = KernelApproximation::nystroem, .n_components = 60});
  all_weigh_two.fit(first, std::vector<float>(800, 2.0F));
  CHECK(all_weigh_two.rho() == doctest::Approx(fitted.rho()));
  OneClassSVM other_seed(
      {.nu = 0.2, .approximation = KernelApproximation::nystroem, .n_components = 60, .random_state = 9});
  other_seed.fit(first);
  CHECK(other_seed.rho() != fitted.rho());
}

}  // namespace
