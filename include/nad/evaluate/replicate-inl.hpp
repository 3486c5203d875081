#pragma once

// All metrics of one replicate: its sums over the ranked rows, and the figures from them; not for users.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "nad/evaluate/calibration_curve-inl.hpp"
#include "nad/evaluate/intervals.hpp"
#include "nad/evaluate/level_metrics-inl.hpp"
#include "nad/evaluate/ranked_rows-inl.hpp"
#include "nad/evaluate/ranking-inl.hpp"
#include "nad/evaluate/resample-inl.hpp"

namespace nad::detail {

inline bool needs_threshold(Metric metric) noexcept { return metric >= Metric::accuracy && metric <= Metric::matthews; }

inline bool needs_probabilities(Metric metric) noexcept { return metric >= Metric::log_loss; }

/// With its own parameter where none was given, and checked.
inline MetricChoice settled(MetricChoice choice) {
  if (!is_known(choice.metric)) {
    throw Error(ErrorCode::invalid_argument, "the metric is unknown; give one of " + quoted_words(choice.metric));
  }
  const bool is_rate = choice.metric == Metric::partial_auc || choice.metric == Metric::tpr_at_fpr;
  if (is_nan(choice.parameter)) {
    choice.parameter = choice.metric == Metric::partial_auc ? 0.1 : choice.metric == Metric::tpr_at_fpr ? 0.01 : 1.0;
  }
  if (choice.metric == Metric::partial_auc) {
    check_share(choice.parameter, "max_fpr");
  } else if (is_rate) {
    check_rate(choice.parameter);
  } else {
    check_beta(choice.parameter);
  }
  if (needs_threshold(choice.metric) && is_nan(choice.threshold)) {
    throw Error(ErrorCode::invalid_argument,
                std::string(name(choice.metric)) + " needs a threshold: give the score above which a row is an alert");
  }
  return choice;
}

/// The attacks of one family among all of them, by descending score.
struct FamilyRanks {
  std::vector<std::uint32_t> places;
  std::vector<std::uint32_t> levels;  ///< which of all levels each of its own is
  std::vector<std::uint32_t> ends;    ///< of its places, one a level
};

/// What is the same for all replicates.
class ReplicatePlan {
 public:
  ReplicatePlan(const RankedRows& ranked, std::span<const MetricChoice> metrics,
                std::span<const std::uint32_t> families)
      : ranked_(ranked), metrics_(metrics.begin(), metrics.end()) {
    for (MetricChoice& choice : metrics_) {
      choice = settled(choice);
      if (choice.family != all_families) {
        add_family(choice.family, families);
      }
      Cut cut;
      if (needs_threshold(choice.metric)) {
        cut.attacks = above(ranked.attack, choice.threshold);
        cut.normals = above(ranked.normal, choice.threshold);
      }
      cuts_.push_back(cut);
    }
  }

  std::size_t size() const noexcept { return metrics_.size(); }

  /// The figures of the rows as they were drawn.
  void evaluate(const Units& units, const DrawnUnits& draw, std::span<double> out) const {
    if (units.are_rows()) {
      const std::size_t normals = ranked_.normal.scores.size();
      const std::uint8_t* of_normals = draw.counts.data();
      const std::uint8_t* of_attacks = of_normals + normals;
      if (ranked_.attack.weights.empty()) {
        evaluate_with([=](std::size_t place) { return std::uint64_t{of_normals[place]}; },
                      [=](std::size_t place) { return std::uint64_t{of_attacks[place]}; }, draw.scale, out);
        return;
      }
      evaluate_with([&](std::size_t place) { return of_normals[place] * ranked_.normal.weights[place]; },
                    [&](std::size_t place) { return of_attacks[place] * ranked_.attack.weights[place]; }, draw.scale,
                    out);
      return;
    }
    const std::size_t first_mixed = units.strata()[1].first;
    const auto counts = [&](std::size_t unit) { return draw.counts[unit] * draw.scale[unit < first_mixed ? 0 : 1]; };
    const auto weight = [](const RankedClass& one, std::size_t place) {
      return one.weights.empty() ? 1.0 : one.weights[place];
    };
    evaluate_with([&](std::size_t place) { return counts(units.of_normal(place)) * weight(ranked_.normal, place); },
                  [&](std::size_t place) { return counts(units.of_attack(place)) * weight(ranked_.attack, place); },
                  {1.0, 1.0}, out);
  }

 private:
  /// How many rows of each class a threshold lies below.
  struct Cut {
    std::size_t normals = 0;
    std::size_t attacks = 0;
  };

  static std::size_t above(const RankedClass& one, double threshold) {
    return static_cast<std::size_t>(
        std::lower_bound(one.scores.begin(), one.scores.end(), threshold, std::greater<>()) - one.scores.begin());
  }

  void add_family(std::uint32_t family, std::span<const std::uint32_t> families) {
    if (families.empty()) {
      throw Error(ErrorCode::invalid_argument, "a metric of family " + std::to_string(family) +
                                                   " was asked for, but families are not given; give one a row");
    }
    if (family >= families_.size()) {
      families_.resize(family + 1);
    }
    FamilyRanks& ranks = families_[family];
    if (!ranks.places.empty()) {
      return;
    }
    std::size_t level = 0;
    for (std::size_t place = 0; place < ranked_.attack.rows.size(); ++place) {
      level += place >= ranked_.levels[level].attacks ? 1U : 0U;
      if (families[ranked_.attack.rows[place]] != family) {
        continue;
      }
      if (ranks.levels.empty() || ranks.levels.back() != level) {
        ranks.levels.push_back(static_cast<std::uint32_t>(level));
        ranks.ends.push_back(0);
      }
      ranks.places.push_back(static_cast<std::uint32_t>(place));
      ranks.ends.back() = static_cast<std::uint32_t>(ranks.places.size());
    }
    if (ranks.places.empty()) {
      throw Error(ErrorCode::invalid_data,
                  "no attack is of family " + std::to_string(family) + "; ask for families that attacks have");
    }
  }

  template <class NormalWeight, class AttackWeight>
  void evaluate_with(const NormalWeight& normal_weight, const AttackWeight& attack_weight,
                     const std::array<double, 2>& scale, std::span<double> out) const {
    LevelSums all;
    sum_attacks(ranked_.levels, attack_weight, all);
    sum_normals(ranked_.levels, ranked_.normal.scores.size(), normal_weight, all);
    rescale(all, scale);
    std::vector<LevelSums> of_family(families_.size());
    for (std::size_t family = 0; family < families_.size(); ++family) {
      of_family[family] = family_sums(families_[family], all, attack_weight, scale[1]);
    }
    Cut known{~std::size_t{0}, 0};
    double false_positives = 0.0;
    for (std::size_t i = 0; i < metrics_.size(); ++i) {
      const MetricChoice& choice = metrics_[i];
      const bool is_family = choice.family != all_families;
      const LevelSums& sums = is_family ? of_family[choice.family] : all;
      if (needs_probabilities(choice.metric)) {
        out[i] = loss(choice, normal_weight, attack_weight, scale, sums);
      } else if (needs_threshold(choice.metric)) {
        if (cuts_[i].normals != known.normals) {
          known = cuts_[i];
          false_positives = scale[0] * RunningSum(normal_weight).up_to(known.normals);
        }
        out[i] = at_threshold(choice, sums, found_above(choice, sums, cuts_[i].attacks), false_positives);
      } else {
        out[i] = of_levels(choice, sums);
      }
    }
  }

  static void rescale(LevelSums& sums, const std::array<double, 2>& scale) {
    const auto by = [](std::vector<double>& values, double factor) {
      for (double& value : values) {
        value *= factor;
      }
    };
    if (scale[0] != 1.0) {
      by(sums.false_above, scale[0]);
      by(sums.false_through, scale[0]);
      sums.normals *= scale[0];
    }
    if (scale[1] != 1.0) {
      by(sums.found, scale[1]);
      sums.attacks *= scale[1];
    }
  }

  template <class AttackWeight>
  static LevelSums family_sums(const FamilyRanks& ranks, const LevelSums& all, const AttackWeight& weight,
                               double scale) {
    LevelSums sums;
    double sum = 0.0;
    std::size_t place = 0;
    for (std::size_t level = 0; level < ranks.levels.size(); ++level) {
      for (; place < ranks.ends[level]; ++place) {
        sum += static_cast<double>(weight(ranks.places[place]));
      }
      sums.found.push_back(scale * sum);
      sums.false_above.push_back(all.false_above[ranks.levels[level]]);
      sums.false_through.push_back(all.false_through[ranks.levels[level]]);
    }
    sums.attacks = scale * sum;
    sums.normals = all.normals;
    return sums;
  }

  /// The attacks above the threshold: a whole number of levels.
  double found_above(const MetricChoice& choice, const LevelSums& sums, std::size_t cut) const {
    std::size_t levels = 0;
    if (choice.family == all_families) {
      levels =
          static_cast<std::size_t>(std::partition_point(ranked_.levels.begin(), ranked_.levels.end(),
                                                        [&](const RankLevel& level) { return level.attacks <= cut; }) -
                                   ranked_.levels.begin());
    } else {
      const FamilyRanks& ranks = families_[choice.family];
      levels = static_cast<std::size_t>(
          std::partition_point(ranks.levels.begin(), ranks.levels.end(),
                               [&](std::uint32_t level) { return ranked_.levels[level].attacks <= cut; }) -
          ranks.levels.begin());
    }
    return levels == 0 ? 0.0 : sums.found[levels - 1];
  }

  static double of_levels(const MetricChoice& choice, const LevelSums& sums) {
    switch (choice.metric) {
      case Metric::roc_auc:
        return roc_auc_of(sums);
      case Metric::average_precision:
        return average_precision_of(sums);
      case Metric::partial_auc:
        return partial_auc_of(sums, choice.parameter);
      case Metric::tpr_at_fpr:
        return tpr_at_fpr_of(sums, choice.parameter);
      default:
        return best_f_beta_of(sums, choice.parameter).value;
    }
  }

  static double at_threshold(const MetricChoice& choice, const LevelSums& sums, double found, double false_positives) {
    const Confusion confusion{sums.normals - false_positives, false_positives, sums.attacks - found, found};
    switch (choice.metric) {
      case Metric::accuracy:
        return confusion.accuracy();
      case Metric::precision:
        return confusion.precision();
      case Metric::recall:
        return confusion.recall();
      case Metric::false_positive_rate:
        return confusion.false_positive_rate();
      case Metric::specificity:
        return confusion.specificity();
      case Metric::f_beta:
        return confusion.f_beta(choice.parameter);
      case Metric::balanced_accuracy:
        return confusion.balanced_accuracy();
      default:
        return confusion.matthews();
    }
  }

  template <class NormalWeight, class AttackWeight>
  double loss(const MetricChoice& choice, const NormalWeight& normal_weight, const AttackWeight& attack_weight,
              const std::array<double, 2>& scale, const LevelSums& sums) const {
    const double least = ranked_.is_single ? static_cast<double>(std::numeric_limits<float>::epsilon())
                                           : std::numeric_limits<double>::epsilon();
    const auto loss_of = [&](double probability, bool attack) {
      return choice.metric == Metric::log_loss ? log_loss_of(probability, attack, least)
                                               : brier_of(probability, attack);
    };
    double of_normals = 0.0;
    for (std::size_t place = 0; place < ranked_.normal.scores.size(); ++place) {
      of_normals += static_cast<double>(normal_weight(place)) * loss_of(ranked_.normal.scores[place], false);
    }
    double of_attacks = 0.0;
    const auto add = [&](std::size_t place) {
      of_attacks += static_cast<double>(attack_weight(place)) * loss_of(ranked_.attack.scores[place], true);
    };
    if (choice.family == all_families) {
      for (std::size_t place = 0; place < ranked_.attack.scores.size(); ++place) {
        add(place);
      }
    } else {
      std::for_each(families_[choice.family].places.begin(), families_[choice.family].places.end(), add);
    }
    return ratio(scale[0] * of_normals + scale[1] * of_attacks, sums.normals + sums.attacks);
  }

  const RankedRows& ranked_;
  std::vector<MetricChoice> metrics_;
  std::vector<Cut> cuts_;  ///< one a metric
  std::vector<FamilyRanks> families_;
};

}  // namespace nad::detail
