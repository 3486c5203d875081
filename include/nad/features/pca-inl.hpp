#pragma once

// Principal components of a matrix.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/detail/covariance.hpp"
#include "nad/detail/symmetric_eigen.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/features/refuse_option.hpp"

namespace nad::detail {

/// From the eigenvectors of the covariance. Each component's largest entry is positive, so that its sign means
/// something.
inline MatrixLayer learn_pca(const Pca& step, MatrixView x) {
  const std::size_t width = x.columns();
  refuse_option(!(step.variance > 0.0 && step.variance <= 1.0),
                "pca keeps a share of the variance; give one above 0, at "
                "most 1");
  refuse_option(step.components > width, "pca was asked for " + std::to_string(step.components) + " components of " +
                                             std::to_string(width) + " features");
  MatrixLayer layer;
  layer.mean = column_means(x);
  const SymmetricEigen eigen(covariances_of(x, layer.mean), width);
  if (!eigen.found()) {
    throw Error(ErrorCode::invalid_data, "pca found no components; are there missing or infinite values?");
  }
  const auto variance = [&](std::size_t place) { return std::max(0.0, eigen.value(place)); };
  for (std::size_t place = width; place-- > 0;) {
    layer.total_variance += variance(place);
  }
  std::size_t kept = step.components;
  for (double sum = 0.0;
       step.components == 0 && kept < width && (kept == 0 || sum < step.variance * layer.total_variance);) {
    sum += variance(kept);
    ++kept;
  }
  layer.width = kept;
  for (std::size_t component = 0; component < kept; ++component) {
    const double* direction = eigen.vector(component);
    const double* largest =
        std::max_element(direction, direction + width, [](double a, double b) { return std::abs(a) < std::abs(b); });
    double scale = *largest < 0.0 ? -1.0 : 1.0;
    if (step.whiten && variance(component) > 0.0) {
      scale /= std::sqrt(variance(component));
    }
    for (std::size_t i = 0; i < width; ++i) {
      layer.components.push_back(scale * direction[i]);
    }
    layer.variances.push_back(variance(component));
  }
  return layer;
}

}  // namespace nad::detail
