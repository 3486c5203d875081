#pragma once

// Kernel values from products of rows, and their weighted sums.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_function.hpp"
#include "nad/simd/kernel_table.hpp"
#include "nad/simd/network-inl.hpp"

namespace nad::simd {

namespace curves {

/// (-1)^n times the cosine of what is left, which lies within a quarter turn. For |x| beyond 2^23 anything in [-1, 1].
template <class Arch>
Floats<Arch> cosine(Floats<Arch> x) noexcept {
  using Vector = Floats<Arch>;
  Vector turns = x * Vector(0.318309886F);
  turns = xsimd::min(xsimd::max(turns, Vector(-8388608.0F)), Vector(8388608.0F));
  const auto n = xsimd::to_int(turns + xsimd::select(turns < Vector(0.0F), Vector(-0.5F), Vector(0.5F)));
  const Vector whole = xsimd::to_float(n);
  Vector rest = multiply_add<Arch>(whole, Vector(-3.140625F), x);  // pi in three pieces
  rest = multiply_add<Arch>(whole, Vector(-9.67502593994140625e-4F), rest);
  rest = multiply_add<Arch>(whole, Vector(-1.509957990978376e-7F), rest);
  rest = xsimd::min(xsimd::max(rest, Vector(-1.5708F)), Vector(1.5708F));
  const Vector squared = rest * rest;
  Vector series(1.0F / 479001600.0F);
  for (const float factorial : {-3628800.0F, 40320.0F, -720.0F, 24.0F, -2.0F, 1.0F}) {
    series = multiply_add<Arch>(series, squared, Vector(1.0F / factorial));
  }
  const Vector odd = xsimd::to_float(n & decltype(n)(1));
  return series - (odd + odd) * series;
}

/// x^degree, by multiplications alone.
template <class Arch>
Floats<Arch> power(Floats<Arch> x, std::uint32_t degree) noexcept {
  Floats<Arch> product(1.0F);
  for (std::uint32_t factor = 0; factor < degree; ++factor) {
    product = product * x;
  }
  return product;
}

/// 2^x for x of at most 0; 2^-126 for what is less. Exact to three units in the last place.
template <class Arch>
Floats<Arch> negative_power_of_two(Floats<Arch> x) noexcept {
  using Vector = Floats<Arch>;
  x = xsimd::max(x, Vector(-126.0F));
  const auto n = xsimd::to_int(x - Vector(0.5F));
  const Vector rest = x - xsimd::to_float(n);  // within a half, where the series is as good as its floats
  Vector series(1.54614478e-4F);
  for (const float coefficient :
       {1.33908668e-3F, 9.61805694e-3F, 5.55035695e-2F, 2.40226507e-1F, 6.93147182e-1F, 1.0F}) {
    series = multiply_add<Arch>(series, rest, Vector(coefficient));
  }
  return xsimd::ldexp(series, n);
}

template <class Arch, KernelCurve curve>
void all_kernel_values(const KernelFunction& of, float length, const float* beside, std::size_t count,
                       float* values) noexcept {
  using Vector = Floats<Arch>;
  const Vector zero(0.0F);
  const Vector own(length);
  const Vector gamma(curve == KernelCurve::rbf ? -1.44269504F * of.gamma : of.gamma);
  const Vector coef0(of.coef0);
  for (std::size_t j = 0; j < count; j += Vector::size) {
    Vector value = Vector::load_unaligned(values + j);
    if constexpr (curve == KernelCurve::rbf) {
      const Vector lengths = own + Vector::load_unaligned(beside + j);  // the same from either row
      const Vector apart = xsimd::max(multiply_add<Arch>(value, Vector(-2.0F), lengths), zero);
      value = negative_power_of_two<Arch>(apart * gamma);
    } else if constexpr (curve == KernelCurve::cosine) {
      value = cosine<Arch>(value + Vector::load_unaligned(beside + j));
    } else {
      value = multiply_add<Arch>(value, gamma, coef0);
      value = curve == KernelCurve::poly ? power<Arch>(value, of.degree) : curves::value<Arch>(Activation::tanh, value);
    }
    value.store_unaligned(values + j);
  }
}

}  // namespace curves

template <class Arch>
void kernel_values(const KernelFunction& function, float length, const float* beside, std::size_t count,
                   float* values) noexcept {
  switch (function.curve) {
    case KernelCurve::rbf:
      return curves::all_kernel_values<Arch, KernelCurve::rbf>(function, length, beside, count, values);
    case KernelCurve::poly:
      return curves::all_kernel_values<Arch, KernelCurve::poly>(function, length, beside, count, values);
    case KernelCurve::sigmoid:
      return curves::all_kernel_values<Arch, KernelCurve::sigmoid>(function, length, beside, count, values);
    case KernelCurve::cosine:
      return curves::all_kernel_values<Arch, KernelCurve::cosine>(function, length, beside, count, values);
    case KernelCurve::linear:
      return;
  }
}

/// In so many lanes whatever the processor's width, and those in a fixed order.
inline constexpr std::size_t sum_lanes = 2 * panel_columns;

template <class Arch>
double weighted_sum(const float* values, const float* weights, std::size_t count) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  constexpr std::size_t width = Vector::size;
  constexpr std::size_t vectors = sum_lanes / width;
  Vector sums[vectors];
  for (Vector& sum : sums) {
    sum = Vector(0.0F);
  }
  std::size_t i = 0;
  for (; i + sum_lanes <= count; i += sum_lanes) {
    for (std::size_t v = 0; v < vectors; ++v) {
      const std::size_t at = i + v * width;
      sums[v] = sums[v] + Vector::load_unaligned(values + at) * Vector::load_unaligned(weights + at);
    }
  }
  for (std::size_t v = 0; i < count; ++v, i += width) {  // one panel is left
    sums[v] = sums[v] + Vector::load_unaligned(values + i) * Vector::load_unaligned(weights + i);
  }
  alignas(64) float stored[sum_lanes];
  for (std::size_t v = 0; v < vectors; ++v) {
    sums[v].store_aligned(stored + v * width);
  }
  double lanes[sum_lanes];
  for (std::size_t lane = 0; lane < sum_lanes; ++lane) {
    lanes[lane] = static_cast<double>(stored[lane]);
  }
  for (std::size_t half = sum_lanes / 2; half != 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      lanes[lane] += lanes[lane + half];
    }
  }
  return lanes[0];
}

}  // namespace nad::simd
