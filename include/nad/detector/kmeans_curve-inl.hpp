#pragma once

// The elbow of an inertia curve, and silhouettes.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detector/centre_distances-inl.hpp"
#include "nad/detector/cluster_curve.hpp"

namespace nad::detail {

/// Where a falling curve bends: the point that lies furthest below the line from its first to its last point (kneedle,
/// Satopaa et al. 2011). The first where the curve is flat.
inline std::size_t find_elbow(const std::vector<ClusterCurvePoint>& points) {
  if (points.empty()) {
    return 0;
  }
  const ClusterCurvePoint& first = points.front();
  const ClusterCurvePoint& last = points.back();
  const double width = static_cast<double>(last.n_clusters) - static_cast<double>(first.n_clusters);
  const double height = first.inertia - last.inertia;
  std::size_t elbow = first.n_clusters;
  double furthest = 0.0;
  for (const ClusterCurvePoint& point : points) {
    if (!(height > 0.0)) {
      break;
    }
    const double along = (static_cast<double>(point.n_clusters) - static_cast<double>(first.n_clusters)) / width;
    const double above = (point.inertia - last.inertia) / height;
    if (1.0 - along - above > furthest) {
      furthest = 1.0 - along - above;
      elbow = point.n_clusters;
    }
  }
  return elbow;
}

/// The mean silhouette (Rousseeuw 1987) of all rows given: for each the mean distance b from the rows of the next
/// cluster against a from those of its own, (b - a) / max(a, b), and 0 for a row alone in its cluster.
inline double silhouette(MatrixView x, std::span<const std::uint32_t> labels, std::size_t n_clusters) {
  std::vector<double> sizes(n_clusters);
  for (const std::uint32_t label : labels) {
    sizes[label] += 1.0;
  }
  const auto squared_distance = simd::active_kernels().squared_distance;
  double sum = 0.0;
  std::vector<double> apart(n_clusters);
  for (std::size_t row = 0; row < x.rows(); ++row) {
    std::fill(apart.begin(), apart.end(), 0.0);
    for (std::size_t other = 0; other < x.rows(); ++other) {
      apart[labels[other]] += std::sqrt(static_cast<double>(squared_distance(x.row(row), x.row(other), x.columns())));
    }
    const std::uint32_t own = labels[row];
    if (sizes[own] < 2.0) {
      continue;
    }
    const double inside = apart[own] / (sizes[own] - 1.0);
    double outside = std::numeric_limits<double>::max();
    for (std::size_t cluster = 0; cluster < n_clusters; ++cluster) {
      if (cluster != own && sizes[cluster] > 0.0) {
        outside = std::min(outside, apart[cluster] / sizes[cluster]);
      }
    }
    const double larger = std::max(inside, outside);
    if (larger > 0.0 && outside < std::numeric_limits<double>::max()) {
      sum += (outside - inside) / larger;
    }
  }
  return x.rows() == 0 ? 0.0 : sum / static_cast<double>(x.rows());
}

}  // namespace nad::detail
