#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detector/autoencoder.hpp"
#include "nad/detector/autoencoder_trainer-inl.hpp"

// How the network learns, beside one in double precision whose gradients are differences of its loss.

namespace {

using nad::Activation;
using nad::AutoencoderOptions;

double bent(Activation activation, double x) {
  switch (activation) {
    case Activation::relu:
      return std::max(0.0, x);
    case Activation::leaky_relu:
      return x > 0.0 ? x : 0.01 * x;
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case Activation::gelu:
      return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case Activation::linear:
      break;
  }
  return x;
}

/// Layers of (inputs + 1) x outputs numbers, row by row, the last row the biases.
struct PlainNetwork {
  std::vector<std::size_t> sizes;
  std::vector<std::vector<double>> weights;
  Activation activation = Activation::linear;
  Activation output_activation = Activation::linear;
  double huber_delta = 0.0;  ///< 0: squared errors

  double loss(nad::MatrixView x, const std::vector<std::size_t>& rows, const std::vector<float>& row_weights) const {
    double sum = 0.0;
    double weight = 0.0;
    for (const std::size_t row : rows) {
      std::vector<double> values(x.row(row), x.row(row) + x.columns());
      for (std::size_t step = 0; step < weights.size(); ++step) {
        std::vector<double> next(sizes[step + 1]);
        for (std::size_t j = 0; j < next.size(); ++j) {
          double total = weights[step][sizes[step] * next.size() + j];
          for (std::size_t k = 0; k < values.size(); ++k) {
            total += values[k] * weights[step][k * next.size() + j];
          }
          next[j] = bent(step + 1 == weights.size() ? output_activation : activation, total);
        }
        values = next;
      }
      const double counts = row_weights.empty() ? 1.0 : static_cast<double>(row_weights[row]);
      weight += counts;
      for (std::size_t column = 0; column < x.columns(); ++column) {
        const double error = std::abs(values[column] - static_cast<double>(x(row, column)));
        const bool straight = huber_delta > 0.0 && error > huber_delta;
        sum += counts * (straight            ? huber_delta * (error - huber_delta / 2.0)
                         : huber_delta > 0.0 ? error * error / 2.0
                                             : error * error);
      }
    }
    return sum / (weight * static_cast<double>(x.columns()));
  }

  std::vector<std::vector<double>> gradients(nad::MatrixView x, const std::vector<std::size_t>& rows,
                                             const std::vector<float>& row_weights) {
    constexpr double h = 1e-7;  // so short that no unit passes a corner of its activation
    std::vector<std::vector<double>> slopes = weights;
    for (std::size_t step = 0; step < weights.size(); ++step) {
      for (std::size_t i = 0; i < weights[step].size(); ++i) {
        const double before = weights[step][i];
        weights[step][i] = before + h;
        const double above = loss(x, rows, row_weights);
        weights[step][i] = before - h;
        slopes[step][i] = (above - loss(x, rows, row_weights)) / (2.0 * h);
        weights[step][i] = before;
      }
    }
    return slopes;
  }
};

struct Pair {
  nad::detail::NetworkState state;
  PlainNetwork plain;
};

/// The same random weights for both, biases included.
Pair make_pair(const AutoencoderOptions& options, std::size_t columns, std::uint64_t seed) {
  Pair pair;
  pair.plain.sizes = {columns};
  pair.plain.sizes.insert(pair.plain.sizes.end(), options.hidden.begin(), options.hidden.end());
  pair.plain.sizes.push_back(columns);
  pair.plain.activation = options.activation;
  pair.plain.output_activation = options.output_activation;
  pair.plain.huber_delta = options.loss == nad::ReconstructionLoss::huber ? options.huber_delta : 0.0;
  nad::Random random(seed);
  for (std::size_t step = 0; step + 1 < pair.plain.sizes.size(); ++step) {
    nad::Matrix weights(pair.plain.sizes[step] + 1, pair.plain.sizes[step + 1]);
    for (std::size_t i = 0; i < weights.rows() * weights.columns(); ++i) {
      weights.data()[i] = static_cast<float>(1.6 * random.uniform() - 0.8);
    }
    pair.plain.weights.emplace_back(weights.data(), weights.data() + weights.rows() * weights.columns());
    pair.state.first.emplace_back(weights.rows(), weights.columns());
    if (options.solver == nad::Solver::adam) {
      pair.state.second.emplace_back(weights.rows(), weights.columns());
    }
    pair.state.weights.push_back(std::move(weights));
  }
  return pair;
}

nad::Matrix some_rows(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  nad::Random random(seed);
  nad::Matrix x(rows, columns);
  for (std::size_t i = 0; i < rows * columns; ++i) {
    x.data()[i] = static_cast<float>(2.0 * random.uniform() - 1.0);
  }
  return x;
}

std::vector<std::size_t> all_of(nad::MatrixView x) {
  std::vector<std::size_t> rows(x.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

void check_gradients(const AutoencoderOptions& options, std::size_t columns, std::size_t n_rows, bool weighted) {
  const nad::Matrix x = some_rows(n_rows, columns, 21);
  Pair pair = make_pair(options, columns, 22);
  std::vector<float> row_weights;
  double mean_weight = 1.0;
  if (weighted) {
    mean_weight = 0.0;
    for (std::size_t row = 0; row < n_rows; ++row) {
      row_weights.push_back(static_cast<float>(1 + row % 3));
      mean_weight += static_cast<double>(row_weights.back()) / static_cast<double>(n_rows);
    }
  }
  nad::detail::AutoencoderTrainer trainer(options, pair.state);
  const std::vector<std::size_t> rows = all_of(x);
  const nad::detail::TrainingRows from{x, row_weights, mean_weight};
  CHECK(trainer.loss(from, rows) == doctest::Approx(pair.plain.loss(x, rows, row_weights)).epsilon(1e-5));
  const std::vector<nad::Matrix> found = trainer.gradients(from, rows);
  const std::vector<std::vector<double>> expected = pair.plain.gradients(x, rows, row_weights);
  double size = 0.0;
  double worst = 0.0;
  for (std::size_t step = 0; step < found.size(); ++step) {
    REQUIRE(found[step].rows() * found[step].columns() == expected[step].size());
    for (std::size_t i = 0; i < expected[step].size(); ++i) {
      size = std::max(size, std::abs(expected[step][i]));
      worst = std::max(worst, std::abs(static_cast<double>(found[step].data()[i]) - expected[step][i]));
    }
  }
  CHECK(size > 1e-3);
  CHECK(worst <= 2e-5 * std::max(1.0, size));
}

void check_steps(const AutoencoderOptions& options) {
  const nad::Matrix x = some_rows(24, 5, 31);
  Pair pair = make_pair(options, 5, 32);
  nad::detail::AutoencoderTrainer trainer(options, pair.state);
  std::vector<std::vector<double>> first = pair.plain.weights;
  for (std::vector<double>& layer : first) {
    std::fill(layer.begin(), layer.end(), 0.0);
  }
  std::vector<std::vector<double>> second = first;
  std::vector<std::size_t> order = all_of(x);
  std::reverse(order.begin(), order.end());
  const auto ignore = [](std::size_t) {};
  int steps = 0;
  for (int epoch = 0; epoch < 2; ++epoch) {
    trainer.run_epoch({x, {}, 1.0}, order, options.learning_rate, nad::Random(1), ignore);
    for (std::size_t begin = 0; begin < order.size(); begin += options.batch_size) {
      const std::size_t end = std::min(order.size(), begin + options.batch_size);
      const std::vector<std::size_t> batch(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                           order.begin() + static_cast<std::ptrdiff_t>(end));
      const std::vector<std::vector<double>> slopes = pair.plain.gradients(x, batch, {});
      ++steps;
      for (std::size_t step = 0; step < slopes.size(); ++step) {
        std::vector<double>& weights = pair.plain.weights[step];
        const std::size_t biases = pair.plain.sizes[step] * pair.plain.sizes[step + 1];
        for (std::size_t i = 0; i < weights.size(); ++i) {
          const double slope = slopes[step][i];
          if (i < biases) {
            weights[i] -= options.learning_rate * options.weight_decay * weights[i];
          }
          if (options.solver == nad::Solver::sgd) {
            first[step][i] = options.momentum * first[step][i] + slope;
            weights[i] -= options.learning_rate * first[step][i];
            continue;
          }
          first[step][i] = options.beta_1 * first[step][i] + (1.0 - options.beta_1) * slope;
          second[step][i] = options.beta_2 * second[step][i] + (1.0 - options.beta_2) * slope * slope;
          const double mean = first[step][i] / (1.0 - std::pow(options.beta_1, steps));
          const double square = second[step][i] / (1.0 - std::pow(options.beta_2, steps));
          weights[i] -= options.learning_rate * mean / (std::sqrt(square) + options.epsilon);
        }
      }
    }
  }
  const nad::detail::NetworkState learnt = trainer.state();
  CHECK(learnt.steps == static_cast<std::uint64_t>(steps));
  double worst = 0.0;
  double moved = 0.0;
  for (std::size_t step = 0; step < learnt.weights.size(); ++step) {
    for (std::size_t i = 0; i < pair.plain.weights[step].size(); ++i) {
      const auto weight = static_cast<double>(learnt.weights[step].data()[i]);
      worst = std::max(worst, std::abs(weight - pair.plain.weights[step][i]));
      moved = std::max(moved, std::abs(weight - static_cast<double>(pair.state.weights[step].data()[i])));
    }
  }
  CHECK(moved > 0.005);
  CHECK(worst < 2e-4 * moved);
}

}  // namespace

TEST_CASE("gradients are differences of the loss, for every activation, loss and depth") {
  for (const Activation activation : {Activation::linear, Activation::relu, Activation::leaky_relu, Activation::tanh,
                                      Activation::sigmoid, Activation::gelu}) {
    CAPTURE(nad::name(activation));
    for (const auto& hidden : std::vector<std::vector<std::uint64_t>>{{3}, {7, 2, 5}, {17, 16, 4, 20}}) {
      AutoencoderOptions options{.hidden = hidden, .activation = activation};
      check_gradients(options, 6, 5, false);
      options.output_activation = activation;
      options.activation = Activation::tanh;
      options.loss = nad::ReconstructionLoss::huber;
      options.huber_delta = 0.3;
      check_gradients(options, 6, 5, true);
    }
  }
}

TEST_CASE("gradients of batches that are larger than what goes through the network at once") {
  check_gradients({.hidden = {3}, .activation = Activation::tanh, .batch_size = 300}, 4, 200, true);
}

TEST_CASE("the first steps of the solvers are those of a plain network") {
  AutoencoderOptions options{.hidden = {4, 3}, .activation = Activation::tanh, .batch_size = 7};
  SUBCASE("adam") {}
  SUBCASE("adam with weight decay, through gelu") {
    options.weight_decay = 0.1;
    options.learning_rate = 0.01;
    options.activation = Activation::gelu;
  }
  SUBCASE("sgd with momentum and weight decay") {
    options.solver = nad::Solver::sgd;
    options.learning_rate = 0.05;
    options.momentum = 0.8;
    options.weight_decay = 0.05;
  }
  SUBCASE("sgd without momentum") {
    options.solver = nad::Solver::sgd;
    options.learning_rate = 0.2;
    options.momentum = 0.0;
  }
  check_steps(options);
}

TEST_CASE("dropout leaves units out and makes up for them, noise disturbs the input alone") {
  const nad::Matrix x = some_rows(4000, 3, 41);
  const std::vector<std::size_t> rows = all_of(x);
  const nad::detail::TrainingRows from{x, {}, 1.0};
  // one hidden unit of slope 1 that the second layer hands on: what arrives is the input, or 0, or the input and more
  AutoencoderOptions options{.hidden = {3}, .activation = Activation::linear, .batch_size = 4000};
  nad::detail::NetworkState identity;
  for (int step = 0; step < 2; ++step) {
    nad::Matrix& weights = identity.weights.emplace_back(4, 3);
    for (std::size_t k = 0; k < 3; ++k) {
      weights(k, k) = 1.0F;
    }
    identity.first.emplace_back(4, 3);
    identity.second.emplace_back(4, 3);
  }
  const auto ignore = [](std::size_t) {};
  const auto loss = [&] {
    nad::detail::AutoencoderTrainer trainer(options, identity);
    CHECK(trainer.loss(from, rows) == 0.0);  // without noise and dropout nothing is lost
    return trainer.run_epoch(from, rows, 1e-9, nad::Random(3), ignore);
  };
  double mean_square = 0.0;
  for (std::size_t i = 0; i < 4000 * 3; ++i) {
    mean_square += static_cast<double>(x.data()[i]) * static_cast<double>(x.data()[i]) / 12000.0;
  }
  options.input_noise = 0.1;
  CHECK(loss() == doctest::Approx(0.01).epsilon(0.05));
  options.input_noise = 0.0;
  options.dropout = 0.2;  // a fifth is lost, the rest a quarter too large
  CHECK(loss() == doctest::Approx(mean_square * (0.2 + 0.8 / 16.0)).epsilon(0.05));
}

TEST_CASE("gradients with dropout are those of the units that were left") {
  // a batch of one row and a seed: the same units are left out in every call, so differences of the loss show the slope
  const nad::Matrix x = some_rows(1, 4, 51);
  AutoencoderOptions options{.hidden = {6}, .activation = Activation::sigmoid, .dropout = 0.4, .batch_size = 1};
  Pair pair = make_pair(options, 4, 52);
  const nad::detail::TrainingRows from{x, {}, 1.0};
  const std::vector<std::size_t> rows{0};
  const auto ignore = [](std::size_t) {};
  const auto run = [&](const nad::detail::NetworkState& state) {
    nad::detail::AutoencoderTrainer trainer(options, state);
    return trainer.run_epoch(from, rows, 1e-12, nad::Random(4), ignore);
  };
  options.solver = nad::Solver::sgd;
  options.momentum = 0.0;
  pair.state.second.clear();
  nad::detail::AutoencoderTrainer trainer(options, pair.state);
  trainer.run_epoch(from, rows, 1e-12, nad::Random(4), ignore);
  const nad::detail::NetworkState learnt = trainer.state();  // its velocities are the gradients
  double size = 0.0;
  for (std::size_t step = 0; step < 2; ++step) {
    for (std::size_t i = 0; i < learnt.first[step].rows() * learnt.first[step].columns(); ++i) {
      constexpr float h = 5e-3F;
      nad::detail::NetworkState above = pair.state;
      nad::detail::NetworkState below = pair.state;
      above.weights[step].data()[i] += h;
      below.weights[step].data()[i] -= h;
      const double slope = (run(above) - run(below)) / (2.0 * static_cast<double>(h));
      REQUIRE(std::abs(static_cast<double>(learnt.first[step].data()[i]) - slope) <= 2e-4);
      size = std::max(size, std::abs(slope));
    }
  }
  CHECK(size > 0.05);
}
