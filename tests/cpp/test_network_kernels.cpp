#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/detector/autoencoder_options.hpp"
#include "nad/simd/active_kernels.hpp"
#include "nad/simd/kernels.hpp"

// The kernels of neural networks, beside the C library in double precision.

namespace {

using nad::Activation;
using Floats = std::vector<float, nad::detail::KernelAllocator<float>>;

constexpr Activation all_activations[] = {Activation::linear, Activation::relu,    Activation::leaky_relu,
                                          Activation::tanh,   Activation::sigmoid, Activation::gelu};

double exact(Activation activation, double x) {
  switch (activation) {
    case Activation::relu:
      return std::max(0.0, x);
    case Activation::leaky_relu:
      return x > 0.0 ? x : 0.01 * x;
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case Activation::gelu:
      return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case Activation::linear:
      break;
  }
  return x;
}

/// By differences; exact enough for a float.
double exact_slope(Activation activation, double x) {
  constexpr double h = 1e-5;
  return (exact(activation, x + h) - exact(activation, x - h)) / (2.0 * h);
}

Floats some_floats(std::size_t count, double scale, std::uint64_t seed) {
  nad::Random random(seed);
  Floats values(count);
  for (float& value : values) {
    value = static_cast<float>((2.0 * random.uniform() - 1.0) * scale);
  }
  return values;
}

bool fuses(std::string_view kernel) { return kernel != "baseline"; }

/// Calls `check` with every kernel, and sees that those that fuse leave the same bits in what it returns.
template <class Check>
void with_every_kernel(const Check& check) {
  Floats of_fused;
  for (const std::string_view kernel : nad::simd::supported()) {
    CAPTURE(kernel);
    nad::simd::force(kernel);
    const Floats result = check(nad::simd::active_kernels());
    nad::simd::force("auto");
    if (!fuses(kernel)) {
      continue;
    }
    CHECK((of_fused.empty() || (of_fused.size() == result.size() &&
                                std::memcmp(of_fused.data(), result.data(), result.size() * sizeof(float)) == 0)));
    of_fused = result;
  }
}

}  // namespace

TEST_CASE("activations and their slopes are those of the C library, for every kernel") {
  constexpr std::size_t columns = 48;
  constexpr std::size_t stride = 80;
  constexpr std::size_t rows = 40;
  for (const Activation activation : all_activations) {
    CAPTURE(nad::words_of(activation)[static_cast<std::size_t>(activation)]);
    with_every_kernel([&](const nad::simd::KernelTable& kernels) {
      Floats sums = some_floats(rows * stride, 12.0, 3);
      sums[0] = 0.0F;
      sums[1] = 1e30F;
      sums[2] = -1e30F;
      sums[3] = 200.0F;
      sums[4] = -200.0F;
      Floats values(rows * stride, 7.0F);
      Floats deltas(rows * stride, 3.0F);
      kernels.activate(activation, sums.data(), values.data(), stride, rows, columns);
      kernels.times_slope(activation, sums.data(), values.data(), deltas.data(), stride, rows, columns);
      for (std::size_t i = 0; i < rows * stride; ++i) {
        const auto x = static_cast<double>(sums[i]);
        CAPTURE(x);
        if (i % stride >= columns) {
          REQUIRE((values[i] == 7.0F && deltas[i] == 3.0F));  // what stands beside the columns stays
          continue;
        }
        const double room = activation == Activation::gelu ? 3e-7 * std::max(1.0, std::abs(x)) : 2e-7;
        if (activation != Activation::linear && activation != Activation::relu && std::abs(x) < 1e10) {
          REQUIRE(std::abs(static_cast<double>(values[i]) - exact(activation, x)) <= room);
        } else if (activation == Activation::relu) {
          REQUIRE(values[i] == std::max(0.0F, sums[i]));
        }
        if (std::abs(x) < 1e10 && std::abs(x) > 1e-4) {
          REQUIRE(std::abs(static_cast<double>(deltas[i]) - 3.0 * exact_slope(activation, x)) <= 1e-5);
        }
      }
      Floats in_place = sums;
      kernels.activate(activation, in_place.data(), in_place.data(), stride, rows, columns);
      for (std::size_t i = 0; i < rows * stride; ++i) {
        REQUIRE((i % stride >= columns || in_place[i] == values[i]));
      }
      values.insert(values.end(), deltas.begin(), deltas.end());
      return values;
    });
  }
}

TEST_CASE("products with a transposed matrix are right for all shapes and kernels, and can be added up") {
  for (const std::size_t a_columns : {1U, 2U, 7U, 14U, 17U, 31U}) {
    for (const std::size_t b_columns : {16U, 32U, 80U}) {
      for (const std::size_t rows : {1U, 5U, 33U}) {
        with_every_kernel([&](const nad::simd::KernelTable& kernels) {
          const std::size_t a_stride = a_columns + 3;
          const std::size_t b_stride = b_columns + 16;
          const Floats a = some_floats(rows * a_stride, 1.0, 5);
          const Floats b = some_floats(rows * b_stride, 1.0, 6);
          Floats panels(a_columns * b_columns, 9.0F);
          kernels.transposed_product(a.data(), a_stride, a_columns, b.data(), b_stride, b_columns, rows, panels.data(),
                                     false);
          kernels.transposed_product(a.data(), a_stride, a_columns, b.data(), b_stride, b_columns, rows, panels.data(),
                                     true);
          for (std::size_t k = 0; k < a_columns; ++k) {
            for (std::size_t j = 0; j < b_columns; ++j) {
              double sum = 0.0;
              for (std::size_t row = 0; row < rows; ++row) {
                sum += 2.0 * static_cast<double>(a[row * a_stride + k]) * static_cast<double>(b[row * b_stride + j]);
              }
              const float found = panels[j / 16 * 16 * a_columns + k * 16 + j % 16];
              REQUIRE(std::abs(static_cast<double>(found) - sum) <= 1e-5);
            }
          }
          return panels;
        });
      }
    }
  }
}

TEST_CASE("errors, their slopes and sums of squares, for every kernel") {
  for (const std::size_t count : {1U, 15U, 16U, 118U}) {
    with_every_kernel([&](const nad::simd::KernelTable& kernels) {
      const Floats output = some_floats(count, 2.0, 7);
      const Floats target = some_floats(count, 2.0, 8);
      Floats results;
      for (const float bend : {0.7F, std::numeric_limits<float>::max()}) {
        Floats deltas(count + 1, 5.0F);
        const float loss = kernels.loss(output.data(), target.data(), count, bend, 0.5F, deltas.data());
        double sum = 0.0;
        for (std::size_t i = 0; i < count; ++i) {
          const double error = static_cast<double>(output[i]) - static_cast<double>(target[i]);
          const double limit = std::min(static_cast<double>(bend), 10.0);
          const double reach = std::abs(error);
          sum += reach <= limit ? error * error : limit * (2.0 * reach - limit);
          REQUIRE(std::abs(static_cast<double>(deltas[i]) - 0.5 * std::clamp(error, -limit, limit)) <= 1e-6);
        }
        CHECK(deltas[count] == 5.0F);
        CHECK(std::abs(static_cast<double>(loss) - sum) <= 1e-5 * (sum + 1.0));
        results.push_back(loss);
      }
      double squares = 0.0;
      for (const float value : output) {
        squares += static_cast<double>(value) * static_cast<double>(value);
      }
      results.push_back(kernels.sum_of_squares(output.data(), count));
      CHECK(std::abs(static_cast<double>(results.back()) - squares) <= 1e-5 * (squares + 1.0));

      const Floats mean = some_floats(count, 1.0, 9);
      const Floats scale = some_floats(count, 1.0, 10);
      Floats apart(count);
      kernels.scaled_difference(output.data(), target.data(), mean.data(), scale.data(), count, apart.data());
      for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(apart[i] == ((output[i] - target[i]) - mean[i]) * scale[i]);
      }
      return results;
    });
  }
}

TEST_CASE("steps of the solvers, for every kernel") {
  constexpr std::size_t count = 48;
  with_every_kernel([&](const nad::simd::KernelTable& kernels) {
    const Floats gradients = some_floats(count, 1.0, 11);
    const Floats start = some_floats(count, 1.0, 12);
    Floats first = some_floats(count, 0.5, 13);
    Floats second(count, 0.25F);
    Floats weights = start;
    const Floats first_before = first;
    kernels.adam({0.9F, 0.99F, 0.1F, 1.5F, 1e-3F}, gradients.data(), first.data(), second.data(), weights.data(),
                 count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto gradient = static_cast<double>(gradients[i]);
      const double mean = 0.9 * static_cast<double>(first_before[i]) + 0.1 * gradient;
      const double square = 0.99 * 0.25 + 0.01 * gradient * gradient;
      REQUIRE(std::abs(static_cast<double>(first[i]) - mean) <= 1e-6);
      REQUIRE(std::abs(static_cast<double>(second[i]) - square) <= 1e-6);
      const double expected = static_cast<double>(start[i]) - 0.1 * mean / (1.5 * std::sqrt(square) + 1e-3);
      REQUIRE(std::abs(static_cast<double>(weights[i]) - expected) <= 1e-6);
    }
    Floats velocity = first_before;
    Floats moved = start;
    kernels.descend(0.8F, 0.3F, gradients.data(), velocity.data(), moved.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      const double speed = 0.8 * static_cast<double>(first_before[i]) + static_cast<double>(gradients[i]);
      REQUIRE(std::abs(static_cast<double>(velocity[i]) - speed) <= 1e-6);
      REQUIRE(std::abs(static_cast<double>(moved[i]) - (static_cast<double>(start[i]) - 0.3 * speed)) <= 1e-6);
    }
    weights.insert(weights.end(), moved.begin(), moved.end());
    return weights;
  });
}
