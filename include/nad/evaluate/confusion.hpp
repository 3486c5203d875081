#pragma once

/// What a threshold does: how many attacks it finds and how many false alerts it costs.
///
///   nad::Confusion at = nad::confusion_at(scores, is_attack, forest.threshold());
///   at.recall();                // share of the attacks above the threshold
///   at.precision();             // share of the alerts that are attacks
///   at.false_positive_rate();   // share of the normal rows above it
///
/// A row is an alert when its score is *above* the threshold, as everywhere in nad. Where there is nothing to divide by
/// (precision without alerts, recall without attacks) a ratio is NaN, as with scikit-learn's `zero_division=nan`.

#include <cstddef>

#include "nad/config.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad {

/// Rows, or their weights, by truth and alert.
struct NAD_API Confusion {
  double true_negatives = 0.0;
  double false_positives = 0.0;
  double false_negatives = 0.0;
  double true_positives = 0.0;

  double attacks() const noexcept { return true_positives + false_negatives; }
  double normals() const noexcept { return true_negatives + false_positives; }
  double alerts() const noexcept { return true_positives + false_positives; }
  double total() const noexcept { return attacks() + normals(); }

  double accuracy() const noexcept;
  double precision() const noexcept;
  double recall() const noexcept;
  double false_positive_rate() const noexcept;
  double specificity() const noexcept;
  double f1() const noexcept { return f_beta(1.0); }
  /// Recall counts beta times as much as precision.
  double f_beta(double beta) const noexcept;
  double balanced_accuracy() const noexcept;
  /// The correlation of truth and alert, -1 to 1; 0 where one of them is constant.
  double matthews() const noexcept;
};

NAD_API Confusion confusion_at(ScoreView scores, LabelView labels, double threshold, WeightView weights = {});
/// From decisions that were made already: 1 alert, 0 none.
NAD_API Confusion confusion_of(LabelView alerts, LabelView labels, WeightView weights = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/confusion-inl.hpp"
#endif
