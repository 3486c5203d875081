#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/random.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/column_moments-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/kernel_sum-inl.hpp"
#include "nad/detector/one_class_svm.hpp"
#include "nad/detector/svm_explain-inl.hpp"
#include "nad/detector/svm_solver-inl.hpp"
#include "nad/detector/svm_stream-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad {

namespace detail {

inline constexpr std::size_t most_components = 8192;  ///< whose kernel matrix is still factorised in seconds

inline void check_options(const OneClassSVMOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  constexpr double most = std::numeric_limits<double>::max();
  if (!is_known(options.kernel)) {
    refuse("kernel is not one that this nad knows");
  }
  if (!(options.nu > 0.0 && options.nu <= 1.0)) {
    refuse("nu is " + std::to_string(options.nu) + "; give a share of the rows, above 0 and at most 1");
  }
  if (!options.gamma.is_scale() && !options.gamma.is_automatic() &&
      !(options.gamma.is_number() && options.gamma.value() >= 1e-30 && options.gamma.value() <= 1e30)) {
    refuse("gamma is " + std::to_string(options.gamma.value()) + "; give 'scale', 'auto', or a number above 0");
  }
  if (!(std::abs(options.coef0) <= 1e30)) {
    refuse("coef0 is " + std::to_string(options.coef0) + "; give a number of at most 1e30");
  }
  if (options.degree < 1 || options.degree > 64) {
    refuse("degree is " + std::to_string(options.degree) + "; give a number from 1 to 64");
  }
  if (!(options.tol > 0.0 && options.tol <= most)) {
    refuse("tol is " + std::to_string(options.tol) + "; give a number above 0");
  }
  if (options.max_iter && *options.max_iter < 1) {
    refuse("max_iter is 0; give a number of steps, or leave it open");
  }
  if (!(options.cache_size > 0.0 && options.cache_size <= most)) {
    refuse("cache_size is " + std::to_string(options.cache_size) + "; give a number of MiB above 0");
  }
  if (!is_known(options.approximation)) {
    refuse("approximation is not one that this nad knows");
  }
  if (options.approximation == KernelApproximation::fourier && options.kernel != SvmKernel::rbf) {
    refuse("approximation 'fourier' is for the kernel 'rbf'; choose 'nystroem' for others");
  }
  if (options.n_components < 1 || options.n_components > most_components) {
    refuse("n_components is " + std::to_string(options.n_components) + "; give a number from 1 to 8192");
  }
  if (!is_known(options.unique_rows)) {
    refuse("unique_rows is not one that this nad knows");
  }
  if (options.contamination) {
    check_contamination(*options.contamination, code);
  }
}

inline simd::KernelFunction kernel_function(const OneClassSVMOptions& options, double gamma) {
  simd::KernelFunction function{simd::KernelCurve::rbf, static_cast<float>(gamma), static_cast<float>(options.coef0),
                                static_cast<std::uint32_t>(options.degree)};
  if (options.approximation == KernelApproximation::fourier) {
    return {simd::KernelCurve::cosine, 1.0F, 0.0F, 1};
  }
  switch (options.kernel) {
    case SvmKernel::rbf:
      break;
    case SvmKernel::linear:
      return {simd::KernelCurve::linear, 1.0F, 0.0F, 1};
    case SvmKernel::poly:
      function.curve = simd::KernelCurve::poly;
      break;
    case SvmKernel::sigmoid:
      function.curve = simd::KernelCurve::sigmoid;
      break;
  }
  return function;
}

inline double resolve_gamma(const KernelGamma& gamma, SvmKernel kernel, const ColumnMoments& moments) {
  const auto columns = static_cast<double>(moments.mean.size());
  if (gamma.is_number()) {
    return gamma.value();
  }
  if (gamma.is_automatic()) {
    return 1.0 / columns;
  }
  double mean = 0.0;
  double squares = 0.0;
  for (const double of_column : moments.mean) {
    mean += of_column / columns;
  }
  for (std::size_t column = 0; column < moments.mean.size(); ++column) {
    const double apart = moments.mean[column] - mean;
    squares += (moments.variance[column] + apart * apart) / columns;
  }
  const double wanted = squares > 0.0 ? 1.0 / (columns * squares) : 1.0;
  const double within = std::clamp(wanted, 1e-30, 1e30);
  if (wanted != within && kernel != SvmKernel::linear) {
    throw Error(
        ErrorCode::invalid_data,
        "the values vary so " + std::string(wanted < 1.0 ? "much" : "little") +
            " that gamma 'scale' leaves its range, 1e-30 to 1e30; scale the columns before they are learnt from");
  }
  return within;
}

/// A row so far out that products overflow is as anomalous as can be.
inline float score_of(double rho, double sum) noexcept {
  const double score = rho - sum;
  constexpr double most = std::numeric_limits<float>::max();
  return is_finite(score) ? static_cast<float>(std::clamp(score, -most, most)) : static_cast<float>(most);
}

}  // namespace detail

NAD_INLINE OneClassSVM::OneClassSVM(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE OneClassSVM::~OneClassSVM() = default;
NAD_INLINE OneClassSVM::OneClassSVM(const OneClassSVM&) = default;
NAD_INLINE OneClassSVM::OneClassSVM(OneClassSVM&&) noexcept = default;
NAD_INLINE OneClassSVM& OneClassSVM::operator=(const OneClassSVM&) = default;
NAD_INLINE OneClassSVM& OneClassSVM::operator=(OneClassSVM&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> OneClassSVM::clone() const { return std::make_unique<OneClassSVM>(*this); }

NAD_INLINE void OneClassSVM::take(Detector&& learner) { *this = std::move(static_cast<OneClassSVM&>(learner)); }

NAD_INLINE MatrixView OneClassSVM::support_vectors() const noexcept {
  return vectors_ == nullptr ? MatrixView() : vectors_->view();
}

// -- learning

NAD_INLINE void OneClassSVM::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  const detail::ColumnMoments moments = detail::column_moments(from, control);
  detail::require_squares(moments);
  *this = OneClassSVM(options_);
  const double gamma = detail::resolve_gamma(options_.gamma, options_.kernel, moments);
  gamma_ = gamma;
  mean_.assign(moments.mean.begin(), moments.mean.end());
  if (options_.approximation == KernelApproximation::none) {
    fit_exactly(from.rows(), from.weights(), control);
    return;
  }
  choose_features(from.rows());
  coefficients_.assign(vectors_->rows(), 0.0);
  derive();
  stream(from.rows(), from.weights(), control);
}

NAD_INLINE void OneClassSVM::fit_exactly(MatrixView rows, std::span<const float> weights, const FitControl& control) {
  const std::vector<detail::DistinctRow> distinct = detail::distinct_rows(rows, weights);
  std::vector<double> bounds;
  Matrix unique;
  if (distinct.size() < rows.rows()) {
    unique = Matrix::for_overwrite(distinct.size(), rows.columns());
  }
  double total = 0.0;
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    bounds.push_back(distinct[i].weight);
    total += distinct[i].weight;
    if (unique.rows() != 0) {
      std::copy_n(rows.row(distinct[i].row), rows.columns(), unique.row(i).data());
    }
  }
  const MatrixView learnt_from = unique.rows() != 0 ? unique.view() : rows;
  const simd::KernelFunction function = detail::kernel_function(options_, gamma_);
  const double sum = options_.nu * total;
  const double root = std::sqrt(sum * std::min(sum, *std::max_element(bounds.begin(), bounds.end())));
  if (options_.kernel == SvmKernel::linear ||  // whose sums cost nothing
      detail::rounding_of_floats(learnt_from, function, root) > options_.tol) {
    const auto in_doubles = [&](MatrixView fixed) { return detail::PreciseExpansion(fixed, function); };
    detail::OneClassSolver solver(learnt_from, std::move(bounds), sum, function, in_doubles, control);
    solve(solver, learnt_from);
  } else {
    const std::vector<float> origin = detail::kernel_origin(learnt_from);
    const auto in_floats = [&](MatrixView fixed) { return detail::KernelExpansion(fixed, function, origin); };
    detail::OneClassSolver solver(learnt_from, std::move(bounds), sum, function, in_floats, control);
    solve(solver, learnt_from);
  }
}

template <class Solver>
void OneClassSVM::solve(Solver& solver, MatrixView rows) {
  solver.run({.tol = options_.tol,
              .max_iter = options_.most_steps(rows.rows()),
              .shrinking = options_.shrinking,
              .cache_size = options_.cache_size});
  std::vector<std::size_t> kept;
  for (std::size_t row = 0; row < solver.alphas().size(); ++row) {
    if (solver.alphas()[row] > 0.0) {
      kept.push_back(row);
      coefficients_.push_back(solver.alphas()[row]);
    }
  }
  Matrix vectors = Matrix::for_overwrite(kept.size(), rows.columns());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    std::copy_n(rows.row(kept[i]), rows.columns(), vectors.row(i).data());
  }
  vectors_ = std::make_shared<const Matrix>(std::move(vectors));
  rho_ = solver.rho();
  iterations_ = std::max<std::size_t>(1, solver.iterations());  // one look at least
  converged_ = solver.converged() && solver.is_determined();
  derive();
  // Rows on the boundary, which may be a flood of equal ones, shall not lie outside by rounding.
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (coefficients_[i] < solver.bounds()[kept[i]]) {
      const double sum = sum_->sum(vectors_->row(i).data());
      const double rounding = 1e-5 * std::abs(rho_);
      rho_ = rho_ - sum <= options_.tol + rounding ? std::min(rho_, sum) : rho_;
    }
  }
  baseline_ = static_cast<double>(detail::score_of(rho_, sum_->sum(mean_.data())));
}

NAD_INLINE void OneClassSVM::choose_features(MatrixView rows) {
  Random random(options_.random_state, 0);
  if (options_.approximation == KernelApproximation::fourier) {
    Matrix directions = Matrix::for_overwrite(options_.n_components, rows.columns());
    const double deviation = std::sqrt(2.0 * gamma_);
    phases_.clear();
    for (std::size_t i = 0; i < directions.rows(); ++i) {
      double at_mean = 0.0;
      for (std::size_t column = 0; column < rows.columns(); ++column) {
        directions(i, column) = static_cast<float>(deviation * random.normal());
        at_mean += static_cast<double>(directions(i, column)) * static_cast<double>(mean_[column]);
      }
      // angles are small where the rows lie, whatever the values that they lie at
      const double turn = 6.283185307179586476925;
      const double phase = random.uniform() * turn - at_mean;
      phases_.push_back(static_cast<float>(phase - turn * std::floor(phase / turn)));
    }
    vectors_ = std::make_shared<const Matrix>(std::move(directions));
    return;
  }
  // some rows that differ, drawn like cards
  std::vector<std::size_t> deck(rows.rows());
  for (std::size_t row = 0; row < deck.size(); ++row) {
    deck[row] = row;
  }
  const std::size_t drawn = std::min(deck.size(), 8 * options_.n_components);
  Matrix some = Matrix::for_overwrite(drawn, rows.columns());
  for (std::size_t i = 0; i < drawn; ++i) {
    std::swap(deck[i], deck[i + random.below(deck.size() - i)]);
    std::copy_n(rows.row(deck[i]), rows.columns(), some.row(i).data());
  }
  const std::vector<detail::DistinctRow> distinct = detail::distinct_rows(some, {});
  Matrix vectors = Matrix::for_overwrite(std::min(options_.n_components, distinct.size()), rows.columns());
  for (std::size_t i = 0; i < vectors.rows(); ++i) {
    std::copy_n(some.row(distinct[i].row).data(), rows.columns(), vectors.row(i).data());
  }
  vectors_ = std::make_shared<const Matrix>(std::move(vectors));
}

NAD_INLINE void OneClassSVM::stream(MatrixView rows, std::span<const float> weights, const FitControl& control) {
  if (streamed_ == nullptr) {
    detail::FeatureMetric metric = options_.approximation == KernelApproximation::fourier
                                       ? detail::FeatureMetric(vectors_->rows())
                                       : detail::FeatureMetric(*sum_->features(), *vectors_);
    streamed_ = std::make_shared<const detail::StreamedOneClass>(sum_->features(), std::move(metric), options_.nu);
  }
  detail::StreamedPlane plane{coefficients_, rho_, rows_seen_, iterations_};
  // another order for rows that come later
  const Random random(options_.random_state, 1 + static_cast<std::uint64_t>(rows_seen_));
  streamed_->learn(rows, weights, random, control, plane);
  coefficients_ = std::move(plane.coefficients);
  rho_ = plane.rho;
  rows_seen_ = plane.rows_seen;
  iterations_ = plane.steps;
  converged_ = true;
  const bool finite = std::all_of(coefficients_.begin(), coefficients_.end(),
                                  [](double coefficient) { return std::abs(coefficient) <= 1e30; });
  if (!finite) {
    throw Error(ErrorCode::invalid_data,
                "the kernel values of the rows overflow; scale the columns, or give a smaller gamma");
  }
  derive();
  baseline_ = static_cast<double>(detail::score_of(rho_, sum_->sum(mean_.data())));
}

NAD_INLINE void OneClassSVM::partial_fit(MatrixView x, const FitControl& control) { partial_fit(x, {}, control); }

NAD_INLINE void OneClassSVM::partial_fit(MatrixView x, std::span<const float> sample_weight,
                                         const FitControl& control) {
  if (options_.approximation == KernelApproximation::none) {
    throw Error(ErrorCode::invalid_argument,
                "an exact one_class_svm looks at all rows at once; choose approximation 'nystroem' or 'fourier' for "
                "partial_fit");
  }
  if (!is_fitted()) {
    fit(x, sample_weight, control);
    return;
  }
  check_training_data(x, sample_weight, control);
  require_shape(x, "partial_fit");
  OneClassSVM learner(*this);
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  learner.stream(from.rows(), from.weights(), control);
  if (options_.contamination) {
    const double share = from.total_weight() / learner.rows_seen_;
    learner.follow_threshold(x, sample_weight, *options_.contamination, share, control);
  }
  *this = std::move(learner);
}

NAD_INLINE void OneClassSVM::derive() {
  const simd::KernelFunction function = detail::kernel_function(options_, gamma_);
  sum_ = options_.approximation == KernelApproximation::none
             ? std::make_shared<const detail::KernelSum>(*vectors_, function, coefficients_, options_.tol)
             : std::make_shared<const detail::KernelSum>(*vectors_, function, phases_, coefficients_);
}

NAD_INLINE void OneClassSVM::restore() {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorCode::bad_file, message + "; the model is damaged");
  };
  detail::check_options(options_, ErrorCode::bad_file);
  const bool approximate = options_.approximation != KernelApproximation::none;
  const bool cosines = options_.approximation == KernelApproximation::fourier;
  const std::size_t count = vectors_->rows();
  if (mean_.empty() || count == 0 || vectors_->columns() != mean_.size() || coefficients_.size() != count ||
      phases_.size() != (cosines ? count : 0) || (approximate && count > options_.n_components)) {
    refuse("support vectors, their coefficients and the columns do not fit together");
  }
  const auto finite = [](const auto& numbers) {
    return std::all_of(numbers.begin(), numbers.end(),
                       [](auto number) { return detail::is_finite(static_cast<double>(number)); });
  };
  const std::span<const float> values(vectors_->data(), count * mean_.size());
  if (!finite(mean_) || !finite(values) || !finite(coefficients_) || !finite(phases_) || !detail::is_finite(rho_) ||
      !detail::is_finite(baseline_) || detail::is_missing(threshold_)) {
    refuse("a support vector, a coefficient or the threshold is no number");
  }
  const auto too_large = [](double coefficient) { return std::abs(coefficient) > 1e30; };
  if (std::any_of(coefficients_.begin(), coefficients_.end(), too_large) || !(gamma_ >= 1e-30 && gamma_ <= 1e30) ||
      !(rows_seen_ >= 0.0 && rows_seen_ <= 1e18)) {
    refuse("gamma, a coefficient or the number of rows is out of range");
  }
  derive();
}

// -- scoring

NAD_INLINE void OneClassSVM::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  check_rows(rows, first);
  std::vector<double> sums(rows.rows());
  sum_->sums(rows, sums.data());
  for (std::size_t row = 0; row < sums.size(); ++row) {
    out[row] = detail::score_of(rho_, sums[row]);
  }
}

NAD_INLINE float OneClassSVM::do_raw_score_row(const float* row, std::size_t index) const {
  check_rows({row, 1, n_features()}, index);
  return detail::score_of(rho_, sum_->sum(row));
}

NAD_INLINE void OneClassSVM::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  check_rows(rows, first);
  const detail::KernelWay way(*vectors_, coefficients_, phases_, sum_->function(), mean_);
  std::vector<double> contributions(mean_.size());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    way.contributions(rows.row(row), contributions);
    const std::span<float> target = out.row(first + row);
    for (std::size_t column = 0; column < target.size(); ++column) {
      target[column] = static_cast<float>(-contributions[column]);  // less of the sum is more of the score
    }
  }
}

}  // namespace nad
