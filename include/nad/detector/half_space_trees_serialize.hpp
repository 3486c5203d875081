#pragma once

// What half-space trees keep when they are saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detector/half_space_trees.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, HalfSpaceTreesOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("n_estimators", options.n_estimators);
  visit("height", options.height);
  visit("window_size", options.window_size);
  visit("size_limit", options.size_limit);
  visit("density", options.density);
  visit("contamination", options.contamination);
  visit("random_state", options.random_state);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const HalfSpaceTrees& trees, Show&& show) {
  show("rows_seen", trees.rows_seen());
}

template <class Archive>
void HalfSpaceTreesOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void HalfSpaceTrees::serialize(Archive& archive) {
  const auto walk = [&archive](HalfSpaceTrees& trees) {
    detail::archive_named(archive, "options", trees.options_, "threshold", trees.threshold_);
    detail::archive_field(archive, "n_features", trees.n_features_);
    detail::archive_named(archive, "rows_seen", trees.rows_seen_, "next_growth", trees.next_growth_, "columns",
                          trees.columns_, "values", trees.values_);
    detail::archive_named(archive, "reference", trees.reference_, "latest", trees.latest_, "reference_weight",
                          trees.reference_weight_, "latest_weight", trees.latest_weight_);
    detail::archive_named(archive, "waiting", trees.waiting_, "waiting_weights", trees.waiting_weights_,
                          "window_scores", trees.window_scores_);
  };
  if constexpr (Archive::is_loading::value) {
    HalfSpaceTrees loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted,
                  "this half_space_trees has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
