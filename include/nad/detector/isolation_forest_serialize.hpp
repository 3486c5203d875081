#pragma once

// What an isolation forest keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored: `visit("n_estimators", options.n_estimators)`.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, IsolationForestOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("n_estimators", options.n_estimators);
  visit("max_samples", options.max_samples);
  visit("max_features", options.max_features);
  visit("max_depth", options.max_depth);
  visit("bootstrap", options.bootstrap);
  visit("contamination", options.contamination);
  visit("random_state", options.random_state);
  visit("warm_start", options.warm_start);
  visit("ndim", options.ndim);
  visit("split", options.split);
  visit("ntry", options.ntry);
  visit("unique_rows", options.unique_rows);
  visit("missing", options.missing);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const IsolationForest& forest, Show&& show) {
  show("n_trees", forest.n_trees());
  show("n_nodes", forest.nodes().size());
  show("samples_per_tree", forest.samples_per_tree());
}

template <class Archive>
void IsolationForestOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void IsolationForest::serialize(Archive& archive) {
  const auto walk = [&archive](IsolationForest& forest) {
    detail::archive_named(archive, "options", forest.options_);
    detail::archive_field(archive, "n_features", forest.n_features_);
    detail::archive_field(archive, "samples_per_tree", forest.samples_per_tree_);
    detail::archive_named(archive, "threshold", forest.threshold_, "fill", forest.fill_, "nodes", forest.nodes_);
  };
  if constexpr (Archive::is_loading::value) {
    IsolationForest loaded;  // an error half way must not leave half a forest behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted,
                  "this isolation_forest has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
