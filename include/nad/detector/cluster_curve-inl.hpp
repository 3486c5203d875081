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

/// How far a point of a falling curve lies below the line from its first to its last point, in parts of the curve's
/// height (kneedle, Satopaa et al. 2011); 0 where the curve is flat.
inline double bend_at(const std::vector<ClusterCurvePoint>& points, const ClusterCurvePoint& point) {
  const ClusterCurvePoint& first = points.front();
  const ClusterCurvePoint& last = points.back();
  const double height = first.inertia - last.inertia;
  if (!(height > 0.0)) {
    return 0.0;
  }
  const double width = static_cast<double>(last.n_clusters) - static_cast<double>(first.n_clusters);
  const double along = (static_cast<double>(point.n_clusters) - static_cast<double>(first.n_clusters)) / width;
  return 1.0 - along - (point.inertia - last.inertia) / height;
}

/// The point that lies furthest below that line. The first where the curve is flat.
inline std::size_t find_elbow(const std::vector<ClusterCurvePoint>& points) {
  std::size_t elbow = points.empty() ? 0 : points.front().n_clusters;
  double furthest = 0.0;
  for (const ClusterCurvePoint& point : points) {
    const double bend = bend_at(points, point);
    if (bend > furthest) {
      furthest = bend;
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

namespace nad {

NAD_INLINE std::size_t ClusterCurve::best() const {
  constexpr double near = 0.8;
  double furthest = 0.0;
  for (const ClusterCurvePoint& point : points) {
    furthest = std::max(furthest, detail::bend_at(points, point));
  }
  std::size_t found = elbow;
  double highest = -2.0;
  for (const ClusterCurvePoint& point : points) {
    const double bend = detail::bend_at(points, point);
    if (bend > 0.0 && bend >= near * furthest && point.silhouette > highest) {
      highest = point.silhouette;
      found = point.n_clusters;
    }
  }
  return found;
}

}  // namespace nad
