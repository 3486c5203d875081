#pragma once

// a * b + sum, rounded once where the processor can: every kernel that fuses gives the same bits.

#include <xsimd/xsimd.hpp>

namespace nad::simd::tiles {

template <class Arch>
using Floats = xsimd::batch<float, Arch>;

template <class Arch>
Floats<Arch> multiply_add(Floats<Arch> a, Floats<Arch> b, Floats<Arch> sum, xsimd::generic) noexcept {
  return a * b + sum;
}

// xsimd fuses only for architectures of its own that are named after FMA

#if XSIMD_WITH_AVX && defined(__FMA__)
template <class Arch>
Floats<Arch> multiply_add(Floats<Arch> a, Floats<Arch> b, Floats<Arch> sum, xsimd::avx) noexcept {
  return _mm256_fmadd_ps(a, b, sum);
}
#endif

#if XSIMD_WITH_AVX512F
template <class Arch>
Floats<Arch> multiply_add(Floats<Arch> a, Floats<Arch> b, Floats<Arch> sum, xsimd::avx512f) noexcept {
  return _mm512_fmadd_ps(a, b, sum);
}
#endif

#if XSIMD_WITH_NEON64
template <class Arch>
Floats<Arch> multiply_add(Floats<Arch> a, Floats<Arch> b, Floats<Arch> sum, xsimd::neon64) noexcept {
  return vfmaq_f32(sum, a, b);
}
#endif

}  // namespace nad::simd::tiles
