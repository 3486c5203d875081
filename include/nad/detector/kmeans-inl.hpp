#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/covariance.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/symmetric_eigen.hpp"
#include "nad/detector/centre_distances-inl.hpp"
#include "nad/detector/column_moments-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/kmeans.hpp"
#include "nad/detector/kmeans_fit-inl.hpp"

namespace nad {

namespace detail {

inline void check_options(const KMeansOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  constexpr std::size_t many = std::size_t{1} << 20U;
  if (options.n_clusters && (*options.n_clusters < 1 || *options.n_clusters > many)) {
    refuse("n_clusters is " + std::to_string(*options.n_clusters) + "; give a number of clusters from 1 to 1048576");
  }
  if (!is_known(options.init)) {
    refuse("init is not one that this nad knows");
  }
  if (options.n_init < 1 || options.n_init > many) {
    refuse("n_init is " + std::to_string(options.n_init) + "; give the number of starts to choose the best from");
  }
  if (options.max_iter < 1) {
    refuse("max_iter is 0; give at least one turn");
  }
  if (!(options.tol >= 0.0 && options.tol <= std::numeric_limits<double>::max())) {
    refuse("tol is " + std::to_string(options.tol) + "; give a number of at least 0");
  }
  if (options.batch_size && *options.batch_size < 1) {
    refuse("batch_size is 0; give the number of rows to learn from at a time");
  }
  if (!(options.alpha > 0.0 && options.alpha <= 1.0)) {
    refuse("alpha is " + std::to_string(options.alpha) +
           "; give the share of rows that large clusters hold, above 0 and at most 1");
  }
  if (!(options.beta >= 1.0 && options.beta <= std::numeric_limits<double>::max())) {
    refuse("beta is " + std::to_string(options.beta) + "; give how many times smaller small clusters are, at least 1");
  }
  if (!is_known(options.unique_rows)) {
    refuse("unique_rows is not one that this nad knows");
  }
  check_contamination(options.contamination, code);
}

}  // namespace detail

NAD_INLINE KMeans::KMeans(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE KMeans::~KMeans() = default;
NAD_INLINE KMeans::KMeans(const KMeans&) = default;
NAD_INLINE KMeans::KMeans(KMeans&&) noexcept = default;
NAD_INLINE KMeans& KMeans::operator=(const KMeans&) = default;
NAD_INLINE KMeans& KMeans::operator=(KMeans&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> KMeans::clone() const { return std::make_unique<KMeans>(*this); }

NAD_INLINE void KMeans::take(Detector&& learner) { *this = std::move(static_cast<KMeans&>(learner)); }

NAD_INLINE void KMeans::start_from(Matrix centres) { start_ = std::move(centres); }

NAD_INLINE void KMeans::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  detail::ColumnMoments moments = detail::column_moments(from, control);
  detail::require_squares(moments);
  const detail::KMeansFitter fitter(from, moments, options_, control);
  if (start_.rows() != 0 && start_.columns() != x.columns()) {
    throw Error(ErrorCode::invalid_argument, "start_from was given centres of " + std::to_string(start_.columns()) +
                                                 " columns, but the rows have " + std::to_string(x.columns()));
  }
  if (start_.rows() != 0 && options_.n_init != 1) {
    throw Error(ErrorCode::invalid_argument, "n_init is " + std::to_string(options_.n_init) +
                                                 ", but the centres that were given are the only start; leave n_init "
                                                 "at 1, or let init choose");
  }
  if (start_.rows() > from.rows().rows()) {
    throw Error(ErrorCode::invalid_argument, "start_from was given " + std::to_string(start_.rows()) +
                                                 " centres, but only " + std::to_string(from.rows().rows()) +
                                                 " rows count");
  }
  curve_ = {};
  std::size_t n_clusters = options_.n_clusters.value_or(0);
  if (n_clusters == 0 && start_.rows() == 0) {
    constexpr std::size_t curve_rows = 20000;  // a curve needs no more
    const std::vector<std::size_t> sample =
        detail::sample_of(from.rows().rows(), curve_rows, Random(options_.random_state, 1000001));
    const Matrix some = detail::rows_of(from.rows(), sample);
    std::vector<float> weights;
    for (std::size_t i = 0; i < sample.size() && !from.weights().empty(); ++i) {
      weights.push_back(from.weights()[sample[i]]);
    }
    curve_ = detail::find_cluster_curve({some, weights, UniqueRows::off}, options_, control);
    n_clusters = curve_.best();
  }
  detail::KMeansResult result = fitter.fit(n_clusters, start_);
  centres_ = std::move(result.centres);
  weights_ = std::move(result.weights);
  inertia_ = result.inertia;
  iterations_ = result.iterations;
  mean_ = std::move(moments.mean);
  variance_ = std::move(moments.variance);
  rows_seen_ = moments.weight;
  derive();
}

NAD_INLINE void KMeans::partial_fit(MatrixView x, const FitControl& control) { partial_fit(x, {}, control); }

NAD_INLINE void KMeans::partial_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  if (!is_fitted()) {
    if (!options_.n_clusters) {
      throw Error(ErrorCode::invalid_argument,
                  "partial_fit cannot choose n_clusters from the first rows that come; give the number of clusters");
    }
    fit(x, sample_weight, control);
    return;
  }
  check_training_data(x, sample_weight, control);
  if (x.columns() != n_features()) {
    throw Error(ErrorCode::invalid_data, "the rows have " + std::to_string(x.columns()) +
                                             " columns, but this kmeans learnt from " + std::to_string(n_features()));
  }
  KMeans learner(*this);
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  const std::vector<float> origin(mean_.begin(), mean_.end());
  const detail::ColumnMoments batch = detail::column_moments(from, control);
  learner.inertia_ += detail::learn_batch(from, origin, control, learner.centres_, learner.weights_);
  learner.iterations_ += 1;
  detail::ColumnMoments all{rows_seen_, mean_, variance_};
  all.merge(batch);
  learner.mean_ = std::move(all.mean);
  learner.variance_ = std::move(all.variance);
  learner.rows_seen_ = all.weight;
  learner.derive();
  learner.follow_threshold(x, sample_weight, options_.contamination, batch.weight / learner.rows_seen_, control);
  *this = std::move(learner);
}

NAD_INLINE ClusterCurve KMeans::elbow(MatrixView x, std::span<const std::size_t> n_clusters, const Options& options,
                                      const FitControl& control) {
  const KMeans checked(options);
  checked.check_training_data(x, {}, control);
  if (n_clusters.empty() || *std::min_element(n_clusters.begin(), n_clusters.end()) == 0) {
    throw Error(ErrorCode::invalid_argument, "elbow needs numbers of clusters to try, each at least 1");
  }
  return detail::cluster_curve({x, {}, options.unique_rows}, {n_clusters.begin(), n_clusters.end()}, options, control);
}

NAD_INLINE void KMeans::derive() {
  const std::vector<float> origin(mean_.begin(), mean_.end());
  large_ = detail::large_clusters(weights_, options_);
  large_centres_.clear();
  for (std::uint32_t cluster = 0; cluster < large_.size(); ++cluster) {
    if (large_[cluster] != 0) {
      large_centres_.push_back(cluster);
    }
  }
  from_all_ = std::make_shared<const detail::CentreDistances>(centres_, origin);
  from_large_ = from_all_;
  if (large_centres_.size() != large_.size()) {
    const std::vector<std::size_t> rows(large_centres_.begin(), large_centres_.end());
    from_large_ = std::make_shared<const detail::CentreDistances>(detail::rows_of(centres_, rows), origin);
  }
}

NAD_INLINE void KMeans::restore() {
  detail::check_options(options_, ErrorCode::bad_file);
  const auto finite = [](const auto& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](auto number) { return detail::is_finite(number); });
  };
  const std::span<const float> values(centres_.data(), centres_.rows() * centres_.columns());
  if (centres_.rows() == 0 || centres_.columns() == 0 || weights_.size() != centres_.rows() ||
      mean_.size() != centres_.columns() || variance_.size() != centres_.columns()) {
    throw Error(ErrorCode::bad_file, "the clusters do not fit together; the model is damaged");
  }
  if (!finite(values) || !finite(weights_) || !finite(mean_) || !finite(variance_) ||
      *std::min_element(weights_.begin(), weights_.end()) < 0.0 || detail::is_missing(threshold_)) {
    throw Error(ErrorCode::bad_file, "a centre, a weight or the threshold is no number; the model is damaged");
  }
  derive();
}

NAD_INLINE void KMeans::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  detail::CentreScratch scratch = from_large_->scratch();
  std::array<detail::Nearest, detail::CentreScratch::rows> found;
  for (std::size_t begin = 0; begin < rows.rows(); begin += found.size()) {
    const std::size_t count = std::min(found.size(), rows.rows() - begin);
    check_rows(rows.slice(begin, count), first + begin);
    from_large_->nearest(rows.slice(begin, count), scratch, found.data());
    for (std::size_t i = 0; i < count; ++i) {
      out[begin + i] = found[i].distance;
    }
  }
}

NAD_INLINE float KMeans::do_raw_score_row(const float* row, std::size_t index) const {
  check_rows({row, 1, n_features()}, index);
  return from_large_->nearest(row).distance;
}

NAD_INLINE void KMeans::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const float* values = rows.row(row);
    check_row(values, first + row);
    const std::span<const float> centre = centres_.row(large_centres_[from_large_->nearest(values).centre]);
    const std::span<float> target = out.row(first + row);
    for (std::size_t column = 0; column < target.size(); ++column) {
      const float apart = values[column] - centre[column];
      target[column] = apart * apart;
    }
  }
}

NAD_INLINE void KMeans::bend(std::span<float> scores) const {
  for (float& score : scores) {
    score = std::sqrt(score);
  }
}

NAD_INLINE std::vector<std::uint32_t> KMeans::predict_cluster(MatrixView x, const FitControl& control) const {
  require_shape(x, "predict_cluster");
  std::vector<std::uint32_t> clusters(x.rows());
  parallel_for(x.rows(), control, {.grain = detail::score_grain, .stage = "finding clusters"},
               [&](std::size_t begin, std::size_t end) {
                 detail::CentreScratch scratch = from_all_->scratch();
                 std::array<detail::Nearest, detail::CentreScratch::rows> found;
                 for (std::size_t first = begin; first < end; first += found.size()) {
                   const std::size_t count = std::min(found.size(), end - first);
                   check_rows(x.slice(first, count), first);
                   from_all_->nearest(x.slice(first, count), scratch, found.data());
                   for (std::size_t i = 0; i < count; ++i) {
                     clusters[first + i] = found[i].centre;
                   }
                 }
               });
  return clusters;
}

NAD_INLINE std::uint32_t KMeans::predict_cluster(std::span<const float> row) const {
  require_shape({row.data(), 1, row.size()}, "predict_cluster");
  check_row(row.data(), 0);
  return from_all_->nearest(row.data()).centre;
}

NAD_INLINE std::vector<ClusterProfile> KMeans::profile() const {
  const double all = std::accumulate(weights_.begin(), weights_.end(), 0.0);
  std::vector<ClusterProfile> profiles;
  for (std::size_t cluster = 0; cluster < n_clusters(); ++cluster) {
    ClusterProfile& one = profiles.emplace_back();
    one.weight = weights_[cluster];
    one.share = weights_[cluster] / all;
    one.large = is_large(cluster);
    const std::span<const float> centre = centres_.row(cluster);
    one.centre.assign(centre.begin(), centre.end());
    for (std::size_t column = 0; column < centre.size(); ++column) {
      const double apart = static_cast<double>(centre[column]) - mean_[column];
      const double deviation = std::sqrt(variance_[column]);
      one.deviations.push_back(deviation > 0.0 ? static_cast<float>(apart / deviation) : 0.0F);
    }
  }
  return profiles;
}

NAD_INLINE std::vector<double> KMeans::feature_importance() const {
  const double all = std::accumulate(weights_.begin(), weights_.end(), 0.0);
  std::vector<double> importance(n_features());
  for (std::size_t column = 0; column < importance.size(); ++column) {
    double between = 0.0;
    for (std::size_t cluster = 0; cluster < n_clusters(); ++cluster) {
      const double apart = static_cast<double>(centres_(cluster, column)) - mean_[column];
      between += weights_[cluster] / all * (apart * apart);
    }
    importance[column] = variance_[column] > 0.0 ? std::min(1.0, between / variance_[column]) : 0.0;
  }
  return importance;
}

NAD_INLINE ClusterView KMeans::project(MatrixView x, const FitControl& control) const {
  require_shape(x, "project");
  check_training_data(x, {}, control);
  const std::vector<double> means = detail::column_means(x);
  const detail::SymmetricEigen eigen(detail::covariances_of(x, means), x.columns());
  if (!eigen.found()) {
    throw Error(ErrorCode::invalid_data, "the rows have no directions in which they vary most; scale the columns");
  }
  ClusterView view{Matrix(x.rows(), 2), Matrix(n_clusters(), 2), Matrix(2, x.columns()), {}};
  double variance = 0.0;
  for (std::size_t place = 0; place < x.columns(); ++place) {
    variance += std::max(0.0, eigen.value(place));
  }
  for (std::size_t axis = 0; axis < std::min<std::size_t>(2, x.columns()); ++axis) {
    const double* direction = eigen.vector(axis);
    const double* largest = std::max_element(direction, direction + x.columns(),
                                             [](double a, double b) { return std::abs(a) < std::abs(b); });
    const double sign = *largest < 0.0 ? -1.0 : 1.0;  // so that it means the same in every build
    for (std::size_t column = 0; column < x.columns(); ++column) {
      view.axes(axis, column) = static_cast<float>(sign * direction[column]);
    }
    view.explained[axis] = variance > 0.0 ? std::max(0.0, eigen.value(axis)) / variance : 0.0;
    const auto place_all = [&](MatrixView from, Matrix& to) {
      for (std::size_t row = 0; row < from.rows(); ++row) {
        double sum = 0.0;
        for (std::size_t column = 0; column < from.columns(); ++column) {
          sum += (static_cast<double>(from(row, column)) - means[column]) * sign * direction[column];
        }
        to(row, axis) = static_cast<float>(sum);
      }
    };
    place_all(x, view.rows);
    place_all(centres_, view.centres);
  }
  return view;
}

}  // namespace nad
