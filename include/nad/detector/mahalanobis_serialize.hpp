#pragma once

// What Mahalanobis keeps when it is saved, for any cereal archive.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detector/mahalanobis.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, MahalanobisOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("shrinkage", options.shrinkage);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const Mahalanobis& mahalanobis, Show&& show) {
  show("shrinkage", mahalanobis.shrinkage());
}

template <class Archive>
void MahalanobisOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void Mahalanobis::serialize(Archive& archive) {
  if constexpr (Archive::is_loading::value) {
    Mahalanobis loaded;  // an error half way must not leave half a model behind
    detail::GaussianShape shape;
    archive(loaded.options_, loaded.threshold_, loaded.shrinkage_, shape);
    loaded.restore(std::move(shape));
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this mahalanobis has not learnt anything yet; call fit() before saving it");
    }
    detail::GaussianShape shape = *shape_;
    detail::archive_named(archive, "options", options_, "threshold", threshold_, "shrinkage", shrinkage_, "shape",
                          shape);
  }
}

}  // namespace nad
