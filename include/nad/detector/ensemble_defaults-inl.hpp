#pragma once

// The ensembles that detected best over several collections of traffic, see `benchmarks/README.md`.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>

#include "nad/core/error.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/detector/kmeans.hpp"
#include "nad/detector/local_gaussian.hpp"

namespace nad {

NAD_INLINE Ensemble Ensemble::clean(std::uint64_t random_state, std::optional<std::size_t> rows,
                                    std::span<const ColumnRange> views, std::span<const std::uint32_t> surprises) {
  if (views.size() == 1 || views.size() > 2) {
    throw Error(ErrorCode::invalid_argument,
                "there are " + std::to_string(views.size()) +
                    " views for the ensemble; give two, scaled by size and by rank, or none");
  }
  // what was never seen cannot be learnt
  const auto before_surprises = [&](const ColumnRange& view) {
    constexpr std::size_t open = std::numeric_limits<std::size_t>::max();
    std::size_t end = view.count == 0 ? open : view.first + view.count;
    for (const std::uint32_t column : surprises) {
      end = column > view.first ? std::min<std::size_t>(end, column) : end;
    }
    return end == open ? ColumnRange() : ColumnRange{.first = view.first, .count = end - view.first};
  };
  const ColumnRange sizes = before_surprises(views.empty() ? ColumnRange() : views[0]);
  const ColumnRange ranks = before_surprises(views.empty() ? ColumnRange() : views[1]);
  const auto clusters = [&](std::size_t most, std::size_t rows_each) {
    return std::clamp<std::size_t>(rows.value_or(most * rows_each) / rows_each, 1, most);
  };
  const IsolationForest forest({.n_estimators = 100, .max_samples = std::uint64_t{4096}, .random_state = random_state});
  std::vector<std::uint32_t> extremes(sizes.count);
  std::iota(extremes.begin(), extremes.end(), static_cast<std::uint32_t>(sizes.first));
  Ensemble ensemble({.refit = true,
                     .surprises = {surprises.begin(), surprises.end()},
                     .extremes = extremes,
                     .random_state = random_state});
  ensemble.add(forest, {.columns = ranks});
  if (!views.empty()) {
    ensemble.add(forest, {.name = "isolation_forest_of_sizes", .columns = sizes});
  }
  // normal traffic has no flood among its clusters that would have to be left out
  ensemble.add(KMeans({.n_clusters = clusters(128, 30), .large_clusters_only = false, .random_state = random_state}),
               {.columns = ranks});
  for (const std::size_t most : {std::size_t{16}, std::size_t{64}}) {
    ensemble.add(LocalGaussian({.n_clusters = clusters(most, 100), .random_state = random_state}),
                 {.name = "local_gaussian_" + std::to_string(most), .columns = ranks});
  }
  return ensemble;
}

NAD_INLINE Ensemble Ensemble::mixed(std::uint64_t random_state) {
  Ensemble ensemble({.combination = Combination::mean_surprise,
                     .calibration = 0.0,
                     .unique_rows = UniqueRows::on,
                     .crowds = 0.5,
                     .random_state = random_state});
  ensemble.add(IsolationForest({.n_estimators = 100, .max_samples = std::uint64_t{4096}, .random_state = random_state}),
               {.weight = 2.0});
  ensemble.add(LocalGaussian({.n_clusters = 16, .random_state = random_state}));
  return ensemble;
}

}  // namespace nad
