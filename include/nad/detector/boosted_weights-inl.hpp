#pragma once

// What each labelled row counts, and which rows are held back.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/boosted_trees_options.hpp"

namespace nad::detail {

/// Those with a weight above 0.
inline std::vector<std::uint32_t> rows_that_count(std::size_t rows, std::span<const float> sample_weight) {
  std::vector<std::uint32_t> kept;
  kept.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    if (sample_weight.empty() || sample_weight[row] > 0.0F) {
      kept.push_back(static_cast<std::uint32_t>(row));
    }
  }
  return kept;
}

/// How many rows each stands for; none where that is one.
inline std::vector<std::uint32_t> whole_copies(std::span<const float> sample_weight) {
  constexpr double most = 2147483648.0;  // the sums of hessians need the other bits
  double all = 0.0;
  for (const float weight : sample_weight) {
    all += static_cast<double>(weight);
    if (std::floor(weight) != weight || all > most) {
      return {};
    }
  }
  return {sample_weight.begin(), sample_weight.end()};
}

/// The weight of each row in the loss: that of the sample times that of its class.
inline std::vector<double> boosted_weights(const BoostedTreesOptions& options, std::span<const std::uint32_t> rows,
                                           std::span<const std::uint32_t> label, std::span<const float> sample_weight,
                                           std::size_t n_classes) {
  std::vector<double> weights(label.size());
  std::vector<double> of_class(n_classes);
  double all = 0.0;
  for (const std::uint32_t row : rows) {
    weights[row] = sample_weight.empty() ? 1.0 : static_cast<double>(sample_weight[row]);
    of_class[label[row]] += weights[row];
    all += weights[row];
  }
  std::vector<double> factor(n_classes, 1.0);
  if (options.class_weight == ClassWeight::balanced) {
    for (std::size_t i = 0; i < n_classes; ++i) {
      factor[i] = all / (static_cast<double>(n_classes) * of_class[i]);
    }
  } else if (!options.class_weights.empty()) {
    factor = options.class_weights;
  }
  for (const std::uint32_t row : rows) {
    weights[row] *= factor[label[row]];
  }
  return weights;
}

/// Takes a share of each class out of `rows`, but never all of it; returns what was taken.
inline std::vector<std::uint32_t> hold_back(std::vector<std::uint32_t>& rows, std::span<const std::uint32_t> label,
                                            std::size_t n_classes, double share, Random random) {
  std::vector<std::size_t> left(n_classes);    // rows of the class that were not looked at
  std::vector<std::size_t> wanted(n_classes);  // and how many of them are to be taken
  for (const std::uint32_t row : rows) {
    ++left[label[row]];
  }
  for (std::size_t i = 0; i < n_classes; ++i) {
    wanted[i] = std::min(static_cast<std::size_t>(std::floor(share * static_cast<double>(left[i]) + 0.5)), left[i] - 1);
  }
  std::vector<std::uint32_t> taken;
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t row : rows) {
    const std::uint32_t of = label[row];
    if (random.below(left[of]--) < wanted[of]) {
      --wanted[of];
      taken.push_back(row);
    } else {
      kept.push_back(row);
    }
  }
  if (taken.empty()) {
    throw Error(ErrorCode::invalid_data, "early_stopping watches a share of the rows, but " +
                                             std::to_string(rows.size()) +
                                             " are too few; give more, or turn early_stopping off");
  }
  rows = std::move(kept);
  return taken;
}

}  // namespace nad::detail
