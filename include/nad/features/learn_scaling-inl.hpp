#pragma once

// How the scaling steps learn from the training values of a feature.

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "nad/features/moments-inl.hpp"
#include "nad/features/refuse_option.hpp"
#include "nad/features/scalar_map.hpp"
#include "nad/features/scaling.hpp"

namespace nad::detail {

inline void check_step(const Impute&) {}
inline void check_step(const DropConstant&) {}
inline void check_step(const Clip& step) {
  refuse_option(step.by == Clip::By::quantiles && !(step.low >= 0.0 && step.low < step.high && step.high <= 1.0),
                "clip keeps values between the quantiles low=" + std::to_string(step.low) +
                    " and high=" + std::to_string(step.high) + "; give 0 <= low < high <= 1");
  refuse_option(step.by == Clip::By::deviations && !(step.deviations > 0.0),
                "clip needs a number of deviations above 0");
}
inline void check_step(const Log1p& step) {
  refuse_option(!(step.unit >= 0.0), "log1p divides by its unit; give one above 0, or 0 to take it from the data");
}
inline void check_step(const Standardise& step) {
  refuse_option(!(step.clip >= 0.0), "standardise cuts results at +-clip; give a clip above 0, or 0 for none");
}
inline void check_step(const RobustScale& step) {
  refuse_option(!(step.clip >= 0.0), "robust_scale cuts results at +-clip; give a clip above 0, or 0 for none");
}
inline void check_step(const MinMax& step) {
  refuse_option(!(step.low < step.high), "min_max maps to the range from low to high; give low < high");
}
inline void check_step(const QuantileScale& step) {
  refuse_option(step.quantiles < 2, "quantile_scale needs at least 2 quantiles");
}
inline void check_step(const RankScale& step) {
  refuse_option(step.quantiles < 2, "rank_scale needs at least 2 quantiles");
}

inline ScalarMap novelty_map(double constant, double novelty) {
  return {.kind = ScalarKind::novelty, .a = constant, .b = novelty};
}

/// Centre and scale, then the cut.
inline ScalarMaps centred(double centre, double scale, double clip) {
  ScalarMaps maps = {{.kind = ScalarKind::affine, .a = centre, .b = 1.0 / scale}};
  if (clip > 0.0) {
    maps.push_back({.kind = ScalarKind::clip, .a = -clip, .b = clip});
  }
  return maps;
}

inline ScalarMaps learn(const Impute& step, const Sample& sample) {
  double value = step.constant;
  const Moments moments = moments_of(sample);
  if (moments.count > 0.0 && step.with == Impute::With::mean) {
    value = moments.mean;
  } else if (moments.count > 0.0 && step.with == Impute::With::median) {
    value = quantile_of(sample, 0.5);
  }
  return {{.kind = ScalarKind::fill, .a = value}};
}

inline ScalarMaps learn(const Clip& step, const Sample& sample) {
  if (step.by == Clip::By::deviations) {
    const Moments moments = moments_of(sample);
    const double reach = step.deviations * moments.deviation;
    return {{.kind = ScalarKind::clip, .a = moments.mean - reach, .b = moments.mean + reach}};
  }
  const Ordered ordered(sample);
  if (ordered.values.empty()) {
    return {};
  }
  return {{.kind = ScalarKind::clip, .a = ordered.quantile(step.low), .b = ordered.quantile(step.high)}};
}

inline ScalarMaps learn(const Log1p& step, const Sample& sample) {
  const Moments moments = moments_of(sample, true);
  if (moments.count <= 0.0 || moments.low < 0.0 || moments.skewness <= step.min_skewness || !is_finite(moments.high)) {
    return {};
  }
  double unit = step.unit;
  if (unit <= 0.0) {
    std::vector<double> positive;
    std::vector<double> weights;
    const std::span<const double> values = sample.values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] > 0.0) {
        positive.push_back(values[i]);
        weights.push_back(sample.weight(i));
      }
    }
    unit = quantile_of(Sample(positive, sample.weights().empty() ? std::span<const double>() : weights), 0.1);
  }
  return unit > 0.0 ? ScalarMaps{{.kind = ScalarKind::log1p, .a = 1.0 / unit}} : ScalarMaps{};
}

inline ScalarMaps learn(const Standardise& step, const Sample& sample) {
  const Moments moments = moments_of(sample);
  if (moments.is_constant() || !(moments.deviation > 0.0)) {
    return {novelty_map(moments.mean, step.novelty)};
  }
  return centred(moments.mean, moments.deviation, step.clip);
}

inline ScalarMaps learn(const RobustScale& step, const Sample& sample) {
  const Moments moments = moments_of(sample);
  if (moments.is_constant() || !(moments.deviation > 0.0)) {
    return {novelty_map(moments.mean, step.novelty)};
  }
  const double median = quantile_of(sample, 0.5);
  std::vector<double> distances;
  distances.reserve(sample.size());
  for (const double value : sample.values()) {
    distances.push_back(is_nan(value) ? value : std::abs(value - median));
  }
  const double spread = 1.4826 * quantile_of(Sample(distances, sample.weights()), 0.5);
  return centred(median, spread > 0.0 ? spread : moments.deviation, step.clip);
}

inline ScalarMaps learn(const MinMax& step, const Sample& sample) {
  const Moments moments = moments_of(sample);
  const double range = moments.high - moments.low;
  if (moments.is_constant() || !(range > 0.0)) {
    ScalarMaps maps = {novelty_map(moments.mean, step.novelty)};
    if (step.low != 0.0) {
      maps.push_back({.kind = ScalarKind::affine, .a = -step.low, .b = 1.0});
    }
    return maps;
  }
  const double scale = (step.high - step.low) / range;
  ScalarMaps maps = {{.kind = ScalarKind::affine, .a = moments.low - step.low / scale, .b = scale}};
  if (step.clip) {
    maps.push_back({.kind = ScalarKind::clip, .a = step.low, .b = step.high});
  }
  return maps;
}

inline std::vector<double> quantile_knots(const Ordered& ordered, std::size_t count) {
  std::vector<double> knots;
  knots.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    knots.push_back(ordered.quantile(static_cast<double>(i) / static_cast<double>(count - 1)));
  }
  return knots;
}

inline ScalarMaps learn(const QuantileScale& step, const Sample& sample) {
  const Ordered ordered(sample);
  if (ordered.values.empty()) {
    return {};
  }
  ScalarMap map{.kind = step.normal ? ScalarKind::normal : ScalarKind::quantile};
  map.knots = quantile_knots(ordered, step.quantiles);
  return {map};
}

inline ScalarMaps learn(const RankScale& step, const Sample& sample) {
  const Moments moments = moments_of(sample);
  if (moments.is_constant() || !(moments.deviation > 0.0)) {
    return {novelty_map(moments.mean, step.novelty)};
  }
  ScalarMap map{
      .kind = ScalarKind::rank, .a = normal_quantile(1.0 - 0.5 / moments.count), .b = 1.0 / moments.deviation};
  map.knots = quantile_knots(Ordered(sample), step.quantiles);
  map.derive();
  return {map};
}

}  // namespace nad::detail
