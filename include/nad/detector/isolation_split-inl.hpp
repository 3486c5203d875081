#pragma once

// The rows of one tree while it grows, and how a node splits them.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detail/aligned_floats.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

/// One column of a split direction.
struct SplitTerm {
  std::size_t column;  ///< of the TreeSample
  float weight;
  float centre;
};

/// Rows with sum(weight * value) > threshold go right; a single term is the column itself.
struct SplitChoice {
  std::vector<SplitTerm> terms;
  float threshold = 0.0F;
};

struct Range {
  float low = std::numeric_limits<float>::max();
  float high = std::numeric_limits<float>::lowest();
  bool varies() const noexcept { return low < high; }
};

/// The values that a tree learns from, feature-major, and the order in which its nodes hold the rows.
class TreeSample {
 public:
  /// Copies the given rows of `x`; missing values become those of `fill` where there are any.
  void load(MatrixView x, const std::vector<std::size_t>& rows, const std::vector<float>& fill) {
    const simd::KernelTable& kernels = simd::active_kernels();
    const std::size_t columns = x.columns();
    stride_ = (rows.size() + 15) / 16 * 16 + 16;  // as block_stride: no two columns on the same cache lines
    values_.resize(columns * stride_);
    together_.resize(copied_at_once * columns);
    has_missing_ = false;
    for (std::size_t begin = 0; begin < rows.size(); begin += copied_at_once) {
      const std::size_t end = std::min(rows.size(), begin + copied_at_once);
      for (std::size_t i = begin; i < end; ++i) {
        ask_for(x, rows, i + ahead);
        std::copy_n(x.row(rows[i]), columns, together_.begin() + static_cast<std::ptrdiff_t>((i - begin) * columns));
      }
      if (!kernels.all_finite(together_.data(), (end - begin) * columns)) {
        fill_missing(end - begin, columns, fill);
      }
      kernels.transpose(together_.data(), columns, end - begin, columns, values_.data() + begin, stride_);
    }
    order_.resize(rows.size());
    std::iota(order_.begin(), order_.end(), 0U);
  }

  /// Rows lie anywhere in memory: the processor hears early which comes next.
  static void ask_for(MatrixView x, const std::vector<std::size_t>& rows, std::size_t i) noexcept {
    if (i < rows.size()) {
      const char* row = reinterpret_cast<const char*>(x.row(rows[i]));
      for (std::size_t byte = 0; byte < x.columns() * sizeof(float); byte += 64) {
        __builtin_prefetch(row + byte);
      }
    }
  }

  /// Draws the columns that the tree may split on; returns how many of them vary among its rows.
  std::size_t draw_columns(std::size_t columns, std::size_t wanted, Random& random) {
    varying_.resize(columns);
    std::iota(varying_.begin(), varying_.end(), std::size_t{0});
    if (wanted < columns) {
      for (std::size_t i = 0; i < wanted; ++i) {
        std::swap(varying_[i], varying_[i + random.below(columns - i)]);
      }
      varying_.resize(wanted);
    }
    const auto constant = [&](std::size_t column) {
      const float* values = values_.data() + column * stride_;
      return std::all_of(values, values + order_.size(), [first = *values](float value) { return value == first; });
    };
    varying_.erase(std::remove_if(varying_.begin(), varying_.end(), constant), varying_.end());
    return varying_.size();
  }

  /// The columns that vary in the tree; those known to be constant in the current node stand behind.
  std::vector<std::size_t>& varying() noexcept { return varying_; }
  float value(std::size_t column, std::size_t place) const noexcept {
    return values_[column * stride_ + order_[place]];
  }
  bool has_missing() const noexcept { return has_missing_; }

  Range range(std::size_t column, std::size_t begin, std::size_t end) const noexcept {
    const float* values = values_.data() + column * stride_;
    Range range;
    for (std::size_t i = begin; i < end; ++i) {
      const float value = values[order_[i]];
      range.low = value < range.low ? value : range.low;  // a comparison with NaN is false: missing values do not count
      range.high = value > range.high ? value : range.high;
    }
    return range;
  }

  /// Mean and standard deviation of what is there.
  std::pair<double, double> moments(std::size_t column, std::size_t begin, std::size_t end) const noexcept {
    double count = 0.0;
    double mean = 0.0;
    double squares = 0.0;
    for (std::size_t i = begin; i < end; ++i) {
      const double v = value(column, i);
      if (!is_missing(static_cast<float>(v))) {
        count += 1.0;
        const double delta = v - mean;
        mean += delta / count;
        squares += delta * (v - mean);
      }
    }
    return {mean, count > 0.0 ? std::sqrt(squares / count) : 0.0};
  }

  /// The value of the row at `place` in the direction of `terms`; NaN where the only column is missing.
  double project(const std::vector<SplitTerm>& terms, std::size_t place) const noexcept {
    if (terms.size() == 1) {
      return value(terms[0].column, place);
    }
    double sum = 0.0;
    for (const SplitTerm& term : terms) {
      const float v = value(term.column, place);
      sum += static_cast<double>(term.weight) * static_cast<double>(is_missing(v) ? term.centre : v);
    }
    return sum;
  }

  /// Sorts the node's rows into those that go left and those that go right; returns where the right ones begin. Rows
  /// without a value go where most others went.
  std::size_t partition(std::size_t begin, std::size_t end, const SplitChoice& choice, bool& missing_right) {
    if (choice.terms.size() == 1 && !has_missing_) {
      const float* values = values_.data() + choice.terms[0].column * stride_;
      const std::size_t middle =
          split_in_place(begin, end, [&](std::uint32_t row) { return values[row] > choice.threshold; });
      missing_right = 2 * (end - middle) > end - begin;
      return middle;
    }
    const double threshold = choice.threshold;
    sides_.resize(order_.size());
    std::size_t right = 0;
    std::size_t known = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double projected = project(choice.terms, i);
      const bool missing = is_missing(static_cast<float>(projected));
      const bool above = !missing && projected > threshold;
      sides_[order_[i]] = missing ? Side::unknown : above ? Side::right : Side::left;
      right += above ? 1 : 0;
      known += missing ? 0 : 1;
    }
    missing_right = 2 * right > known;
    const Side unknown_goes = missing_right ? Side::right : Side::left;
    return split_in_place(begin, end, [&](std::uint32_t row) {
      return (sides_[row] == Side::unknown ? unknown_goes : sides_[row]) == Side::right;
    });
  }

 private:
  enum class Side : std::uint8_t { left, right, unknown };

  /// A stable partition of places [begin, end). Which way a row goes cannot be predicted, so nothing branches on it.
  template <class GoesRight>
  std::size_t split_in_place(std::size_t begin, std::size_t end, GoesRight goes_right) {
    right_rows_.resize(order_.size());
    std::size_t left = begin;
    std::size_t right = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint32_t row = order_[i];
      const auto goes = static_cast<std::size_t>(goes_right(row));
      order_[left] = row;
      right_rows_[right] = row;
      left += 1 - goes;
      right += goes;
    }
    std::copy_n(right_rows_.begin(), right, order_.begin() + static_cast<std::ptrdiff_t>(left));
    return left;
  }

  static constexpr std::size_t copied_at_once = 64;
  static constexpr std::size_t ahead = 12;

  void fill_missing(std::size_t rows, std::size_t columns, const std::vector<float>& fill) {
    for (std::size_t i = 0; i < rows * columns; ++i) {
      if (is_missing(together_[i])) {
        together_[i] = fill.empty() ? together_[i] : fill[i % columns];
        has_missing_ = has_missing_ || fill.empty();
      }
    }
  }

  AlignedFloats values_;
  std::size_t stride_ = 0;
  std::vector<float> together_;  ///< some rows side by side
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> right_rows_;
  std::vector<std::size_t> varying_;
  std::vector<Side> sides_;
  bool has_missing_ = false;
};

/// A float t with low <= t < high, so that both sides get a row; false where floats are too coarse for one.
inline bool threshold_between(double low, double high, double wanted, float& threshold) noexcept {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  threshold = static_cast<float>(wanted);
  if (static_cast<double>(threshold) >= high) {
    threshold = std::nextafter(threshold, -infinity);
  }
  if (static_cast<double>(threshold) < low) {
    threshold = std::nextafter(threshold, infinity);
  }
  return static_cast<double>(threshold) >= low && static_cast<double>(threshold) < high;
}

/// Chooses the split of a node.
class SplitChooser {
 public:
  explicit SplitChooser(const IsolationForestOptions& options)
      : best_(options.split == Split::best), ntry_(options.ntry), ndim_(options.ndim) {}

  const SplitChoice& choice() const noexcept { return choice_; }

  /// False where no column varies among the rows. `varying` shrinks when columns are found to be constant.
  bool choose(TreeSample& sample, std::size_t begin, std::size_t end, std::size_t& varying, Random& random) {
    if (!best_) {
      return pick_direction(sample, begin, end, varying, random, choice_) && pick_position(sample, begin, end, random);
    }
    double best_gain = -1.0;
    for (std::size_t attempt = 0; attempt < ntry_; ++attempt) {
      if (!pick_direction(sample, begin, end, varying, random, candidate_)) {
        break;
      }
      const double gain = best_position(sample, begin, end, candidate_);
      if (gain > best_gain) {
        best_gain = gain;
        std::swap(choice_, candidate_);
      }
    }
    return best_gain >= 0.0;
  }

 private:
  /// Up to `ndim` random columns that vary in the node; with more than one, random weights on a common scale.
  bool pick_direction(TreeSample& sample, std::size_t begin, std::size_t end, std::size_t& varying, Random& random,
                      SplitChoice& choice) {
    std::vector<std::size_t>& columns = sample.varying();
    choice.terms.clear();
    while (choice.terms.size() < ndim_ && choice.terms.size() < varying) {
      const std::size_t place = choice.terms.size();
      std::swap(columns[place], columns[place + random.below(varying - place)]);
      range_ = sample.range(columns[place], begin, end);
      if (range_.varies()) {
        choice.terms.push_back({columns[place], 1.0F, 0.0F});
      } else {
        std::swap(columns[place], columns[--varying]);
      }
    }
    if (choice.terms.size() > 1) {
      for (SplitTerm& term : choice.terms) {
        const auto [mean, deviation] = sample.moments(term.column, begin, end);
        term.weight = static_cast<float>(random.normal() / deviation);
        term.centre = static_cast<float>(mean);
        if (classify(term.weight) != FloatClass::finite || term.weight == 0.0F) {
          term.weight = 1.0F;  // a deviation beyond what floats hold
        }
      }
    }
    return !choice.terms.empty();
  }

  /// A uniform position between the smallest and the largest value.
  bool pick_position(const TreeSample& sample, std::size_t begin, std::size_t end, Random& random) {
    double low = range_.low;
    double high = range_.high;
    if (choice_.terms.size() > 1) {
      low = std::numeric_limits<double>::max();
      high = std::numeric_limits<double>::lowest();
      for (std::size_t i = begin; i < end; ++i) {
        const double projected = sample.project(choice_.terms, i);
        low = std::min(low, projected);
        high = std::max(high, projected);
      }
    }
    if (threshold_between(low, high, low + random.uniform() * (high - low), choice_.threshold)) {
      return true;
    }
    // the rows coincide in this direction as far as floats can tell, yet its first column varies: split that one
    choice_.terms.resize(1);
    const Range range = sample.range(choice_.terms[0].column, begin, end);
    low = range.low;
    high = range.high;
    return threshold_between(low, high, low + random.uniform() * (high - low), choice_.threshold);
  }

  /// The position with the largest averaged gain, (s - (s_left + s_right) / 2) / s with s the standard deviation; -1
  /// where there is none.
  double best_position(const TreeSample& sample, std::size_t begin, std::size_t end, SplitChoice& choice) {
    projected_.clear();
    for (std::size_t i = begin; i < end; ++i) {
      const double value = sample.project(choice.terms, i);
      if (!is_missing(static_cast<float>(value))) {
        projected_.push_back(value);
      }
    }
    std::sort(projected_.begin(), projected_.end());
    const double all = static_cast<double>(projected_.size());
    const double mean = std::accumulate(projected_.begin(), projected_.end(), 0.0) / all;
    double total_squares = 0.0;
    for (double& value : projected_) {
      total_squares += (value - mean) * (value - mean);
    }
    const double total_deviation = std::sqrt(total_squares / all);
    double best_gain = -1.0;
    double sum = 0.0;
    double squares = 0.0;
    for (std::size_t i = 0; i + 1 < projected_.size(); ++i) {
      const double centred = projected_[i] - mean;
      sum += centred;
      squares += centred * centred;
      float threshold = 0.0F;
      const double low = projected_[i];
      const double high = projected_[i + 1];
      if (low == high || !threshold_between(low, high, low + (high - low) / 2.0, threshold)) {
        continue;
      }
      const double left = static_cast<double>(i + 1);
      const double right = all - left;
      const double left_variance = squares / left - (sum / left) * (sum / left);
      const double right_variance = (total_squares - squares) / right - (sum / right) * (sum / right);
      const double gain = (total_deviation -
                           (std::sqrt(std::max(0.0, left_variance)) + std::sqrt(std::max(0.0, right_variance))) / 2.0) /
                          total_deviation;
      if (gain > best_gain) {
        best_gain = gain;
        choice.threshold = threshold;
      }
    }
    return best_gain;
  }

  bool best_;
  std::size_t ntry_;
  std::size_t ndim_;
  SplitChoice choice_;
  SplitChoice candidate_;
  Range range_;  ///< of the last column that was picked
  std::vector<double> projected_;
};

}  // namespace nad::detail
