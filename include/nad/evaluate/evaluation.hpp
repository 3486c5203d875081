#pragma once

/// How good are these scores? One call, one report.
///
///   nad::Evaluation found = nad::evaluate(scores, is_attack, {.threshold = forest.threshold(),
///                                                             .families = family,         // one number a row
///                                                             .family_names = {"normal", "dos", "probe"},
///                                                             .seconds = when});
///   std::cout << nad::to_text(found);
///   found.roc_auc.value, found.roc_auc.low, found.roc_auc.high;
///   std::string json = nad::to_json(found);
///
/// Without a threshold the one with the largest F1 is taken, and the report says that it was chosen on these very rows:
/// on others it will do worse. A share of rows at that threshold (recall, false positive rate) has Wilson's interval,
/// which does not vanish where all or none were found; other figures, and all of them where rows have weights or
/// groups, have bootstrap intervals.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/parallel.hpp"
#include "nad/evaluate/confusion.hpp"
#include "nad/evaluate/curves.hpp"
#include "nad/evaluate/episodes.hpp"
#include "nad/evaluate/intervals.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad {

struct EvaluationOptions {
  std::optional<double> threshold = {};  ///< a row is an alert above it; none: that of the largest F1
  WeightView weights = {};
  std::span<const std::uint32_t> families = {};  ///< of the attacks, one number a row; empty: no families
  std::vector<std::string> family_names = {};    ///< by number
  std::span<const double> seconds = {};          ///< when each record happened, from any moment on
  std::span<const std::int64_t> episodes = {};   ///< which attack a row belongs to, below 0: none; empty: found
  EpisodeOptions episode_gap = {};               ///< how they are found, where there are times
  std::span<const std::uint32_t> groups = {};    ///< rows that hang together, as for `bootstrap`
  std::vector<double> false_positive_rates = {0.001, 0.01, 0.05};
  double max_fpr = 0.1;  ///< of the partial ROC-AUC
  /// 0: no intervals. Nothing: 1,000, of more than 500,000 rows fewer, but at least 200.
  std::optional<std::size_t> replicates = {};
  double confidence = 0.95;
  IntervalMethod method = IntervalMethod::bca;
  std::uint64_t random_state = 0;
  std::size_t curve_points = 500;  ///< of the curves in the result, at most
};

/// What can be had at a false positive rate that one is ready to pay.
struct RateEvaluation {
  double false_positive_rate = 0.0;
  double threshold = 0.0;
  Interval recall;
};

struct FamilyEvaluation {
  std::string name;
  double attacks = 0.0;  ///< rows, or their weights
  double found = 0.0;    ///< above the threshold
  Interval recall;
  Interval roc_auc;  ///< beside all normal rows
  Interval average_precision;
  std::vector<Interval> recall_at_rate;  ///< one for each of the false positive rates
  std::size_t episodes = 0;
  std::size_t episodes_detected = 0;
  double median_delay_seconds = std::numeric_limits<double>::quiet_NaN();  ///< of those detected
};

/// Of time; NaN and 0 where there are no times.
struct AlertRates {
  double days = std::numeric_limits<double>::quiet_NaN();    ///< that the records span
  double alerts = std::numeric_limits<double>::quiet_NaN();  ///< a day
  double false_alerts = std::numeric_limits<double>::quiet_NaN();
};

struct Evaluation {
  std::size_t rows = 0;
  double attacks = 0.0;
  double normals = 0.0;
  double threshold = 0.0;
  bool is_threshold_chosen = false;  ///< on these very rows
  double confidence = 0.0;
  std::size_t replicates = 0;
  std::size_t groups = 0;  ///< that the intervals draw in the place of rows; 0: rows

  Confusion confusion;
  Interval accuracy;
  Interval precision;
  Interval recall;
  Interval false_positive_rate;
  Interval f1;
  Interval balanced_accuracy;
  Interval matthews;

  Interval roc_auc;
  Interval average_precision;
  Interval partial_auc;
  double max_fpr = 0.0;
  std::vector<RateEvaluation> rates;

  std::vector<FamilyEvaluation> families;  ///< those that attacks have, by number
  AlertRates per_day;
  std::optional<DelaySummary> delays;  ///< of the attacks' episodes, where there are times or episodes

  RocCurve roc;
  PrecisionRecallCurve precision_recall;
};

/// Both classes must be there; `confusion_at` and `alerts_per_day` judge normal rows alone.
NAD_API Evaluation evaluate(ScoreView scores, LabelView labels, const EvaluationOptions& options = {},
                            const FitControl& control = {});

/// For people: a page of some 100 characters, an end of line at the end. Names are as nad::printable shows them.
NAD_API std::string to_text(const Evaluation& evaluation);
/// For programs: one object; what is NaN or infinite is null.
NAD_API std::string to_json(const Evaluation& evaluation, bool with_curves = false);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/evaluation-inl.hpp"
#endif
