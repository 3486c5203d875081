#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/bin_rules-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/half_space_trees.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad {

namespace detail {

inline void check_options(const HalfSpaceTreesOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  if (options.n_estimators < 1 || options.n_estimators > 65536) {
    refuse("n_estimators is " + std::to_string(options.n_estimators) + "; give a number of trees from 1 to 65536");
  }
  if (options.height < 1 || options.height > 20) {
    refuse("height is " + std::to_string(options.height) + "; give a number of cuts from 1 to 20");
  }
  if (options.n_estimators << options.height > (std::size_t{1} << 28U)) {
    refuse(std::to_string(options.n_estimators) + " trees of height " + std::to_string(options.height) +
           " have too many leaves; give fewer n_estimators or less height");
  }
  if (options.window_size < 1 || options.window_size > (std::size_t{1} << 24U)) {
    refuse("window_size is " + std::to_string(options.window_size) + "; give a number of rows from 1 to 16777216");
  }
  if (!(options.size_limit >= 0.0 && options.size_limit < 1.0)) {
    refuse("size_limit is " + std::to_string(options.size_limit) +
           "; give a share of the window, at least 0 and below 1");
  }
  if (!is_known(options.density)) {
    refuse("density is not one that this nad knows");
  }
  check_contamination(options.contamination, code);
}

/// A part without rows counts as if it held so many.
inline constexpr double weight_of_nothing = 0.001;

}  // namespace detail

NAD_INLINE HalfSpaceTrees::HalfSpaceTrees(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE HalfSpaceTrees::~HalfSpaceTrees() = default;
NAD_INLINE HalfSpaceTrees::HalfSpaceTrees(const HalfSpaceTrees&) = default;
NAD_INLINE HalfSpaceTrees::HalfSpaceTrees(HalfSpaceTrees&&) noexcept = default;
NAD_INLINE HalfSpaceTrees& HalfSpaceTrees::operator=(const HalfSpaceTrees&) = default;
NAD_INLINE HalfSpaceTrees& HalfSpaceTrees::operator=(HalfSpaceTrees&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> HalfSpaceTrees::clone() const { return std::make_unique<HalfSpaceTrees>(*this); }

NAD_INLINE void HalfSpaceTrees::take(Detector&& learner) { *this = std::move(static_cast<HalfSpaceTrees&>(learner)); }

// -- what the trees say

template <class Visit>
void HalfSpaceTrees::visit_leaves(const float* row, Visit&& visit) const noexcept {
  constexpr std::size_t together = 8;  // trees in step: the processor works on them at the same time
  const std::size_t n_cuts = cuts();
  for (std::size_t first = 0; first < options_.n_estimators; first += together) {
    const std::size_t count = std::min(together, options_.n_estimators - first);
    std::array<std::size_t, together> at{};
    const auto descend = [&](std::size_t trees) {
      for (std::size_t depth = 0; depth < options_.height; ++depth) {
        for (std::size_t i = 0; i < trees; ++i) {
          const std::size_t cut = (first + i) * n_cuts + at[i];
          at[i] = 2 * at[i] + 1 + (row[columns_[cut]] >= values_[cut] ? 1 : 0);
        }
      }
    };
    if (count == together) {
      descend(together);
    } else {
      descend(count);
    }
    for (std::size_t i = 0; i < count; ++i) {
      visit((first + i) * leaves() + at[i] - n_cuts);
    }
  }
}

NAD_INLINE float HalfSpaceTrees::score_of(const float* row) const noexcept {
  double sum = 0.0;
  visit_leaves(row, [&](std::size_t leaf) { sum += static_cast<double>(leaf_values_[leaf]); });
  return static_cast<float>(-sum / static_cast<double>(options_.n_estimators));
}

NAD_INLINE double HalfSpaceTrees::value_of(double weight, std::size_t depth) const noexcept {
  if (options_.density == Density::linear) {
    return weight / known_weight_ * static_cast<double>(std::size_t{1} << depth);
  }
  constexpr double log_of_2 = 0.693147180559945309417;
  return detail::log_of_positive((weight + detail::weight_of_nothing) / (known_weight_ + detail::weight_of_nothing)) +
         log_of_2 * static_cast<double>(depth);
}

NAD_INLINE double HalfSpaceTrees::do_baseline() const { return -value_of(known_weight_, 0); }

NAD_INLINE void HalfSpaceTrees::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  check_rows(rows, first);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    out[row] = score_of(rows.row(row));
  }
}

NAD_INLINE float HalfSpaceTrees::do_raw_score_row(const float* row, std::size_t index) const {
  check_row(row, index);
  return score_of(row);
}

NAD_INLINE void HalfSpaceTrees::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  const double limit = std::max(options_.size_limit * known_weight_, 1.0);
  std::vector<double> sums(n_features_);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    check_row(rows.row(row), first + row);
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t tree = 0; tree < options_.n_estimators; ++tree) {
      const float* weights = weights_.data() + tree * (cuts() + leaves());
      double value = value_of(known_weight_, 0);
      std::size_t at = 0;
      for (std::size_t depth = 0; depth < options_.height && !(static_cast<double>(weights[at]) <= limit); ++depth) {
        const std::size_t cut = tree * cuts() + at;
        const std::uint32_t column = columns_[cut];
        at = 2 * at + 1 + (rows(row, column) >= values_[cut] ? 1 : 0);
        const double next = value_of(static_cast<double>(weights[at]), depth + 1);
        sums[column] += value - next;
        value = next;
      }
    }
    for (std::size_t column = 0; column < n_features_; ++column) {
      out(first + row, column) = static_cast<float>(sums[column] / static_cast<double>(options_.n_estimators));
    }
  }
}

NAD_INLINE void HalfSpaceTrees::bend(std::span<float> /*scores*/) const {}

NAD_INLINE void HalfSpaceTrees::derive() {
  known_weight_ = reference_weight_;
  if (in_first_window()) {  // rows wait that came after the trees grew
    known_weight_ =
        std::accumulate(reference_.begin(), reference_.begin() + static_cast<std::ptrdiff_t>(leaves()), 0.0);
  }
  const std::size_t n_parts = cuts() + leaves();
  weights_.resize(options_.n_estimators * n_parts);
  leaf_values_.resize(options_.n_estimators * leaves());
  const double limit = std::max(options_.size_limit * known_weight_, 1.0);
  for (std::size_t tree = 0; tree < options_.n_estimators; ++tree) {
    float* weights = weights_.data() + tree * n_parts;
    std::copy_n(reference_.data() + tree * leaves(), leaves(), weights + cuts());
    for (std::size_t at = cuts(); at-- > 0;) {
      weights[at] = weights[2 * at + 1] + weights[2 * at + 2];
    }
    float* values = leaf_values_.data() + tree * leaves();
    // parts that are cut no further, from left to right: each gives all its leaves one value
    std::size_t at = 0;
    std::size_t depth = 0;
    for (std::size_t leaf = 0; leaf < leaves();) {
      while (depth < options_.height && !(static_cast<double>(weights[at]) <= limit)) {
        at = 2 * at + 1;
        ++depth;
      }
      const std::size_t below = std::size_t{1} << (options_.height - depth);
      std::fill_n(values + leaf, below, static_cast<float>(value_of(static_cast<double>(weights[at]), depth)));
      leaf += below;
      while (at % 2 == 0 && at > 0) {  // out of every part whose right half this was
        at = (at - 1) / 2;
        --depth;
      }
      ++at;
    }
  }
}

}  // namespace nad

#include "nad/detector/half_space_learn-inl.hpp"
