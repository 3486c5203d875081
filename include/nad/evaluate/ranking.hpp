#pragma once

/// How well scores put attacks before normal rows, whatever the threshold: sorted once, asked often.
///
///   nad::Ranking ranking(scores, is_attack);
///   ranking.roc_auc();              // the chance that an attack scores above a normal row
///   ranking.average_precision();    // PR-AUC
///   ranking.tpr_at_fpr(0.01);       // share of attacks found at 1 % false positives
///   nad::BestThreshold best = ranking.best_f_beta();
///   nad::Confusion at = nad::confusion_at(scores, is_attack, best.threshold);
///
/// Sorting takes n log n at most (a radix sort), each figure one pass over the attacks. Both classes must be there: a
/// ROC curve of one class is an error. Rows with equal scores stand or fall together: no figure splits them.

#include "nad/config.hpp"
#include "nad/evaluate/rank_levels.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad {

struct BestThreshold {
  double threshold = 0.0;  ///< half-way between the lowest score that is an alert and the next
  double value = 0.0;      ///< the F-beta there
};

class NAD_API Ranking {
 public:
  Ranking(ScoreView scores, LabelView labels, WeightView weights = {});

  /// Equal scores count half.
  double roc_auc() const;
  /// The mean of the precision over the attacks, each at its own score: the area of steps, not of trapezia, which
  /// would promise precision between two points that no threshold reaches.
  double average_precision() const;
  /// The area of the ROC curve up to this false positive rate, scaled so that 0.5 is chance and 1 perfect (McClish).
  double partial_auc(double max_fpr) const;
  /// The largest share of attacks above a threshold that at most the share `fpr` of the normal rows lies above. Between
  /// two thresholds nothing is interpolated: the promise is kept on these rows, by a threshold that there is.
  double tpr_at_fpr(double fpr) const;
  /// The threshold of that point; -infinity never: the lowest is just below the lowest score.
  double threshold_at_fpr(double fpr) const;
  BestThreshold best_f_beta(double beta = 1.0) const;

  double attacks() const noexcept { return rows_.attack.total; }
  double normals() const noexcept { return rows_.normal.total; }

  /// For curves and intervals.
  const detail::RankedRows& rows() const noexcept { return rows_; }

 private:
  detail::RankedRows rows_;
  detail::LevelSums sums_;
};

// The same for one figure.
NAD_API double roc_auc(ScoreView scores, LabelView labels, WeightView weights = {});
NAD_API double average_precision(ScoreView scores, LabelView labels, WeightView weights = {});
NAD_API double partial_auc(ScoreView scores, LabelView labels, double max_fpr, WeightView weights = {});
NAD_API double tpr_at_fpr(ScoreView scores, LabelView labels, double fpr, WeightView weights = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/ranking-inl.hpp"
#endif
