#pragma once

#include <algorithm>
#include <string>

#include "nad/core/error.hpp"
#include "nad/detail/radix_sort.hpp"
#include "nad/evaluate/check_rows-inl.hpp"
#include "nad/evaluate/score_histogram.hpp"

namespace nad {

namespace detail {

inline void check_bins(std::size_t bins, BinSpacing spacing) {
  constexpr std::size_t most = 1U << 20U;
  if (bins == 0 || bins > most) {
    throw Error(ErrorCode::invalid_argument, "bins is " + std::to_string(bins) + "; give 1 to 1,048,576");
  }
  if (!is_known(spacing)) {
    throw Error(ErrorCode::invalid_argument, "the spacing of the bins is unknown; give " + quoted_words(spacing));
  }
}

/// Quantiles by linear interpolation between the values, or equal steps from `low` to `high`.
inline std::vector<double> histogram_edges(ScoreView scores, std::size_t bins, BinSpacing spacing, double low,
                                           double high) {
  std::vector<double> edges(bins + 1);
  if (spacing == BinSpacing::uniform) {
    for (std::size_t i = 0; i <= bins; ++i) {
      edges[i] = i == bins ? high : low + (high - low) * (static_cast<double>(i) / static_cast<double>(bins));
    }
    return edges;
  }
  std::vector<std::uint64_t> sorted(scores.size());
  for (std::size_t row = 0; row < scores.size(); ++row) {
    sorted[row] = ordered_bits(scores[row]);
  }
  radix_sort_by(sorted, [](std::uint64_t key) { return key; });
  for (std::size_t i = 0; i <= bins; ++i) {
    const double position = static_cast<double>(i) / static_cast<double>(bins) * static_cast<double>(sorted.size() - 1);
    const auto below = std::min(static_cast<std::size_t>(position), sorted.size() - 1);
    const double first = double_of(sorted[below]);
    const double second = double_of(sorted[std::min(below + 1, sorted.size() - 1)]);
    edges[i] = first + (second - first) * (position - static_cast<double>(below));
  }
  return edges;
}

}  // namespace detail

NAD_INLINE ScoreHistogram score_histogram(ScoreView scores, LabelView labels, const ScoreHistogramOptions& options,
                                          WeightView weights) {
  detail::check_rows(scores, labels, weights);
  detail::check_bins(options.bins, options.spacing);
  double low = scores[0];
  double high = low;
  for (std::size_t row = 0; row < scores.size(); ++row) {
    low = std::min(low, scores[row]);
    high = std::max(high, scores[row]);
  }
  if (low == high) {  // one score alone still gets a bin that has a width
    low -= 0.5;
    high += 0.5;
  }
  ScoreHistogram bars;
  bars.edges = detail::histogram_edges(scores, options.bins, options.spacing, low, high);
  bars.edges.erase(std::unique(bars.edges.begin(), bars.edges.end()), bars.edges.end());
  if (bars.edges.size() == 1) {
    bars.edges = {low, high};
  }
  const std::size_t bins = bars.edges.size() - 1;
  bars.normals.resize(bins);
  bars.attacks.resize(bins);
  for (std::size_t row = 0; row < scores.size(); ++row) {
    const auto above = std::upper_bound(bars.edges.begin() + 1, bars.edges.end() - 1, scores[row]);
    const auto bin = static_cast<std::size_t>(above - (bars.edges.begin() + 1));
    (labels[row] != 0 ? bars.attacks : bars.normals)[bin] += detail::weight_at(weights, row);
  }
  return bars;
}

}  // namespace nad
