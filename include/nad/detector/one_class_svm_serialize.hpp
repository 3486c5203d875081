#pragma once

// What a One-Class SVM keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp>.

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/archive_matrix.hpp"
#include "nad/detector/one_class_svm.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, OneClassSVMOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("kernel", options.kernel);
  visit("nu", options.nu);
  visit("gamma", options.gamma);
  visit("coef0", options.coef0);
  visit("degree", options.degree);
  visit("tol", options.tol);
  visit("max_iter", options.max_iter);
  visit("shrinking", options.shrinking);
  visit("cache_size", options.cache_size);
  visit("approximation", options.approximation);
  visit("n_components", options.n_components);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
  visit("random_state", options.random_state);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const OneClassSVM& svm, Show&& show) {
  show("support_vectors", svm.support_vectors().rows());
  show("gamma", svm.gamma());
  show("rho", svm.rho());
  show("iterations", svm.iterations());
}

template <class Archive>
void OneClassSVMOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void OneClassSVM::serialize(Archive& archive) {
  const auto walk = [&archive](OneClassSVM& svm) {
    detail::archive_named(archive, "options", svm.options_, "threshold", svm.threshold_, "mean", svm.mean_, "gamma",
                          svm.gamma_, "rho", svm.rho_, "baseline", svm.baseline_);
    Matrix vectors;
    if (svm.vectors_ != nullptr) {
      vectors = *svm.vectors_;
    }
    detail::archive_matrix(archive, "the matrix of support vectors", vectors);
    svm.vectors_ = std::make_shared<const Matrix>(std::move(vectors));
    detail::archive_named(archive, "coefficients", svm.coefficients_, "phases", svm.phases_);
    detail::archive_field(archive, "iterations", svm.iterations_);
    detail::archive_field(archive, "converged", svm.converged_);
    detail::archive_named(archive, "rows_seen", svm.rows_seen_);
  };
  if constexpr (Archive::is_loading::value) {
    OneClassSVM loaded;  // an error half way must not leave half a model behind
    walk(loaded);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this one_class_svm has not learnt anything yet; call fit() before saving it");
    }
    OneClassSVM copy(*this);
    walk(copy);
  }
}

}  // namespace nad
