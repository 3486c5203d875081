#pragma once

/// The curves that a neural network bends its sums with, see nad::Autoencoder.

#include <cstdint>

namespace nad {

enum class Activation : std::uint8_t {
  linear,
  relu,
  leaky_relu,  ///< a hundredth below 0
  tanh,
  sigmoid,
  gelu,  ///< x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3)
};

}  // namespace nad
