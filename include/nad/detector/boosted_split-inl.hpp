#pragma once

// The best split of a node of a boosted tree, from the sums in its bins: the one that lowers the loss most, as far as
// gradients and hessians tell, G^2 / (H + l2) left and right less the same of the whole.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nad/core/parallel.hpp"
#include "nad/detector/boosted_histogram-inl.hpp"
#include "nad/detector/boosted_trees_options.hpp"

namespace nad::detail {

/// A node's hessian below this is nothing to go by; scikit-learn and LightGBM draw the same line.
inline constexpr double least_hessian = 1e-3;

struct BoostedSplit {
  double gain = 0.0;  ///< 0: there is no split
  std::size_t column = 0;
  std::size_t last_left = 0;                    ///< of values: the last bin that goes left
  bool missing_right = false;                   ///< also where categories go that the node did not see
  std::array<std::uint64_t, 4> right_set = {};  ///< of categories: those that go right
  double trust = 1.0;                           ///< the share of the gain that chance would not have brought
  BinSum left;
};

class SplitFinder {
 public:
  SplitFinder(std::span<const ColumnBins> columns, const BinPlaces& places, const BoostedTreesOptions& options,
              std::size_t jobs)
      : columns_(columns),
        places_(places),
        l2_(options.l2_regularization),
        smoothing_(options.categorical_smoothing),
        penalty_(options.categorical_penalty),
        least_rows_(options.min_samples_leaf),
        jobs_(jobs) {}

  void set_scale(const SumScale& scale) { scale_ = scale; }

  double score(const BinSum& sum) const noexcept {
    const double gradient = scale_.gradient(sum);
    const double below = scale_.hessian(sum) + l2_;
    return below > 0.0 ? gradient * gradient / below : 0.0;
  }

  BoostedSplit find(const std::vector<BinSum>& sums, const BinSum& total) const {
    constexpr std::size_t many_bins = 32768;  // fewer are searched before a thread has started
    constexpr std::size_t together = 16;
    const std::size_t n = columns_.size();
    if (jobs_ == 1 || sums.size() < many_bins) {
      return best_of(sums, total, 0, n);
    }
    std::vector<BoostedSplit> found(n / together + 1);
    parallel_for(n, {.n_jobs = static_cast<int>(jobs_)}, {.grain = together}, [&](std::size_t begin, std::size_t end) {
      found[begin / together] = best_of(sums, total, begin, end);
    });
    BoostedSplit best;
    for (const BoostedSplit& split : found) {
      if (split.gain > best.gain) {
        best = split;
      }
    }
    return best;
  }

 private:
  /// One node, as a search sees it.
  struct Search {
    const BinSum* sums;  ///< of the column
    std::size_t n_values;
    bool has_missing;
    BinSum total;
    double parent_score;
    BoostedSplit best;
  };

  BoostedSplit best_of(const std::vector<BinSum>& sums, const BinSum& total, std::size_t begin, std::size_t end) const {
    const double parent_score = score(total);
    Search search{
        .sums = nullptr, .n_values = 0, .has_missing = false, .total = total, .parent_score = parent_score, .best = {}};
    search.best.gain = 1e-12 * parent_score;  // what lies below is rounding
    const double nothing = search.best.gain;
    for (std::size_t column = begin; column < end; ++column) {
      search.sums = sums.data() + places_.begin[column];
      if (search.sums[places_.usual[column]] == total) {
        continue;  // all rows lie in one bin
      }
      search.n_values = columns_[column].n_values();
      search.has_missing = columns_[column].has_missing && scale_.rows(search.sums[search.n_values]) != 0;
      if (columns_[column].is_categorical) {
        split_categories(search, column);
      } else {
        split_values(search, column);
      }
    }
    if (!(search.best.gain > nothing)) {
      search.best.gain = 0.0;
    }
    return search.best;
  }

  enum class Verdict { too_few_left, too_few_right, worse, better };

  /// What is gained where these rows go left, less what `chance` gains; `best` takes it where it is better.
  Verdict judge(Search& search, const BinSum& left, double chance) const noexcept {
    if (scale_.rows(left) < least_rows_) {
      return Verdict::too_few_left;
    }
    const BinSum right = search.total - left;
    if (scale_.rows(right) < least_rows_) {
      return Verdict::too_few_right;
    }
    const double left_hessian = scale_.hessian(left);
    const double right_hessian = scale_.hessian(right);
    if (left_hessian < least_hessian) {
      return Verdict::too_few_left;
    }
    if (right_hessian < least_hessian) {
      return Verdict::too_few_right;
    }
    const double left_gradient = scale_.gradient(left);
    const double right_gradient = scale_.gradient(right);
    const double gain = left_gradient * left_gradient / (left_hessian + l2_) +
                        right_gradient * right_gradient / (right_hessian + l2_) - search.parent_score - chance;
    if (!(gain > search.best.gain)) {
      return Verdict::worse;
    }
    search.best.gain = gain;
    search.best.trust = gain / (gain + chance);
    search.best.left = left;
    return Verdict::better;
  }

  bool larger_is_right(const BinSum& total, const BinSum& left) const noexcept {
    return scale_.rows(total - left) > scale_.rows(left);
  }

  void split_values(Search& search, std::size_t column) const {
    const auto scan = [&](BinSum left, std::size_t end, bool missing_right) {
      for (std::size_t bin = 0; bin < end; ++bin) {
        if (search.sums[bin] == BinSum{}) {
          continue;  // the same as the split before
        }
        left += search.sums[bin];
        const Verdict verdict = judge(search, left, 0.0);
        if (verdict == Verdict::too_few_right) {
          return;
        }
        if (verdict == Verdict::better) {
          search.best.column = column;
          search.best.last_left = bin;
          search.best.missing_right = search.has_missing ? missing_right : larger_is_right(search.total, left);
        }
      }
    };
    if (search.has_missing) {
      scan({}, search.n_values, true);
      scan(search.sums[search.n_values], search.n_values - 1, false);
    } else if (search.n_values > 1) {
      scan({}, search.n_values - 1, false);
    }
  }

  /// What the best set of categories gains, on average and two standard deviations more, where categories mean nothing.
  /// Gradients then add up to normal numbers whose variance is the hessian times `noise`; those above and those below 0
  /// stand apart by 2 / pi of all that these numbers are worth. Rare categories hardly add to it, so they count by the
  /// root of their hessian.
  double gain_of_chance(double hessians, double roots) const noexcept {
    constexpr double two_over_pi = 0.6366197723675814;
    const double freedom = std::max(0.0, hessians > 0.0 ? roots * roots / hessians - 1.0 : 0.0);
    return penalty_ * scale_.noise() * (two_over_pi * freedom + 2.0 * std::sqrt(freedom));
  }

  /// Sorted by what they want, the best set is one of the first so many categories.
  void split_categories(Search& search, std::size_t column) const {
    struct Category {
      double wish;
      std::size_t bin;
    };
    std::array<Category, 256> seen;
    std::size_t count = 0;
    double hessians = 0.0;
    double roots = 0.0;
    for (std::size_t bin = 0; bin < search.n_values + (search.has_missing ? 1 : 0); ++bin) {
      const BinSum& sum = search.sums[bin];
      if (scale_.rows(sum) != 0) {
        const double hessian = scale_.hessian(sum);
        const double below = hessian + smoothing_;
        seen[count++] = {below > 0.0 ? scale_.gradient(sum) / below : 0.0, bin};
        hessians += hessian;
        roots += std::sqrt(hessian);
      }
    }
    const double chance = gain_of_chance(hessians, roots);
    std::sort(seen.begin(), seen.begin() + count,
              [](const Category& a, const Category& b) { return a.wish != b.wish ? a.wish < b.wish : a.bin < b.bin; });
    BinSum left;
    std::size_t best_count = 0;
    for (std::size_t i = 0; i + 1 < count; ++i) {
      left += search.sums[seen[i].bin];
      const Verdict verdict = judge(search, left, chance);
      if (verdict == Verdict::too_few_right) {
        break;
      }
      best_count = verdict == Verdict::better ? i + 1 : best_count;
    }
    if (best_count == 0) {
      return;
    }
    BoostedSplit& best = search.best;
    best.column = column;
    // categories that the node did not see go with the larger part, missing values too where there were none
    best.missing_right = larger_is_right(search.total, best.left);
    best.right_set.fill(best.missing_right ? ~std::uint64_t{0} : 0);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t number = seen[i].bin == search.n_values ? no_category : seen[i].bin;
      const std::uint64_t bit = std::uint64_t{1} << (number % 64);
      best.right_set[number / 64] =
          i < best_count ? best.right_set[number / 64] & ~bit : best.right_set[number / 64] | bit;
    }
    best.missing_right = (best.right_set[3] >> 63U) != 0;
  }

  std::span<const ColumnBins> columns_;
  const BinPlaces& places_;
  double l2_;
  double smoothing_;
  double penalty_;
  std::uint64_t least_rows_;
  std::size_t jobs_;
  SumScale scale_;
};

}  // namespace nad::detail
