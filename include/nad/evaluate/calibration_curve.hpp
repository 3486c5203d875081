#pragma once

/// Whether probabilities of an attack can be believed.
///
///   nad::CalibrationCurve bins = nad::calibration_curve(probabilities, is_attack);
///   bins.predicted, bins.observed;                       // the curve: what was promised and what came
///   bins.expected_error;                                 // how far the two are apart on average
///   nad::log_loss(probabilities, is_attack);

#include <cstddef>
#include <vector>

#include "nad/config.hpp"
#include "nad/evaluate/score_histogram.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad {

struct CalibrationOptions {
  std::size_t bins = 10;
  BinSpacing spacing = BinSpacing::uniform;
};

/// Do rows to which an attack is promised with probability p turn out to be attacks in the share p?
struct CalibrationCurve {
  // one a bin that has rows, by ascending probability
  std::vector<double> predicted;  ///< mean of the probabilities
  std::vector<double> observed;   ///< share of attacks
  std::vector<double> weight;     ///< rows, or their weights
  /// The mean distance of the two over the rows, and the largest of a bin.
  double expected_error = 0.0;
  double largest_error = 0.0;
};

/// The scores are probabilities of an attack, 0 to 1.
NAD_API CalibrationCurve calibration_curve(ScoreView probabilities, LabelView labels,
                                           const CalibrationOptions& options = {}, WeightView weights = {});

/// The mean of -log(probability of what was true); probabilities of 0 and 1 count as the nearest to them that the
/// number's type has (scikit-learn's rule), so one row cannot be infinitely wrong.
NAD_API double log_loss(ScoreView probabilities, LabelView labels, WeightView weights = {});
/// The mean squared distance of probability and truth.
NAD_API double brier_score(ScoreView probabilities, LabelView labels, WeightView weights = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/calibration_curve-inl.hpp"
#endif
