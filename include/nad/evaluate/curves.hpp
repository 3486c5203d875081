#pragma once

/// Curves as data, for whoever draws them.
///
///   nad::RocCurve roc = nad::roc_curve(scores, is_attack, {.max_points = 500});
///   for (std::size_t i = 0; i < roc.thresholds.size(); ++i) draw(roc.false_positive_rate[i], roc.recall[i]);
///
/// A point of a curve is the threshold of which the rows with *at least* that score are alerts: curves name scores that
/// there are, as scikit-learn's do, while a detector's threshold lies below them.

#include <cstddef>
#include <span>
#include <vector>

#include "nad/config.hpp"
#include "nad/evaluate/ranking.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad {

struct CurveOptions {
  /// Leave out points that change nothing: on the line between their neighbours, of a ROC curve; of a
  /// precision-recall curve those between two of the same recall.
  bool drop_intermediate = true;
  /// At most so many are kept, those from which the curve deviates most first; 0: all.
  std::size_t max_points = 0;
};

/// From the highest threshold (infinity: no alert) to the lowest score (all rows are alerts).
struct RocCurve {
  std::vector<double> thresholds;
  std::vector<double> false_positive_rate;
  std::vector<double> recall;
};

/// From the lowest threshold (all rows are alerts) to the highest, and the end that no threshold has: infinity,
/// precision 1, recall 0.
struct PrecisionRecallCurve {
  std::vector<double> thresholds;
  std::vector<double> precision;
  std::vector<double> recall;
};

NAD_API RocCurve roc_curve(ScoreView scores, LabelView labels, const CurveOptions& options = {},
                           WeightView weights = {});
NAD_API RocCurve roc_curve(const Ranking& ranking, const CurveOptions& options = {});
NAD_API PrecisionRecallCurve precision_recall_curve(ScoreView scores, LabelView labels,
                                                    const CurveOptions& options = {}, WeightView weights = {});
NAD_API PrecisionRecallCurve precision_recall_curve(const Ranking& ranking, const CurveOptions& options = {});

/// The area under any curve by trapezia; x goes one way, up or down.
NAD_API double area_under(std::span<const double> x, std::span<const double> y);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/curves-inl.hpp"
#endif
