#pragma once

// What the scaling steps learn: functions of one number, applied to many at once.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/normal_distribution.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/portable_log.hpp"

namespace nad::detail {

enum class ScalarKind : std::uint8_t {
  affine,        ///< (x - a) * b
  clip,          ///< between a and b
  log1p,         ///< log(1 + x * a), the same with a minus for negative x
  fill,          ///< a where missing
  missing_flag,  ///< 1 where missing, else 0
  novelty,       ///< 0 where x is a, else b
  quantile,      ///< the place among the knots, 0 to 1
  normal,        ///< the same as a deviate of the standard normal distribution
  rank,          ///< that, from -a to a; beyond the outer knots on by log(1 + distance * b)
};

struct ScalarMap {
  ScalarKind kind = ScalarKind::affine;
  double a = 0.0;
  double b = 1.0;
  std::vector<double> knots = {};     ///< rising
  std::vector<double> deviates = {};  ///< of `rank`, at the knots; not stored

  void apply(std::span<double> values) const {
    switch (kind) {
      case ScalarKind::affine:
        for (double& x : values) {
          x = (x - a) * b;
        }
        break;
      case ScalarKind::clip:
        for (double& x : values) {
          x = x < a ? a : x > b ? b : x;  // NaN is neither
        }
        break;
      case ScalarKind::log1p:
        for (double& x : values) {
          x = x < 0.0 ? -portable_log1p(-x * a) : portable_log1p(x * a);
        }
        break;
      case ScalarKind::fill:
        for (double& x : values) {
          x = is_nan(x) ? a : x;
        }
        break;
      case ScalarKind::missing_flag:
        for (double& x : values) {
          x = is_nan(x) ? 1.0 : 0.0;
        }
        break;
      case ScalarKind::novelty:
        for (double& x : values) {
          x = is_nan(x) ? x : x == a ? 0.0 : b;
        }
        break;
      case ScalarKind::quantile:
      case ScalarKind::normal:
        for (double& x : values) {
          if (!is_nan(x)) {
            const double share = place_among_knots(x) / static_cast<double>(knots.size() - 1);
            x = kind == ScalarKind::normal ? normal_quantile(share) : share;
          }
        }
        break;
      case ScalarKind::rank:
        for (double& x : values) {
          x = is_nan(x)           ? x
              : x > knots.back()  ? a + portable_log1p((x - knots.back()) * b)
              : x < knots.front() ? -a - portable_log1p((knots.front() - x) * b)
                                  : deviate_at(place_among_knots(x));
        }
        break;
    }
  }

  /// Computes what is not stored.
  void derive() {
    if (kind == ScalarKind::rank) {
      deviates.clear();
      for (std::size_t i = 0; i < knots.size(); ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(knots.size() - 1);
        deviates.push_back(std::clamp(normal_quantile(share), -a, a));
      }
    }
  }

 private:
  /// Between the deviates of two knots by a straight line.
  double deviate_at(double place) const {
    const auto low = static_cast<std::size_t>(place);
    const std::size_t high = std::min(low + 1, deviates.size() - 1);
    return deviates[low] + (place - static_cast<double>(low)) * (deviates[high] - deviates[low]);
  }

  /// Counted from 0. Between two knots by a straight line; inside a run of equal ones, its middle.
  double place_among_knots(double x) const {
    const auto low = std::lower_bound(knots.begin(), knots.end(), x);
    if (low != knots.end() && !(x < *low)) {
      const auto high = std::upper_bound(low, knots.end(), x);
      return static_cast<double>((low - knots.begin()) + (high - 1 - knots.begin())) / 2.0;
    }
    if (low == knots.begin() || low == knots.end()) {
      return low == knots.begin() ? 0.0 : static_cast<double>(knots.size() - 1);
    }
    const double before = *(low - 1);
    return static_cast<double>(low - 1 - knots.begin()) + (x - before) / (*low - before);
  }
};

using ScalarMaps = std::vector<ScalarMap>;

}  // namespace nad::detail
