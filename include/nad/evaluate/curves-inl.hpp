#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>

#include "nad/core/error.hpp"
#include "nad/evaluate/check_rows-inl.hpp"
#include "nad/evaluate/curves.hpp"
#include "nad/evaluate/ranked_rows-inl.hpp"
#include "nad/evaluate/thin_curve-inl.hpp"

namespace nad {

namespace detail {

/// What lies above or at each score that there is, by descending score.
struct ScoreSteps {
  std::vector<double> thresholds;
  std::vector<double> false_positives;
  std::vector<double> found;
};

inline ScoreSteps score_steps(const RankedRows& ranked) {
  ScoreSteps steps;
  const RankedClass& attack = ranked.attack;
  const RankedClass& normal = ranked.normal;
  std::size_t a = 0;
  std::size_t n = 0;
  double found = 0.0;
  double false_positives = 0.0;
  const auto pass = [](const RankedClass& one, std::size_t& at, double score, double& sum) {
    for (; at < one.scores.size() && one.scores[at] == score; ++at) {
      sum += one.weights.empty() ? 1.0 : one.weights[at];
    }
  };
  while (a < attack.scores.size() || n < normal.scores.size()) {
    const double score = a == attack.scores.size()   ? normal.scores[n]
                         : n == normal.scores.size() ? attack.scores[a]
                                                     : std::max(attack.scores[a], normal.scores[n]);
    pass(attack, a, score, found);
    pass(normal, n, score, false_positives);
    steps.thresholds.push_back(score);
    steps.found.push_back(found);
    steps.false_positives.push_back(false_positives);
  }
  return steps;
}

/// Leaves out the points that `is_needed(place)` does not want; the first and the last stay.
template <class IsNeeded>
void keep_needed(ScoreSteps& steps, const IsNeeded& is_needed) {
  std::vector<std::size_t> places;
  const std::size_t last = steps.found.size() - 1;
  for (std::size_t place = 0; place <= last; ++place) {
    if (place == 0 || place == last || is_needed(place)) {
      places.push_back(place);
    }
  }
  keep_places(steps.thresholds, places);
  keep_places(steps.found, places);
  keep_places(steps.false_positives, places);
}

inline void check_curve(const CurveOptions& options) {
  if (options.max_points == 1) {
    throw Error(ErrorCode::invalid_argument, "max_points is 1; a curve has at least 2 points, 0 keeps all");
  }
}

inline void thin(std::vector<double>& thresholds, std::vector<double>& x, std::vector<double>& y,
                 std::size_t max_points) {
  if (max_points != 0 && x.size() > max_points) {
    const std::vector<std::size_t> places = thinned(x, y, max_points);
    keep_places(thresholds, places);
    keep_places(x, places);
    keep_places(y, places);
  }
}

inline void divide(std::vector<double>& values, double by) {
  for (double& value : values) {
    value /= by;
  }
}

}  // namespace detail

NAD_INLINE RocCurve roc_curve(const Ranking& ranking, const CurveOptions& options) {
  detail::check_curve(options);
  detail::ScoreSteps steps = detail::score_steps(ranking.rows());
  if (options.drop_intermediate) {
    // a point may go when the steps to it and from it are the same
    const auto turns = [](const std::vector<double>& values, std::size_t place) {
      return values[place + 1] - values[place] != values[place] - values[place - 1];
    };
    detail::keep_needed(
        steps, [&](std::size_t place) { return turns(steps.found, place) || turns(steps.false_positives, place); });
  }
  steps.thresholds.insert(steps.thresholds.begin(), std::numeric_limits<double>::infinity());
  steps.found.insert(steps.found.begin(), 0.0);
  steps.false_positives.insert(steps.false_positives.begin(), 0.0);
  detail::divide(steps.found, steps.found.back());
  detail::divide(steps.false_positives, steps.false_positives.back());
  detail::thin(steps.thresholds, steps.false_positives, steps.found, options.max_points);
  return {std::move(steps.thresholds), std::move(steps.false_positives), std::move(steps.found)};
}

NAD_INLINE PrecisionRecallCurve precision_recall_curve(const Ranking& ranking, const CurveOptions& options) {
  detail::check_curve(options);
  detail::ScoreSteps steps = detail::score_steps(ranking.rows());
  if (options.drop_intermediate) {
    detail::keep_needed(steps, [&](std::size_t place) {
      return steps.found[place] != steps.found[place - 1] || steps.found[place] != steps.found[place + 1];
    });
  }
  PrecisionRecallCurve curve;
  const double attacks = steps.found.back();
  for (std::size_t place = steps.found.size(); place-- > 0;) {
    curve.thresholds.push_back(steps.thresholds[place]);
    curve.precision.push_back(steps.found[place] / (steps.found[place] + steps.false_positives[place]));
    curve.recall.push_back(steps.found[place] / attacks);
  }
  curve.thresholds.push_back(std::numeric_limits<double>::infinity());
  curve.precision.push_back(1.0);
  curve.recall.push_back(0.0);
  detail::thin(curve.thresholds, curve.recall, curve.precision, options.max_points);
  return curve;
}

NAD_INLINE RocCurve roc_curve(ScoreView scores, LabelView labels, const CurveOptions& options, WeightView weights) {
  return roc_curve(Ranking(scores, labels, weights), options);
}

NAD_INLINE PrecisionRecallCurve precision_recall_curve(ScoreView scores, LabelView labels, const CurveOptions& options,
                                                       WeightView weights) {
  return precision_recall_curve(Ranking(scores, labels, weights), options);
}

NAD_INLINE double area_under(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size() || x.size() < 2) {
    throw Error(ErrorCode::invalid_argument, "a curve of " + std::to_string(x.size()) + " x and " +
                                                 std::to_string(y.size()) +
                                                 " y has no area; give as many of both, at least 2");
  }
  double area = 0.0;
  bool up = true;
  bool down = true;
  for (std::size_t i = 1; i < x.size(); ++i) {
    up = up && x[i] >= x[i - 1];
    down = down && x[i] <= x[i - 1];
    if (!up && !down) {
      throw Error(ErrorCode::invalid_argument,
                  "x turns back at point " + std::to_string(i) + "; sort the points of the curve by x");
    }
    area += 0.5 * (x[i] - x[i - 1]) * (y[i] + y[i - 1]);
  }
  return up ? area : -area;
}

}  // namespace nad
