#pragma once

/// How well different numbers of clusters fit some rows.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/archive_field.hpp"

namespace nad {

struct ClusterCurvePoint {
  std::size_t n_clusters = 0;
  double inertia = 0.0;     ///< the sum of squared distances from the centres
  double silhouette = 0.0;  ///< mean of a bounded sample, -1 to 1: high where clusters are tight and apart

  template <class Archive>
  void serialize(Archive& archive) {
    auto stored = static_cast<std::uint64_t>(n_clusters);
    detail::archive_named(archive, "n_clusters", stored, "inertia", inertia, "silhouette", silhouette);
    n_clusters = static_cast<std::size_t>(stored);
  }
};

struct ClusterCurve {
  std::vector<ClusterCurvePoint> points;  ///< by rising numbers of clusters
  std::size_t elbow = 0;                  ///< the number of clusters behind which more of them help little
  /// What `KMeans` takes where no number is said. The inertia alone often bends over several numbers: of those that lie
  /// at least 0.8 times as far below the line from end to end as the elbow does, the one with the highest silhouette.
  NAD_API std::size_t best() const;

  template <class Archive>
  void serialize(Archive& archive) {
    auto stored = static_cast<std::uint64_t>(elbow);
    detail::archive_named(archive, "points", points, "elbow", stored);
    elbow = static_cast<std::size_t>(stored);
  }
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/detector/cluster_curve-inl.hpp"
#endif
