#pragma once

// What nearest neighbours keep when they are saved, for any cereal archive.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/archive_matrix.hpp"
#include "nad/detector/nearest_neighbours.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, NearestNeighboursOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("n_neighbors", options.n_neighbors);
  visit("method", options.method);
  visit("max_samples", options.max_samples);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
  visit("random_state", options.random_state);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const NearestNeighbours& neighbours, Show&& show) {
  show("n_samples", neighbours.samples().rows());
}

template <class Archive>
void NearestNeighboursOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void NearestNeighbours::serialize(Archive& archive) {
  const auto walk = [&archive](NearestNeighbours& neighbours) {
    detail::archive_named(archive, "options", neighbours.options_, "threshold", neighbours.threshold_);
    detail::archive_matrix(archive, "the samples", neighbours.samples_);
  };
  if constexpr (Archive::is_loading::value) {
    NearestNeighbours loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted,
                  "this nearest_neighbours has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
