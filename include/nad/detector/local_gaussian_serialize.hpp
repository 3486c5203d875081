#pragma once

// What local Gaussians keep when they are saved, for any cereal archive.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detector/local_gaussian.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, LocalGaussianOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("n_clusters", options.n_clusters);
  visit("prior", options.prior);
  visit("ridge", options.ridge);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
  visit("random_state", options.random_state);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const LocalGaussian& local, Show&& show) {
  show("n_clusters", local.n_clusters());
}

template <class Archive>
void LocalGaussianOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void LocalGaussian::serialize(Archive& archive) {
  std::vector<detail::GaussianShape> shapes;
  if constexpr (Archive::is_loading::value) {
    LocalGaussian loaded;  // an error half way must not leave half a model behind
    archive(loaded.options_, loaded.threshold_, loaded.shares_, shapes);
    loaded.restore(std::move(shapes));
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted,
                  "this local_gaussian has not learnt anything yet; call fit() before saving it");
    }
    for (const auto& shape : shapes_) {
      shapes.push_back(*shape);
    }
    archive(options_, threshold_, shares_, shapes);
  }
}

}  // namespace nad
