#pragma once

// The far end of a distribution, from the few values that lie there.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "nad/detail/portable_exp.hpp"
#include "nad/detail/portable_log.hpp"

namespace nad::detail {

/// A generalised Pareto distribution of what lies beyond some limit. With a negative shape it has an end, and what lies
/// beyond that must still be told from what lies before: from a survival of 0.001 on, its surprise goes straight on.
struct ParetoTail {
  static constexpr double thinnest = -0.5;
  static constexpr double heaviest = 0.9;

  static constexpr double straight_surprise = 6.907755278982137052;  ///< -log(0.001)

  double shape = 0.0;
  double scale = 1.0;

  bool is_exponential() const noexcept { return shape < 1e-6 && shape > -1e-6; }
  /// 1 + shape * units at that survival.
  double straight_from() const noexcept { return portable_exp(shape * straight_surprise); }

  /// -log of the share that exceeds the limit by more than `excess`, which is at least 0. Increases strictly.
  double surprise(double excess) const noexcept {
    const double units = excess / scale;
    if (is_exponential()) {
      return units;
    }
    if (shape > 0.0) {
      return portable_log1p(shape * units) / shape;
    }
    const double left = 1.0 + shape * units;
    const double least = straight_from();
    if (left > least) {
      return portable_log1p((1.0 - left) / left) / -shape;
    }
    return straight_surprise + (units - (1.0 - least) / -shape) / least;
  }

  /// The excess of which this is the surprise.
  double excess_of(double surprise) const noexcept {
    if (is_exponential()) {
      return scale * surprise;
    }
    if (shape < 0.0 && surprise > straight_surprise) {
      const double least = straight_from();
      return scale * ((1.0 - least) / -shape + (surprise - straight_surprise) * least);
    }
    return scale * (portable_exp(shape * surprise) - 1.0) / shape;
  }

  /// An exponential tail where there are few excesses, else as Zhang and Stephens (2009) estimate it: nearly as exact
  /// as maximum likelihood, without its failures. `excesses` increase, each of some weight above 0; where there are
  /// none, `otherwise` is the scale. Shapes below `least_shape` are not believed.
  static ParetoTail fit(std::span<const double> excesses, std::span<const double> weights, double otherwise,
                        double least_shape = thinnest) {
    constexpr std::size_t few = 5;
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    const double mean =
        total > 0.0 ? std::inner_product(excesses.begin(), excesses.end(), weights.begin(), 0.0) / total : 0.0;
    ParetoTail tail{.shape = 0.0, .scale = mean > 0.0 ? mean : otherwise};
    if (excesses.size() < few || !(mean > 0.0)) {
      return tail;
    }
    // the distribution by theta = -shape / scale, which alone gives the shape: the mean of log(1 - theta * excess)
    const auto shape_of = [&](double theta) {
      double sum = 0.0;
      for (std::size_t i = 0; i < excesses.size(); ++i) {
        sum += weights[i] * log_of(1.0 - theta * excesses[i]);
      }
      return sum / total;
    };
    const auto likelihood = [&](double theta) {
      const double candidate = shape_of(theta);
      return total * (log_of(-theta / candidate) - candidate - 1.0);
    };
    const std::size_t candidates = 20 + static_cast<std::size_t>(std::sqrt(static_cast<double>(excesses.size())));
    const double quartile = excesses[excesses.size() / 4];
    std::vector<double> thetas;
    std::vector<double> likelihoods;
    for (std::size_t j = 0; j < candidates; ++j) {
      const double spread = std::sqrt(static_cast<double>(candidates) / (static_cast<double>(j) + 0.5));
      const double theta = 1.0 / excesses.back() + (1.0 - spread) / (3.0 * quartile);
      if (theta * mean > 1e-9 || theta * mean < -1e-9) {  // at 0 the tail is exponential, and the formula 0 / 0
        thetas.push_back(theta);
        likelihoods.push_back(likelihood(theta));
      }
    }
    const double best = *std::max_element(likelihoods.begin(), likelihoods.end());
    double theta = 0.0;
    double sum = 0.0;
    for (std::size_t j = 0; j < thetas.size(); ++j) {
      const double share = portable_exp(likelihoods[j] - best);
      theta += share * thetas[j];
      sum += share;
    }
    theta /= sum;
    const double best_shape = shape_of(theta);
    if (!(theta * best_shape < 0.0)) {
      return tail;
    }
    tail.shape = std::clamp(best_shape, least_shape, heaviest);
    // a shape at its bound leaves the mean as it is, as far as there is one
    tail.scale = tail.shape == best_shape ? -best_shape / theta : mean * (1.0 - tail.shape);
    return tail;
  }

  /// False where some value makes no sense, as it may after loading; NaN is never above anything.
  bool is_sound() const noexcept { return shape >= thinnest && shape <= heaviest && scale > 0.0 && scale <= 1e300; }

 private:
  static double log_of(double x) noexcept {
    return x >= 1.0 ? portable_log1p(x - 1.0) : -portable_log1p((1.0 - x) / x);
  }
};

}  // namespace nad::detail
