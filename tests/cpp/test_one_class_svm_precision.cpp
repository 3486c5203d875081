// Where floats are too coarse for a One-Class SVM: rows far from zero whose products cancel, tiny kernel values, a tiny
// gamma; and rows that have no boundary at all. Everything is looked at in double precision.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/detector/one_class_svm.hpp"
#include "nad/simd/active_kernels.hpp"
#include "samples.hpp"

namespace {

using nad::OneClassSVM;
using nad::OneClassSVMOptions;
using nad::SvmKernel;

double kernel_in_doubles(const OneClassSVM& svm, const float* a, const float* b) {
  double product = 0.0;
  double squared = 0.0;
  for (std::size_t column = 0; column < svm.n_features(); ++column) {
    const double x = a[column];
    const double y = b[column];
    product += x * y;
    squared += (x - y) * (x - y);
  }
  switch (svm.options().kernel) {
    case SvmKernel::rbf:
      return std::exp(-svm.gamma() * squared);
    case SvmKernel::poly:
      return std::pow(svm.gamma() * product + svm.options().coef0, static_cast<double>(svm.options().degree));
    case SvmKernel::sigmoid:
      return std::tanh(svm.gamma() * product + svm.options().coef0);
    case SvmKernel::linear:
      break;
  }
  return product;
}

double sum_in_doubles(const OneClassSVM& svm, const float* row) {
  double sum = 0.0;
  for (std::size_t i = 0; i < svm.support_vectors().rows(); ++i) {
    sum += svm.dual_coefficients()[i] * kernel_in_doubles(svm, svm.support_vectors().row(i), row);
  }
  return sum;
}

/// How far the alphas that may grow and those that may shrink are from agreeing; the rows differ, each counts once.
double gap_in_doubles(const OneClassSVM& svm, nad::MatrixView x) {
  double least = std::numeric_limits<double>::max();
  double most = -least;
  std::size_t next = 0;  // support vectors stand in the order of the rows
  for (std::size_t row = 0; row < x.rows(); ++row) {
    const bool supports = next < svm.support_vectors().rows() &&
                          std::memcmp(svm.support_vectors().row(next), x.row(row), x.columns() * sizeof(float)) == 0;
    const double alpha = supports ? svm.dual_coefficients()[next++] : 0.0;
    const double sum = sum_in_doubles(svm, x.row(row));
    least = alpha < 1.0 ? std::min(least, sum) : least;
    most = alpha > 0.0 ? std::max(most, sum) : most;
  }
  REQUIRE(next == svm.support_vectors().rows());
  return most - least;
}

double share_outside(const OneClassSVM& svm, nad::MatrixView x) {
  const std::vector<float> scores = svm.anomaly_score(x);
  const auto outside = std::count_if(scores.begin(), scores.end(), [](float score) { return score > 0.0F; });
  return static_cast<double>(outside) / static_cast<double>(x.rows());
}

/// Two kinds of rows: columns of very different widths around zero, and rows around a place far from it.
nad::Matrix columns_of_all_widths(std::size_t rows, float apart) {
  constexpr float widths[] = {1.0F, 5.0F, 0.1F, 10.0F, 2.0F};
  nad::Matrix x = tests::normal_rows(rows, 5, 11);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < 5; ++column) {
      x(row, column) = row % 2 == 0 ? x(row, column) * widths[column] + apart : x(row, column) + 6.0F + apart;
    }
  }
  return x;
}

TEST_CASE("one-class svm: products of rows far from zero do not drown the optimum in rounding") {
  struct Case {
    const char* name;
    float apart;
    OneClassSVMOptions options;
    bool has_boundary;
    std::size_t most_steps;
  };
  for (const Case& of :
       {Case{"linear", 30.0F, {.kernel = SvmKernel::linear, .nu = 0.5003}, true, 1000},
        Case{"linear, not shrinking",
             30.0F,
             {.kernel = SvmKernel::linear, .nu = 0.1003, .shrinking = false},
             true,
             1000},
        Case{"linear, around the origin", 0.0F, {.kernel = SvmKernel::linear, .nu = 0.3003}, false, 20000},
        Case{"poly", 30.0F, {.kernel = SvmKernel::poly, .nu = 0.1003}, true, 1000},
        Case{"sigmoid", 0.0F, {.kernel = SvmKernel::sigmoid, .nu = 0.1003, .gamma = 1e-3}, true, 1000}}) {
    CAPTURE(of.name);
    const nad::Matrix x = columns_of_all_widths(600, of.apart);
    OneClassSVM svm(of.options);
    svm.fit(x);
    CHECK(svm.iterations() <= of.most_steps);
    CHECK(svm.converged() == of.has_boundary);
    CHECK(gap_in_doubles(svm, x) < 1.01 * svm.options().tol);
    double largest = 0.0;
    for (std::size_t row = 0; row < x.rows(); row += 37) {
      largest = std::max(largest, std::abs(static_cast<double>(svm.anomaly_score(x.row(row)))));
    }
    for (std::size_t row = 0; row < x.rows(); row += 37) {
      const double expected = svm.rho() - sum_in_doubles(svm, x.row(row).data());
      CHECK(std::abs(static_cast<double>(svm.anomaly_score(x.row(row))) - expected) <= 2e-6 * largest + 1e-6);
    }
  }
}

TEST_CASE("one-class svm: tiny kernel values do not end a fit that leaves too many rows outside") {
  for (const std::uint64_t seed : {3U, 4U, 5U, 6U}) {
    nad::Matrix x = tests::normal_rows(500, 4, seed);
    for (std::size_t row = 0; row < x.rows(); ++row) {
      for (float& value : x.row(row)) {
        value = std::exp(2.0F * value);
      }
    }
    for (const double nu : {0.05, 0.1003, 0.5003}) {
      OneClassSVM svm({.kernel = SvmKernel::poly, .nu = nu});
      svm.fit(x);
      CAPTURE(seed);
      CAPTURE(nu);
      CHECK(share_outside(svm, x) <= 1.06 * nu);
      CHECK(share_outside(svm, x) >= nu / 4.0);
    }
  }
}

TEST_CASE("one-class svm: a gamma so small that kernel values are nearly all 1") {
  const nad::Matrix x = tests::normal_rows(400, 5, 5);
  OneClassSVM svm({.nu = 0.3003, .gamma = 1e-8, .tol = 1e-7});
  svm.fit(x);
  CHECK(svm.converged());
  CHECK(gap_in_doubles(svm, x) < 1e-7);
  double largest = 0.0;
  double furthest = 0.0;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    const auto score = static_cast<double>(svm.anomaly_score(x.row(row)));
    largest = std::max(largest, std::abs(score));
    furthest = std::max(furthest, std::abs(svm.rho() - sum_in_doubles(svm, x.row(row).data()) - score));
  }
  CHECK(largest > 1e-6);
  CHECK(furthest < 1e-3 * largest);
}

TEST_CASE("one-class svm: a fit says whether there is a boundary, and when it may give up") {
  const nad::Matrix x = columns_of_all_widths(300, 0.0F);
  OneClassSVM around({.kernel = SvmKernel::poly, .nu = 0.3, .tol = 0.1});
  around.fit(x);
  CHECK_FALSE(around.converged());
  OneClassSVM usual({.nu = 0.3});
  usual.fit(x);
  CHECK(usual.converged());
  OneClassSVM of_equal({.nu = 0.3});
  of_equal.fit(nad::Matrix(20, 2));
  CHECK(of_equal.converged());

  CHECK(OneClassSVMOptions{}.most_steps(300) == 10'000'000);
  CHECK(OneClassSVMOptions{}.most_steps(1'000'000) == 100'000'000);
  CHECK(OneClassSVMOptions{.max_iter = 7}.most_steps(300) == 7);
}

TEST_CASE("products in doubles are right, and have the same bits alone, among others, and from every kernel") {
  using Doubles = std::vector<double, nad::detail::KernelAllocator<double>>;
  constexpr std::size_t wide = nad::simd::wide_panel_columns;
  for (const std::size_t depth : {1U, 5U, 256U, 300U}) {
    for (const std::size_t rows : {1U, 3U, 9U}) {
      constexpr std::size_t columns = 5 * wide;
      const std::size_t stride = depth + 2;
      nad::Random random(depth);
      std::vector<float> a(rows * stride);
      for (float& value : a) {
        value = static_cast<float>(random.normal() + 100.0);
      }
      Doubles panels(columns * depth);
      for (double& value : panels) {
        value = static_cast<double>(static_cast<float>(random.normal() + 100.0));
      }
      std::vector<double> first;
      for (const std::string_view name : nad::simd::supported()) {
        nad::simd::force(name);
        const nad::simd::KernelTable& kernels = nad::simd::active_kernels();
        nad::simd::force("auto");
        std::vector<double> out(rows * (columns + 1), -7.0);
        kernels.wide_product(a.data(), stride, rows, panels.data(), columns, depth, out.data(), columns + 1);
        for (std::size_t row = 0; row < rows; ++row) {
          std::vector<double> alone(columns);
          kernels.wide_product(a.data() + row * stride, 0, 1, panels.data(), columns, depth, alone.data(), 0);
          for (std::size_t column = 0; column < columns; ++column) {
            double expected = 0.0;
            for (std::size_t k = 0; k < depth; ++k) {
              expected += static_cast<double>(a[row * stride + k]) *
                          panels[column / wide * wide * depth + k * wide + column % wide];
            }
            REQUIRE(out[row * (columns + 1) + column] == expected);
            REQUIRE(alone[column] == expected);
          }
          REQUIRE(out[row * (columns + 1) + columns] == -7.0);
        }
        first = first.empty() ? out : first;
        REQUIRE(out == first);
      }
    }
  }
}

}  // namespace
