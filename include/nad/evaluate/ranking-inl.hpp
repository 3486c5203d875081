#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "nad/evaluate/level_metrics-inl.hpp"
#include "nad/evaluate/ranked_rows-inl.hpp"
#include "nad/evaluate/ranking.hpp"

namespace nad {

namespace detail {

/// A threshold that the scores from `lowest` on lie above, and those up to `next` do not; in floats where the scores
/// are, so that a detector can take it.
inline double threshold_amid(double lowest, double next, bool is_single) {
  const double middle = next + 0.5 * (lowest - next);
  const double threshold = is_single ? static_cast<double>(static_cast<float>(middle)) : middle;
  return threshold < lowest && threshold >= next ? threshold : next;
}

/// The threshold below the score `lowest` of rows by descending score.
inline double threshold_below(const RankedRows& ranked, double lowest) {
  double next = -std::numeric_limits<double>::infinity();
  for (const RankedClass* one : {&ranked.attack, &ranked.normal}) {
    const auto below = std::upper_bound(one->scores.begin(), one->scores.end(), lowest, std::greater<>());
    if (below != one->scores.end()) {
      next = std::max(next, *below);
    }
  }
  if (is_finite(next)) {
    return threshold_amid(lowest, next, ranked.is_single);
  }
  return ranked.is_single
             ? static_cast<double>(std::nextafter(static_cast<float>(lowest), std::numeric_limits<float>::lowest()))
             : std::nextafter(lowest, std::numeric_limits<double>::lowest());
}

inline void check_beta(double beta) {
  if (!(is_finite(beta) && beta > 0.0)) {
    throw Error(ErrorCode::invalid_argument, "beta is " + std::to_string(beta) + "; give a number above 0");
  }
}

inline void check_rate(double fpr) {
  if (is_nan(fpr) || !(fpr >= 0.0 && fpr <= 1.0)) {
    throw Error(ErrorCode::invalid_argument,
                "the false positive rate is " + std::to_string(fpr) + "; give a share from 0 to 1, as 0.01 for 1 %");
  }
}

}  // namespace detail

NAD_INLINE Ranking::Ranking(ScoreView scores, LabelView labels, WeightView weights)
    : rows_(detail::rank_rows(scores, labels, weights, /*keep_rows=*/false)), sums_(detail::level_sums(rows_)) {}

NAD_INLINE double Ranking::roc_auc() const { return detail::roc_auc_of(sums_); }

NAD_INLINE double Ranking::average_precision() const { return detail::average_precision_of(sums_); }

NAD_INLINE double Ranking::partial_auc(double max_fpr) const {
  detail::check_share(max_fpr, "max_fpr");
  return detail::partial_auc_of(sums_, max_fpr);
}

NAD_INLINE double Ranking::tpr_at_fpr(double fpr) const {
  detail::check_rate(fpr);
  return detail::tpr_at_fpr_of(sums_, fpr);
}

NAD_INLINE double Ranking::threshold_at_fpr(double fpr) const {
  detail::check_rate(fpr);
  const std::size_t levels = detail::levels_at_fpr(sums_, fpr);
  if (levels == 0) {  // no attack without more false alerts than that: just above all rows of the highest score
    return std::max(rows_.attack.scores.front(), rows_.normal.scores.front());
  }
  return detail::threshold_below(rows_, rows_.attack.scores[rows_.levels[levels - 1].attacks - 1]);
}

NAD_INLINE BestThreshold Ranking::best_f_beta(double beta) const {
  detail::check_beta(beta);
  const detail::BestLevel best = detail::best_f_beta_of(sums_, beta);
  const double lowest = rows_.attack.scores[rows_.levels[best.level].attacks - 1];
  return {detail::threshold_below(rows_, lowest), best.value};
}

NAD_INLINE double roc_auc(ScoreView scores, LabelView labels, WeightView weights) {
  return Ranking(scores, labels, weights).roc_auc();
}

NAD_INLINE double average_precision(ScoreView scores, LabelView labels, WeightView weights) {
  return Ranking(scores, labels, weights).average_precision();
}

NAD_INLINE double partial_auc(ScoreView scores, LabelView labels, double max_fpr, WeightView weights) {
  return Ranking(scores, labels, weights).partial_auc(max_fpr);
}

NAD_INLINE double tpr_at_fpr(ScoreView scores, LabelView labels, double fpr, WeightView weights) {
  return Ranking(scores, labels, weights).tpr_at_fpr(fpr);
}

}  // namespace nad
