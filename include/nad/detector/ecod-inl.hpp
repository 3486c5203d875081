#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/detector/column_bins-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/ecod.hpp"
#include "nad/detector/sorted_column-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad {

namespace detail {

inline void check_options(const ECODOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  if (!is_known(options.tail)) {
    refuse("tail is not one that this nad knows");
  }
  if (options.max_quantiles < 16 || options.max_quantiles > (std::size_t{1} << 24U)) {
    refuse("max_quantiles is " + std::to_string(options.max_quantiles) + "; give a number from 16 to 16777216");
  }
  if (!is_known(options.unique_rows)) {
    refuse("unique_rows is not one that this nad knows");
  }
  check_contamination(options.contamination, code);
}

/// Both tails of a column, at the values that are kept of it.
struct ColumnTails {
  std::vector<float> values;
  std::vector<double> through;
  std::vector<double> from;
  double skewness = 0.0;
};

/// Places of values such that from one to the next no tail grows by more than 1 / `fineness` of itself, or by one
/// value.
inline std::vector<std::size_t> places_by_tail(const SortedColumn& sorted, double fineness) {
  const double total = sorted.total();
  std::vector<std::size_t> places;
  double next = 0.0;  // the weight up to which no value needs to be kept
  for (std::size_t i = 0; i < sorted.values.size(); ++i) {
    const double through = sorted.through[i];
    const bool is_last = i + 1 == sorted.values.size();
    if (i > 0 && !is_last && sorted.through[i + 1] <= next) {
      continue;
    }
    places.push_back(i);
    const double smaller_tail = std::min(through, std::max(0.0, total - through));
    next = through + smaller_tail / fineness;
  }
  return places;
}

inline ColumnTails column_tails(const WeightedRows& from, std::size_t column, std::size_t most) {
  const SortedColumn sorted = sorted_column(from, column);
  std::vector<std::size_t> places(sorted.values.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = i;
  }
  for (double fineness = static_cast<double>(most); places.size() > most; fineness *= 0.75) {
    places = places_by_tail(sorted, fineness);
  }
  ColumnTails tails;
  for (const std::size_t i : places) {
    tails.values.push_back(sorted.values[i]);
    tails.through.push_back(sorted.through[i]);
    tails.from.push_back(i == 0 ? sorted.total() : std::max(0.0, sorted.total() - sorted.through[i - 1]));
  }
  const double total = sorted.total();
  double mean = 0.0;
  for (std::size_t i = 0; i < sorted.values.size(); ++i) {
    mean += sorted.weight(i) / total * static_cast<double>(sorted.values[i]);
  }
  double second = 0.0;
  double third = 0.0;
  for (std::size_t i = 0; i < sorted.values.size(); ++i) {
    const double apart = static_cast<double>(sorted.values[i]) - mean;
    const double share = sorted.weight(i) / total;
    second += share * (apart * apart);
    third += share * (apart * apart * apart);
  }
  tails.skewness = second > 0.0 ? third / (second * std::sqrt(second)) : 0.0;
  return tails;
}

}  // namespace detail

/// The three sums of some rows.
struct ECOD::Sums {
  static constexpr std::size_t rows = 32;
  std::array<double, rows> left;
  std::array<double, rows> right;
  std::array<double, rows> skewed;
  std::array<double, rows> largest;  ///< of each column's terms
};

NAD_INLINE ECOD::ECOD(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE ECOD::~ECOD() = default;
NAD_INLINE ECOD::ECOD(const ECOD&) = default;
NAD_INLINE ECOD::ECOD(ECOD&&) noexcept = default;
NAD_INLINE ECOD& ECOD::operator=(const ECOD&) = default;
NAD_INLINE ECOD& ECOD::operator=(ECOD&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> ECOD::clone() const { return std::make_unique<ECOD>(*this); }

NAD_INLINE void ECOD::take(Detector&& learner) { *this = std::move(static_cast<ECOD&>(learner)); }

NAD_INLINE void ECOD::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  std::vector<detail::ColumnTails> found(x.columns());
  parallel_for(x.columns(), control, {.grain = 1, .stage = "sorting columns"}, [&](std::size_t begin, std::size_t end) {
    for (std::size_t column = begin; column < end; ++column) {
      found[column] = detail::column_tails(from, column, options_.max_quantiles);
    }
  });
  *this = ECOD(options_);
  total_ = from.total_weight();
  for (const detail::ColumnTails& one : found) {
    counts_.push_back(static_cast<std::uint32_t>(one.values.size()));
    values_.insert(values_.end(), one.values.begin(), one.values.end());
    through_.insert(through_.end(), one.through.begin(), one.through.end());
    from_.insert(from_.end(), one.from.begin(), one.from.end());
    skewness_.push_back(one.skewness);
  }
  derive();
}

NAD_INLINE void ECOD::derive() {
  left_.clear();
  right_.clear();
  const auto term_of = [this](double weight) {
    const double ratio = (total_ + 1.0) / (weight + 1.0);
    return static_cast<float>(detail::portable_log1p(std::max(0.0, ratio - 1.0)));
  };
  std::size_t first = 0;
  for (const std::uint32_t count : counts_) {
    left_.push_back(term_of(0.0));
    for (std::size_t i = first; i < first + count; ++i) {
      left_.push_back(term_of(through_[i]));
      right_.push_back(term_of(from_[i]));
    }
    right_.push_back(term_of(0.0));
    first += count;
  }
}

NAD_INLINE void ECOD::restore() {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorCode::bad_file, message + "; the model is damaged");
  };
  detail::check_options(options_, ErrorCode::bad_file);
  if (detail::is_missing(threshold_)) {
    refuse("the threshold is NaN");
  }
  std::uint64_t all = 0;
  for (const std::uint32_t count : counts_) {
    if (count == 0) {
      refuse("a column has no values");
    }
    all += count;
  }
  if (counts_.empty() || values_.size() != all || through_.size() != all || from_.size() != all ||
      skewness_.size() != counts_.size()) {
    refuse("the tails of " + std::to_string(counts_.size()) + " columns do not fit together");
  }
  const auto is_weight = [](double weight) { return detail::is_finite(weight) && weight >= 0.0 && weight <= 1e100; };
  if (!(is_weight(total_) && total_ > 0.0)) {
    refuse("the weight of the training rows is no number above 0");
  }
  std::size_t at = 0;
  for (const std::uint32_t count : counts_) {
    for (std::size_t i = at; i < at + count; ++i) {
      const bool ascends =
          i == at || (values_[i] > values_[i - 1] && through_[i] >= through_[i - 1] && from_[i] <= from_[i - 1]);
      if (!detail::is_finite(static_cast<double>(values_[i])) || !is_weight(through_[i]) || !is_weight(from_[i]) ||
          !ascends) {
        refuse("the tails of a column are not in order");
      }
    }
    at += count;
  }
  for (const double skewness : skewness_) {
    if (!detail::is_finite(skewness)) {
      refuse("a skewness is not finite");
    }
  }
  derive();
}

NAD_INLINE void ECOD::sum_block(MatrixView rows, Sums& sums) const noexcept {
  const std::size_t n = rows.rows();
  sums = {};
  const float* values = values_.data();
  const float* left = left_.data();
  const float* right = right_.data();
  for (std::size_t column = 0; column < counts_.size(); ++column) {
    const std::uint32_t count = counts_[column];
    std::array<float, Sums::rows> x{};
    std::array<std::uint32_t, Sums::rows> found{};
    for (std::size_t row = 0; row < n; ++row) {
      x[row] = rows(row, column);
    }
    // all rows search in step: the processor works on them at the same time
    std::uint32_t open = count;
    while (open > 1) {
      const std::uint32_t half = open / 2;
      for (std::size_t row = 0; row < n; ++row) {
        found[row] += values[found[row] + half - 1] <= x[row] ? half : 0;
      }
      open -= half;
    }
    for (std::size_t row = 0; row < n; ++row) {
      const std::uint32_t not_above = found[row] + (values[found[row]] <= x[row] ? 1 : 0);
      const std::uint32_t last = not_above > 0 ? not_above - 1 : 0;
      const std::uint32_t below = not_above - (not_above > 0 && values[last] == x[row] ? 1 : 0);
      const auto in_left = static_cast<double>(left[not_above]);
      const auto in_right = static_cast<double>(right[below]);
      sums.left[row] += in_left;
      sums.right[row] += in_right;
      sums.skewed[row] += skewness_[column] < 0.0 ? in_left : in_right;
      sums.largest[row] += std::max(in_left, in_right);
    }
    values += count;
    left += count + std::size_t{1};
    right += count + std::size_t{1};
  }
}

/// The sum that a row's score is: the first of the largest ones.
enum class ECOD::Winner : std::uint8_t { left, right, skewed, largest };

NAD_INLINE ECOD::Winner ECOD::winner(const Sums& sums, std::size_t row) const noexcept {
  if (options_.tail == TailChoice::each_column) {
    return Winner::largest;
  }
  if (sums.left[row] >= sums.right[row] && sums.left[row] >= sums.skewed[row]) {
    return Winner::left;
  }
  return sums.right[row] >= sums.skewed[row] ? Winner::right : Winner::skewed;
}

NAD_INLINE float ECOD::score_of(const Sums& sums, std::size_t row) const noexcept {
  switch (winner(sums, row)) {
    case Winner::left:
      return static_cast<float>(sums.left[row]);
    case Winner::right:
      return static_cast<float>(sums.right[row]);
    case Winner::skewed:
      return static_cast<float>(sums.skewed[row]);
    default:
      return static_cast<float>(sums.largest[row]);
  }
}

NAD_INLINE void ECOD::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  Sums sums;
  for (std::size_t begin = 0; begin < rows.rows(); begin += Sums::rows) {
    const std::size_t count = std::min(Sums::rows, rows.rows() - begin);
    check_rows(rows.slice(begin, count), first + begin);
    sum_block(rows.slice(begin, count), sums);
    for (std::size_t row = 0; row < count; ++row) {
      out[begin + row] = score_of(sums, row);
    }
  }
}

NAD_INLINE float ECOD::do_raw_score_row(const float* row, std::size_t index) const {
  check_row(row, index);
  Sums sums;
  sum_block({row, 1, counts_.size()}, sums);
  return score_of(sums, 0);
}

NAD_INLINE void ECOD::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  Sums sums;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    check_row(rows.row(row), first + row);
    sum_block(rows.slice(row, 1), sums);
    const Winner won = winner(sums, 0);
    std::size_t begin = 0;
    for (std::size_t column = 0; column < counts_.size(); ++column) {
      const float value = rows(row, column);
      const float* values = values_.data() + begin;
      const std::size_t place = begin + column;
      const std::uint32_t not_above = detail::count_not_above(values, counts_[column], value);
      const float left = left_[place + not_above];
      const float right = right_[place + not_above - (not_above > 0 && values[not_above - 1] == value ? 1 : 0)];
      const bool take_left = won == Winner::left || (won == Winner::skewed && skewness_[column] < 0.0) ||
                             (won == Winner::largest && left > right);
      out(first + row, column) = take_left ? left : right;
      begin += counts_[column];
    }
  }
}

NAD_INLINE void ECOD::bend(std::span<float> /*scores*/) const {}

}  // namespace nad
