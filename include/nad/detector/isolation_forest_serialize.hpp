#pragma once

// What an isolation forest keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detector/isolation_forest.hpp"

namespace nad {

constexpr std::string_view name(Split split) noexcept { return split == Split::best ? "best" : "random"; }

constexpr std::string_view name(UniqueRows unique_rows) noexcept {
  return unique_rows == UniqueRows::log_count ? "log_count" : unique_rows == UniqueRows::on ? "on" : "off";
}

constexpr std::string_view name(Missing missing) noexcept {
  return missing == Missing::impute ? "impute" : missing == Missing::route ? "route" : "reject";
}

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

namespace detail {

inline void check_loaded_amount(const Amount& amount, const char* option) {
  const double value = amount.value();
  const bool sound = amount.is_automatic()  ? value == 0.0
                     : amount.is_fraction() ? value > 0.0 && value <= 1.0
                     : amount.is_count()    ? value >= 1.0 && value <= 0x1p64 && std::floor(value) == value
                                            : false;
  if (!sound) {
    throw Error(ErrorCode::bad_file,
                std::string(option) + " is neither automatic, nor a number, nor a fraction; the model is damaged");
  }
}

}  // namespace detail

template <class Archive>
void IsolationForestOptions::serialize(Archive& archive) {
  for_each_option(*this, [&archive](const char* option, auto& value) {
    detail::archive_field(archive, option, value);
    if constexpr (std::is_same_v<decltype(value), Amount&>) {
      detail::check_loaded_amount(value, option);
    }
  });
}

template <class Archive>
void IsolationForest::serialize(Archive& archive) {
  const auto walk = [&archive](IsolationForest& forest) {
    archive(forest.options_);
    detail::archive_field(archive, "n_features", forest.n_features_);
    detail::archive_field(archive, "samples_per_tree", forest.samples_per_tree_);
    archive(forest.threshold_, forest.fill_, forest.nodes_);
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
