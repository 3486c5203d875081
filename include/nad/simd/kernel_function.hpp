#pragma once

// The functions that make a kernel value from a product of two rows, see nad::OneClassSVM.

#include <cstdint>

namespace nad::simd {

enum class KernelCurve : std::uint8_t {
  rbf,      ///< exp(-gamma |x - y|^2)
  linear,   ///< x.y
  poly,     ///< (gamma x.y + coef0)^degree
  sigmoid,  ///< tanh(gamma x.y + coef0)
  cosine,   ///< cos(x.y + y's phase)
};

struct KernelFunction {
  KernelCurve curve;
  float gamma;
  float coef0;
  std::uint32_t degree;
};

}  // namespace nad::simd
