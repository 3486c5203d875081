#pragma once

// What boosted trees keep when they are saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp> and <cereal/types/string.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, BoostedTreesOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("max_iter", options.max_iter);
  visit("learning_rate", options.learning_rate);
  visit("max_leaf_nodes", options.max_leaf_nodes);
  visit("max_depth", options.max_depth);
  visit("min_samples_leaf", options.min_samples_leaf);
  visit("l2_regularization", options.l2_regularization);
  visit("max_delta_step", options.max_delta_step);
  visit("max_bins", options.max_bins);
  visit("growth", options.growth);
  visit("categorical_features", options.categorical_features);
  visit("categorical_smoothing", options.categorical_smoothing);
  visit("categorical_penalty", options.categorical_penalty);
  visit("class_weight", options.class_weight);
  visit("class_weights", options.class_weights);
  visit("class_names", options.class_names);
  visit("normal_class", options.normal_class);
  visit("early_stopping", options.early_stopping);
  visit("n_iter_no_change", options.n_iter_no_change);
  visit("validation_fraction", options.validation_fraction);
  visit("tol", options.tol);
  visit("contamination", options.contamination);
  visit("random_state", options.random_state);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const BoostedTrees& trees, Show&& show) {
  show("classes", std::vector<std::int32_t>(trees.classes().begin(), trees.classes().end()));
  show("normal_class", trees.normal_class());
  show("n_iter", trees.n_iter());
  show("n_nodes", trees.nodes().size());
  show("training_loss", trees.training_loss());
}

template <class Archive>
void BoostedTreesOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void BoostedTrees::serialize(Archive& archive) {
  const auto walk = [&archive](BoostedTrees& trees) {
    detail::archive_named(archive, "options", trees.options_, "threshold", trees.threshold_);
    detail::archive_named(archive, "classes", trees.classes_, "start", trees.start_);
    detail::archive_named(archive, "root", trees.nodes_.root, "feature", trees.nodes_.feature, "value",
                          trees.nodes_.value, "right", trees.nodes_.right);
    detail::archive_named(archive, "missing_right", trees.nodes_.missing_right, "set_feature", trees.nodes_.set_feature,
                          "set_words", trees.nodes_.set_words);
    detail::archive_named(archive, "codes", trees.codes_, "gains", trees.gains_, "training_loss", trees.training_loss_,
                          "validation_loss", trees.validation_loss_);
  };
  if constexpr (Archive::is_loading::value) {
    BoostedTrees loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this boosted_trees has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
