#pragma once

// Kernel functions of support vector machines, from products of rows.

#include <cstddef>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"
#include "nad/simd/network-inl.hpp"

namespace nad::simd {

/// out[j] = exp(-gamma * |x - y_j|^2) from x.y_j; they may be one array.
template <class Arch>
void rbf(float gamma, float length, const float* products, const float* lengths, std::size_t count,
         float* out) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  const Vector own(length);
  const Vector scale(-gamma);
  const Vector zero(0.0F);
  for (std::size_t j = 0; j < count; j += Vector::size) {
    const Vector product = Vector::load_unaligned(products + j);
    const Vector apart = (own - (product + product)) + Vector::load_unaligned(lengths + j);
    curves::exp<Arch>(xsimd::select(apart > zero, apart, zero) * scale).store_unaligned(out + j);
  }
}

}  // namespace nad::simd
