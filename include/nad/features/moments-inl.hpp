#pragma once

// Mean, deviation, range and skewness of the training values of one feature.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "nad/detail/not_a_number.hpp"
#include "nad/features/sample-inl.hpp"

namespace nad::detail {

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

/// The values that are there and count, each with its weight. One that is infinite says nothing of the others.
struct Present {
  std::vector<double> values;
  std::vector<double> weights;
  double missing = 0.0;

  explicit Present(const Sample& sample) {
    const std::span<const double> all = sample.values();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!is_finite(all[i])) {
        missing += sample.weight(i);
      } else if (sample.weight(i) > 0.0) {
        values.push_back(all[i]);
        weights.push_back(sample.weight(i));
      }
    }
  }
};

/// Those of unweighted values, piece by piece; false where one is missing or infinite.
inline bool moments_of_pieces(const Sample& sample, bool with_skewness, Moments& moments) {
  bool whole = true;
  double squares = 0.0;  // of the distances from the mean
  sample.for_each_block([&](std::span<const double> values) {
    const Totals totals = totals_of(values);
    whole = whole && is_finite(totals.sum);
    if (!whole) {
      return;
    }
    const auto count = static_cast<double>(values.size());
    double mean = totals.sum / count;
    const auto [left, squares_here] = distances_of(values, mean);
    mean += left / count;  // what rounding left in it
    const double apart = mean - moments.mean;
    const double before = moments.count;
    moments.count += count;
    moments.mean += before == 0.0 ? mean : apart * (count / moments.count);
    squares += std::max(0.0, squares_here - left * left / count) + apart * apart * (before * count / moments.count);
    moments.low = std::min(moments.low, totals.low);
    moments.high = std::max(moments.high, totals.high);
  });
  if (!whole) {
    return false;
  }
  if (moments.is_constant()) {
    moments.mean = moments.low;
    return true;
  }
  moments.deviation = std::sqrt(squares / moments.count);
  if (with_skewness && moments.deviation > 0.0) {
    double cubes = 0.0;
    sample.for_each_block([&](std::span<const double> values) {
      cubes += sum_of(values.size(), [&](std::size_t i) {
        const double z = (values[i] - moments.mean) / moments.deviation;
        return z * z * z;
      });
    });
    moments.skewness = cubes / moments.count;
  }
  return true;
}

/// Mean, deviation and range; the skewness on request, for it costs another pass.
inline Moments moments_of(const Sample& sample, bool with_skewness = false) {
  Moments moments;
  if (sample.size() == 0) {
    moments.low = moments.high = 0.0;
    return moments;
  }
  if (sample.weights().empty() && moments_of_pieces(sample, with_skewness, moments)) {
    return moments;
  }
  moments = {};
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

}  // namespace nad::detail
