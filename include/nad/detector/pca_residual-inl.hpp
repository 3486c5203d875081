#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/detail/symmetric_eigen.hpp"
#include "nad/detector/column_moments-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/pca_residual.hpp"
#include "nad/detector/pca_rounding.hpp"
#include "nad/detector/split_centre.hpp"
#include "nad/detector/weighted_covariance-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad {

namespace detail {

inline void check_options(const PcaResidualOptions& options, ErrorCode code) {
  if (options.n_components && *options.n_components < 1) {
    throw Error(code, "n_components is 0; give the number of directions to keep, at least 1");
  }
  if (!(options.variance > 0.0 && options.variance <= 1.0)) {
    throw Error(code, "variance is " + std::to_string(options.variance) +
                          "; give the share that the directions shall hold, above 0 and at most 1");
  }
  if (!is_known(options.unique_rows)) {
    throw Error(code, "unique_rows is not one that this nad knows");
  }
  check_contamination(options.contamination, code);
}

/// A mean and the directions around it, ready for many rows.
class ResidualPlane {
 public:
  static constexpr std::size_t rows = 128;            ///< at once
  static constexpr std::size_t most_on_stack = 1024;  ///< columns of a row that needs no memory

  ResidualPlane(std::vector<float> mean, std::vector<float> mean_rest, MatrixView components)
      : mean_(std::move(mean)),
        mean_rest_(std::move(mean_rest)),
        onto_(PackedMatrix::of_rows(components)),
        back_(PackedMatrix::of_columns(components)),
        rounding_(pca_rounding(mean_, mean_rest_)),
        sum_of_squares_(simd::active_kernels().sum_of_squares),
        squared_distance_(simd::active_kernels().squared_distance) {}

  std::size_t columns() const noexcept { return mean_.size(); }

  /// `moved`, `within`: room for as many rows as there are, each of columns() floats. Afterwards they hold the rows
  /// without the mean, and what the directions make of them. A residual that rounding alone can leave counts as 0.
  void project(MatrixView x, float* moved, float* within, float* out) const {
    std::array<float, 16 * most_on_stack> along;  // on the directions; some rows at a time
    const std::size_t at_once = std::min<std::size_t>(rows, along.size() / std::max<std::size_t>(1, onto_.columns()));
    std::vector<float> more;
    float* places = along.data();
    if (at_once == 0) {
      more.resize(onto_.columns());
      places = more.data();
    }
    const std::size_t step = std::max<std::size_t>(1, at_once);
    for (std::size_t row = 0; row < x.rows(); ++row) {
      move_to_centre(x.row(row), mean_, mean_rest_, 0, columns(), moved + row * columns());
    }
    for (std::size_t first = 0; first < x.rows(); first += step) {
      const std::size_t count = std::min(step, x.rows() - first);
      onto_.left_times(MatrixView(moved + first * columns(), count, columns()), places, onto_.columns());
      back_.left_times(MatrixView(places, count, onto_.columns()), within + first * columns(), columns());
    }
    for (std::size_t row = 0; row < x.rows(); ++row) {
      out[row] = squared_distance_(moved + row * columns(), within + row * columns(), columns());
      if (is_rounding(static_cast<double>(out[row]), moved + row * columns())) {
        out[row] = 0.0F;
      }
    }
  }

 private:
  /// Of the squared residual of a row without the mean; infinity and NaN are none.
  bool is_rounding(double squared, const float* moved) const {
    auto length = static_cast<double>(sum_of_squares_(moved, columns()));
    if (!is_finite(length)) {  // the squares of floats that are far out
      length = std::inner_product(moved, moved + columns(), moved, 0.0, std::plus<>(),
                                  [](double a, double b) { return a * b; });
    }
    // for nearly all rows (a + b)^2 <= 2 (a^2 + b^2) tells enough, without a root
    if (!(squared <=
          2.0 * (rounding_.of_length * rounding_.of_length * length + rounding_.of_all * rounding_.of_all))) {
      return false;
    }
    const double bound = rounding_.of_length * std::sqrt(length) + rounding_.of_all;
    return squared <= bound * bound;
  }

  std::vector<float> mean_;
  std::vector<float> mean_rest_;
  PackedMatrix onto_;
  PackedMatrix back_;
  PcaRounding rounding_;
  float (*sum_of_squares_)(const float*, std::size_t) noexcept;
  float (*squared_distance_)(const float*, const float*, std::size_t) noexcept;
};

}  // namespace detail

NAD_INLINE PcaResidual::PcaResidual(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE PcaResidual::~PcaResidual() = default;
NAD_INLINE PcaResidual::PcaResidual(const PcaResidual&) = default;
NAD_INLINE PcaResidual::PcaResidual(PcaResidual&&) noexcept = default;
NAD_INLINE PcaResidual& PcaResidual::operator=(const PcaResidual&) = default;
NAD_INLINE PcaResidual& PcaResidual::operator=(PcaResidual&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> PcaResidual::clone() const { return std::make_unique<PcaResidual>(*this); }

NAD_INLINE void PcaResidual::take(Detector&& learner) { *this = std::move(static_cast<PcaResidual&>(learner)); }

NAD_INLINE void PcaResidual::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  const std::size_t width = x.columns();
  if (options_.n_components && *options_.n_components >= width && width > 1) {
    throw Error(ErrorCode::invalid_argument, "n_components is " + std::to_string(*options_.n_components) +
                                                 ", but there are " + std::to_string(width) +
                                                 " columns; keep fewer directions, or nothing is left to score");
  }
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  const detail::ColumnMoments moments = detail::column_moments(from, control);
  detail::require_squares(moments);
  std::vector<double> covariance = detail::scatter_of(from, {}, moments.mean, control);
  for (double& value : covariance) {
    value /= moments.weight;
  }
  const detail::SymmetricEigen eigen(std::move(covariance), width);
  if (!eigen.found()) {
    throw Error(ErrorCode::invalid_data, "the rows have no directions in which they vary most; scale the columns");
  }
  double variance = 0.0;
  for (std::size_t place = 0; place < width; ++place) {
    variance += std::max(0.0, eigen.value(place));
  }
  // at least one direction is left out, or every row would lie in the plane
  const std::size_t most = std::max<std::size_t>(1, width - 1);
  std::size_t kept = options_.n_components.value_or(0);
  for (double sum = 0.0; !options_.n_components && kept < most && (kept == 0 || sum < options_.variance * variance);) {
    sum += std::max(0.0, eigen.value(kept++));
  }
  kept = std::min(kept, most);
  components_ = Matrix(kept, width);
  explained_.clear();
  for (std::size_t component = 0; component < kept; ++component) {
    const double* direction = eigen.vector(component);
    const double* largest =
        std::max_element(direction, direction + width, [](double a, double b) { return std::abs(a) < std::abs(b); });
    const double sign = *largest < 0.0 ? -1.0 : 1.0;  // so that it means the same in every build
    // a single column has no direction to leave out: its rows are measured from the mean
    const double length = width == 1 ? 0.0 : sign;
    for (std::size_t column = 0; column < width; ++column) {
      components_(component, column) = static_cast<float>(length * direction[column]);
    }
    explained_.push_back(variance > 0.0 ? std::max(0.0, eigen.value(component)) / variance : 0.0);
  }
  mean_ = detail::nearest_floats(moments.mean);
  mean_rest_ = detail::rest_of_floats(moments.mean);
  derive();
}

NAD_INLINE void PcaResidual::derive() {
  plane_ = std::make_shared<const detail::ResidualPlane>(mean_, mean_rest_, components_);
}

NAD_INLINE void PcaResidual::restore() {
  detail::check_options(options_, ErrorCode::bad_file);
  const auto finite = [](double value) { return detail::is_finite(value); };
  const std::span<const float> values(components_.data(), components_.rows() * components_.columns());
  if (mean_.empty() || components_.rows() == 0 || components_.rows() > mean_.size() ||
      components_.columns() != mean_.size() || explained_.size() != components_.rows() ||
      !std::all_of(mean_.begin(), mean_.end(), finite) || !(mean_rest_.empty() || mean_rest_.size() == mean_.size()) ||
      !std::all_of(mean_rest_.begin(), mean_rest_.end(), finite) ||
      !std::all_of(values.begin(), values.end(), finite) ||
      !std::all_of(explained_.begin(), explained_.end(), finite) || detail::is_missing(threshold_)) {
    throw Error(ErrorCode::bad_file, "the directions do not fit together; the model is damaged");
  }
  derive();
}

NAD_INLINE void PcaResidual::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  constexpr std::size_t together = detail::ResidualPlane::rows;
  Matrix moved = Matrix::for_overwrite(together, rows.columns());
  Matrix within = Matrix::for_overwrite(together, rows.columns());
  for (std::size_t begin = 0; begin < rows.rows(); begin += together) {
    const std::size_t count = std::min(together, rows.rows() - begin);
    check_rows(rows.slice(begin, count), first + begin);
    plane_->project(rows.slice(begin, count), moved.data(), within.data(), out.data() + begin);
  }
}

NAD_INLINE float PcaResidual::do_raw_score_row(const float* row, std::size_t index) const {
  float out = 0.0F;
  if (n_features() > detail::ResidualPlane::most_on_stack) {
    do_raw_score({row, 1, n_features()}, index, {&out, 1});
    return out;
  }
  check_rows({row, 1, n_features()}, index);
  std::array<float, detail::ResidualPlane::most_on_stack> moved;
  std::array<float, detail::ResidualPlane::most_on_stack> within;
  plane_->project({row, 1, n_features()}, moved.data(), within.data(), &out);
  return out;
}

NAD_INLINE void PcaResidual::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  std::vector<float> moved(rows.columns());
  std::vector<float> within(rows.columns());
  float length = 0.0F;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    check_row(rows.row(row), first + row);
    plane_->project(rows.slice(row, 1), moved.data(), within.data(), &length);
    const std::span<float> target = out.row(first + row);
    for (std::size_t column = 0; column < target.size(); ++column) {
      const float apart = length > 0.0F ? moved[column] - within[column] : 0.0F;
      target[column] = apart * apart;
    }
  }
}

NAD_INLINE void PcaResidual::bend(std::span<float> scores) const {
  for (float& score : scores) {
    score = std::sqrt(score);
  }
}

}  // namespace nad
