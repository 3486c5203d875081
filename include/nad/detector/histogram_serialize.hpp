#pragma once

// What a histogram keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detector/histogram.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, HistogramOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("n_bins", options.n_bins);
  visit("bin_rule", options.bin_rule);
  visit("max_bins", options.max_bins);
  visit("bins", options.bins);
  visit("alpha", options.alpha);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const Histogram& histogram, Show&& show) {
  std::size_t bins = 0;
  for (std::size_t column = 0; column < histogram.n_features(); ++column) {
    bins += histogram.weights(column).size();
  }
  show("bins", bins);
}

template <class Archive>
void HistogramOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void Histogram::serialize(Archive& archive) {
  const auto walk = [&archive](Histogram& histogram) {
    detail::archive_named(archive, "options", histogram.options_, "threshold", histogram.threshold_, "bins",
                          histogram.bins_, "edges", histogram.edges_, "weights", histogram.weights_);
  };
  if constexpr (Archive::is_loading::value) {
    Histogram loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this histogram has not learnt anything yet; call fit() before saving it");
    }
    walk(*this);
  }
}

}  // namespace nad
