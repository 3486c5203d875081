#pragma once

// What ECOD keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detector/ecod.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, ECODOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("tail", options.tail);
  visit("max_quantiles", options.max_quantiles);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const ECOD& ecod, Show&& show) {
  show("quantiles", ecod.n_quantiles());
}

template <class Archive>
void ECODOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void ECOD::serialize(Archive& archive) {
  const auto walk = [&archive](ECOD& ecod) {
    detail::archive_named(archive, "options", ecod.options_, "threshold", ecod.threshold_, "counts", ecod.counts_,
                          "values", ecod.values_, "through", ecod.through_, "from", ecod.from_, "skewness",
                          ecod.skewness_, "total", ecod.total_);
  };
  if constexpr (Archive::is_loading::value) {
    ECOD loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this ecod has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
