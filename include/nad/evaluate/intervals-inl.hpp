#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "nad/core/error.hpp"
#include "nad/detail/normal_distribution.hpp"
#include "nad/evaluate/intervals.hpp"
#include "nad/evaluate/replicate-inl.hpp"

namespace nad {

namespace detail {

inline void check_confidence(double confidence) {
  if (is_nan(confidence) || !(confidence > 0.0 && confidence < 1.0)) {
    throw Error(ErrorCode::invalid_argument,
                "confidence is " + std::to_string(confidence) + "; give a share between 0 and 1, as 0.95");
  }
}

inline void check_bootstrap(const BootstrapOptions& options, std::size_t rows) {
  check_confidence(options.confidence);
  if (options.replicates < 2 || options.replicates > 1'000'000) {
    throw Error(ErrorCode::invalid_argument,
                "replicates is " + std::to_string(options.replicates) + "; give 2 to 1,000,000");
  }
  if (!is_known(options.method)) {
    throw Error(ErrorCode::invalid_argument, "the method is unknown; give one of " + quoted_words(options.method));
  }
  if (!options.groups.empty()) {
    check_length(rows, options.groups.size(), "groups");
  }
  if (!options.families.empty()) {
    check_length(rows, options.families.size(), "families");
  }
}

/// By linear interpolation between the sorted values.
inline double sorted_quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t next = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[next] - sorted[below]) * (position - static_cast<double>(below));
}

/// What leaving rows out tells of the sampling distribution of a figure.
struct SamplingShape {
  double acceleration = 0.0;  ///< its skewness, over 6
  double stretch = 1.0;       ///< how much wider it is than that of resamples, which vary less than samples do
  double freedom = 0.0;       ///< degrees of freedom of its width; 0: unknown
};

/// As `normal_quantile`, of Student's distribution (Cornish and Fisher's expansion).
inline double student_quantile(double q, double freedom) {
  const double z = normal_quantile(q);
  const double square = z * z;
  const double first = z * (square + 1.0) / 4.0;
  const double second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0;
  const double third = z * (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
  return z + (first + (second + third / freedom) / freedom) / freedom;
}

/// How far to move a percentile, for bias and skewness, and outwards where rows are few.
inline double corrected_percentile(double q, double bias, const SamplingShape& shape) {
  const double wide = shape.freedom >= 1.0 ? shape.stretch * student_quantile(q, shape.freedom) : normal_quantile(q);
  const double shifted = bias + wide;
  const double room = 1.0 - shape.acceleration * shifted;
  return room > 0.0 ? normal_below(bias + shifted / room) : (shifted > 0.0 ? 1.0 : 0.0);
}

inline Interval interval_of(double value, std::vector<double> replicates, const SamplingShape& shape,
                            const BootstrapOptions& options) {
  // a replicate may have nothing to divide by, such as precision where none of its rows is an alert
  replicates.erase(std::remove_if(replicates.begin(), replicates.end(), [](double one) { return is_nan(one); }),
                   replicates.end());
  if (is_nan(value) || replicates.empty()) {
    return {.value = value};
  }
  std::sort(replicates.begin(), replicates.end());
  double low = 0.5 * (1.0 - options.confidence);
  double high = 1.0 - low;
  if (options.method == IntervalMethod::bca && replicates.front() < replicates.back()) {
    // a replicate of the same rows may differ in the last bits
    const double slack = 1e-12 * std::abs(value);
    const auto below = std::lower_bound(replicates.begin(), replicates.end(), value - slack) - replicates.begin();
    const auto through = std::upper_bound(replicates.begin(), replicates.end(), value + slack) - replicates.begin();
    const auto count = static_cast<double>(replicates.size());
    const double share = 0.5 * static_cast<double>(below + through) / count;
    const double bias = normal_quantile(std::min(std::max(share, 0.5 / count), 1.0 - 0.5 / count));
    low = corrected_percentile(low, bias, shape);
    high = corrected_percentile(high, bias, shape);
  }
  return {value, sorted_quantile(replicates, low), sorted_quantile(replicates, high)};
}

/// The shape of each metric's sampling distribution, by leaving out parts of each stratum in turn.
inline std::vector<SamplingShape> sampling_shapes(const ReplicatePlan& plan, const Units& units,
                                                  const FitControl& control) {
  constexpr std::size_t parts_of_few = 128;
  constexpr std::size_t parts_of_many = 32;  // skewness fades with the number of rows
  struct Sums {
    double squares = 0.0;
    double cubes = 0.0;
    double corrected = 0.0;  // squares, as they would be were resamples as wide as samples
    double over_freedom = 0.0;
  };
  std::vector<Sums> sums(plan.size());
  for (std::size_t s = 0; s < 2; ++s) {
    const std::size_t size = units.strata()[s].size;
    const std::size_t parts = std::min(size, size > most_single_draws ? parts_of_many : parts_of_few);
    if (parts < 2) {
      continue;
    }
    std::vector<double> figures(parts * plan.size());
    parallel_for(parts, control, {.grain = 8, .stage = "leaving rows out"}, [&](std::size_t begin, std::size_t end) {
      DrawnUnits drawn;
      for (std::size_t part = begin; part < end; ++part) {
        drawn.leave_out(units, s, part, parts);
        plan.evaluate(units, drawn, {figures.data() + part * plan.size(), plan.size()});
      }
    });
    const auto freedom = static_cast<double>(size - 1);
    for (std::size_t metric = 0; metric < plan.size(); ++metric) {
      double mean = 0.0;
      for (std::size_t part = 0; part < parts; ++part) {
        mean += figures[part * plan.size() + metric] / static_cast<double>(parts);
      }
      double squares = 0.0;
      for (std::size_t part = 0; part < parts; ++part) {
        const double pull = mean - figures[part * plan.size() + metric];
        squares += pull * pull;
        sums[metric].cubes += pull * pull * pull;
      }
      sums[metric].squares += squares;
      sums[metric].corrected += squares * (freedom + 1.0) / freedom;
      sums[metric].over_freedom += squares * squares / freedom;
    }
  }
  std::vector<SamplingShape> shapes(plan.size());
  for (std::size_t metric = 0; metric < plan.size(); ++metric) {
    const Sums& sum = sums[metric];
    if (sum.squares > 0.0 && is_finite(sum.squares)) {
      shapes[metric] = {.acceleration = sum.cubes / (6.0 * sum.squares * std::sqrt(sum.squares)),
                        .stretch = std::sqrt(sum.corrected / sum.squares),
                        // Welch and Satterthwaite: the stratum that the figure depends on most counts most
                        .freedom = sum.squares * sum.squares / sum.over_freedom};
    }
  }
  return shapes;
}

}  // namespace detail

NAD_INLINE std::vector<Interval> bootstrap(ScoreView scores, LabelView labels, std::span<const MetricChoice> metrics,
                                           const BootstrapOptions& options, WeightView weights,
                                           const FitControl& control) {
  detail::check_bootstrap(options, scores.size());
  const bool keep_rows = !options.groups.empty() || !options.families.empty();
  const detail::RankedRows ranked = detail::rank_rows(scores, labels, weights, keep_rows);
  const detail::ReplicatePlan plan(ranked, metrics, options.families);
  for (const MetricChoice& choice : metrics) {
    if (detail::needs_probabilities(choice.metric)) {
      detail::check_probabilities(scores);
    }
  }
  const detail::Units units(ranked, options.groups);
  detail::DrawnUnits as_they_are;
  as_they_are.keep_all(units.size());
  std::vector<double> values(plan.size());
  plan.evaluate(units, as_they_are, values);

  std::vector<double> figures(options.replicates * plan.size());
  parallel_for(options.replicates, control, {.grain = 8, .stage = "resampling"},
               [&](std::size_t begin, std::size_t end) {
                 detail::DrawnUnits draw;
                 for (std::size_t replicate = begin; replicate < end; ++replicate) {
                   draw.resample(units, options.random_state, replicate);
                   plan.evaluate(units, draw, {figures.data() + replicate * plan.size(), plan.size()});
                 }
               });
  const std::vector<detail::SamplingShape> shapes = options.method == IntervalMethod::bca
                                                        ? detail::sampling_shapes(plan, units, control)
                                                        : std::vector<detail::SamplingShape>(plan.size());
  std::vector<Interval> intervals;
  for (std::size_t metric = 0; metric < plan.size(); ++metric) {
    std::vector<double> replicates(options.replicates);
    for (std::size_t replicate = 0; replicate < options.replicates; ++replicate) {
      replicates[replicate] = figures[replicate * plan.size() + metric];
    }
    intervals.push_back(detail::interval_of(values[metric], std::move(replicates), shapes[metric], options));
  }
  return intervals;
}

NAD_INLINE Interval bootstrap(ScoreView scores, LabelView labels, const MetricChoice& metric,
                              const BootstrapOptions& options, WeightView weights, const FitControl& control) {
  return bootstrap(scores, labels, {&metric, 1}, options, weights, control).front();
}

NAD_INLINE Interval proportion_interval(double successes, double trials, double confidence) {
  detail::check_confidence(confidence);
  if (!(detail::is_finite(successes) && detail::is_finite(trials) && successes >= 0.0 && successes <= trials)) {
    throw Error(ErrorCode::invalid_argument, std::to_string(successes) + " of " + std::to_string(trials) +
                                                 " is no share; give at least 0 successes and at least as many trials");
  }
  if (trials == 0.0) {
    return {};
  }
  const double z = detail::normal_quantile(0.5 * (1.0 + confidence));
  const double share = successes / trials;
  const double pull = z * z / trials;
  const double centre = (share + 0.5 * pull) / (1.0 + pull);
  const double half = z * std::sqrt(share * (1.0 - share) / trials + 0.25 * pull / trials) / (1.0 + pull);
  // at the ends exactly: rounding must not move them past the share
  return {share, successes == 0.0 ? 0.0 : centre - half, successes == trials ? 1.0 : centre + half};
}

}  // namespace nad
