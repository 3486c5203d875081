#pragma once

// The figures of a ranking, from the sums above its levels: of the rows as they are, or of a resample; not for users.

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "nad/evaluate/confusion-inl.hpp"
#include "nad/evaluate/rank_levels.hpp"

namespace nad::detail {

/// `weight(place)` of the rows of one class, added up in their order; counts are added up as whole numbers.
template <class Weight>
class RunningSum {
 public:
  explicit RunningSum(const Weight& weight) : weight_(weight) {}

  double up_to(std::size_t end) {
    for (; place_ < end; ++place_) {
      sum_ += weight_(place_);
    }
    return static_cast<double>(sum_);
  }

 private:
  const Weight& weight_;
  std::size_t place_ = 0;
  std::remove_cvref_t<decltype(std::declval<const Weight&>()(0))> sum_ = 0;
};

template <class Weight>
void sum_attacks(const std::vector<RankLevel>& levels, const Weight& weight, LevelSums& sums) {
  sums.found.resize(levels.size());
  RunningSum<Weight> sum(weight);
  for (std::size_t level = 0; level < levels.size(); ++level) {
    sums.found[level] = sum.up_to(levels[level].attacks);
  }
  sums.attacks = sums.found.back();
}

template <class Weight>
void sum_normals(const std::vector<RankLevel>& levels, std::size_t normals, const Weight& weight, LevelSums& sums) {
  sums.false_above.resize(levels.size());
  sums.false_through.resize(levels.size());
  RunningSum<Weight> sum(weight);
  for (std::size_t level = 0; level < levels.size(); ++level) {
    sums.false_above[level] = sum.up_to(levels[level].normals_above);
    sums.false_through[level] = sum.up_to(levels[level].normals_through);
  }
  sums.normals = sum.up_to(normals);
}

inline LevelSums level_sums(const RankedRows& ranked) {
  LevelSums sums;
  const RankedClass& attack = ranked.attack;
  const RankedClass& normal = ranked.normal;
  if (attack.weights.empty()) {
    for (const RankLevel& level : ranked.levels) {
      sums.found.push_back(level.attacks);
      sums.false_above.push_back(level.normals_above);
      sums.false_through.push_back(level.normals_through);
    }
    sums.attacks = attack.total;
    sums.normals = normal.total;
    return sums;
  }
  sum_attacks(
      ranked.levels, [&](std::size_t place) { return attack.weights[place]; }, sums);
  sum_normals(
      ranked.levels, normal.scores.size(), [&](std::size_t place) { return normal.weights[place]; }, sums);
  return sums;
}

inline double roc_auc_of(const LevelSums& sums) {
  double area = 0.0;
  double before = 0.0;
  for (std::size_t level = 0; level < sums.found.size(); ++level) {
    area += (sums.found[level] - before) * (sums.normals - 0.5 * (sums.false_above[level] + sums.false_through[level]));
    before = sums.found[level];
  }
  return ratio(area, sums.attacks * sums.normals);
}

inline double average_precision_of(const LevelSums& sums) {
  double sum = 0.0;
  double before = 0.0;
  for (std::size_t level = 0; level < sums.found.size(); ++level) {
    if (sums.found[level] > before) {
      sum += (sums.found[level] - before) * sums.found[level] / (sums.found[level] + sums.false_through[level]);
      before = sums.found[level];
    }
  }
  return ratio(sum, sums.attacks);
}

/// Up to `max_fpr`, between chance (0.5) and perfect (1).
inline double partial_auc_of(const LevelSums& sums, double max_fpr) {
  if (max_fpr >= 1.0) {
    return roc_auc_of(sums);
  }
  const double limit = max_fpr * sums.normals;
  double area = 0.0;    // of false positives times attacks
  double at = 0.0;      // false positives so far
  double height = 0.0;  // attacks so far
  const auto walk_to = [&](double false_positives, double found) {
    const double end = std::min(false_positives, limit);
    if (end > at) {
      const double top = height + (found - height) * (end - at) / (false_positives - at);
      area += (end - at) * 0.5 * (height + top);
    }
    at = std::max(at, end);
    height = found;
  };
  for (std::size_t level = 0; level < sums.found.size() && at < limit; ++level) {
    walk_to(sums.false_above[level], height);  // flat: normal rows alone
    walk_to(sums.false_through[level], sums.found[level]);
  }
  walk_to(sums.normals, height);
  const double partial = ratio(area, sums.attacks * sums.normals);
  const double chance = 0.5 * max_fpr * max_fpr;
  return 0.5 * (1.0 + (partial - chance) / (max_fpr - chance));
}

/// How many levels lie above the threshold of this false positive rate.
inline std::size_t levels_at_fpr(const LevelSums& sums, double fpr) {
  // a sum of weights may be off by rounding: a rate that is the promised one but for that keeps the promise
  const double limit = fpr * sums.normals * (1.0 + 1e-12);
  return static_cast<std::size_t>(std::upper_bound(sums.false_through.begin(), sums.false_through.end(), limit) -
                                  sums.false_through.begin());
}

inline double tpr_at_fpr_of(const LevelSums& sums, double fpr) {
  const std::size_t levels = levels_at_fpr(sums, fpr);
  return levels == 0 ? ratio(0.0, sums.attacks) : ratio(sums.found[levels - 1], sums.attacks);
}

struct BestLevel {
  std::size_t level = 0;
  double value = -1.0;
};

inline BestLevel best_f_beta_of(const LevelSums& sums, double beta) {
  const double square = beta * beta;
  BestLevel best;
  for (std::size_t level = 0; level < sums.found.size(); ++level) {
    const double value = ratio((1.0 + square) * sums.found[level],
                               sums.found[level] + sums.false_through[level] + square * sums.attacks);
    if (value > best.value) {  // of equal ones the highest threshold: fewest alerts
      best = {level, value};
    }
  }
  return best;
}

}  // namespace nad::detail
