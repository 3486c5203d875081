#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/centre_distances-inl.hpp"
#include "nad/detector/column_moments-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/gaussian-inl.hpp"
#include "nad/detector/kmeans.hpp"
#include "nad/detector/kmeans_fit-inl.hpp"
#include "nad/detector/local_gaussian.hpp"
#include "nad/detector/weighted_covariance-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad {

namespace detail {

inline void check_options(const LocalGaussianOptions& options, ErrorCode code) {
  constexpr std::size_t many = 4096;  // each is a matrix
  if (options.n_clusters < 1 || options.n_clusters > many) {
    throw Error(code, "n_clusters is " + std::to_string(options.n_clusters) + "; give a number from 1 to 4096");
  }
  if (options.prior && !(*options.prior > 0.0 && is_finite(*options.prior))) {
    throw Error(code, "prior is " + std::to_string(*options.prior) +
                          "; give the number of rows that the common covariance counts as, above 0");
  }
  if (!(options.ridge > 0.0 && is_finite(options.ridge))) {
    throw Error(code, "ridge is " + std::to_string(options.ridge) + "; give a share of the mean variance, above 0");
  }
  if (!is_known(options.unique_rows)) {
    throw Error(code, "unique_rows is not one that this nad knows");
  }
  check_contamination(options.contamination, code);
}

/// The score of a row so far out that no distance can be computed.
inline constexpr float farthest_score = std::numeric_limits<float>::max();

/// The rows of each cluster.
inline std::vector<std::vector<std::size_t>> rows_by_label(const std::vector<std::uint32_t>& labels,
                                                           std::size_t n_clusters) {
  std::vector<std::vector<std::size_t>> rows(n_clusters);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    rows[labels[row]].push_back(row);
  }
  return rows;
}

}  // namespace detail

NAD_INLINE LocalGaussian::LocalGaussian(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE LocalGaussian::~LocalGaussian() = default;
NAD_INLINE LocalGaussian::LocalGaussian(const LocalGaussian&) = default;
NAD_INLINE LocalGaussian::LocalGaussian(LocalGaussian&&) noexcept = default;
NAD_INLINE LocalGaussian& LocalGaussian::operator=(const LocalGaussian&) = default;
NAD_INLINE LocalGaussian& LocalGaussian::operator=(LocalGaussian&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> LocalGaussian::clone() const { return std::make_unique<LocalGaussian>(*this); }

NAD_INLINE void LocalGaussian::take(Detector&& learner) { *this = std::move(static_cast<LocalGaussian&>(learner)); }

NAD_INLINE void LocalGaussian::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  const detail::ColumnMoments moments = detail::column_moments(from, control);
  detail::require_squares(moments);
  const std::size_t width = x.columns();
  const KMeansOptions clustering{.n_clusters = options_.n_clusters, .random_state = options_.random_state};
  const detail::KMeansResult clusters =
      detail::KMeansFitter(from, moments, clustering, control).fit(options_.n_clusters);
  const std::size_t n_clusters = clusters.centres.rows();
  const std::vector<std::vector<std::size_t>> rows = detail::rows_by_label(clusters.labels, n_clusters);

  std::vector<std::vector<double>> scatters(n_clusters);
  std::vector<double> common(width * width);
  for (std::size_t cluster = 0; cluster < n_clusters; ++cluster) {
    const std::span<const float> centre = clusters.centres.row(cluster);
    scatters[cluster] =
        rows[cluster].empty()
            ? std::vector<double>(width * width)
            : detail::scatter_of(from, rows[cluster], std::vector<double>(centre.begin(), centre.end()), control);
    for (std::size_t i = 0; i < common.size(); ++i) {
      common[i] += scatters[cluster][i] / moments.weight;
    }
  }
  double mean_variance = 0.0;
  double whole_variance = 0.0;
  for (std::size_t i = 0; i < width; ++i) {
    mean_variance += common[i * width + i] / static_cast<double>(width);
    whole_variance += moments.variance[i] / static_cast<double>(width);
  }
  // rows that all lie on a centre have no variance of their own
  const double least = whole_variance > 0.0 ? 1e-6 * whole_variance : 1.0;
  for (std::size_t i = 0; i < width; ++i) {
    common[i * width + i] += std::max(options_.ridge * mean_variance, least);
  }

  const double prior = options_.prior.value_or(static_cast<double>(width));
  std::vector<detail::GaussianShape> shapes;
  shares_.clear();
  for (std::size_t cluster = 0; cluster < n_clusters; ++cluster) {
    const double weight = clusters.weights[cluster];
    if (!(weight > 0.0)) {
      continue;
    }
    std::vector<double>& covariance = scatters[cluster];
    for (std::size_t i = 0; i < covariance.size(); ++i) {
      covariance[i] = (covariance[i] + prior * common[i]) / (weight + prior);
    }
    const std::span<const float> nearest = clusters.centres.row(cluster);
    const std::vector<double> centre(nearest.begin(), nearest.end());
    shapes.push_back(detail::gaussian_shape(centre, std::move(covariance)));
    shares_.push_back(weight / moments.weight);
  }
  measure_from(std::move(shapes));
}

NAD_INLINE void LocalGaussian::measure_from(std::vector<detail::GaussianShape> shapes) {
  shapes_.clear();
  gaussians_.clear();
  offsets_.clear();
  for (std::size_t cluster = 0; cluster < shapes.size(); ++cluster) {
    shapes_.push_back(std::make_shared<const detail::GaussianShape>(std::move(shapes[cluster])));
    gaussians_.push_back(std::make_shared<const detail::Gaussian>(shapes_.back()));
    offsets_.push_back(static_cast<float>(shapes_.back()->log_determinant - 2.0 * std::log(shares_[cluster])));
  }
  Matrix centres = Matrix::for_overwrite(shapes_.size(), shapes_.front()->size());
  for (std::size_t cluster = 0; cluster < shapes_.size(); ++cluster) {
    std::copy_n(shapes_[cluster]->centre.data(), centres.columns(), centres.row(cluster).data());
  }
  centres_ = std::make_shared<const detail::CentreDistances>(centres, std::vector<float>(centres.columns()));
}

NAD_INLINE void LocalGaussian::restore(std::vector<detail::GaussianShape> shapes) {
  detail::check_options(options_, ErrorCode::bad_file);
  if (shapes.empty() || shapes.front().size() == 0 || shares_.size() != shapes.size() ||
      detail::is_missing(threshold_)) {
    throw Error(ErrorCode::bad_file, "the clusters do not fit together; the model is damaged");
  }
  for (std::size_t cluster = 0; cluster < shapes.size(); ++cluster) {
    detail::check_shape(shapes[cluster], shapes.front().size());
    if (!(shares_[cluster] > 0.0 && shares_[cluster] <= 1.0)) {
      throw Error(ErrorCode::bad_file, "the share of a cluster is no share; the model is damaged");
    }
  }
  measure_from(std::move(shapes));
}

// The score is the least over the clusters, so a cluster counts only as far as it is below what others gave. The
// nearest centre's is looked at first: it is mostly the one, and of the others a part of the distance then tells
// enough. Which clusters are left out early, and in which order, changes no bit.

NAD_INLINE void LocalGaussian::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  constexpr std::size_t together = detail::GaussianScratch::rows;
  detail::GaussianScratch scratch(rows.columns());
  detail::CentreScratch to_centres = centres_->scratch();
  std::array<detail::Nearest, together> nearest;
  std::array<std::uint32_t, together> which;
  for (std::size_t begin = 0; begin < rows.rows(); begin += together) {
    const MatrixView block = rows.slice(begin, std::min(together, rows.rows() - begin));
    check_rows(block, first + begin);
    float* least = out.data() + begin;
    std::fill_n(least, block.rows(), detail::farthest_score);
    centres_->nearest(block, to_centres, nearest.data());
    for (const bool is_nearest : {true, false}) {
      for (std::size_t cluster = 0; cluster < gaussians_.size(); ++cluster) {
        std::size_t count = 0;
        for (std::uint32_t row = 0; row < block.rows(); ++row) {
          which[count] = row;
          count += (nearest[row].centre == cluster) == is_nearest ? 1U : 0U;
        }
        if (count > 0) {
          gaussians_[cluster]->lower(block, std::span(which).first(count), offsets_[cluster], scratch, least);
        }
      }
    }
  }
}

NAD_INLINE float LocalGaussian::do_raw_score_row(const float* row, std::size_t index) const {
  check_rows({row, 1, n_features()}, index);
  const std::size_t nearest = centres_->nearest(row).centre;
  float least = gaussians_[nearest]->lower(row, offsets_[nearest], detail::farthest_score);
  for (std::size_t cluster = 0; cluster < gaussians_.size(); ++cluster) {
    if (cluster != nearest) {
      least = gaussians_[cluster]->lower(row, offsets_[cluster], least);
    }
  }
  return least;
}

NAD_INLINE void LocalGaussian::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  const double baseline = do_baseline();
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const float* values = rows.row(row);
    check_row(values, first + row);
    std::size_t best = 0;
    float least = detail::farthest_score;
    for (std::size_t cluster = 0; cluster < gaussians_.size(); ++cluster) {
      const float value = gaussians_[cluster]->lower(values, offsets_[cluster], least);
      if (value < least) {
        least = value;
        best = cluster;
      }
    }
    const std::span<float> target = out.row(first + row);
    gaussians_[best]->contributions(values, target);
    const auto rest =
        static_cast<float>((static_cast<double>(offsets_[best]) - baseline) / static_cast<double>(target.size()));
    for (float& contribution : target) {
      contribution += rest;
    }
  }
}

NAD_INLINE double LocalGaussian::do_baseline() const {
  return static_cast<double>(*std::min_element(offsets_.begin(), offsets_.end()));
}

}  // namespace nad
