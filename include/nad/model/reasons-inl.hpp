#pragma once

// From contributions of columns to reasons.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detector/detector.hpp"
#include "nad/model/finding.hpp"
#include "nad/model/reason_columns-inl.hpp"
#include "nad/table/group_words-inl.hpp"

namespace nad::detail {

/// Contributions are in the detector's own unit; what they become adds up to `surprise`, so that detectors compare.
inline double scale_to(std::span<const float> contributions, double surprise) {
  double sum = 0.0;
  double size = 0.0;
  for (const float contribution : contributions) {
    sum += static_cast<double>(contribution);
    size += std::abs(static_cast<double>(contribution));
  }
  // a record of such a score is above the detector's baseline; where one is not, only the signs are kept
  return sum > 1e-9 * size ? surprise / sum : size > 0.0 ? surprise / size : 0.0;
}

/// What a detector says of rows, of equal neighbours once: floods repeat themselves, and equal scores bring their
/// records together.
inline Matrix explain_distinct(const Detector& detector, const Matrix& x, const FitControl& control) {
  std::vector<std::size_t> firsts;
  std::vector<std::size_t> place_of(x.rows());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    if (firsts.empty() || std::memcmp(x.row(row).data(), x.row(firsts.back()).data(), x.row(row).size_bytes()) != 0) {
      firsts.push_back(row);
    }
    place_of[row] = firsts.size() - 1;
  }
  Matrix distinct = Matrix::for_overwrite(firsts.size(), x.columns());
  for (std::size_t place = 0; place < firsts.size(); ++place) {
    std::copy_n(x.row(firsts[place]).data(), x.columns(), distinct.row(place).data());
  }
  const Matrix of_distinct = detector.explain(distinct, control);
  Matrix contributions = Matrix::for_overwrite(x.rows(), of_distinct.columns());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    std::copy_n(of_distinct.row(place_of[row]).data(), of_distinct.columns(), contributions.row(row).data());
  }
  return contributions;
}

/// `scale`: see `scale_to`. The reasons of a column and of all that was derived from it alone are one.
inline std::vector<Reason> reasons_of(const UsualValues& usual, const ReasonColumns& sources, const Table& columns,
                                      std::size_t row, std::span<const float> contributions, double surprise,
                                      std::size_t most) {
  std::vector<double> sums(sources.size(), 0.0);
  std::vector<std::size_t> strongest(sources.size(), ReasonColumns::none);  // the place to speak of
  for (std::size_t place = 0; place < contributions.size(); ++place) {
    const std::size_t group = sources.group_of(place);
    sums[group] += static_cast<double>(contributions[place]);
    if (strongest[group] == ReasonColumns::none || contributions[place] > contributions[strongest[group]]) {
      strongest[group] = place;
    }
  }
  std::vector<std::size_t> order(sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sums[a] > sums[b]; });
  const double scale = scale_to(contributions, surprise);
  const bool all = most >= order.size();
  std::vector<Reason> reasons;
  reasons.reserve(std::min(most, order.size()));
  for (const std::size_t group : order) {
    const bool speaks = all ? sums[group] != 0.0 : sums[group] > 0.0;
    if (reasons.size() == most || (!all && !speaks)) {
      break;
    }
    if (speaks) {
      const std::size_t itself = sources.itself(group);
      const std::size_t place = itself == ReasonColumns::none ? strongest[group] : itself;
      reasons.push_back({.column = sources.name(group),
                         .value = sources.suffix(place, usual.column(place)) +
                                  value_text(columns.schema()[place], columns.column(place), row),
                         .expected = usual.expected(place),
                         .direction = usual.judge(place, columns.column(place), row),
                         .contribution = scale * sums[group]});
    }
  }
  return reasons;
}

}  // namespace nad::detail
