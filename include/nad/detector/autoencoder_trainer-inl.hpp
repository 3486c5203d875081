#pragma once

// How an autoencoder learns: forward, error, backward, one step of the solver for each batch. All memory is there
// before the first batch.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/autoencoder.hpp"
#include "nad/detector/dense_layer-inl.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

/// The rows that an epoch goes through, with what they count: 1 on average.
struct TrainingRows {
  MatrixView x;
  std::span<const float> weights;  ///< or empty
  double mean_weight = 1.0;

  double weight(std::size_t row) const { return weights.empty() ? 1.0 : static_cast<double>(weights[row]); }
};

class AutoencoderTrainer {
 public:
  AutoencoderTrainer(const AutoencoderOptions& options, const NetworkState& state)
      : options_(options),
        kernels_(simd::active_kernels()),
        layers_(packed_layers(state.weights)),
        first_(packed_layers(state.first)),
        second_(packed_layers(state.second)),
        steps_(state.steps),
        rows_(std::min(network_block, options.batch_size)),
        values_(layers_.size() + 1),
        sums_(layers_.size()),
        masks_(layers_.size()),
        deltas_(layers_.size() + 1) {
    const std::size_t inputs = layers_.front().inputs();
    values_[0].resize(rows_ * layer_stride(inputs));
    targets_.resize(options.input_noise > 0.0 ? values_[0].size() : 0);
    for (std::size_t row = 0; row < rows_; ++row) {
      values_[0][row * layer_stride(inputs) + inputs] = 1.0F;
    }
    for (std::size_t step = 0; step < layers_.size(); ++step) {
      const DenseLayer& layer = layers_[step];
      const std::size_t size = rows_ * layer_stride(layer.outputs());
      values_[step + 1].resize(size);
      deltas_[step + 1].resize(size);
      sums_[step].resize(activation(step) == Activation::gelu ? size : 0);
      masks_[step].resize(has_dropout(step) ? size : 0);
      gradients_.emplace_back(layer.panels().size());
      turned_.emplace_back(step == 0 ? 0 : layer.turned_size());
    }
    turn();
  }

  /// Learns from the rows of `order`, batch after batch; returns the mean loss. `report` gets the number of rows that
  /// were learnt from.
  template <class Report>
  double run_epoch(const TrainingRows& from, std::span<const std::size_t> order, double learning_rate, Random random,
                   Report& report) {
    random_ = random;
    double sum = 0.0;
    double weight = 0.0;
    for (std::size_t begin = 0; begin < order.size(); begin += options_.batch_size) {
      const std::size_t count = std::min(options_.batch_size, order.size() - begin);
      prefetch(from, order, begin + count);
      sum += learn(from, order.subspan(begin, count), weight);
      update(learning_rate);
      report(begin + count);
    }
    return sum / weight;
  }

  /// The mean loss of the rows of `order`, without noise and dropout.
  double loss(const TrainingRows& from, std::span<const std::size_t> order) {
    double sum = 0.0;
    double weight = 0.0;
    for (std::size_t begin = 0; begin < order.size(); begin += rows_) {
      const std::span<const std::size_t> rows = order.subspan(begin, std::min(rows_, order.size() - begin));
      load(from, rows, values_[0]);
      forward(rows.size(), false);
      sum += errors(from, rows, values_[0], rows.size(), weight);
    }
    return sum / weight;
  }

  /// The gradients of the mean loss of the rows of `order`, noise and dropout included; for each layer as its weights.
  std::vector<Matrix> gradients(const TrainingRows& from, std::span<const std::size_t> order) {
    double weight = 0.0;
    learn(from, order, weight);
    std::vector<DenseLayer> as_layers = layers_;
    for (std::size_t step = 0; step < layers_.size(); ++step) {
      as_layers[step].panels() = gradients_[step];
    }
    return unpacked_layers(as_layers);
  }

  /// What `state` has to become: the weights of now, or those that were kept.
  void keep() {
    kept_layers_ = layers_;
    kept_first_ = first_;
    kept_second_ = second_;
    kept_steps_ = steps_;
  }
  void go_back() {
    layers_ = kept_layers_;
    first_ = kept_first_;
    second_ = kept_second_;
    steps_ = kept_steps_;
    turn();
  }
  NetworkState state() const {
    return {unpacked_layers(layers_), unpacked_layers(first_), unpacked_layers(second_), steps_};
  }

 private:
  Activation activation(std::size_t step) const noexcept {
    return step + 1 == layers_.size() ? options_.output_activation : options_.activation;
  }
  bool has_dropout(std::size_t step) const noexcept { return options_.dropout > 0.0 && step + 1 < layers_.size(); }
  std::size_t n_columns() const noexcept { return layers_.front().inputs(); }

  /// Rows in random order come from anywhere: they are asked for one batch ahead.
  void prefetch(const TrainingRows& from, std::span<const std::size_t> order, std::size_t begin) const {
    constexpr std::size_t most = 128;
    constexpr std::size_t line = 64 / sizeof(float);
    const std::size_t end = std::min(order.size(), begin + std::min(most, options_.batch_size));
    for (std::size_t i = begin; i < end; ++i) {
      const float* row = from.x.row(order[i]);
      for (std::size_t column = 0; column < n_columns(); column += line) {
        __builtin_prefetch(row + column);
      }
    }
  }

  void load(const TrainingRows& from, std::span<const std::size_t> rows, KernelFloats& to) const {
    const std::size_t stride = layer_stride(n_columns());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(from.x.row(rows[i]), n_columns(), to.data() + i * stride);
    }
  }

  /// Nearly normal: the sum of four uniform numbers, which is the same on every machine.
  void add_noise(std::size_t rows) {
    const std::size_t stride = layer_stride(n_columns());
    const double unit = options_.input_noise * std::sqrt(3.0) / 65536.0;
    for (std::size_t row = 0; row < rows; ++row) {
      float* values = values_[0].data() + row * stride;
      const float* clean = targets_.data() + row * stride;
      for (std::size_t column = 0; column < n_columns(); ++column) {
        const std::uint64_t bits = random_.next();
        const std::uint64_t sum = (bits & 0xffffU) + (bits >> 16U & 0xffffU) + (bits >> 32U & 0xffffU) + (bits >> 48U);
        values[column] = clean[column] + static_cast<float>(unit * (static_cast<double>(sum) + 2.0 - 131072.0));
      }
    }
  }

  void drop(std::size_t step, std::size_t rows) {
    const DenseLayer& layer = layers_[step];
    const std::size_t stride = layer_stride(layer.outputs());
    const auto bound = static_cast<std::uint64_t>(std::llround(options_.dropout * 65536.0));
    const auto kept = static_cast<float>(65536.0 / static_cast<double>(65536 - std::min<std::uint64_t>(bound, 65535)));
    for (std::size_t row = 0; row < rows; ++row) {
      float* values = values_[step + 1].data() + row * stride;
      float* mask = masks_[step].data() + row * stride;
      std::uint64_t bits = 0;
      for (std::size_t column = 0; column < layer.outputs(); ++column) {
        bits = column % 4 == 0 ? random_.next() : bits >> 16U;
        mask[column] = (bits & 0xffffU) < bound ? 0.0F : kept;
        values[column] *= mask[column];
      }
    }
  }

  void forward(std::size_t rows, bool training) {
    for (std::size_t step = 0; step < layers_.size(); ++step) {
      const DenseLayer& layer = layers_[step];
      float* const values = values_[step + 1].data();
      float* const sums = sums_[step].empty() ? values : sums_[step].data();
      layer.sums(kernels_, values_[step].data(), rows, sums);
      kernels_.activate(activation(step), sums, values, layer_stride(layer.outputs()), rows,
                        in_whole_panels(layer.outputs()));
      if (training && has_dropout(step)) {
        drop(step, rows);
      }
      layer.add_ones(values, rows);
    }
  }

  /// Also writes the slopes of the errors, for a mean over `batch` rows.
  double errors(const TrainingRows& from, std::span<const std::size_t> rows, const KernelFloats& targets,
                std::size_t batch, double& weight) {
    const bool squared = options_.loss == ReconstructionLoss::squared_error;
    const float bend = squared ? std::numeric_limits<float>::max() : static_cast<float>(options_.huber_delta);
    const std::size_t stride = layer_stride(n_columns());
    const double slope = (squared ? 2.0 : 1.0) / (static_cast<double>(n_columns()) * static_cast<double>(batch));
    double sum = 0.0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double counts = from.weight(rows[i]) / from.mean_weight;
      const float loss = kernels_.loss(values_.back().data() + i * stride, targets.data() + i * stride, n_columns(),
                                       bend, static_cast<float>(slope * counts), deltas_.back().data() + i * stride);
      sum += counts * static_cast<double>(loss);
      weight += counts;
    }
    return sum / (static_cast<double>(n_columns()) * (squared ? 1.0 : 2.0));
  }

  /// Leaves the gradients of a batch; returns the sum of its losses.
  double learn(const TrainingRows& from, std::span<const std::size_t> batch, double& weight) {
    double sum = 0.0;
    for (std::size_t begin = 0; begin < batch.size(); begin += rows_) {
      const std::span<const std::size_t> rows = batch.subspan(begin, std::min(rows_, batch.size() - begin));
      const bool noisy = !targets_.empty();
      KernelFloats& targets = noisy ? targets_ : values_[0];
      load(from, rows, targets);
      if (noisy) {
        add_noise(rows.size());
      }
      forward(rows.size(), true);
      sum += errors(from, rows, targets, batch.size(), weight);
      backward(rows.size(), begin != 0);
    }
    return sum;
  }

  void backward(std::size_t rows, bool add) {
    for (std::size_t step = layers_.size(); step-- > 0;) {
      const DenseLayer& layer = layers_[step];
      const std::size_t stride = layer_stride(layer.outputs());
      const std::size_t columns = in_whole_panels(layer.outputs());
      float* const deltas = deltas_[step + 1].data();
      if (has_dropout(step)) {
        undo_drop(step, rows);
      }
      kernels_.times_slope(activation(step), sums_[step].data(), values_[step + 1].data(), deltas, stride, rows,
                           columns);
      kernels_.transposed_product(values_[step].data(), layer_stride(layer.inputs()), layer.inputs() + 1, deltas,
                                  stride, columns, rows, gradients_[step].data(), add);
      if (step != 0) {
        kernels_.product(deltas, stride, rows, turned_[step].data(), in_whole_panels(layer.inputs()), layer.outputs(),
                         deltas_[step].data(), layer_stride(layer.inputs()), false);
      }
    }
  }

  /// Deltas through the mask, and values as they were before it where that matters to their slope.
  void undo_drop(std::size_t step, std::size_t rows) {
    const DenseLayer& layer = layers_[step];
    const std::size_t stride = layer_stride(layer.outputs());
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t at = row * stride; at < row * stride + layer.outputs(); ++at) {
        const float mask = masks_[step][at];
        deltas_[step + 1][at] *= mask;
        values_[step + 1][at] = mask > 0.0F ? values_[step + 1][at] / mask : 0.0F;
      }
    }
  }

  void update(double learning_rate) {
    ++steps_;
    const simd::AdamStep step = adam_step(learning_rate);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (options_.weight_decay > 0.0) {
        layers_[i].shrink(static_cast<float>(1.0 - learning_rate * options_.weight_decay));
      }
      KernelFloats& weights = layers_[i].panels();
      float* const first = first_[i].panels().data();
      if (options_.solver == Solver::adam) {
        kernels_.adam(step, gradients_[i].data(), first, second_[i].panels().data(), weights.data(), weights.size());
      } else {
        kernels_.descend(static_cast<float>(options_.momentum), static_cast<float>(learning_rate), gradients_[i].data(),
                         first, weights.data(), weights.size());
      }
    }
    turn();
  }

  simd::AdamStep adam_step(double learning_rate) const {
    const double first = 1.0 - power(options_.beta_1, steps_);
    const double second = 1.0 - power(options_.beta_2, steps_);
    return {static_cast<float>(options_.beta_1), static_cast<float>(options_.beta_2),
            static_cast<float>(learning_rate / first), static_cast<float>(1.0 / std::sqrt(second)),
            static_cast<float>(options_.epsilon)};
  }

  void turn() {
    for (std::size_t step = 1; step < layers_.size(); ++step) {
      layers_[step].turn(kernels_, turned_[step].data());
    }
  }

 public:
  /// By multiplications alone: the same on every machine.
  static double power(double base, std::uint64_t exponent) {
    double result = 1.0;
    for (double square = base; exponent != 0; exponent /= 2) {
      result *= exponent % 2 == 1 ? square : 1.0;
      square *= square;
    }
    return result;
  }

 private:
  const AutoencoderOptions& options_;
  const simd::KernelTable& kernels_;
  std::vector<DenseLayer> layers_;
  std::vector<DenseLayer> first_;
  std::vector<DenseLayer> second_;
  std::uint64_t steps_;
  std::size_t rows_;  ///< that go through the network at once
  Random random_{0};
  // One for each layer of units, the input first; the other lists one for each step between them:
  std::vector<KernelFloats> values_;
  std::vector<KernelFloats> sums_;   ///< before the activation, where its slope needs them
  std::vector<KernelFloats> masks_;  ///< 0 for units that are left out
  std::vector<KernelFloats> deltas_;
  std::vector<KernelFloats> gradients_;
  std::vector<KernelFloats> turned_;  ///< weights for the way back
  KernelFloats targets_;              ///< rows without noise
  std::vector<DenseLayer> kept_layers_;
  std::vector<DenseLayer> kept_first_;
  std::vector<DenseLayer> kept_second_;
  std::uint64_t kept_steps_ = 0;
};

}  // namespace nad::detail
