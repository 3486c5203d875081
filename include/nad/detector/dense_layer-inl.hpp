#pragma once

// One step from layer to layer of a neural network, in the order in which the kernels read its weights.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

using KernelFloats = std::vector<float, KernelAllocator<float>>;

/// Rows that go through a network at once stay in the cache; a multiple of the rows of every kernel's tiles.
inline constexpr std::size_t network_block = 84;

/// Up to whole panels.
constexpr std::size_t in_whole_panels(std::size_t columns) noexcept {
  return (columns + simd::panel_columns - 1) / simd::panel_columns * simd::panel_columns;
}

/// From one row of so many values to the next: behind them stands a one, which the biases are multiplied with. An odd
/// number of panels, because rows that lie a power of two apart would fight for the same cache lines.
constexpr std::size_t layer_stride(std::size_t columns) noexcept {
  return (in_whole_panels(columns + 1) / simd::panel_columns | 1U) * simd::panel_columns;
}

/// Weights as panels of outputs: in each, one place of the depth for every input and a last one for the biases.
class DenseLayer {
 public:
  /// Of (inputs + 1) x outputs weights; what a last panel has too many is zero.
  explicit DenseLayer(const Matrix& weights)
      : inputs_(weights.rows() - 1), outputs_(weights.columns()), panels_((inputs_ + 1) * in_whole_panels(outputs_)) {
    for (std::size_t k = 0; k <= inputs_; ++k) {
      for (std::size_t column = 0; column < outputs_; ++column) {
        panels_[place(k, column)] = weights(k, column);
      }
    }
  }

  std::size_t inputs() const noexcept { return inputs_; }
  std::size_t outputs() const noexcept { return outputs_; }
  KernelFloats& panels() noexcept { return panels_; }
  const KernelFloats& panels() const noexcept { return panels_; }

  Matrix matrix() const {
    Matrix weights(inputs_ + 1, outputs_);
    for (std::size_t k = 0; k <= inputs_; ++k) {
      for (std::size_t column = 0; column < outputs_; ++column) {
        weights(k, column) = panels_[place(k, column)];
      }
    }
    return weights;
  }

  /// The sums of `rows` rows, each behind its values a one; whole panels of them.
  void sums(const simd::KernelTable& kernels, const float* values, std::size_t rows, float* out) const {
    kernels.product(values, layer_stride(inputs_), rows, panels_.data(), in_whole_panels(outputs_), inputs_ + 1, out,
                    layer_stride(outputs_), false);
  }

  /// Puts ones behind the outputs of `rows` rows.
  void add_ones(float* values, std::size_t rows) const {
    const std::size_t stride = layer_stride(outputs_);
    for (std::size_t row = 0; row < rows; ++row) {
      values[row * stride + outputs_] = 1.0F;
    }
  }

  /// The weights, without biases, as panels of inputs; `turned` has room for turned_size() floats, zero at first.
  void turn(const simd::KernelTable& kernels, float* turned) const {
    constexpr std::size_t wide = simd::panel_columns;
    for (std::size_t column = 0; column < outputs_; column += wide) {
      for (std::size_t k = 0; k < inputs_; k += wide) {
        kernels.transpose(panels_.data() + place(k, column), wide, std::min(wide, inputs_ - k),
                          std::min(wide, outputs_ - column), turned + k * outputs_ + column * wide, wide);
      }
    }
  }
  std::size_t turned_size() const noexcept { return in_whole_panels(inputs_) * outputs_; }

  /// Every weight but the biases times `factor`.
  void shrink(float factor) {
    constexpr std::size_t wide = simd::panel_columns;
    for (std::size_t column = 0; column < outputs_; column += wide) {
      float* const panel = panels_.data() + place(0, column);
      for (std::size_t i = 0; i < inputs_ * wide; ++i) {
        panel[i] *= factor;
      }
    }
  }

 private:
  std::size_t place(std::size_t k, std::size_t column) const noexcept {
    constexpr std::size_t wide = simd::panel_columns;
    return column / wide * wide * (inputs_ + 1) + k * wide + column % wide;
  }

  std::size_t inputs_;
  std::size_t outputs_;
  KernelFloats panels_;
};

inline std::vector<DenseLayer> packed_layers(const std::vector<Matrix>& weights) {
  return {weights.begin(), weights.end()};
}

inline std::vector<Matrix> unpacked_layers(const std::vector<DenseLayer>& layers) {
  std::vector<Matrix> weights;
  weights.reserve(layers.size());
  for (const DenseLayer& layer : layers) {
    weights.push_back(layer.matrix());
  }
  return weights;
}

}  // namespace nad::detail
