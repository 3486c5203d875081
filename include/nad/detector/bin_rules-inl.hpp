#pragma once

// How many bins of equal width a histogram of a column should have.

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "nad/detail/portable_log.hpp"
#include "nad/detector/bin_rule.hpp"
#include "nad/detector/sorted_column-inl.hpp"

namespace nad::detail {

/// The logarithm of a positive number, with the same bits on every machine.
inline double log_of_positive(double x) noexcept {
  return x >= 1.0 ? portable_log1p(x - 1.0) : -portable_log1p(1.0 / x - 1.0);
}

/// Birgé and Rozenholc 2006: the likelihood of the histogram less a penalty for its bins.
inline std::size_t birge_rozenholc_bins(const SortedColumn& sorted, std::size_t most) {
  const double total = sorted.total();
  const auto low = static_cast<double>(sorted.values.front());
  const double range = static_cast<double>(sorted.values.back()) - low;
  std::size_t best = 1;
  double most_likely = 0.0;  // of one bin
  for (std::size_t bins = 2; bins <= most && range > 0.0; ++bins) {
    const auto n = static_cast<double>(bins);
    double likelihood = 0.0;
    double below = 0.0;
    for (std::size_t bin = 1; bin <= bins; ++bin) {
      const double next = bin == bins ? total : sorted.below(low + range * (static_cast<double>(bin) / n));
      const double weight = next - below;
      below = next;
      if (weight > 0.0) {
        likelihood += weight * log_of_positive(n * weight / total);
      }
    }
    const double size = log_of_positive(n);
    const double gain = likelihood - (n - 1.0) - size * size * std::sqrt(size);
    if (gain > most_likely) {
      most_likely = gain;
      best = bins;
    }
  }
  return best;
}

/// Freedman and Diaconis 1981: bins as wide as twice the interquartile range over the cube root of the number of rows.
inline std::size_t freedman_diaconis_bins(const SortedColumn& sorted, std::size_t most) {
  const double range = static_cast<double>(sorted.values.back()) - static_cast<double>(sorted.values.front());
  const double quartiles = static_cast<double>(sorted.quantile(0.75)) - static_cast<double>(sorted.quantile(0.25));
  if (!(quartiles > 0.0)) {
    return range > 0.0 ? most : 1;  // most rows have one value: the others are told apart as well as may be
  }
  // a cube root of the C library would not be the same everywhere
  const double ratio = range / (2.0 * quartiles);
  std::size_t bins = 1;
  for (; bins < most; ++bins) {
    const double width = static_cast<double>(bins) / ratio;
    if (width * width * width >= sorted.total()) {
      break;
    }
  }
  return bins;
}

inline std::size_t bins_by_rule(BinRule rule, const SortedColumn& sorted, std::size_t most) {
  return rule == BinRule::birge_rozenholc ? birge_rozenholc_bins(sorted, most) : freedman_diaconis_bins(sorted, most);
}

}  // namespace nad::detail
