#pragma once

// Principal components of a matrix.

#include <algorithm>
#include <cmath>
#include <string>

#include <Eigen/Eigenvalues>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/features/feature_plan.hpp"

namespace nad::detail {

/// From the eigenvectors of the covariance. Each component's largest entry is positive, so that its sign means
/// something.
inline MatrixLayer learn_pca(const Pca& step, MatrixView x) {
  const auto width = static_cast<Eigen::Index>(x.columns());
  refuse_option(!(step.variance > 0.0 && step.variance <= 1.0),
                "pca keeps a share of the variance; give one above 0, at "
                "most 1");
  refuse_option(step.components > x.columns(), "pca was asked for " + std::to_string(step.components) +
                                                   " components of " + std::to_string(x.columns()) + " features");
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(width);
  for (std::size_t row = 0; row < x.rows(); ++row) {
    mean += Eigen::Map<const Eigen::VectorXf>(x.row(row), width).cast<double>();
  }
  mean /= static_cast<double>(x.rows());
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(width, width);
  constexpr std::size_t block = 1024;
  Eigen::MatrixXd part(width, static_cast<Eigen::Index>(block));
  for (std::size_t first = 0; first < x.rows(); first += block) {
    const std::size_t count = std::min(block, x.rows() - first);
    for (std::size_t row = 0; row < count; ++row) {
      part.col(static_cast<Eigen::Index>(row)) =
          Eigen::Map<const Eigen::VectorXf>(x.row(first + row), width).cast<double>() - mean;
    }
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(part.leftCols(static_cast<Eigen::Index>(count)));
  }
  covariance /= static_cast<double>(std::max<std::size_t>(1, x.rows() - 1));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  if (solver.info() != Eigen::Success) {
    throw Error(ErrorCode::invalid_data, "pca found no components; are there missing or infinite values?");
  }

  const Eigen::VectorXd variances = solver.eigenvalues().cwiseMax(0.0);  // rising
  const double total = variances.sum();
  std::size_t kept = step.components;
  for (double sum = 0.0; step.components == 0 && kept < x.columns() && (kept == 0 || sum < step.variance * total);) {
    ++kept;
    sum += variances(width - static_cast<Eigen::Index>(kept));
  }
  MatrixLayer layer;
  layer.width = kept;
  layer.mean.assign(mean.data(), mean.data() + width);
  for (std::size_t component = 0; component < kept; ++component) {
    const Eigen::Index place = width - 1 - static_cast<Eigen::Index>(component);
    Eigen::VectorXd direction = solver.eigenvectors().col(place);
    Eigen::Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction(largest) < 0.0) {
      direction = -direction;
    }
    if (step.whiten && variances(place) > 0.0) {
      direction /= std::sqrt(variances(place));
    }
    layer.components.insert(layer.components.end(), direction.data(), direction.data() + width);
    layer.variances.push_back(variances(place));
  }
  layer.total_variance = total;
  return layer;
}

}  // namespace nad::detail
