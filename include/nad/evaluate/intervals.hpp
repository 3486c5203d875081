#pragma once

/// How far a figure could be off: bootstrap intervals of any metric, and of shares.
///
///   nad::Interval area = nad::bootstrap(scores, is_attack, {.metric = nad::Metric::roc_auc});
///   area.low, area.value, area.high;                               // 95 %
///   nad::proportion_interval(99, 100);                             // 99 of 100 attacks found
///
/// The bootstrap is stratified: each replicate draws as many attacks and as many normal rows as there are. Rows are
/// sorted once; a replicate counts how often each row was drawn and walks over them in their order, O(n). In a class of
/// more than 16,384 rows the counts are Poisson draws, scaled to its number of rows, which one pass makes and which
/// differ from drawing with replacement by less than one part in that number.
///
/// Rows that hang together (copies of each other, connections of one flood) hold less news than as many independent
/// ones. Name them by `groups`: whole groups are drawn then, and intervals get as wide as they should be.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/words.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad {

enum class Metric : std::uint8_t {
  roc_auc,
  average_precision,
  partial_auc,  ///< up to the false positive rate `parameter`
  tpr_at_fpr,   ///< at the false positive rate `parameter`
  best_f_beta,  ///< the largest of all thresholds; beta is `parameter`
  accuracy,     ///< from here on at `threshold`
  precision,
  recall,
  false_positive_rate,
  specificity,
  f_beta,  ///< beta is `parameter`
  balanced_accuracy,
  matthews,
  log_loss,  ///< from here on of scores that are probabilities
  brier_score,
};

constexpr std::array<std::string_view, 15> words_of(Metric) noexcept {
  return {
      "roc_auc",    "average_precision",   "partial_auc", "tpr_at_fpr", "best_f_beta",       "accuracy", "precision",
      "recall",     "false_positive_rate", "specificity", "f_beta",     "balanced_accuracy", "matthews", "log_loss",
      "brier_score"};
}

constexpr std::uint32_t all_families = std::numeric_limits<std::uint32_t>::max();

/// A metric with what it needs to know.
struct MetricChoice {
  Metric metric = Metric::roc_auc;
  double parameter = std::numeric_limits<double>::quiet_NaN();  ///< NaN: 0.1, 0.01 or a beta of 1, as fits the metric
  double threshold = std::numeric_limits<double>::quiet_NaN();
  /// The attacks of one family of `BootstrapOptions::families` alone, beside all normal rows.
  std::uint32_t family = all_families;
};

enum class IntervalMethod : std::uint8_t {
  bca,         ///< corrected for bias and skewness (Efron's BCa) and for few rows: right for figures near 1, too
  percentile,  ///< of the replicates as they are
};

constexpr std::array<std::string_view, 2> words_of(IntervalMethod) noexcept { return {"bca", "percentile"}; }

struct BootstrapOptions {
  std::size_t replicates = 1000;
  double confidence = 0.95;
  IntervalMethod method = IntervalMethod::bca;
  std::uint64_t random_state = 0;                ///< the same seed gives the same interval, with any number of threads
  std::span<const std::uint32_t> groups = {};    ///< one a row; empty: each row for itself
  std::span<const std::uint32_t> families = {};  ///< one a row, for `MetricChoice::family`; of attacks alone
};

/// A figure and where it could lie. Where no resample changes the figure (a perfect ROC-AUC) low and high are equal to
/// it, which says nothing of rows that are not there.
struct Interval {
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// One interval a metric; all of them from the same replicates.
NAD_API std::vector<Interval> bootstrap(ScoreView scores, LabelView labels, std::span<const MetricChoice> metrics,
                                        const BootstrapOptions& options = {}, WeightView weights = {},
                                        const FitControl& control = {});
NAD_API Interval bootstrap(ScoreView scores, LabelView labels, const MetricChoice& metric,
                           const BootstrapOptions& options = {}, WeightView weights = {},
                           const FitControl& control = {});

/// Wilson's score interval of a share: not empty where all or none of the trials were successes.
NAD_API Interval proportion_interval(double successes, double trials, double confidence = 0.95);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/intervals-inl.hpp"
#endif
