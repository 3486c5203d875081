#pragma once

// The training values of one feature, and what can be said about them.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "nad/detail/not_a_number.hpp"

namespace nad::detail {

/// Values, each there as often as its weight says; no weights: once. Missing values count for nothing.
struct Sample {
  std::span<const double> values;
  std::span<const double> weights = {};

  double weight(std::size_t i) const noexcept { return weights.empty() ? 1.0 : weights[i]; }
};

struct Moments {
  double count = 0.0;
  double missing = 0.0;
  double mean = 0.0;
  double deviation = 0.0;  ///< of the population
  double skewness = 0.0;
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  bool is_constant() const noexcept { return low >= high; }
};

/// Adds up term(i) for i below `size`, in eight sums: fast, and less rounding than one.
template <class Term>
double sum_of(std::size_t size, const Term& term) {
  constexpr std::size_t lanes = 8;
  std::array<double, lanes> sums = {};
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      sums[lane] += term(i + lane);
    }
  }
  for (; i < size; ++i) {
    sums[0] += term(i);
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// Sum, least and greatest of numbers none of which is missing; the sum is NaN where one is.
struct Totals {
  double sum = 0.0;
  double low = 0.0;
  double high = 0.0;
};

inline Totals totals_of(std::span<const double> values) {
  constexpr std::size_t lanes = 8;
  std::array<double, lanes> sums = {};
  std::array<double, lanes> lows = {};
  std::array<double, lanes> highs = {};
  lows.fill(values[0]);
  highs.fill(values[0]);
  const std::size_t whole = values.size() / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double value = values[i + lane];
      sums[lane] += value;
      lows[lane] = value < lows[lane] ? value : lows[lane];
      highs[lane] = value > highs[lane] ? value : highs[lane];
    }
  }
  Totals totals{0.0, lows[0], highs[0]};
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    totals.sum += sums[lane];
    totals.low = std::min(totals.low, lows[lane]);
    totals.high = std::max(totals.high, highs[lane]);
  }
  for (std::size_t i = whole; i < values.size(); ++i) {
    totals.sum += values[i];
    totals.low = std::min(totals.low, values[i]);
    totals.high = std::max(totals.high, values[i]);
  }
  return totals;
}

/// Sums of the distances from `centre`, and of their squares.
inline std::pair<double, double> distances_of(std::span<const double> values, double centre) {
  constexpr std::size_t lanes = 8;
  std::array<double, lanes> sums = {};
  std::array<double, lanes> squares = {};
  const std::size_t whole = values.size() / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double distance = values[i + lane] - centre;
      sums[lane] += distance;
      squares[lane] += distance * distance;
    }
  }
  for (std::size_t i = whole; i < values.size(); ++i) {
    sums[0] += values[i] - centre;
    squares[0] += (values[i] - centre) * (values[i] - centre);
  }
  return {((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7])),
          ((squares[0] + squares[1]) + (squares[2] + squares[3])) +
              ((squares[4] + squares[5]) + (squares[6] + squares[7]))};
}

/// The values that are there and count, each with its weight.
struct Present {
  std::vector<double> values;
  std::vector<double> weights;
  double missing = 0.0;

  explicit Present(const Sample& sample) {
    for (std::size_t i = 0; i < sample.values.size(); ++i) {
      if (is_nan(sample.values[i])) {
        missing += sample.weight(i);
      } else if (sample.weight(i) > 0.0) {
        values.push_back(sample.values[i]);
        weights.push_back(sample.weight(i));
      }
    }
  }
};

/// Mean, deviation and range; the skewness on request, for it costs another pass.
inline Moments moments_of(const Sample& sample, bool with_skewness = false) {
  Moments moments;
  if (sample.values.empty()) {
    moments.low = moments.high = 0.0;
    return moments;
  }
  if (sample.weights.empty()) {
    const Totals totals = totals_of(sample.values);
    if (!is_nan(totals.sum)) {
      moments.count = static_cast<double>(sample.values.size());
      moments.low = totals.low;
      moments.high = totals.high;
      moments.mean = totals.sum / moments.count;
      if (moments.is_constant()) {
        moments.mean = moments.low;
        return moments;
      }
      // the second pass also takes out what rounding left in the mean
      const auto [left, squares] = distances_of(sample.values, moments.mean);
      const double correction = left / moments.count;
      moments.mean += correction;
      moments.deviation = std::sqrt(std::max(0.0, squares / moments.count - correction * correction));
      if (with_skewness && moments.deviation > 0.0) {
        moments.skewness = sum_of(sample.values.size(),
                                  [&](std::size_t i) {
                                    const double z = (sample.values[i] - moments.mean) / moments.deviation;
                                    return z * z * z;
                                  }) /
                           moments.count;
      }
      return moments;
    }
  }
  const Present present(sample);
  moments.missing = present.missing;
  if (present.values.empty()) {
    moments.low = moments.high = 0.0;
    return moments;
  }
  const std::size_t size = present.values.size();
  const auto average = [&](const auto& term) {
    return sum_of(size, [&](std::size_t i) { return present.weights[i] * term(present.values[i]); }) / moments.count;
  };
  moments.count = sum_of(size, [&](std::size_t i) { return present.weights[i]; });
  moments.low = *std::min_element(present.values.begin(), present.values.end());
  moments.high = *std::max_element(present.values.begin(), present.values.end());
  if (moments.is_constant()) {
    moments.mean = moments.low;
    return moments;
  }
  const double about = average([](double value) { return value; });
  moments.mean = about + average([&](double value) { return value - about; });
  moments.deviation = std::sqrt(average([&](double value) { return (value - moments.mean) * (value - moments.mean); }));
  if (with_skewness && moments.deviation > 0.0) {
    moments.skewness = average([&](double value) {
      const double z = (value - moments.mean) / moments.deviation;
      return z * z * z;
    });
  }
  return moments;
}

/// The values that are there, in rising order, with the weights of all up to each.
struct Ordered {
  std::vector<double> values;
  std::vector<double> up_to;  ///< empty: 1, 2, 3, ...

  explicit Ordered(const Sample& sample) {
    std::vector<std::pair<double, double>> pairs;
    for (std::size_t i = 0; i < sample.values.size(); ++i) {
      if (is_nan(sample.values[i]) || sample.weight(i) <= 0.0) {
        continue;
      }
      if (sample.weights.empty()) {
        values.push_back(sample.values[i]);
      } else {
        pairs.emplace_back(sample.values[i], sample.weights[i]);
      }
    }
    std::sort(values.begin(), values.end());
    std::sort(pairs.begin(), pairs.end());
    double sum = 0.0;
    for (const auto& [value, weight] : pairs) {
      values.push_back(value);
      up_to.push_back(sum += weight);
    }
  }

  /// The quantile by linear interpolation between order statistics, as NumPy's default; a weight counts copies.
  double quantile(double q) const {
    if (values.empty()) {
      return 0.0;
    }
    const double total = up_to.empty() ? static_cast<double>(values.size()) : up_to.back();
    const double position = std::clamp(q, 0.0, 1.0) * (total - 1.0);
    const double low = std::floor(std::max(0.0, position));
    const double first = at(low);
    return first + (at(std::min(low + 1.0, total - 1.0)) - first) * (position - low);
  }

 private:
  /// The value at a place, if copies were written out.
  double at(double place) const {
    if (up_to.empty()) {
      return values[std::min(static_cast<std::size_t>(place), values.size() - 1)];
    }
    const auto found = std::upper_bound(up_to.begin(), up_to.end(), place);
    return values[std::min(static_cast<std::size_t>(found - up_to.begin()), values.size() - 1)];
  }
};

/// One quantile, for which nothing needs to be sorted whole.
inline double quantile_of(const Sample& sample, double q) {
  if (!sample.weights.empty()) {
    return Ordered(sample).quantile(q);
  }
  std::vector<double> values;
  values.reserve(sample.values.size());
  for (const double value : sample.values) {
    if (!is_nan(value)) {
      values.push_back(value);
    }
  }
  if (values.empty()) {
    return 0.0;
  }
  const double position = std::clamp(q, 0.0, 1.0) * static_cast<double>(values.size() - 1);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), place, values.end());
  const double first = *place;
  const double second = place + 1 == values.end() ? first : *std::min_element(place + 1, values.end());
  return first + (second - first) * (position - std::floor(position));
}

}  // namespace nad::detail
