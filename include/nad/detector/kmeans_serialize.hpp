#pragma once

// What K-Means keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/archive_matrix.hpp"
#include "nad/detector/kmeans.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, KMeansOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("n_clusters", options.n_clusters);
  visit("init", options.init);
  visit("n_init", options.n_init);
  visit("max_iter", options.max_iter);
  visit("tol", options.tol);
  visit("batch_size", options.batch_size);
  visit("large_clusters_only", options.large_clusters_only);
  visit("alpha", options.alpha);
  visit("beta", options.beta);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
  visit("random_state", options.random_state);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const KMeans& kmeans, Show&& show) {
  show("n_clusters", kmeans.n_clusters());
  show("inertia", kmeans.inertia());
  show("iterations", kmeans.iterations());
}

template <class Archive>
void KMeansOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void KMeans::serialize(Archive& archive) {
  const auto walk = [&archive](KMeans& kmeans) {
    detail::archive_named(archive, "options", kmeans.options_, "threshold", kmeans.threshold_);
    detail::archive_matrix(archive, "the centres", kmeans.centres_);
    detail::archive_named(archive, "weights", kmeans.weights_, "mean", kmeans.mean_, "variance", kmeans.variance_,
                          "inertia", kmeans.inertia_);
    detail::archive_field(archive, "iterations", kmeans.iterations_);
    detail::archive_named(archive, "curve", kmeans.curve_, "rows_seen", kmeans.rows_seen_);
  };
  if constexpr (Archive::is_loading::value) {
    KMeans loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this kmeans has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
