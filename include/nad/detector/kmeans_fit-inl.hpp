#pragma once

// One fit of K-Means with a number of clusters that is known, and the choice of that number.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/cluster_curve-inl.hpp"
#include "nad/detector/column_moments-inl.hpp"
#include "nad/detector/kmeans.hpp"
#include "nad/detector/kmeans_batches-inl.hpp"
#include "nad/detector/kmeans_lloyd-inl.hpp"
#include "nad/detector/kmeans_seeding-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad::detail {

struct KMeansResult {
  Matrix centres;
  std::vector<double> weights;
  std::vector<std::uint32_t> labels;
  double inertia = 0.0;
  std::size_t iterations = 0;
};

class KMeansFitter {
 public:
  KMeansFitter(const WeightedRows& from, const ColumnMoments& moments, const KMeansOptions& options,
               const FitControl& control)
      : from_(from), options_(options), control_(control), origin_(moments.mean.begin(), moments.mean.end()) {
    const double variance = std::accumulate(moments.variance.begin(), moments.variance.end(), 0.0);
    const auto squared_distance = simd::active_kernels().squared_distance;
    lengths_.resize(from.rows().rows());
    parallel_for(lengths_.size(), control, {.grain = 8192, .stage = "measuring rows"},
                 [&](std::size_t begin, std::size_t end) {
                   for (std::size_t row = begin; row < end; ++row) {
                     lengths_[row] = squared_distance(from.rows().row(row), origin_.data(), origin_.size());
                   }
                 });
    limits_.max_iter = options.max_iter;
    limits_.shift = options.tol * variance / static_cast<double>(moments.variance.size());
  }

  /// The best of `n_init` starts, or what `start` leads to where it is not empty.
  KMeansResult fit(std::size_t n_clusters, const Matrix& start = {}) const {
    KMeansResult best;
    const std::size_t starts = start.rows() != 0 ? 1 : options_.n_init;
    for (std::size_t attempt = 0; attempt < starts; ++attempt) {
      Matrix centres = start.rows() != 0 ? start : choose(n_clusters, attempt);
      KMeansResult found = options_.batch_size ? by_batches(std::move(centres), attempt) : exactly(std::move(centres));
      if (attempt == 0 || found.inertia < best.inertia) {
        best = std::move(found);
      }
    }
    return best;
  }

  Matrix choose(std::size_t n_clusters, std::size_t attempt) const {
    const Random random(options_.random_state, 2 * attempt);
    n_clusters = std::min(n_clusters, from_.rows().rows());
    return options_.init == KMeansInit::random
               ? random_centres(from_, n_clusters, random)
               : KMeansSeeding(from_, origin_, lengths_, control_).choose(n_clusters, random);
  }

 private:
  KMeansResult exactly(Matrix centres) const { return finish(std::move(centres), limits_, 0); }

  KMeansResult by_batches(Matrix centres, std::size_t attempt) const {
    KMeansBatches batches(from_, origin_, std::move(centres), control_);
    batches.run(limits_, *options_.batch_size, Random(options_.random_state, 2 * attempt + 1));
    return finish(batches.take_centres(), {.max_iter = 0}, batches.turns());
  }

  KMeansResult finish(Matrix centres, const KMeansLimits& limits, std::size_t turns) const {
    KMeansLloyd lloyd(from_, origin_, lengths_, std::move(centres), control_);
    lloyd.run(limits);
    return {lloyd.centres(), lloyd.sizes(), lloyd.labels(), lloyd.inertia(), lloyd.iterations() + turns};
  }

  const WeightedRows& from_;
  const KMeansOptions& options_;
  const FitControl& control_;
  std::vector<float> origin_;
  std::vector<float> lengths_;  ///< of the rows from the origin, squared
  KMeansLimits limits_;
};

/// Some of the rows of x, all different ones, in their order.
inline std::vector<std::size_t> sample_of(std::size_t rows, std::size_t wanted, Random random) {
  std::vector<std::size_t> chosen;
  for (std::size_t row = 0; row < rows && chosen.size() < wanted; ++row) {
    if (random.below(rows - row) < wanted - chosen.size()) {
      chosen.push_back(row);
    }
  }
  return chosen;
}

inline Matrix rows_of(MatrixView x, const std::vector<std::size_t>& rows) {
  Matrix some = Matrix::for_overwrite(rows.size(), x.columns());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(x.row(rows[i]), x.columns(), some.row(i).data());
  }
  return some;
}

inline ClusterCurve cluster_curve(const WeightedRows& from, std::vector<std::size_t> n_clusters,
                                  const KMeansOptions& options, const FitControl& control) {
  constexpr std::size_t silhouette_rows = 1000;
  const ColumnMoments moments = column_moments(from, control);
  const KMeansFitter fitter(from, moments, options, control);
  const std::vector<std::size_t> sample =
      sample_of(from.rows().rows(), silhouette_rows, Random(options.random_state, 1000003));
  const Matrix seen = rows_of(from.rows(), sample);
  std::sort(n_clusters.begin(), n_clusters.end());
  ClusterCurve curve;
  for (const std::size_t wanted : n_clusters) {
    const KMeansResult found = fitter.fit(wanted);
    const std::size_t count = found.centres.rows();
    if (!curve.points.empty() && curve.points.back().n_clusters >= count) {
      continue;  // there are no more different rows, or the number was given twice
    }
    std::vector<std::uint32_t> labels;
    labels.reserve(sample.size());
    for (const std::size_t row : sample) {
      labels.push_back(found.labels[row]);
    }
    curve.points.push_back({count, found.inertia, silhouette(seen, labels, count)});
  }
  curve.elbow = find_elbow(curve.points);
  return curve;
}

/// Up to 64 clusters: some numbers first, then all of those around the elbow and around the best one.
inline ClusterCurve find_cluster_curve(const WeightedRows& from, const KMeansOptions& options,
                                       const FitControl& control) {
  ClusterCurve curve = cluster_curve(from, {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64}, options, control);
  const std::size_t best = curve.best();
  std::vector<std::size_t> between;
  for (std::size_t i = 0; i + 1 < curve.points.size(); ++i) {
    const std::size_t low = curve.points[i].n_clusters;
    const std::size_t high = curve.points[i + 1].n_clusters;
    const bool beside = low == curve.elbow || high == curve.elbow || low == best || high == best;
    for (std::size_t n = low + 1; beside && n < high; ++n) {
      between.push_back(n);
    }
  }
  if (!between.empty()) {
    const ClusterCurve closer = cluster_curve(from, std::move(between), options, control);
    curve.points.insert(curve.points.end(), closer.points.begin(), closer.points.end());
    std::sort(curve.points.begin(), curve.points.end(),
              [](const ClusterCurvePoint& a, const ClusterCurvePoint& b) { return a.n_clusters < b.n_clusters; });
    curve.elbow = find_elbow(curve.points);
  }
  return curve;
}

/// Which clusters count as large: the first, by weight, that hold a share `alpha` of all and behind which the next is
/// `beta` times smaller; where there is no such gap those that hold the share.
inline std::vector<std::uint8_t> large_clusters(std::span<const double> weights, const KMeansOptions& options) {
  std::vector<std::uint8_t> large(weights.size(), 1);
  if (!options.large_clusters_only) {
    return large;
  }
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
  const double wanted = options.alpha * std::accumulate(weights.begin(), weights.end(), 0.0);
  std::size_t by_share = 0;  // so many hold the share
  std::size_t by_gap = 0;    // and so many before a gap, too
  double sum = 0.0;
  for (std::size_t i = 0; i + 1 < order.size() && by_gap == 0; ++i) {
    sum += weights[order[i]];
    if (sum >= wanted) {
      by_share = by_share == 0 ? i + 1 : by_share;
      by_gap = weights[order[i]] >= options.beta * weights[order[i + 1]] ? i + 1 : 0;
    }
  }
  const std::size_t kept = by_gap != 0 ? by_gap : by_share != 0 ? by_share : order.size();
  for (std::size_t i = kept; i < order.size(); ++i) {
    large[order[i]] = 0;
  }
  return large;
}

}  // namespace nad::detail
