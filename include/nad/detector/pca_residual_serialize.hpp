#pragma once

// What a PCA residual keeps when it is saved, for any cereal archive.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/archive_matrix.hpp"
#include "nad/detector/options_archive.hpp"
#include "nad/detector/pca_residual.hpp"
#include "nad/detector/split_centre.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, PcaResidualOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("n_components", options.n_components);
  visit("variance", options.variance);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const PcaResidual& pca, Show&& show) {
  show("n_components", pca.components().rows());
}

template <class Archive>
void PcaResidualOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void PcaResidual::serialize(Archive& archive) {
  const auto walk = [&archive](PcaResidual& pca) {
    detail::archive_named(archive, "options", pca.options_, "threshold", pca.threshold_);
    detail::archive_centre(archive, "mean", pca.mean_, pca.mean_rest_);
    detail::archive_matrix(archive, "the directions", pca.components_);
    detail::archive_named(archive, "explained", pca.explained_);
  };
  if constexpr (Archive::is_loading::value) {
    PcaResidual loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    detail::separate_rest(loaded.mean_, loaded.mean_rest_, loaded.components_.columns());
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this pca_residual has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
