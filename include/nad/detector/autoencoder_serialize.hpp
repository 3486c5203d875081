#pragma once

// What an autoencoder keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/archive_matrix.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/autoencoder.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, AutoencoderOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("hidden", options.hidden);
  visit("symmetric", options.symmetric);
  visit("activation", options.activation);
  visit("output_activation", options.output_activation);
  visit("loss", options.loss);
  visit("huber_delta", options.huber_delta);
  visit("solver", options.solver);
  visit("learning_rate", options.learning_rate);
  visit("schedule", options.schedule);
  visit("step_size", options.step_size);
  visit("gamma", options.gamma);
  visit("momentum", options.momentum);
  visit("beta_1", options.beta_1);
  visit("beta_2", options.beta_2);
  visit("epsilon", options.epsilon);
  visit("weight_decay", options.weight_decay);
  visit("dropout", options.dropout);
  visit("input_noise", options.input_noise);
  visit("epochs", options.epochs);
  visit("batch_size", options.batch_size);
  visit("validation_fraction", options.validation_fraction);
  visit("patience", options.patience);
  visit("tol", options.tol);
  visit("residual", options.residual);
  visit("residual_floor", options.residual_floor);
  visit("unique_rows", options.unique_rows);
  visit("warm_start", options.warm_start);
  visit("contamination", options.contamination);
  visit("random_state", options.random_state);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const Autoencoder& autoencoder, Show&& show) {
  show("epochs", autoencoder.history().size());
  show("best_epoch", autoencoder.best_epoch());
  if (!autoencoder.history().empty()) {
    show("loss", autoencoder.history().back().loss);
  }
}

template <class Archive>
void AutoencoderOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

namespace detail {

/// As three lists of numbers; NaN where there were no validation rows.
template <class Archive>
void archive_history(Archive& archive, std::vector<EpochRecord>& history) {
  std::vector<double> loss;
  std::vector<double> validation_loss;
  std::vector<double> learning_rate;
  for (const EpochRecord& epoch : history) {
    loss.push_back(epoch.loss);
    validation_loss.push_back(epoch.validation_loss.value_or(std::numeric_limits<double>::quiet_NaN()));
    learning_rate.push_back(epoch.learning_rate);
  }
  archive_named(archive, "loss", loss, "validation_loss", validation_loss, "learning_rate", learning_rate);
  if constexpr (Archive::is_loading::value) {
    if (validation_loss.size() != loss.size() || learning_rate.size() != loss.size()) {
      throw Error(ErrorCode::bad_file, "the records of the epochs do not fit together; the model is damaged");
    }
    history.clear();
    for (std::size_t i = 0; i < loss.size(); ++i) {
      EpochRecord& epoch = history.emplace_back();
      epoch.loss = loss[i];
      epoch.learning_rate = learning_rate[i];
      if (!is_nan(validation_loss[i])) {
        epoch.validation_loss = validation_loss[i];
      }
    }
  }
}

/// `count` of them: what the options say, so no number has to be believed.
template <class Archive>
void archive_matrices(Archive& archive, const char* name, const char* one, std::size_t count,
                      std::vector<Matrix>& matrices) {
  if constexpr (NamingArchive<Archive>) {
    archive.field(name, matrices);
  } else {
    matrices.resize(count);
    for (Matrix& matrix : matrices) {
      archive_matrix(archive, one, matrix);
    }
  }
}

/// Throws unless the options are such that an autoencoder can be made of them.
NAD_API void check_loaded_options(const AutoencoderOptions& options);

/// Steps from layer to layer.
inline std::size_t n_steps(const AutoencoderOptions& options) {
  return options.symmetric ? 2 * options.hidden.size() : options.hidden.size() + 1;
}

}  // namespace detail

template <class Archive>
void Autoencoder::serialize(Archive& archive) {
  const auto walk = [&archive](Autoencoder& model) {
    detail::archive_named(archive, "options", model.options_);
    detail::check_loaded_options(model.options_);
    detail::archive_named(archive, "threshold", model.threshold_);
    const std::size_t steps = detail::n_steps(model.options_);
    const bool adam = model.options_.solver == Solver::adam;
    detail::archive_matrices(archive, "weights", "a layer", steps, model.state_.weights);
    detail::archive_matrices(archive, "first", "the memory of a layer", steps, model.state_.first);
    detail::archive_matrices(archive, "second", "the memory of a layer", adam ? steps : 0, model.state_.second);
    detail::archive_named(archive, "steps", model.state_.steps);
    detail::archive_history(archive, model.history_);
    detail::archive_field(archive, "best_epoch", model.best_epoch_);
    detail::archive_named(archive, "residual_weight", model.residuals_.weight, "residual_mean", model.residuals_.mean,
                          "residual_covariance", model.residuals_.covariance, "least_variance", model.least_variance_);
    detail::archive_matrix(archive, "the whitening matrix", model.whitening_);
  };
  if constexpr (Archive::is_loading::value) {
    Autoencoder loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this autoencoder has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
