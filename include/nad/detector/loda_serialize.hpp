#pragma once

// What LODA keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detector/loda.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, LODAOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("n_projections", options.n_projections);
  visit("n_bins", options.n_bins);
  visit("bin_rule", options.bin_rule);
  visit("max_bins", options.max_bins);
  visit("alpha", options.alpha);
  visit("standardize", options.standardize);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
  visit("random_state", options.random_state);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const LODA& loda, Show&& show) {
  show("projections", loda.n_projections());
}

template <class Archive>
void LODAOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void LODA::serialize(Archive& archive) {
  const auto walk = [&archive](LODA& loda) {
    detail::archive_named(archive, "options", loda.options_, "threshold", loda.threshold_, "mean", loda.mean_,
                          "columns", loda.columns_, "coefficients", loda.coefficients_);
    detail::archive_named(archive, "bins", loda.bins_, "low", loda.low_, "high", loda.high_, "weights", loda.weights_,
                          "rows_seen", loda.rows_seen_);
  };
  if constexpr (Archive::is_loading::value) {
    LODA loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this loda has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
