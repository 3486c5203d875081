#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/random.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/detail/quantile.hpp"
#include "nad/detector/bin_rules-inl.hpp"
#include "nad/detector/column_bins-inl.hpp"
#include "nad/detector/column_moments-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/loda.hpp"
#include "nad/detector/weighted_rows-inl.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad {

namespace detail {

inline void check_options(const LODAOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  constexpr std::size_t many = std::size_t{1} << 20U;
  if (options.n_projections < 1 || options.n_projections > many) {
    refuse("n_projections is " + std::to_string(options.n_projections) + "; give a number from 1 to 1048576");
  }
  if (options.n_bins && (*options.n_bins < 1 || *options.n_bins > many)) {
    refuse("n_bins is " + std::to_string(*options.n_bins) + "; give a number of bins from 1 to 1048576");
  }
  if (!is_known(options.bin_rule)) {
    refuse("bin_rule is not one that this nad knows");
  }
  if (options.max_bins < 1 || options.max_bins > 10000) {
    refuse("max_bins is " + std::to_string(options.max_bins) + "; give a number of bins from 1 to 10000");
  }
  if (!(options.alpha >= 1e-12 && options.alpha <= 1e6)) {
    refuse("alpha is " + std::to_string(options.alpha) + "; give what is added to each height, from 1e-12 to 1e6");
  }
  if (!is_known(options.unique_rows)) {
    refuse("unique_rows is not one that this nad knows");
  }
  check_contamination(options.contamination, code);
}

/// So many columns has each projection.
inline std::size_t columns_a_projection(std::size_t columns) noexcept {
  std::size_t root = 1;
  while (root * root < columns) {
    ++root;
  }
  return root;
}

}  // namespace detail

struct LODA::Lookup {
  detail::EvenBins bins;
  std::size_t first_term;
};

struct LODA::Block {
  static constexpr std::size_t rows = 64;
  std::vector<float> values;  ///< distances from the mean, column by column
};

NAD_INLINE LODA::LODA(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE LODA::~LODA() = default;
NAD_INLINE LODA::LODA(const LODA&) = default;
NAD_INLINE LODA::LODA(LODA&&) noexcept = default;
NAD_INLINE LODA& LODA::operator=(const LODA&) = default;
NAD_INLINE LODA& LODA::operator=(LODA&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> LODA::clone() const { return std::make_unique<LODA>(*this); }

NAD_INLINE void LODA::take(Detector&& learner) { *this = std::move(static_cast<LODA&>(learner)); }

NAD_INLINE std::span<const std::uint32_t> LODA::columns(std::size_t projection) const {
  const std::size_t width = columns_.size() / std::max<std::size_t>(1, bins_.size());
  static_cast<void>(bins_.at(projection));
  return std::span(columns_).subspan(projection * width, width);
}

NAD_INLINE std::span<const float> LODA::coefficients(std::size_t projection) const {
  const std::size_t width = columns(projection).size();
  return std::span(coefficients_).subspan(projection * width, width);
}

NAD_INLINE std::span<const double> LODA::weights(std::size_t projection) const {
  return std::span(weights_).subspan(lookups_.at(projection).first_term, bins_[projection] + std::size_t{2});
}

NAD_INLINE std::span<const float> LODA::terms(std::size_t projection) const {
  return std::span(terms_).subspan(lookups_.at(projection).first_term, bins_[projection] + std::size_t{2});
}

// -- projecting

NAD_INLINE void LODA::draw_projections(std::span<const double> variance) {
  const std::size_t width = detail::columns_a_projection(variance.size());
  columns_.clear();
  coefficients_.clear();
  std::vector<std::uint32_t> deck(variance.size());
  for (std::size_t projection = 0; projection < options_.n_projections; ++projection) {
    Random random(options_.random_state, projection);
    for (std::size_t column = 0; column < deck.size(); ++column) {
      deck[column] = static_cast<std::uint32_t>(column);
    }
    for (std::size_t i = 0; i < width; ++i) {
      std::swap(deck[i], deck[i + random.below(deck.size() - i)]);
      const double deviation = std::sqrt(variance[deck[i]]);
      const double scale = options_.standardize && deviation > 1e-30 ? 1.0 / deviation : 1.0;
      columns_.push_back(deck[i]);
      coefficients_.push_back(static_cast<float>(random.normal() * scale));
    }
  }
}

NAD_INLINE float LODA::place_of(const float* row, std::size_t projection) const noexcept {
  const std::size_t width = columns_.size() / options_.n_projections;
  const std::uint32_t* columns = columns_.data() + projection * width;
  const float* coefficients = coefficients_.data() + projection * width;
  float sum = 0.0F;
  for (std::size_t i = 0; i < width; ++i) {
    sum += coefficients[i] * (row[columns[i]] - mean_[columns[i]]);
  }
  return sum;
}

NAD_INLINE void LODA::load(Block& block, MatrixView rows) const noexcept {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const float* values = rows.row(row);
    for (std::size_t column = 0; column < mean_.size(); ++column) {
      block.values[column * Block::rows + row] = values[column] - mean_[column];
    }
  }
}

NAD_INLINE void LODA::place(const Block& block, std::size_t projection, float* out) const noexcept {
  const std::size_t width = columns_.size() / options_.n_projections;
  const std::uint32_t* columns = columns_.data() + projection * width;
  const float* coefficients = coefficients_.data() + projection * width;
  std::array<float, Block::rows> sums{};
  for (std::size_t i = 0; i < width; ++i) {
    const float* values = block.values.data() + columns[i] * Block::rows;
    const float coefficient = coefficients[i];
    for (std::size_t row = 0; row < Block::rows; ++row) {
      sums[row] += coefficient * values[row];
    }
  }
  std::copy(sums.begin(), sums.end(), out);
}

// -- learning

NAD_INLINE void LODA::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  const detail::ColumnMoments moments = detail::column_moments(from, control);
  *this = LODA(options_);
  mean_.assign(moments.mean.begin(), moments.mean.end());
  draw_projections(moments.variance);
  learn_bins(from.rows(), from.weights(), control);
  rows_seen_ = from.total_weight();
}

NAD_INLINE void LODA::learn_bins(MatrixView x, std::span<const float> weights, const FitControl& control) {
  bins_.assign(options_.n_projections, 1);
  low_.assign(options_.n_projections, 0.0F);
  high_.assign(options_.n_projections, 0.0F);
  constexpr std::size_t together = 16;  // projections that read the rows at once
  parallel_for(options_.n_projections, control, {.grain = together, .stage = "projecting rows"},
               [&](std::size_t begin, std::size_t end) {
                 std::vector<float> places((end - begin) * x.rows());
                 for (std::size_t row = 0; row < x.rows(); ++row) {
                   for (std::size_t i = begin; i < end; ++i) {
                     places[(i - begin) * x.rows() + row] = place_of(x.row(row), i);
                   }
                 }
                 for (std::size_t i = begin; i < end; ++i) {
                   const auto first = places.begin() + static_cast<std::ptrdiff_t>((i - begin) * x.rows());
                   const auto last = first + static_cast<std::ptrdiff_t>(x.rows());
                   low_[i] = *std::min_element(first, last);
                   high_[i] = *std::max_element(first, last);
                   if (!(low_[i] < high_[i])) {
                     continue;
                   }
                   bins_[i] = static_cast<std::uint32_t>(
                       options_.n_bins
                           ? *options_.n_bins
                           : detail::bins_by_rule(options_.bin_rule, detail::sorted_values({first, last}, weights),
                                                  options_.max_bins));
                 }
               });
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    if (!detail::is_finite(static_cast<double>(low_[i])) || !detail::is_finite(static_cast<double>(high_[i]))) {
      throw Error(
          ErrorCode::invalid_data,
          "the values are so large that their projections overflow; scale the columns before they are learnt from");
    }
  }
  derive();
  count(x, weights, control);
}

NAD_INLINE void LODA::count(MatrixView x, std::span<const float> weights, const FitControl& control) {
  parallel_for(bins_.size(), control, {.grain = 16, .stage = "counting projected rows"},
               [&](std::size_t begin, std::size_t end) {
                 for (std::size_t row = 0; row < x.rows(); ++row) {
                   const double weight = weights.empty() ? 1.0 : static_cast<double>(weights[row]);
                   for (std::size_t i = begin; i < end; ++i) {
                     weights_[lookups_[i].first_term + lookups_[i].bins.place(place_of(x.row(row), i))] += weight;
                   }
                 }
               });
  derive();
}

NAD_INLINE void LODA::partial_fit(MatrixView x, const FitControl& control) { partial_fit(x, {}, control); }

NAD_INLINE void LODA::partial_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  if (!is_fitted()) {
    fit(x, sample_weight, control);
    return;
  }
  check_training_data(x, sample_weight, control);
  require_shape(x, "partial_fit");
  LODA learner(*this);
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  learner.count(from.rows(), from.weights(), control);
  learner.rows_seen_ += from.total_weight();
  const double share = from.total_weight() / learner.rows_seen_;
  learner.follow_threshold(x, sample_weight, options_.contamination, share, control);
  *this = std::move(learner);
}

NAD_INLINE void LODA::derive() {
  lookups_.clear();
  terms_.clear();
  std::size_t first = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    lookups_.push_back({detail::EvenBins(low_[i], high_[i], bins_[i]), first});
    first += bins_[i] + std::size_t{2};
  }
  weights_.resize(first);
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    const std::span<const double> weights = this->weights(i);
    const double highest = std::max(1e-300, *std::max_element(weights.begin(), weights.end()));
    for (const double weight : weights) {
      const double ratio = (1.0 + options_.alpha) / (weight / highest + options_.alpha);
      terms_.push_back(static_cast<float>(detail::portable_log1p(std::max(0.0, ratio - 1.0))));
    }
  }
}

NAD_INLINE void LODA::restore() {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorCode::bad_file, message + "; the model is damaged");
  };
  detail::check_options(options_, ErrorCode::bad_file);
  if (detail::is_missing(threshold_)) {
    refuse("the threshold is NaN");
  }
  const std::size_t projections = options_.n_projections;
  const std::size_t width = detail::columns_a_projection(mean_.size());
  if (mean_.empty() || columns_.size() != projections * width || coefficients_.size() != columns_.size()) {
    refuse("the " + std::to_string(projections) + " projections of " + std::to_string(mean_.size()) +
           " columns do not have " + std::to_string(width) + " columns each");
  }
  const auto finite = [](float value) { return detail::is_finite(static_cast<double>(value)); };
  if (!std::all_of(mean_.begin(), mean_.end(), finite) ||
      !std::all_of(coefficients_.begin(), coefficients_.end(), finite)) {
    refuse("a projection is not finite");
  }
  if (std::any_of(columns_.begin(), columns_.end(), [this](std::uint32_t column) { return column >= mean_.size(); })) {
    refuse("a projection is of a column that is not there");
  }
  if (bins_.size() != projections || low_.size() != projections || high_.size() != projections) {
    refuse("not every projection has a histogram");
  }
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < projections; ++i) {
    if (bins_[i] == 0 || !finite(low_[i]) || !finite(high_[i]) || low_[i] > high_[i]) {
      refuse("the bins of a projection are not in order");
    }
    all += bins_[i] + std::uint64_t{2};
  }
  const auto is_weight = [](double weight) { return detail::is_finite(weight) && weight >= 0.0 && weight <= 1e100; };
  if (weights_.size() != all || !std::all_of(weights_.begin(), weights_.end(), is_weight) || !is_weight(rows_seen_)) {
    refuse("the bins have no weights that rows can have");
  }
  derive();
}

// -- scoring

NAD_INLINE void LODA::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  Block block{std::vector<float>(Block::rows * mean_.size())};
  std::array<float, Block::rows> places;
  for (std::size_t begin = 0; begin < rows.rows(); begin += Block::rows) {
    const std::size_t count = std::min(Block::rows, rows.rows() - begin);
    check_rows(rows.slice(begin, count), first + begin);
    load(block, rows.slice(begin, count));
    std::array<double, Block::rows> sums{};
    for (std::size_t i = 0; i < bins_.size(); ++i) {
      place(block, i, places.data());
      const float* terms = terms_.data() + lookups_[i].first_term;
      const detail::EvenBins bins = lookups_[i].bins;
      for (std::size_t row = 0; row < count; ++row) {
        sums[row] += static_cast<double>(terms[bins.place(places[row])]);
      }
    }
    for (std::size_t row = 0; row < count; ++row) {
      out[begin + row] = static_cast<float>(sums[row] / static_cast<double>(bins_.size()));
    }
  }
}

NAD_INLINE float LODA::do_raw_score_row(const float* row, std::size_t index) const {
  check_rows({row, 1, n_features()}, index);
  // one place waits for sum after sum, so several are summed up side by side
  constexpr std::size_t together = 8;
  const std::size_t width = columns_.size() / bins_.size();
  double sum = 0.0;
  for (std::size_t first = 0; first < bins_.size(); first += together) {
    const std::size_t count = std::min(together, bins_.size() - first);
    const std::uint32_t* columns = columns_.data() + first * width;
    const float* coefficients = coefficients_.data() + first * width;
    std::array<float, together> places{};
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t j = 0; j < count; ++j) {
        const std::uint32_t column = columns[j * width + i];
        places[j] += coefficients[j * width + i] * (row[column] - mean_[column]);
      }
    }
    for (std::size_t j = 0; j < count; ++j) {
      const Lookup& lookup = lookups_[first + j];
      sum += static_cast<double>(terms_[lookup.first_term + lookup.bins.place(places[j])]);
    }
  }
  return static_cast<float>(sum / static_cast<double>(bins_.size()));
}

NAD_INLINE void LODA::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  const std::size_t width = columns_.size() / bins_.size();
  std::vector<double> sums(mean_.size());
  std::vector<double> moves(width);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const float* values = rows.row(row);
    check_row(values, first + row);
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t i = 0; i < bins_.size(); ++i) {
      const std::span<const std::uint32_t> columns = this->columns(i);
      const std::span<const float> coefficients = this->coefficients(i);
      double all = 0.0;
      for (std::size_t j = 0; j < width; ++j) {
        const double apart = static_cast<double>(values[columns[j]]) - static_cast<double>(mean_[columns[j]]);
        moves[j] = std::abs(static_cast<double>(coefficients[j]) * apart);
        all += moves[j];
      }
      const auto term =
          static_cast<double>(terms_[lookups_[i].first_term + lookups_[i].bins.place(place_of(values, i))]);
      for (std::size_t j = 0; j < width; ++j) {
        sums[columns[j]] += term * (all > 0.0 ? moves[j] / all : 1.0 / static_cast<double>(width));
      }
    }
    for (std::size_t column = 0; column < sums.size(); ++column) {
      out(first + row, column) = static_cast<float>(sums[column] / static_cast<double>(bins_.size()));
    }
  }
}

NAD_INLINE void LODA::bend(std::span<float> /*scores*/) const {}

}  // namespace nad
