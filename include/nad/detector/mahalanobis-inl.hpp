#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/column_moments-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/gaussian-inl.hpp"
#include "nad/detector/mahalanobis.hpp"
#include "nad/detector/weighted_covariance-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad {

namespace detail {

inline void check_options(const MahalanobisOptions& options, ErrorCode code) {
  if (options.shrinkage && !(*options.shrinkage >= 0.0 && *options.shrinkage <= 1.0)) {
    throw Error(code, "shrinkage is " + std::to_string(*options.shrinkage) +
                          "; give a number from 0 (none) to 1 (all columns alike), or nothing for Ledoit and Wolf's");
  }
  if (!is_known(options.unique_rows)) {
    throw Error(code, "unique_rows is not one that this nad knows");
  }
  check_contamination(options.contamination, code);
}

/// The shrinkage of Ledoit and Wolf for rows about their means; `covariance` is the lower triangle.
inline double ledoit_wolf(const WeightedRows& from, const ColumnMoments& moments,
                          const std::vector<double>& covariance) {
  const std::size_t width = moments.mean.size();
  const auto columns = static_cast<double>(width);
  double fourth = 0.0;  // the mean of |x|^4
  for (std::size_t row = 0; row < from.rows().rows(); ++row) {
    double length = 0.0;
    for (std::size_t column = 0; column < width; ++column) {
      const double apart = static_cast<double>(from.rows()(row, column)) - moments.mean[column];
      length += apart * apart;
    }
    fourth += from.weight(row) * (length * length);
  }
  fourth /= moments.weight;
  double squares = 0.0;  // of all entries of the covariance
  double trace = 0.0;
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double value = covariance[i * width + j];
      squares += (i == j ? 1.0 : 2.0) * (value * value);
    }
    trace += covariance[i * width + i];
  }
  const double spread = squares - trace * trace / columns;  // how far the covariance is from m I
  const double error = std::min((fourth - squares) / moments.weight, spread);
  return error > 0.0 && spread > 0.0 ? error / spread : 0.0;
}

/// (1 - s) S + s m I; columns that hardly vary keep a little, so that there is an inverse.
inline void shrink(std::vector<double>& covariance, std::size_t width, double shrinkage) {
  double mean = 0.0;
  for (std::size_t i = 0; i < width; ++i) {
    mean += covariance[i * width + i] / static_cast<double>(width);
  }
  const double least = mean > 0.0 ? 1e-9 * mean : 1.0;
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      covariance[i * width + j] *= 1.0 - shrinkage;
    }
    covariance[i * width + i] += shrinkage * mean + least;
  }
}

}  // namespace detail

NAD_INLINE Mahalanobis::Mahalanobis(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE Mahalanobis::~Mahalanobis() = default;
NAD_INLINE Mahalanobis::Mahalanobis(const Mahalanobis&) = default;
NAD_INLINE Mahalanobis::Mahalanobis(Mahalanobis&&) noexcept = default;
NAD_INLINE Mahalanobis& Mahalanobis::operator=(const Mahalanobis&) = default;
NAD_INLINE Mahalanobis& Mahalanobis::operator=(Mahalanobis&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> Mahalanobis::clone() const { return std::make_unique<Mahalanobis>(*this); }

NAD_INLINE void Mahalanobis::take(Detector&& learner) { *this = std::move(static_cast<Mahalanobis&>(learner)); }

NAD_INLINE std::span<const float> Mahalanobis::location() const {
  require_fitted("asking for the location");
  return shape_->centre;
}

NAD_INLINE const detail::GaussianShape& Mahalanobis::shape() const {
  require_fitted("asking for the shape");
  return *shape_;
}

NAD_INLINE std::span<const float> Mahalanobis::triangle() const {
  require_fitted("asking for the triangle");
  return shape_->triangle;
}

NAD_INLINE void Mahalanobis::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  const detail::ColumnMoments moments = detail::column_moments(from, control);
  std::vector<double> covariance = detail::scatter_of(from, {}, moments.mean, control);
  for (double& value : covariance) {
    value /= moments.weight;
  }
  shrinkage_ = options_.shrinkage ? *options_.shrinkage : detail::ledoit_wolf(from, moments, covariance);
  detail::shrink(covariance, x.columns(), shrinkage_);
  measure_from(detail::gaussian_shape(moments.mean, std::move(covariance)));
}

NAD_INLINE void Mahalanobis::measure_from(detail::GaussianShape shape) {
  shape_ = std::make_shared<const detail::GaussianShape>(std::move(shape));
  gaussian_ = std::make_shared<const detail::Gaussian>(shape_);
}

NAD_INLINE void Mahalanobis::restore(detail::GaussianShape shape) {
  detail::check_options(options_, ErrorCode::bad_file);
  detail::check_shape(shape, shape.size());
  if (shape.size() == 0 || !(shrinkage_ >= 0.0 && shrinkage_ <= 1.0) || detail::is_missing(threshold_)) {
    throw Error(ErrorCode::bad_file, "the distribution is damaged");
  }
  measure_from(std::move(shape));
}

NAD_INLINE void Mahalanobis::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  detail::GaussianScratch scratch(rows.columns());
  const std::size_t together = detail::GaussianScratch::rows;
  for (std::size_t begin = 0; begin < rows.rows(); begin += together) {
    const std::size_t count = std::min(together, rows.rows() - begin);
    check_rows(rows.slice(begin, count), first + begin);
    gaussian_->distances(rows.slice(begin, count), scratch, out.data() + begin);
  }
}

NAD_INLINE float Mahalanobis::do_raw_score_row(const float* row, std::size_t index) const {
  check_rows({row, 1, n_features()}, index);
  return gaussian_->distance(row);
}

NAD_INLINE void Mahalanobis::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    check_row(rows.row(row), first + row);
    gaussian_->contributions(rows.row(row), out.row(first + row));
  }
}

NAD_INLINE void Mahalanobis::bend(std::span<float> scores) const {
  for (float& score : scores) {
    score = std::sqrt(score);
  }
}

}  // namespace nad
