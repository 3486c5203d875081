// The exact One-Class SVM beside scikit-learn's figures, the optimality conditions in double precision, and a search
// through all active sets; and what every detector promises.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "model_file_tools.hpp"
#include "nad/detector/one_class_svm.hpp"
#include "nad/persist/model_file.hpp"
#include "samples.hpp"
#include "watched.hpp"

namespace {

using nad::KernelApproximation;
using nad::OneClassSVM;
using nad::SvmKernel;
using Options = nad::OneClassSVMOptions;

/// Rows that any language can make: thousandths of a linear congruence.
nad::Matrix congruent_rows(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  nad::Matrix x(rows, columns);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      seed = (seed * 1103515245 + 12345) % 2147483648U;
      const double u = static_cast<double>((seed >> 8U) % 1000) / 1000.0;
      x(row, column) =
          static_cast<float>(u * static_cast<double>(1 + column % 3)) + (row % 4 == 0 && column % 2 == 0 ? 3.0F : 0.0F);
    }
  }
  return x;
}

double kernel(const float* a, const float* b, std::size_t columns, double gamma) {
  double sum = 0.0;
  for (std::size_t column = 0; column < columns; ++column) {
    const double apart = static_cast<double>(a[column]) - static_cast<double>(b[column]);
    sum += apart * apart;
  }
  return std::exp(-gamma * sum);
}

/// The sum of weighted rbf kernel values.
double sum_at(const OneClassSVM& svm, const float* row) {
  double sum = 0.0;
  for (std::size_t i = 0; i < svm.support_vectors().rows(); ++i) {
    sum += svm.dual_coefficients()[i] * kernel(svm.support_vectors().row(i), row, svm.n_features(), svm.gamma());
  }
  return sum;
}

// OneClassSVM(tol=1e-7, ...).fit(x).decision_function(t) of scikit-learn 1.9.1 with x = congruent_rows(400, 5, 1) and
// t = congruent_rows(6, 5, 99), the last row times 4; nu * 400 is no whole number where the boundary would lie anywhere
// in an interval.
struct Figures {
  const char* name;
  Options options;
  bool weighted;  ///< by 0, 0.75, 1.5, 2.25, 0, ...
  std::size_t support_vectors;
  double rho;
  std::vector<double> decisions;
};

std::vector<Figures> figures() {
  return {
      {"rbf",
       {.nu = 0.1},
       false,
       44,
       12.0583701,
       {1.8544491, 0.9860292, 0.70907929, 1.4144057, 0.19188964, -10.425295}},
      {"rbf, gamma 2",
       {.nu = 0.503, .gamma = 2},
       false,
       241,
       5.02353551,
       {-0.69370006, -0.78047664, -1.0018606, -0.89836687, -2.0103067, -5.0235355}},
      {"rbf, gamma auto",
       {.nu = 0.01, .gamma = nad::KernelGamma::automatic()},
       false,
       21,
       0.762940956,
       {0.21719706, 0.046287128, 0.08882696, 0.14678755, 0.084914595, -0.7291616}},
      {"linear",
       {.kernel = SvmKernel::linear, .nu = 0.2013},
       false,
       83,
       186.376053,
       {513.54103, 9.9065554, -71.708926, 110.72627, 336.03722, 461.00835}},
      {"poly of degree 2",
       {.kernel = SvmKernel::poly, .nu = 0.3013, .gamma = 0.1, .coef0 = 1.0, .degree = 2},
       false,
       122,
       205.731696,
       {288.1644, -7.4873104, -42.632299, 43.447586, 167.32434, 245.73111}},
      {"poly of degree 3",
       {.kernel = SvmKernel::poly, .nu = 0.1},
       false,
       42,
       0.285620028,
       {27.043788, 0.38651186, -0.13964342, 1.7255264, 11.550169, 19.469438}},
      {"sigmoid",
       {.kernel = SvmKernel::sigmoid, .nu = 0.2013, .gamma = 0.02, .coef0 = 0.1},
       false,
       83,
       11.6918079,
       {9.7585873, 0.19532478, -1.4044626, 2.1533563, 6.4589665, 8.7805169}},
      {"sigmoid, gamma scale",
       {.kernel = SvmKernel::sigmoid, .nu = 0.5013},
       false,
       201,
       91.413232,
       {76.640069, -19.39171, -50.185268, 14.278847, 56.286488, 70.899041}},
      {"weights",
       {.nu = 0.2, .gamma = 0.5},
       true,
       64,
       17.5306635,
       {-17.529601, -0.71721117, 0.5731908, 1.1765818, -17.45976, -17.520533}},
  };
}

TEST_CASE("one-class svm: decisions are scikit-learn's, with every kernel") {
  const nad::Matrix train = congruent_rows(400, 5, 1);
  nad::Matrix rows = congruent_rows(6, 5, 99);
  for (float& value : rows.row(5)) {
    value *= 4.0F;
  }
  std::vector<float> weights;
  for (std::size_t row = 0; row < train.rows(); ++row) {
    weights.push_back(0.75F * static_cast<float>(row % 4));
  }
  for (const Figures& expected : figures()) {
    for (const bool shrinking : {true, false}) {
      CAPTURE(expected.name);
      CAPTURE(shrinking);
      Options options = expected.options;
      options.tol = 1e-6;
      options.shrinking = shrinking;
      OneClassSVM svm(options);
      svm.fit(train, expected.weighted ? std::span<const float>(weights) : std::span<const float>());
      CHECK(svm.converged());
      CHECK(svm.support_vectors().rows() == expected.support_vectors);
      CHECK(svm.rho() == doctest::Approx(expected.rho).epsilon(1e-4));
      const std::vector<float> scores = svm.anomaly_score(rows);
      for (std::size_t row = 0; row < scores.size(); ++row) {
        const double off = std::abs(static_cast<double>(scores[row]) + expected.decisions[row]);
        CHECK(off <= 1e-3 * std::abs(expected.decisions[row]));
      }
      CHECK(svm.threshold() == 0.0F);
    }
  }
}

/// Checks the conditions of the optimum, with kernel values in double precision.
void check_optimum(const OneClassSVM& svm, nad::MatrixView x, double tol) {
  double sum = 0.0;
  for (const double alpha : svm.dual_coefficients()) {
    sum += alpha;
    CHECK(alpha > 0.0);
  }
  CHECK(sum == doctest::Approx(svm.options().nu * static_cast<double>(x.rows())));
  for (std::size_t row = 0; row < x.rows(); ++row) {
    double alpha = 0.0;
    double copies = 0.0;
    for (std::size_t i = 0; i < svm.support_vectors().rows(); ++i) {
      if (std::equal(x.row(row), x.row(row) + x.columns(), svm.support_vectors().row(i))) {
        alpha = svm.dual_coefficients()[i];
      }
    }
    for (std::size_t other = 0; alpha > 0.0 && other < x.rows(); ++other) {
      copies += std::equal(x.row(row), x.row(row) + x.columns(), x.row(other)) ? 1.0 : 0.0;
    }
    REQUIRE(alpha <= copies * (1.0 + 1e-9));
    const double beyond = svm.rho() - sum_at(svm, x.row(row));  // above 0: outside
    if (alpha == 0.0) {
      REQUIRE(beyond <= tol);
    } else if (alpha < copies) {
      REQUIRE(std::abs(beyond) <= tol);
    } else {
      REQUIRE(beyond >= -tol);
    }
  }
}

TEST_CASE("one-class svm: the optimality conditions hold, whatever the memory and the threads [threads]") {
  const nad::Matrix train = tests::traffic_rows(700, 6, 4);
  for (const Options& options : {Options{.nu = 0.1, .gamma = 0.05, .tol = 1e-4},
                                 Options{.nu = 0.5, .gamma = 0.5, .tol = 1e-4, .cache_size = 0.01},
                                 Options{.nu = 0.3, .gamma = 3.0, .tol = 1e-4, .cache_size = 1e-9},
                                 Options{.nu = 0.2, .gamma = 3.0, .tol = 1e-4, .shrinking = false, .cache_size = 1e-9},
                                 Options{.nu = 1.0, .gamma = 0.5}, Options{.nu = 0.001, .gamma = 0.5}}) {
    CAPTURE(options.nu);
    OneClassSVM svm(options);
    svm.fit(train, {.n_jobs = 2});
    CHECK(svm.converged());
    check_optimum(svm, train, options.tol + 2e-6 * options.nu * 700.0);
    std::size_t outside = 0;
    for (const float score : svm.anomaly_score(train)) {
      outside += static_cast<double>(score) > options.tol ? 1U : 0U;
    }
    CHECK(static_cast<double>(outside) <= options.nu * 700.0);
  }
}

/// The system's solution, or nothing where it has none.
std::optional<std::vector<double>> solved(std::vector<std::vector<double>> system) {
  const std::size_t size = system.size();
  for (std::size_t k = 0; k < size; ++k) {
    const auto pivot = std::max_element(system.begin() + static_cast<std::ptrdiff_t>(k), system.end(),
                                        [k](const auto& a, const auto& b) { return std::abs(a[k]) < std::abs(b[k]); });
    std::swap(*pivot, system[k]);
    if (std::abs(system[k][k]) < 1e-12) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < size; ++i) {
      const double factor = i == k ? 0.0 : system[i][k] / system[k][k];
      for (std::size_t j = k; j <= size; ++j) {
        system[i][j] -= factor * system[k][j];
      }
    }
  }
  std::vector<double> values;
  for (std::size_t k = 0; k < size; ++k) {
    values.push_back(system[k][size] / system[k][k]);
  }
  return values;
}

/// The least a'Ka / 2 over all ways to put each alpha to 0, to 1, or between.
double least_by_search(const std::vector<std::vector<double>>& k, double sum) {
  const std::size_t size = k.size();
  std::size_t ways = 1;
  for (std::size_t i = 0; i < size; ++i) {
    ways *= 3;
  }
  double best = std::numeric_limits<double>::max();
  for (std::size_t way = 0; way < ways; ++way) {
    std::vector<double> alphas(size);
    std::vector<std::size_t> free;
    double left = sum;
    for (std::size_t i = 0, rest = way; i < size; ++i, rest /= 3) {
      alphas[i] = rest % 3 == 1 ? 1.0 : 0.0;
      left -= alphas[i];
      if (rest % 3 == 2) {
        free.push_back(i);
      }
    }
    if (free.empty() && std::abs(left) > 1e-12) {
      continue;
    }
    std::vector<std::vector<double>> system;  // gradient = rho where free, and the sum
    for (const std::size_t i : free) {
      std::vector<double>& line = system.emplace_back();
      double of_fixed = 0.0;
      for (std::size_t j = 0; j < size; ++j) {
        of_fixed += k[i][j] * alphas[j];
      }
      for (const std::size_t j : free) {
        line.push_back(k[i][j]);
      }
      line.push_back(-1.0);
      line.push_back(-of_fixed);
    }
    if (!free.empty()) {
      std::vector<double>& line = system.emplace_back(free.size(), 1.0);
      line.push_back(0.0);
      line.push_back(left);
      const auto values = solved(std::move(system));
      if (!values || std::any_of(values->begin(), values->end() - 1,
                                 [](double value) { return value < -1e-12 || value > 1.0 + 1e-12; })) {
        continue;
      }
      for (std::size_t i = 0; i < free.size(); ++i) {
        alphas[free[i]] = (*values)[i];
      }
    }
    double objective = 0.0;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        objective += 0.5 * alphas[i] * k[i][j] * alphas[j];
      }
    }
    best = std::min(best, objective);
  }
  return best;
}

TEST_CASE("one-class svm: no choice of alphas is better than the one that is found") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const nad::Matrix x = tests::normal_rows(7, 2, seed);
    const double nu = 0.23 + 0.15 * static_cast<double>(seed);
    OneClassSVM svm({.nu = nu, .gamma = 0.7, .tol = 1e-9});
    svm.fit(x);
    std::vector<std::vector<double>> k(7, std::vector<double>(7));
    for (std::size_t i = 0; i < 7; ++i) {
      for (std::size_t j = 0; j < 7; ++j) {
        k[i][j] = kernel(x.row(i).data(), x.row(j).data(), 2, 0.7);
      }
    }
    double objective = 0.0;
    for (std::size_t i = 0; i < svm.support_vectors().rows(); ++i) {
      objective += 0.5 * svm.dual_coefficients()[i] * sum_at(svm, svm.support_vectors().row(i));
    }
    const double least = least_by_search(k, nu * 7.0);
    CHECK(objective == doctest::Approx(least).epsilon(1e-6));
  }
}

TEST_CASE("one-class svm: equal rows are one row with a larger bound") {
  const nad::Matrix once = tests::normal_rows(80, 3, 1);
  nad::Matrix twice(160, 3);
  for (std::size_t row = 0; row < 160; ++row) {
    std::copy_n(once.row(row % 80).data(), 3, twice.row(row).data());
  }
  const Options options{.nu = 0.2, .tol = 1e-6};
  OneClassSVM of_copies(options);
  of_copies.fit(twice);
  OneClassSVM weighted(options);
  weighted.fit(once, std::vector<float>(80, 2.0F));
  OneClassSVM single({.nu = 0.2, .tol = 1e-6, .unique_rows = nad::UniqueRows::on});
  single.fit(twice);
  CHECK(of_copies.support_vectors().rows() == weighted.support_vectors().rows());
  CHECK(of_copies.rho() == doctest::Approx(weighted.rho()));
  CHECK(single.rho() == doctest::Approx(of_copies.rho() / 2.0).epsilon(1e-5));
}

TEST_CASE("one-class svm: steps and the threshold are bounded as wished") {
  const nad::Matrix train = tests::normal_rows(300, 4, 1);
  OneClassSVM hasty({.nu = 0.3, .gamma = 2, .tol = 1e-8, .max_iter = 3});
  hasty.fit(train);
  CHECK(hasty.iterations() == 3);
  CHECK_FALSE(hasty.converged());
  OneClassSVM svm({.nu = 0.3, .contamination = 0.05});
  svm.fit(train);
  std::size_t above = 0;
  for (const float score : svm.anomaly_score(train)) {
    above += score > svm.threshold() ? 1U : 0U;
  }
  CHECK(above == 15);
  CHECK(svm.threshold() > 0.0F);
  CHECK(tests::code_of([&] { svm.partial_fit(train); }) == nad::ErrorCode::invalid_argument);
}

TEST_CASE("one-class svm: what every detector promises") {
  tests::check_detector_contract(OneClassSVM({.nu = 0.1}), {.rows = 500, .other_kernels = 1e-4});
}

TEST_CASE("one-class svm: what every detector promises, with the sigmoid kernel and a threshold") {
  tests::check_detector_contract(
      OneClassSVM({.kernel = SvmKernel::sigmoid, .nu = 0.2, .gamma = 1e-4, .coef0 = -0.5, .contamination = 0.05}),
      {.rows = 300, .additive = 2e-4, .other_kernels = 1e-4});  // all scores are near each other
}

TEST_CASE("one-class svm: what every detector promises, with kernel values of some rows") {
  tests::check_detector_contract(
      OneClassSVM({.nu = 0.1, .approximation = KernelApproximation::nystroem, .n_components = 30}),
      {.rows = 500, .weights_are_copies = false, .other_kernels = 1e-4});
}

TEST_CASE("one-class svm: what every detector promises, with cosines") {
  tests::check_detector_contract(OneClassSVM({.nu = 0.1,
                                              .gamma = 0.001,
                                              .approximation = KernelApproximation::fourier,
                                              .n_components = 50,
                                              .contamination = 0.02}),
                                 {.rows = 500, .weights_are_copies = false, .other_kernels = 1e-4});
}

TEST_CASE("one-class svm: options that make no sense are refused, and what is loaded is checked") {
  const auto refused = [](const Options& options) {
    return model_file::error_of([&] { OneClassSVM svm(options); }).has_value();
  };
  CHECK(refused({.kernel = static_cast<SvmKernel>(9)}));
  CHECK(refused({.nu = 0.0}));
  CHECK(refused({.nu = 1.1}));
  CHECK(refused({.gamma = 0.0}));
  CHECK(refused({.gamma = std::numeric_limits<double>::quiet_NaN()}));
  CHECK(refused({.coef0 = std::numeric_limits<double>::infinity()}));
  CHECK(refused({.degree = 0}));
  CHECK(refused({.tol = 0.0}));
  CHECK(refused({.max_iter = 0}));
  CHECK(refused({.cache_size = 0.0}));
  CHECK(refused({.kernel = SvmKernel::linear, .approximation = KernelApproximation::fourier}));
  CHECK(refused({.n_components = 0}));
  CHECK(refused({.n_components = 1000000}));
  CHECK(refused({.contamination = 0.7}));
  CHECK(!refused({.nu = 1.0}));

  for (const KernelApproximation approximation : {KernelApproximation::none, KernelApproximation::fourier}) {
    OneClassSVM svm({.nu = 0.1, .approximation = approximation, .n_components = 4});
    svm.fit(tests::traffic_rows(40, 3, 7));
    const model_file::Parts parts = model_file::split(nad::save_bytes(svm));
    for (std::size_t at = 0; at < parts.payload.size(); at += tests::byte_step) {
      for (const unsigned change : {0xffU, 0x80U, 0x01U}) {
        model_file::Parts damaged = parts;
        damaged.payload[at] ^= static_cast<std::byte>(change);
        static_cast<void>(
            model_file::error_of([&] { model_file::use(*nad::load_detector_bytes(model_file::join(damaged))); }));
      }
    }
  }
}

TEST_CASE("one-class svm: values whose kernel overflows are refused") {
  nad::Matrix x = tests::normal_rows(50, 3, 1);
  for (std::size_t row = 0; row < x.rows(); ++row) {
    x(row, 1) *= 1e15F;
  }
  OneClassSVM svm({.kernel = SvmKernel::poly, .gamma = 1.0});
  CHECK(tests::code_of([&] { svm.fit(x); }) == nad::ErrorCode::invalid_data);
  OneClassSVM some({.kernel = SvmKernel::poly, .gamma = 1.0, .approximation = KernelApproximation::nystroem});
  CHECK(tests::code_of([&] { some.fit(x); }) == nad::ErrorCode::invalid_data);
}

}  // namespace
