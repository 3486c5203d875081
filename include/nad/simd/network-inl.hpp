#pragma once

// What a neural network does with single values: activations and their slopes, errors, steps of the weights.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/activation.hpp"
#include "nad/simd/distance-inl.hpp"
#include "nad/simd/kernel_table.hpp"
#include "nad/simd/multiply_add-inl.hpp"

namespace nad::simd {

namespace curves {

using tiles::Floats;

template <class Arch>
Floats<Arch> multiply_add(Floats<Arch> a, Floats<Arch> b, Floats<Arch> sum) noexcept {
  return tiles::multiply_add<Arch>(a, b, sum, Arch{});
}

/// exp(x) for x between -87 and 88, and that of the nearer end for others: 2^n times a polynomial in what is left,
/// which lies within half of log(2). Exact to two units in the last place.
template <class Arch>
Floats<Arch> exp(Floats<Arch> x) noexcept {
  using Vector = Floats<Arch>;
  x = xsimd::min(xsimd::max(x, Vector(-87.0F)), Vector(88.0F));
  const Vector doublings = x * Vector(1.44269504F);
  // by way of integers: a compiler that may reorder additions could drop the usual detour over a large number
  const auto n = xsimd::to_int(doublings + xsimd::select(doublings < Vector(0.0F), Vector(-0.5F), Vector(0.5F)));
  const Vector whole = xsimd::to_float(n);
  Vector rest = multiply_add<Arch>(whole, Vector(-0.693359375F), x);  // log(2), as a short number and what it lacks
  rest = multiply_add<Arch>(whole, Vector(2.12194440e-4F), rest);
  Vector series(1.0F / 5040.0F);
  for (const float factorial : {720.0F, 120.0F, 24.0F, 6.0F, 2.0F}) {
    series = multiply_add<Arch>(series, rest, Vector(1.0F / factorial));
  }
  const Vector power = multiply_add<Arch>(series, rest * rest, rest) + Vector(1.0F);
  return xsimd::ldexp(power, n);
}

template <class Arch>
Floats<Arch> sigmoid(Floats<Arch> x) noexcept {
  return Floats<Arch>(1.0F) / (Floats<Arch>(1.0F) + exp<Arch>(-x));
}

/// Twice what gelu's sigmoid is taken of, as a factor of x.
template <class Arch>
Floats<Arch> gelu_factor(Floats<Arch> squared) noexcept {
  return multiply_add<Arch>(squared, Floats<Arch>(0.0713548163F), Floats<Arch>(1.59576912F));
}

template <class Arch>
Floats<Arch> value(Activation activation, Floats<Arch> x) noexcept {
  using Vector = Floats<Arch>;
  switch (activation) {
    case Activation::relu:
      return xsimd::max(x, Vector(0.0F));
    case Activation::leaky_relu:
      return xsimd::max(x, x * Vector(0.01F));
    case Activation::tanh:
      return Vector(1.0F) - Vector(2.0F) / (exp<Arch>(x + x) + Vector(1.0F));
    case Activation::sigmoid:
      return sigmoid<Arch>(x);
    case Activation::gelu:
      return x * sigmoid<Arch>(x * gelu_factor<Arch>(x * x));
    case Activation::linear:
      break;
  }
  return x;
}

/// At x, where the value is y.
template <class Arch>
Floats<Arch> slope(Activation activation, Floats<Arch> x, Floats<Arch> y) noexcept {
  using Vector = Floats<Arch>;
  const Vector one(1.0F);
  switch (activation) {
    case Activation::relu:
      return xsimd::select(y > Vector(0.0F), one, Vector(0.0F));
    case Activation::leaky_relu:
      return xsimd::select(y > Vector(0.0F), one, Vector(0.01F));
    case Activation::tanh:
      return (one - y) * (one + y);
    case Activation::sigmoid:
      return y * (one - y);
    case Activation::gelu: {
      const Vector squared = x * x;
      const Vector share = sigmoid<Arch>(x * gelu_factor<Arch>(squared));
      const Vector steep = multiply_add<Arch>(squared, Vector(0.2140644490F), Vector(1.59576912F));
      return multiply_add<Arch>(share * (one - share), x * steep, share);
    }
    case Activation::linear:
      break;
  }
  return one;
}

/// Where the values of a block of rows stand.
struct Block {
  std::size_t stride;
  std::size_t rows;
  std::size_t columns;
};

template <class Arch, Activation activation>
void all_values(const float* sums, float* out, Block block) noexcept {
  using Vector = Floats<Arch>;
  for (std::size_t row = 0; row < block.rows; ++row) {
    const std::size_t begin = row * block.stride;
    for (std::size_t i = begin; i < begin + block.columns; i += Vector::size) {
      value<Arch>(activation, Vector::load_aligned(sums + i)).store_aligned(out + i);
    }
  }
}

template <class Arch, Activation activation>
void all_slopes(const float* sums, const float* values, float* deltas, Block block) noexcept {
  using Vector = Floats<Arch>;
  for (std::size_t row = 0; row < block.rows; ++row) {
    const std::size_t begin = row * block.stride;
    for (std::size_t i = begin; i < begin + block.columns; i += Vector::size) {
      const Vector x = activation == Activation::gelu ? Vector::load_aligned(sums + i) : Vector(0.0F);
      const Vector steep = slope<Arch>(activation, x, Vector::load_aligned(values + i));
      (Vector::load_aligned(deltas + i) * steep).store_aligned(deltas + i);
    }
  }
}

}  // namespace curves

template <class Arch>
void activate(Activation activation, const float* sums, float* out, std::size_t stride, std::size_t rows,
              std::size_t columns) noexcept {
  const curves::Block block{stride, rows, columns};
  switch (activation) {
    case Activation::linear:
      if (sums != out) {
        curves::all_values<Arch, Activation::linear>(sums, out, block);
      }
      return;
    case Activation::relu:
      return curves::all_values<Arch, Activation::relu>(sums, out, block);
    case Activation::leaky_relu:
      return curves::all_values<Arch, Activation::leaky_relu>(sums, out, block);
    case Activation::tanh:
      return curves::all_values<Arch, Activation::tanh>(sums, out, block);
    case Activation::sigmoid:
      return curves::all_values<Arch, Activation::sigmoid>(sums, out, block);
    case Activation::gelu:
      return curves::all_values<Arch, Activation::gelu>(sums, out, block);
  }
}

template <class Arch>
void times_slope(Activation activation, const float* sums, const float* values, float* deltas, std::size_t stride,
                 std::size_t rows, std::size_t columns) noexcept {
  const curves::Block block{stride, rows, columns};
  switch (activation) {
    case Activation::linear:
      return;
    case Activation::relu:
      return curves::all_slopes<Arch, Activation::relu>(sums, values, deltas, block);
    case Activation::leaky_relu:
      return curves::all_slopes<Arch, Activation::leaky_relu>(sums, values, deltas, block);
    case Activation::tanh:
      return curves::all_slopes<Arch, Activation::tanh>(sums, values, deltas, block);
    case Activation::sigmoid:
      return curves::all_slopes<Arch, Activation::sigmoid>(sums, values, deltas, block);
    case Activation::gelu:
      return curves::all_slopes<Arch, Activation::gelu>(sums, values, deltas, block);
  }
}

template <class Arch>
float sum_of_squares(const float* values, std::size_t count) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  constexpr std::size_t width = Vector::size;
  constexpr std::size_t vectors = distance_lanes / width;
  Vector sums[vectors];
  for (Vector& sum : sums) {
    sum = Vector(0.0F);
  }
  std::size_t i = 0;
  for (; i + distance_lanes <= count; i += distance_lanes) {
    for (std::size_t v = 0; v < vectors; ++v) {
      const Vector value = Vector::load_unaligned(values + i + v * width);
      sums[v] = sums[v] + value * value;
    }
  }
  alignas(64) float lanes[distance_lanes];
  for (std::size_t v = 0; v < vectors; ++v) {
    sums[v].store_aligned(lanes + v * width);
  }
  for (std::size_t lane = 0; i < count; ++i, ++lane) {
    lanes[lane] += values[i] * values[i];
  }
  for (std::size_t half = distance_lanes / 2; half != 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      lanes[lane] += lanes[lane + half];
    }
  }
  return lanes[0];
}

/// Summed as squared_distance sums: in sixteen lanes, and those in a fixed order.
template <class Arch>
float loss(const float* output, const float* target, std::size_t count, float bend, float scale,
           float* deltas) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  constexpr std::size_t width = Vector::size;
  constexpr std::size_t vectors = distance_lanes / width;
  Vector sums[vectors];
  for (Vector& sum : sums) {
    sum = Vector(0.0F);
  }
  std::size_t i = 0;
  for (; i + distance_lanes <= count; i += distance_lanes) {
    for (std::size_t v = 0; v < vectors; ++v) {
      const std::size_t at = i + v * width;
      const Vector error = Vector::load_unaligned(output + at) - Vector::load_unaligned(target + at);
      const Vector bent = xsimd::min(xsimd::max(error, Vector(-bend)), Vector(bend));
      sums[v] = sums[v] + bent * (error + (error - bent));
      (Vector(scale) * bent).store_unaligned(deltas + at);
    }
  }
  alignas(64) float lanes[distance_lanes];
  for (std::size_t v = 0; v < vectors; ++v) {
    sums[v].store_aligned(lanes + v * width);
  }
  for (std::size_t lane = 0; i < count; ++i, ++lane) {
    const float error = output[i] - target[i];
    const float bent = error < -bend ? -bend : error > bend ? bend : error;
    lanes[lane] += bent * (error + (error - bent));
    deltas[i] = scale * bent;
  }
  for (std::size_t half = distance_lanes / 2; half != 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      lanes[lane] += lanes[lane + half];
    }
  }
  return lanes[0];
}

template <class Arch>
void scaled_difference(const float* a, const float* b, const float* mean, const float* scale, std::size_t count,
                       float* out) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  std::size_t i = 0;
  for (; i + Vector::size <= count; i += Vector::size) {
    const Vector apart = Vector::load_unaligned(a + i) - Vector::load_unaligned(b + i);
    ((apart - Vector::load_unaligned(mean + i)) * Vector::load_unaligned(scale + i)).store_unaligned(out + i);
  }
  for (; i < count; ++i) {
    out[i] = ((a[i] - b[i]) - mean[i]) * scale[i];
  }
}

template <class Arch>
void adam(const AdamStep& step, const float* gradients, float* first, float* second, float* weights,
          std::size_t count) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  const Vector beta_1(step.beta_1);
  const Vector beta_2(step.beta_2);
  const Vector fresh_1(1.0F - step.beta_1);
  const Vector fresh_2(1.0F - step.beta_2);
  const Vector rate(step.rate);
  const Vector correction(step.correction);
  const Vector epsilon(step.epsilon);
  for (std::size_t i = 0; i < count; i += Vector::size) {
    const Vector gradient = Vector::load_aligned(gradients + i);
    const Vector mean = curves::multiply_add<Arch>(beta_1, Vector::load_aligned(first + i), fresh_1 * gradient);
    const Vector square =
        curves::multiply_add<Arch>(beta_2, Vector::load_aligned(second + i), fresh_2 * (gradient * gradient));
    mean.store_aligned(first + i);
    square.store_aligned(second + i);
    const Vector reach = curves::multiply_add<Arch>(xsimd::sqrt(square), correction, epsilon);
    (Vector::load_aligned(weights + i) - rate * mean / reach).store_aligned(weights + i);
  }
}

template <class Arch>
void descend(float momentum, float rate, const float* gradients, float* velocity, float* weights,
             std::size_t count) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  for (std::size_t i = 0; i < count; i += Vector::size) {
    const Vector speed = curves::multiply_add<Arch>(Vector(momentum), Vector::load_aligned(velocity + i),
                                                    Vector::load_aligned(gradients + i));
    speed.store_aligned(velocity + i);
    (Vector::load_aligned(weights + i) - Vector(rate) * speed).store_aligned(weights + i);
  }
}

}  // namespace nad::simd
