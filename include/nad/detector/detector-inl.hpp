#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/quantile.hpp"
#include "nad/detector/detector.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad {

namespace detail {

/// Rows that one thread scores before it asks for more: enough to pay for starting it, few enough for a cache.
inline constexpr std::size_t score_grain = 4096;

inline std::string shape(MatrixView x) {
  return std::to_string(x.rows()) + " rows and " + std::to_string(x.columns()) + " columns";
}

enum class FloatClass { finite, infinite, missing };

/// Looks at the bits: a host may be compiled with -ffast-math, where std::isnan is always false.
inline FloatClass classify(float value) noexcept {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7f800000U) != 0x7f800000U) {
    return FloatClass::finite;
  }
  return (bits & 0x007fffffU) == 0 ? FloatClass::infinite : FloatClass::missing;
}

inline bool is_missing(float value) noexcept { return classify(value) == FloatClass::missing; }

/// The end of the range of floats where a score, computed from finite values, lies beyond it or is infinity less
/// infinity.
inline float bounded_score(float score) noexcept {
  constexpr float most = std::numeric_limits<float>::max();
  if (classify(score) == FloatClass::finite) {
    return score;
  }
  return std::bit_cast<std::uint32_t>(score) == 0xff800000U ? -most : most;
}

inline float bounded_score(double score) noexcept {
  constexpr double most = std::numeric_limits<float>::max();
  return is_nan(score) ? static_cast<float>(most) : static_cast<float>(std::clamp(score, -most, most));
}

/// Contributions of rows with larger values are looked at: their squares may have left the range of floats.
inline constexpr float squares_end_beyond = 1e15F;

/// The sum of a row's contributions, and of their sizes.
struct ContributionSum {
  double sum = 0.0;
  double size = 0.0;

  explicit ContributionSum(std::span<const float> contributions) {
    for (const float contribution : contributions) {
      sum += static_cast<double>(contribution);
      size += std::abs(static_cast<double>(contribution));
    }
  }

  /// Whether all are finite and add up to that, but for rounding.
  bool is_near(double wanted) const noexcept {
    return is_finite(size) && std::abs(sum - wanted) <= 1e-3 * (size + std::abs(wanted));
  }
};

/// Contributions in the same proportions that add up to `wanted`; by their sizes alone where they cancel.
inline void stretch_to(std::span<const float> contributions, const ContributionSum& of, double wanted,
                       std::span<float> out) {
  constexpr double most = std::numeric_limits<float>::max();
  const bool keeps_signs = of.sum * wanted > 0.0 && of.size / std::abs(of.sum) * std::abs(wanted) < most;
  for (std::size_t column = 0; column < out.size(); ++column) {
    const auto part = static_cast<double>(contributions[column]);
    const double share = keeps_signs     ? part / of.sum
                         : of.size > 0.0 ? std::abs(part) / of.size
                                         : 1.0 / static_cast<double>(out.size());
    out[column] = bounded_score(share * wanted);
  }
}

inline void check_contamination(double contamination, ErrorCode code) {
  if (!(contamination > 0.0 && contamination <= 0.5)) {
    throw Error(code, "contamination is " + std::to_string(contamination) +
                          "; give the expected share of anomalies, above 0.0 and at most 0.5");
  }
}

}  // namespace detail

NAD_INLINE Detector::~Detector() = default;

NAD_INLINE void Detector::check_values(const float* row, std::size_t columns, std::size_t index) const {
  for (std::size_t column = 0; column < columns; ++column) {
    const detail::FloatClass found = detail::classify(row[column]);
    if (found == detail::FloatClass::finite || (found == detail::FloatClass::missing && accepts_missing())) {
      continue;
    }
    const std::string where = " in row " + std::to_string(index) + ", column " + std::to_string(column);
    throw Error(ErrorCode::invalid_data,
                found == detail::FloatClass::infinite
                    ? "infinity" + where + "; replace or clip infinite values before they reach the detector"
                    : "NaN" + where + "; fill in missing values first, or choose a detector option that accepts them");
  }
}

NAD_INLINE void Detector::check_rows(MatrixView rows, std::size_t first) const {
  const simd::KernelTable& kernels = simd::active_kernels();
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (!kernels.all_finite(rows.row(row), rows.columns())) {
      check_row(rows.row(row), first + row);
    }
  }
}

NAD_INLINE void Detector::check_training_values(MatrixView x, const FitControl& control) const {
  const simd::KernelTable& kernels = simd::active_kernels();
  const bool dense = x.row_stride() == x.columns();
  parallel_for(x.rows(), {.n_jobs = control.n_jobs}, {.grain = 16 * detail::score_grain, .stage = "checking rows"},
               [&](std::size_t begin, std::size_t end) {
                 if (dense && kernels.all_finite(x.row(begin), (end - begin) * x.columns())) {
                   return;
                 }
                 for (std::size_t row = begin; row < end; ++row) {
                   if (!kernels.all_finite(x.row(row), x.columns())) {
                     check_values(x.row(row), x.columns(), row);
                   }
                 }
               });
}

NAD_INLINE void Detector::check_training_data(MatrixView x, std::span<const float> sample_weight,
                                              const FitControl& control) const {
  if (x.empty()) {
    throw Error(ErrorCode::invalid_data,
                "cannot fit on " + detail::shape(x) + "; at least one row and one column are needed");
  }
  require_memory(x);
  if (!control.assume_finite) {
    check_training_values(x, control);
  }
  if (sample_weight.empty()) {
    return;
  }
  if (sample_weight.size() != x.rows()) {
    throw Error(ErrorCode::invalid_argument, "sample_weight has " + std::to_string(sample_weight.size()) +
                                                 " values for " + std::to_string(x.rows()) + " rows; give one a row");
  }
  bool any = false;
  for (std::size_t row = 0; row < sample_weight.size(); ++row) {
    const float weight = sample_weight[row];
    if (detail::classify(weight) != detail::FloatClass::finite || weight < 0.0F) {
      throw Error(ErrorCode::invalid_argument, "sample_weight of row " + std::to_string(row) + " is " +
                                                   std::to_string(weight) + "; weights are finite and at least 0");
    }
    any = any || weight > 0.0F;
  }
  if (!any) {
    throw Error(ErrorCode::invalid_argument, "all sample weights are zero; at least one row must count");
  }
}

NAD_INLINE void Detector::fit(MatrixView x, const FitControl& control) { fit(x, {}, control); }

NAD_INLINE void Detector::fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  check_training_data(x, sample_weight, control);
  const std::unique_ptr<Detector> learner = clone();
  learner->do_fit(x, sample_weight, control);
  learner->threshold_ = learner->default_threshold();
  if (const std::optional<double> contamination = learner->wanted_contamination()) {
    learner->threshold_ = learner->quantile_threshold(x, sample_weight, *contamination, control);
  }
  take(std::move(*learner));
}

NAD_INLINE void Detector::fit_labelled(MatrixView x, std::span<const std::int32_t>,
                                       std::span<const float> sample_weight, const FitControl& control) {
  fit(x, sample_weight, control);
}

NAD_INLINE bool Detector::calls_normal(std::int32_t, std::span<const std::int32_t>) const { return true; }

NAD_INLINE float Detector::quantile_threshold(MatrixView x, std::span<const float> sample_weight, double contamination,
                                              const FitControl& control) const {
  std::vector<float> scores = anomaly_score(x, control);
  return sample_weight.empty() ? detail::quantile_below(scores, 1.0 - contamination)
                               : detail::weighted_quantile_below(scores, sample_weight, 1.0 - contamination);
}

NAD_INLINE void Detector::follow_threshold(MatrixView x, std::span<const float> sample_weight, double contamination,
                                           double share, const FitControl& control) {
  const auto before = static_cast<double>(threshold_);
  const auto now = static_cast<double>(quantile_threshold(x, sample_weight, contamination, control));
  threshold_ = static_cast<float>(before + share * (now - before));
}

NAD_INLINE void Detector::require_fitted(const char* verb) const {
  if (!is_fitted()) {
    throw Error(ErrorCode::not_fitted, std::string("this ") + std::string(kind()) +
                                           " has not learnt anything yet; call fit() or load a model before " + verb);
  }
}

NAD_INLINE void Detector::require_memory(MatrixView x) {
  if (!x.empty() && x.data() == nullptr) {
    throw Error(ErrorCode::invalid_argument, "the view of " + detail::shape(x) + " points to no memory");
  }
}

NAD_INLINE void Detector::require_shape(MatrixView x, const char* verb) const {
  require_fitted(verb);
  require_memory(x);
  if (x.columns() != n_features()) {
    throw Error(ErrorCode::invalid_data, "the rows have " + std::to_string(x.columns()) + " columns, but this " +
                                             std::string(kind()) + " learnt from " + std::to_string(n_features()) +
                                             "; give the same columns in the same order");
  }
}

NAD_INLINE void Detector::bounded_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  do_raw_score(rows, first, out);
  if (!simd::active_kernels().all_finite(out.data(), out.size())) {
    for (float& score : out) {
      score = detail::bounded_score(score);
    }
  }
}

NAD_INLINE float Detector::bounded_raw_score_row(const float* row, std::size_t index) const {
  return detail::bounded_score(do_raw_score_row(row, index));
}

NAD_INLINE void Detector::bounded_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  do_explain(rows, first, out);
  const simd::KernelTable& kernels = simd::active_kernels();
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const std::span<const float> values(rows.row(row), rows.columns());
    const std::span<float> reasons = out.row(first + row);
    const bool is_near = std::all_of(values.begin(), values.end(),
                                     [](float value) { return !(std::abs(value) > detail::squares_end_beyond); });
    if (!is_near || !kernels.all_finite(reasons.data(), reasons.size())) {
      explain_far_row(values, first + row, reasons);
    }
  }
}

/// Contributions of a row whose own leave the range of floats are those of a row on the way there, stretched until they
/// add up to the score. Those that are finite and add up stay.
NAD_INLINE void Detector::explain_far_row(std::span<const float> row, std::size_t index, std::span<float> out) const {
  const double base = do_baseline();
  const double wanted = static_cast<double>(bounded_raw_score_row(row.data(), index)) - base;
  if (detail::ContributionSum(out).is_near(wanted)) {
    return;
  }
  Matrix nearer(1, row.size());
  Matrix reasons(1, row.size());
  double scale = 1.0;
  for (int halvings = 0; halvings < 20; ++halvings) {
    scale *= 0x1p-14;
    std::transform(row.begin(), row.end(), nearer.data(),
                   [scale](float value) { return static_cast<float>(scale * static_cast<double>(value)); });
    do_explain(nearer, 0, reasons);
    const float raw = do_raw_score_row(nearer.data(), 0);
    const detail::ContributionSum there(reasons.row(0));
    if (detail::classify(raw) == detail::FloatClass::finite && there.size > 0.0 &&
        there.is_near(static_cast<double>(raw) - base)) {
      detail::stretch_to(reasons.row(0), there, wanted, out);
      return;
    }
  }
  std::transform(row.begin(), row.end(), reasons.data(),
                 [](float value) { return detail::is_missing(value) ? 0.0F : std::abs(value); });
  detail::stretch_to(reasons.row(0), detail::ContributionSum(reasons.row(0)), wanted, out);
}

NAD_INLINE void Detector::score_into(MatrixView x, std::span<float> out, bool bent, const FitControl& control) const {
  require_shape(x, "scoring");
  if (out.size() != x.rows()) {
    throw Error(ErrorCode::invalid_argument, "room for " + std::to_string(out.size()) + " scores was given for " +
                                                 std::to_string(x.rows()) + " rows; give one place a row");
  }
  parallel_for(x.rows(), control, {.grain = detail::score_grain, .stage = "scoring"},
               [&](std::size_t begin, std::size_t end) {
                 const std::span<float> part = out.subspan(begin, end - begin);
                 bounded_raw_score(x.slice(begin, end - begin), begin, part);
                 if (bent) {
                   bend(part);
                 }
               });
}

NAD_INLINE void Detector::anomaly_score(MatrixView x, std::span<float> out, const FitControl& control) const {
  score_into(x, out, true, control);
}

NAD_INLINE std::vector<float> Detector::anomaly_score(MatrixView x, const FitControl& control) const {
  std::vector<float> scores(x.rows());
  score_into(x, scores, true, control);
  return scores;
}

NAD_INLINE float Detector::anomaly_score(std::span<const float> row) const {
  require_shape({row.data(), 1, row.size()}, "scoring");
  float score = bounded_raw_score_row(row.data(), 0);
  bend({&score, 1});
  return score;
}

NAD_INLINE std::vector<float> Detector::raw_score(MatrixView x, const FitControl& control) const {
  std::vector<float> scores(x.rows());
  score_into(x, scores, false, control);
  return scores;
}

NAD_INLINE Matrix Detector::explain(MatrixView x, const FitControl& control) const {
  require_shape(x, "explaining");
  Matrix contributions(x.rows(), x.columns());
  parallel_for(
      x.rows(), control, {.grain = detail::score_grain, .stage = "explaining"},
      [&](std::size_t begin, std::size_t end) { bounded_explain(x.slice(begin, end - begin), begin, contributions); });
  return contributions;
}

NAD_INLINE double Detector::baseline() const {
  require_fitted("asking for the baseline");
  return do_baseline();
}

NAD_INLINE float Detector::threshold() const {
  require_fitted("asking for the threshold");
  return threshold_;
}

NAD_INLINE void Detector::set_threshold(float threshold) {
  require_fitted("setting the threshold");
  if (detail::is_missing(threshold)) {
    throw Error(ErrorCode::invalid_argument, "the threshold is NaN; give the score above which a row is anomalous");
  }
  threshold_ = threshold;
}

}  // namespace nad
