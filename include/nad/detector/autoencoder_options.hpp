#pragma once

/// What an autoencoder is made of and how it learns, see autoencoder.hpp.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "nad/detail/words.hpp"
#include "nad/detector/unique_rows.hpp"
#include "nad/simd/activation.hpp"

namespace nad {

enum class ReconstructionLoss : std::uint8_t {
  squared_error,
  huber,  ///< squared for small errors, straight for those beyond `huber_delta`
};

enum class Solver : std::uint8_t { adam, sgd };

enum class Schedule : std::uint8_t {
  constant,
  step,         ///< times `gamma` after every `step_size` epochs
  exponential,  ///< times `gamma` after each epoch
  cosine,       ///< along half a wave towards 0
};

enum class ResidualScore : std::uint8_t {
  mean,               ///< root of the mean squared error
  variance_weighted,  ///< the same in units of each column's usual error
  whitened,           ///< Mahalanobis norm of the error: unusual directions count, too; slow beyond some 1,000 columns
};

constexpr std::array<std::string_view, 6> words_of(Activation) noexcept {
  return {"linear", "relu", "leaky_relu", "tanh", "sigmoid", "gelu"};
}
constexpr std::array<std::string_view, 2> words_of(ReconstructionLoss) noexcept { return {"squared_error", "huber"}; }
constexpr std::array<std::string_view, 2> words_of(Solver) noexcept { return {"adam", "sgd"}; }
constexpr std::array<std::string_view, 4> words_of(Schedule) noexcept {
  return {"constant", "step", "exponential", "cosine"};
}
constexpr std::array<std::string_view, 3> words_of(ResidualScore) noexcept {
  return {"mean", "variance_weighted", "whitened"};
}

struct AutoencoderOptions {
  std::vector<std::uint64_t> hidden = {64, 16, 64};  ///< units of each layer between input and output
  bool symmetric = false;                            ///< `hidden` ends with the bottleneck, and the way back mirrors it
  Activation activation = Activation::relu;
  Activation output_activation = Activation::linear;  ///< sigmoid where all values lie between 0 and 1
  ReconstructionLoss loss = ReconstructionLoss::squared_error;
  double huber_delta = 1.0;
  Solver solver = Solver::adam;
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::constant;
  std::size_t step_size = 10;
  double gamma = 0.5;
  double momentum = 0.9;      ///< of sgd
  double beta_1 = 0.9;        ///< of adam
  double beta_2 = 0.999;      ///< of adam
  double epsilon = 1e-8;      ///< of adam
  double weight_decay = 0.0;  ///< weights shrink by this share of the learning rate at each step; biases do not
  double dropout = 0.0;       ///< share of hidden units that a training row does without
  double input_noise = 0.0;   ///< standard deviation of what is added to training rows; the target stays clean
  std::size_t epochs = 50;
  std::size_t batch_size = 32;
  double validation_fraction = 0.0;  ///< share of the rows that are not learnt from
  /// Stop after so many epochs without a lower loss, of validation rows if there are any, and go back to the best
  /// weights; nothing: run all epochs.
  std::optional<std::size_t> patience = {};
  double tol = 0.0;  ///< a loss is lower when it is so much lower
  ResidualScore residual = ResidualScore::whitened;
  double residual_floor = 1e-3;  ///< this share of the mean variance is added to that of every column's error
  UniqueRows unique_rows = UniqueRows::off;
  bool warm_start = false;      ///< fit again goes on from the weights that there are
  double contamination = 0.01;  ///< share of training rows above the threshold
  std::uint64_t random_state = 0;

  template <class Archive>
  void serialize(Archive& archive);
};

}  // namespace nad
