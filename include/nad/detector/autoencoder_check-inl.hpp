#pragma once

// Which options and which loaded networks make an autoencoder.

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/autoencoder.hpp"
#include "nad/detector/detector-inl.hpp"

namespace nad::detail {

inline void check_network_options(const AutoencoderOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  constexpr std::size_t most_layers = 64;
  constexpr std::uint64_t most_units = 65536;
  if (options.hidden.empty() || options.hidden.size() > most_layers) {
    refuse("hidden names " + std::to_string(options.hidden.size()) +
           " layers; give the units of 1 to 64 of them, {64, 16, 64} or {14}");
  }
  for (const std::uint64_t units : options.hidden) {
    if (units < 1 || units > most_units) {
      refuse("hidden names a layer of " + std::to_string(units) + " units; give 1 to 65536");
    }
  }
  if (!is_known(options.activation) || !is_known(options.output_activation)) {
    refuse("activation is not one that this nad knows");
  }
  if (!is_known(options.loss)) {
    refuse("loss is not one that this nad knows");
  }
  if (!(options.dropout >= 0.0 && options.dropout < 1.0)) {
    refuse("dropout is " + std::to_string(options.dropout) +
           "; give the share of hidden units to leave out, at least 0 and below 1");
  }
  if (!is_known(options.residual)) {
    refuse("residual is not one that this nad knows");
  }
}

inline void check_solver_options(const AutoencoderOptions& options, ErrorCode code) {
  const auto require = [code](bool sound, const char* name, double value, const char* advice) {
    if (!sound) {
      throw Error(code, std::string(name) + " is " + std::to_string(value) + "; give " + advice);
    }
  };
  constexpr double most = std::numeric_limits<float>::max();
  const auto fades = [&](const char* name, double value) {
    require(value >= 0.0 && value < 1.0, name, value, "a number of at least 0 and below 1");
  };
  if (!is_known(options.solver) || !is_known(options.schedule)) {
    throw Error(code, "solver or schedule is not one that this nad knows");
  }
  require(options.huber_delta > 0.0 && options.huber_delta <= most, "huber_delta", options.huber_delta,
          "the error at which the loss becomes straight, above 0");
  require(options.learning_rate > 0.0 && options.learning_rate <= 1e6, "learning_rate", options.learning_rate,
          "a number above 0");
  require(options.step_size >= 1, "step_size", 0.0, "a number of epochs, at least 1");
  require(options.gamma > 0.0 && options.gamma <= 1.0, "gamma", options.gamma, "a factor above 0 and at most 1");
  fades("momentum", options.momentum);
  fades("beta_1", options.beta_1);
  fades("beta_2", options.beta_2);
  require(options.epsilon > 0.0 && options.epsilon <= 1.0, "epsilon", options.epsilon, "a number above 0, at most 1");
  require(options.weight_decay >= 0.0 && options.weight_decay * options.learning_rate < 1.0, "weight_decay",
          options.weight_decay, "a number of at least 0 that is below 1 times the learning rate");
  require(options.input_noise >= 0.0 && options.input_noise <= most, "input_noise", options.input_noise,
          "a standard deviation of at least 0");
}

inline void check_options(const AutoencoderOptions& options, ErrorCode code) {
  check_network_options(options, code);
  check_solver_options(options, code);
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  if (options.batch_size < 1) {
    refuse("batch_size is 0; give the number of rows to learn from at a time");
  }
  if (options.epochs < 1 || options.epochs > 1000000) {
    refuse("epochs is " + std::to_string(options.epochs) + "; give how often to go through the rows, 1 to 1000000");
  }
  if (!(options.validation_fraction >= 0.0 && options.validation_fraction < 1.0)) {
    refuse("validation_fraction is " + std::to_string(options.validation_fraction) +
           "; give the share of rows that are not learnt from, at least 0 and below 1");
  }
  if (options.patience && *options.patience < 1) {
    refuse("patience is 0; give a number of epochs, or nothing to run all of them");
  }
  if (!(options.tol >= 0.0 && options.tol <= std::numeric_limits<double>::max())) {
    refuse("tol is " + std::to_string(options.tol) + "; give a number of at least 0");
  }
  if (!(options.residual_floor > 0.0 && options.residual_floor <= 1.0)) {
    refuse("residual_floor is " + std::to_string(options.residual_floor) + "; give a share above 0 and at most 1");
  }
  if (!is_known(options.unique_rows)) {
    refuse("unique_rows is not one that this nad knows");
  }
  check_contamination(options.contamination, code);
}

/// Units of each layer, input and output included.
inline std::vector<std::size_t> layer_sizes(const AutoencoderOptions& options, std::size_t columns) {
  std::vector<std::size_t> sizes{columns};
  sizes.insert(sizes.end(), options.hidden.begin(), options.hidden.end());
  if (options.symmetric) {
    sizes.insert(sizes.end(), options.hidden.rbegin() + 1, options.hidden.rend());
  }
  sizes.push_back(columns);
  return sizes;
}

/// What of the options stays once something was learnt.
inline bool same_network(const AutoencoderOptions& a, const AutoencoderOptions& b) {
  return layer_sizes(a, 1) == layer_sizes(b, 1) && a.activation == b.activation &&
         a.output_activation == b.output_activation && a.solver == b.solver && a.residual == b.residual &&
         a.residual_floor == b.residual_floor;
}

template <class Numbers>
bool all_are_finite(const Numbers& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](auto number) { return is_finite(number); });
}

inline bool all_are_finite(const Matrix& matrix) {
  return all_are_finite(std::span<const float>(matrix.data(), matrix.rows() * matrix.columns()));
}

inline void check_layers(const std::vector<Matrix>& layers, const std::vector<std::size_t>& sizes) {
  for (std::size_t step = 0; step < layers.size(); ++step) {
    if (layers[step].rows() != sizes[step] + 1 || layers[step].columns() != sizes[step + 1]) {
      throw Error(ErrorCode::bad_file, "the layers do not fit together; the model is damaged");
    }
    if (!all_are_finite(layers[step])) {
      throw Error(ErrorCode::bad_file, "a weight is not finite; the model is damaged");
    }
  }
}

inline void check_residuals(const ResidualMoments& moments, const Matrix& whitening, ResidualScore score,
                            std::size_t columns) {
  const bool any = score != ResidualScore::mean;
  const bool whitened = score == ResidualScore::whitened;
  const std::size_t size = whitened ? columns * (columns + 1) / 2 : columns;
  if (moments.mean.size() != (any ? columns : 0) || moments.covariance.size() != (any ? size : 0) ||
      whitening.rows() != (whitened ? columns : 0) || whitening.columns() != (whitened ? columns : 0)) {
    throw Error(ErrorCode::bad_file, "the usual errors do not fit the layers; the model is damaged");
  }
  if (!all_are_finite(moments.mean) || !all_are_finite(moments.covariance) || !all_are_finite(whitening) ||
      !is_finite(moments.weight) || !(moments.weight > 0.0)) {
    throw Error(ErrorCode::bad_file, "the usual errors are no numbers; the model is damaged");
  }
}

}  // namespace nad::detail
