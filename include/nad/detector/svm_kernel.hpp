#pragma once

/// Kernel functions of support vector machines.

#include <array>
#include <cstdint>
#include <string_view>

namespace nad {

enum class SvmKernel : std::uint8_t {
  rbf,      ///< exp(-gamma |x - y|^2)
  linear,   ///< x.y
  poly,     ///< (gamma x.y + coef0)^degree
  sigmoid,  ///< tanh(gamma x.y + coef0)
};

constexpr std::array<std::string_view, 4> words_of(SvmKernel) noexcept { return {"rbf", "linear", "poly", "sigmoid"}; }

enum class SvmGamma : std::uint8_t {
  scale,  ///< 1 / (columns * variance of all values)
  automatic,  ///< 1 / columns
  value,  ///< a number
};

constexpr std::array<std::string_view, 3> words_of(SvmGamma) noexcept { return {"scale", "auto", "value"}; }

}  // namespace nad
