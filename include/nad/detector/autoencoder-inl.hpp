#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/quantile.hpp"
#include "nad/detector/autoencoder.hpp"
#include "nad/detector/autoencoder_check-inl.hpp"
#include "nad/detector/autoencoder_fit-inl.hpp"
#include "nad/detector/column_moments-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/reconstruction_scorer-inl.hpp"

namespace nad {

NAD_INLINE Autoencoder::Autoencoder(Options options) : options_(std::move(options)) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE Autoencoder::~Autoencoder() = default;
NAD_INLINE Autoencoder::Autoencoder(const Autoencoder&) = default;
NAD_INLINE Autoencoder::Autoencoder(Autoencoder&&) noexcept = default;
NAD_INLINE Autoencoder& Autoencoder::operator=(const Autoencoder&) = default;
NAD_INLINE Autoencoder& Autoencoder::operator=(Autoencoder&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> Autoencoder::clone() const { return std::make_unique<Autoencoder>(*this); }

NAD_INLINE void Autoencoder::take(Detector&& learner) { *this = std::move(static_cast<Autoencoder&>(learner)); }

NAD_INLINE std::size_t Autoencoder::n_features() const noexcept {
  return state_.weights.empty() ? 0 : state_.weights.back().columns();
}

NAD_INLINE std::vector<std::size_t> Autoencoder::layers() const {
  return is_fitted() ? detail::layer_sizes(options_, n_features()) : std::vector<std::size_t>();
}

NAD_INLINE void Autoencoder::set_options(const Options& options) {
  detail::check_options(options, ErrorCode::invalid_argument);
  if (is_fitted() && !detail::same_network(options_, options)) {
    throw Error(
        ErrorCode::invalid_argument,
        "hidden, symmetric, activation, output_activation, solver, residual and residual_floor are part of what "
        "was learnt; fit a new autoencoder to change them");
  }
  options_ = options;
}

NAD_INLINE void Autoencoder::require_columns(std::size_t columns) const {
  if (columns != n_features()) {
    throw Error(ErrorCode::invalid_data, "the rows have " + std::to_string(columns) +
                                             " columns, but this autoencoder learnt from " +
                                             std::to_string(n_features()) + " and shall go on with these");
  }
}

namespace detail {

NAD_INLINE void check_loaded_options(const AutoencoderOptions& options) { check_options(options, ErrorCode::bad_file); }

/// Below this share of the columns' mean square, the variance of an error is that of rounding.
inline double rounding_variance(const ColumnMoments& moments) {
  double sum = 0.0;
  for (std::size_t column = 0; column < moments.mean.size(); ++column) {
    sum += moments.mean[column] * moments.mean[column] + moments.variance[column];
  }
  return 1e-12 * sum / static_cast<double>(moments.mean.size());
}

inline void check_trained(const NetworkState& state) {
  for (const std::vector<Matrix>* layers : {&state.weights, &state.first, &state.second}) {
    for (const Matrix& layer : *layers) {
      if (!all_are_finite(layer)) {
        throw Error(ErrorCode::invalid_data,
                    "the training went astray: a weight, or a gradient's mean, is not finite; scale the columns, or "
                    "lower learning_rate");
      }
    }
  }
}

inline void check_moments(const ResidualMoments& moments) {
  if (!all_are_finite(moments.mean) || !all_are_finite(moments.covariance)) {
    throw Error(ErrorCode::invalid_data,
                "the errors of the training rows are so large that their squares overflow; scale the columns");
  }
}

}  // namespace detail

NAD_INLINE void Autoencoder::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  const detail::ColumnMoments moments = detail::column_moments(from, control);
  detail::require_squares(moments);
  const double rounding = detail::rounding_variance(moments);
  if (options_.warm_start && is_fitted()) {
    require_columns(x.columns());
  } else {
    state_ = detail::first_state(options_, x.columns());
    history_.clear();
  }
  best_epoch_ = detail::train_network(options_, from, control, state_, history_);
  detail::check_trained(state_);
  residuals_ = detail::ResidualStatistics(from, state_.weights, options_, control).moments();
  detail::check_moments(residuals_);
  least_variance_ = rounding;
  whiten();
  derive();
}

NAD_INLINE void Autoencoder::partial_fit(MatrixView x, const FitControl& control) { partial_fit(x, {}, control); }

NAD_INLINE void Autoencoder::partial_fit(MatrixView x, std::span<const float> sample_weight,
                                         const FitControl& control) {
  check_training_data(x, sample_weight, control);
  constexpr double memory = 20000.0;
  Autoencoder learner(*this);
  if (is_fitted()) {
    require_columns(x.columns());
  } else {
    learner.state_ = detail::first_state(options_, x.columns());
  }
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  learner.least_variance_ = std::max(least_variance_, detail::rounding_variance(detail::column_moments(from, control)));
  const double weight = from.total_weight();
  std::vector<std::size_t> order(from.rows().rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  detail::AutoencoderTrainer trainer(options_, learner.state_);
  detail::TrainingReport report(control, order.size(), 1);
  EpochRecord& record = learner.history_.emplace_back();
  record.learning_rate = options_.learning_rate;
  record.loss = trainer.run_epoch(
      {from.rows(), from.weights(), weight / static_cast<double>(order.size())}, order, record.learning_rate,
      Random(options_.random_state, detail::network_stream::noise + history_.size()), report);
  detail::check_loss(record.loss, learner.history_.size());
  learner.state_ = trainer.state();
  detail::check_trained(learner.state_);
  learner.best_epoch_ = learner.history_.size();

  const double share = is_fitted() ? weight / (std::min(residuals_.weight, memory) + weight) : 1.0;
  detail::ResidualMoments fresh = detail::ResidualStatistics(from, learner.state_.weights, options_, control).moments();
  detail::check_moments(fresh);
  if (is_fitted()) {
    detail::merge_moments(learner.residuals_, fresh, memory);
  } else {
    learner.residuals_ = std::move(fresh);
  }
  learner.whiten();
  learner.derive();
  learner.follow_threshold(x, sample_weight, options_.contamination, share, control);
  *this = std::move(learner);
}

NAD_INLINE void Autoencoder::whiten() {
  if (options_.residual != ResidualScore::whitened) {
    return;
  }
  whitening_ = detail::whitening_of(residuals_, options_.residual_floor, least_variance_);
  if (whitening_.rows() == 0 || !detail::all_are_finite(whitening_)) {
    throw Error(ErrorCode::invalid_data, "the errors of the training rows cannot be whitened; scale the columns");
  }
}

NAD_INLINE std::vector<float> Autoencoder::error_means() const {
  if (options_.residual == ResidualScore::mean) {
    return std::vector<float>(n_features());
  }
  return {residuals_.mean.begin(), residuals_.mean.end()};
}

NAD_INLINE std::vector<float> Autoencoder::error_scales() const {
  std::vector<float> scales(n_features(), 1.0F);
  const double columns = static_cast<double>(n_features());
  if (options_.residual == ResidualScore::mean) {
    scales.assign(n_features(), static_cast<float>(std::sqrt(1.0 / columns)));
  }
  if (options_.residual == ResidualScore::variance_weighted) {
    const std::vector<double> variances = detail::variances_of(residuals_);
    const double floor = detail::variance_floor(variances, options_.residual_floor, least_variance_);
    for (std::size_t column = 0; column < n_features(); ++column) {
      scales[column] = static_cast<float>(std::sqrt(1.0 / (columns * (variances[column] + floor))));
    }
  }
  return scales;
}

NAD_INLINE void Autoencoder::derive() {
  detail::ResidualUnits units{error_means(), error_scales(), nullptr};
  if (options_.residual == ResidualScore::whitened) {
    units.whitening = &whitening_;
  }
  scorer_ = std::make_shared<const detail::ReconstructionScorer>(state_.weights, options_.activation,
                                                                 options_.output_activation, units);
}

NAD_INLINE void Autoencoder::restore() {
  const std::size_t columns = n_features();
  if (columns == 0) {
    throw Error(ErrorCode::bad_file, "the layers have no outputs; the model is damaged");
  }
  const std::vector<std::size_t> sizes = detail::layer_sizes(options_, columns);
  detail::check_layers(state_.weights, sizes);
  detail::check_layers(state_.first, sizes);
  detail::check_layers(state_.second, sizes);
  detail::check_residuals(residuals_, whitening_, options_.residual, columns);
  if (detail::is_missing(threshold_) || !detail::is_finite(least_variance_) || least_variance_ < 0.0 ||
      best_epoch_ > history_.size()) {
    throw Error(ErrorCode::bad_file, "the threshold or the best epoch cannot be; the model is damaged");
  }
  derive();
}

NAD_INLINE void Autoencoder::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  if (rows.rows() == 1) {
    out[0] = do_raw_score_row(rows.data(), first);
    return;
  }
  const std::size_t block = std::min(detail::network_block, rows.rows());
  detail::KernelFloats scratch(scorer_->scratch_size(block));
  for (std::size_t begin = 0; begin < rows.rows(); begin += block) {
    const std::size_t count = std::min(block, rows.rows() - begin);
    check_rows(rows.slice(begin, count), first + begin);
    const float* residuals = scorer_->residuals(rows.slice(begin, count), scratch.data());
    for (std::size_t i = 0; i < count; ++i) {
      out[begin + i] = scorer_->square(residuals + i * scorer_->stride());
    }
  }
}

NAD_INLINE float Autoencoder::do_raw_score_row(const float* row, std::size_t index) const {
  check_rows({row, 1, n_features()}, index);
  constexpr std::size_t room = 8192;  // enough for layers of some 4,000 units
  const MatrixView rows(row, 1, n_features());
  if (scorer_->scratch_size(1) <= room) {
    alignas(64) float scratch[room];
    return scorer_->square(scorer_->residuals(rows, scratch));
  }
  detail::KernelFloats scratch(scorer_->scratch_size(1));
  return scorer_->square(scorer_->residuals(rows, scratch.data()));
}

NAD_INLINE void Autoencoder::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  detail::KernelFloats scratch(scorer_->scratch_size(1));
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    check_row(rows.row(row), first + row);
    const float* residual = scorer_->residuals(rows.slice(row, 1), scratch.data());
    const std::span<float> target = out.row(first + row);
    const float score = scorer_->square(residual);
    for (std::size_t column = 0; column < target.size(); ++column) {
      target[column] = residual[column] * residual[column];
    }
    if (score == std::numeric_limits<float>::max()) {  // some square is no number: the largest values are to blame
      double sum = 0.0;
      for (std::size_t column = 0; column < target.size(); ++column) {
        sum += std::abs(static_cast<double>(rows(row, column)));
      }
      for (std::size_t column = 0; column < target.size(); ++column) {
        const double share = sum > 0.0 ? std::abs(static_cast<double>(rows(row, column))) / sum
                                       : 1.0 / static_cast<double>(target.size());
        target[column] = static_cast<float>(share * static_cast<double>(score));
      }
    }
  }
}

NAD_INLINE void Autoencoder::bend(std::span<float> scores) const {
  for (float& score : scores) {
    score = std::sqrt(score);
  }
}

NAD_INLINE Matrix Autoencoder::reconstruct(MatrixView x, const FitControl& control) const {
  require_shape(x, "reconstructing");
  Matrix made = Matrix::for_overwrite(x.rows(), x.columns());
  parallel_for(x.rows(), control, {.grain = detail::score_grain, .stage = "reconstructing"},
               [&](std::size_t begin, std::size_t end) {
                 detail::KernelFloats scratch(scorer_->scratch_size(detail::network_block));
                 for (std::size_t first = begin; first < end; first += detail::network_block) {
                   const std::size_t rows = std::min(detail::network_block, end - first);
                   for (std::size_t row = first; row < first + rows; ++row) {
                     check_row(x.row(row), row);
                   }
                   const float* outputs = scorer_->outputs(x.slice(first, rows), scratch.data());
                   for (std::size_t i = 0; i < rows; ++i) {
                     std::copy_n(outputs + i * scorer_->stride(), x.columns(), made.row(first + i).data());
                   }
                 }
               });
  return made;
}

}  // namespace nad
