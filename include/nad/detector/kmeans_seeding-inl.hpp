#pragma once

// Greedy k-means++: each new centre is the best of some rows drawn by their squared distance from the centres so far.
// Rows that a candidate cannot come nearer to are not looked at: a candidate that is twice as far from a row's centre
// as the row itself is further from the row, too.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/centre_distances-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad::detail {

class KMeansSeeding {
 public:
  /// `lengths`: of each row from the origin, squared.
  KMeansSeeding(const WeightedRows& from, std::span<const float> origin, std::span<const float> lengths,
                const FitControl& control)
      : from_(from),
        x_(from.rows()),
        lengths_(lengths),
        origin_(origin),
        control_(control),
        squared_distance_(simd::active_kernels().squared_distance),
        distances_(x_.rows(), std::numeric_limits<float>::max()),
        nearest_(x_.rows()),
        potentials_((x_.rows() + group - 1) / group) {}

  /// Rows of x, fewer than `count` where x has not so many that differ.
  Matrix choose(std::size_t count, Random random) {
    trials_ = 2 + static_cast<std::size_t>(std::log(static_cast<double>(count)));
    add_first(random);
    while (chosen_.size() < count && total_ > 0.0) {
      add_best(random);
    }
    Matrix centres = Matrix::for_overwrite(chosen_.size(), x_.columns());
    for (std::size_t centre = 0; centre < chosen_.size(); ++centre) {
      std::copy_n(x_.row(chosen_[centre]), x_.columns(), centres.row(centre).data());
    }
    return centres;
  }

 private:
  static constexpr std::size_t group = 1024;  ///< rows whose potential is kept as one sum

  float exact(const float* a, const float* b) const { return squared_distance_(a, b, x_.columns()); }

  void add_first(Random& random) {
    for (std::size_t row = 0; row < x_.rows(); ++row) {
      potentials_[row / group] += from_.weight(row);
    }
    chosen_.push_back(draw(random, [&](std::size_t row) { return from_.weight(row); }));
    const float* centre = x_.row(chosen_[0]);
    parallel_for(x_.rows(), control_, {.grain = group, .stage = "choosing centres"},
                 [&](std::size_t begin, std::size_t end) {
                   for (std::size_t row = begin; row < end; ++row) {
                     distances_[row] = exact(x_.row(row), centre);
                   }
                   add_up(begin / group);
                 });
    total_ = total();
  }

  /// The potential of one group, from its rows.
  void add_up(std::size_t number) {
    double sum = 0.0;
    const std::size_t end = std::min(x_.rows(), (number + 1) * group);
    for (std::size_t row = number * group; row < end; ++row) {
      sum += from_.weight(row) * static_cast<double>(distances_[row]);
    }
    potentials_[number] = sum;
  }

  double total() const {
    double sum = 0.0;
    for (const double potential : potentials_) {
      sum += potential;
    }
    return sum;
  }

  /// A row, by its share of the potential; `share` says that of a row.
  template <class Share>
  std::size_t draw(Random& random, const Share& share) const {
    double left = random.uniform() * total();
    std::size_t number = 0;
    while (number + 1 < potentials_.size() && left >= potentials_[number]) {
      left -= potentials_[number++];
    }
    const std::size_t end = std::min(x_.rows(), (number + 1) * group);
    std::size_t last = number * group;  // rounding may leave a little
    for (std::size_t row = number * group; row < end; ++row) {
      const double part = share(row);
      if (part > 0.0) {
        last = row;
        if (left < part) {
          break;
        }
        left -= part;
      }
    }
    return last;
  }

  /// What the candidates would take off the potential of some rows.
  struct Gains {
    std::vector<std::size_t> rows;  ///< those that a candidate may come nearer to
    std::vector<float> distances;   ///< from each candidate, row after row
    std::vector<double> sums;       ///< one for each candidate
  };

  void add_best(Random& random) {
    Matrix candidates = Matrix::for_overwrite(trials_, x_.columns());
    std::vector<std::size_t> drawn(trials_);
    for (std::size_t trial = 0; trial < trials_; ++trial) {
      drawn[trial] =
          draw(random, [&](std::size_t row) { return from_.weight(row) * static_cast<double>(distances_[row]); });
      std::copy_n(x_.row(drawn[trial]), x_.columns(), candidates.row(trial).data());
    }
    const std::vector<float> reach = reach_of(candidates);
    const CentreDistances from_candidates(candidates, origin_);
    const std::size_t chunk = chunk_rows();
    std::vector<Gains> gains((x_.rows() + chunk - 1) / chunk);
    parallel_for(x_.rows(), control_, {.grain = chunk, .stage = "choosing centres"},
                 [&](std::size_t begin, std::size_t end) {
                   gains[begin / chunk] = look(begin, end, reach, from_candidates);
                 });
    std::vector<double> sums(trials_);
    for (const Gains& of_chunk : gains) {
      for (std::size_t trial = 0; trial < trials_; ++trial) {
        sums[trial] += of_chunk.sums[trial];
      }
    }
    const auto best = static_cast<std::size_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
    const auto number = static_cast<std::uint32_t>(chosen_.size());
    chosen_.push_back(drawn[best]);
    parallel_for(x_.rows(), control_, {.grain = chunk, .stage = "choosing centres"},
                 [&](std::size_t begin, std::size_t) { take(gains[begin / chunk], best, drawn[best], number); });
    distances_[drawn[best]] = 0.0F;
    add_up(drawn[best] / group);
    total_ = total();
  }

  /// For each centre so far, the squared distance from it beyond which some candidate may be nearer to a row.
  std::vector<float> reach_of(MatrixView candidates) const {
    std::vector<float> reach(chosen_.size(), std::numeric_limits<float>::max());
    for (std::size_t centre = 0; centre < chosen_.size(); ++centre) {
      for (std::size_t trial = 0; trial < candidates.rows(); ++trial) {
        const float apart = exact(x_.row(chosen_[centre]), candidates.row(trial));
        reach[centre] = std::min(reach[centre], apart * 0.2499F);  // a quarter, less what rounding may do
      }
    }
    return reach;
  }

  std::size_t chunk_rows() const { return std::max<std::size_t>(4 * group, (x_.rows() / 64 + group) / group * group); }

  Gains look(std::size_t begin, std::size_t end, const std::vector<float>& reach, const CentreDistances& from) const {
    Gains gains;
    gains.sums.resize(trials_);
    for (std::size_t row = begin; row < end; ++row) {
      if (reach[nearest_[row]] < distances_[row]) {
        gains.rows.push_back(row);
      }
    }
    if (gains.rows.empty()) {
      return gains;
    }
    gains.distances.resize(gains.rows.size() * trials_);
    CentreScratch scratch = from.scratch();
    Matrix gathered = Matrix::for_overwrite(CentreScratch::rows, x_.columns());
    for (std::size_t first = 0; first < gains.rows.size(); first += CentreScratch::rows) {
      const std::size_t count = std::min(CentreScratch::rows, gains.rows.size() - first);
      for (std::size_t i = 0; i < count; ++i) {
        scratch.lengths[i] = lengths_[gains.rows[first + i]];
      }
      from.roughly(rows_at(gains.rows.data() + first, count, gathered), scratch);
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t row = gains.rows[first + i];
        float* distances = gains.distances.data() + (first + i) * trials_;
        std::copy_n(scratch.products.row(i).data(), trials_, distances);
        const double weight = from_.weight(row);
        for (std::size_t trial = 0; trial < trials_; ++trial) {
          const float nearer = std::max(0.0F, distances_[row] - std::max(0.0F, distances[trial]));
          gains.sums[trial] += weight * static_cast<double>(nearer);
          distances[trial] -= scratch.doubts[i];
        }
      }
    }
    return gains;
  }

  /// Rows that follow each other are looked at where they are.
  MatrixView rows_at(const std::size_t* rows, std::size_t count, Matrix& gathered) const {
    if (rows[count - 1] - rows[0] + 1 == count) {
      return x_.slice(rows[0], count);
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(x_.row(rows[i]), x_.columns(), gathered.row(i).data());
    }
    return gathered.view().slice(0, count);
  }

  /// Rows that the new centre is nearer to become its own.
  void take(const Gains& gains, std::size_t trial, std::size_t centre, std::uint32_t number) {
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    std::size_t changed = none;  // the group that has to be added up again
    for (std::size_t i = 0; i < gains.rows.size(); ++i) {
      const std::size_t row = gains.rows[i];
      if (gains.distances[i * trials_ + trial] >= distances_[row]) {
        continue;
      }
      const float distance = exact(x_.row(row), x_.row(centre));
      if (distance >= distances_[row]) {
        continue;
      }
      distances_[row] = distance;
      nearest_[row] = number;
      if (changed != row / group) {
        if (changed != none) {
          add_up(changed);
        }
        changed = row / group;
      }
    }
    if (changed != none) {
      add_up(changed);
    }
  }

  const WeightedRows& from_;
  MatrixView x_;
  std::span<const float> lengths_;
  std::span<const float> origin_;
  const FitControl& control_;
  float (*squared_distance_)(const float*, const float*, std::size_t) noexcept;
  std::size_t trials_ = 1;
  std::vector<std::size_t> chosen_;     ///< rows
  std::vector<float> distances_;        ///< of each row from the nearest centre, squared
  std::vector<std::uint32_t> nearest_;  ///< that centre
  std::vector<double> potentials_;      ///< of each group of rows: weights times distances
  double total_ = 0.0;
};

/// Rows drawn by their weights, each at most once and none like another.
inline Matrix random_centres(const WeightedRows& from, std::size_t count, Random random) {
  const MatrixView x = from.rows();
  std::vector<std::pair<double, std::size_t>> keys;  // the smallest win: as drawing one after the other would
  keys.reserve(x.rows());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    keys.emplace_back(-std::log(1.0 - random.uniform()) / from.weight(row), row);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::size_t> chosen;
  for (const auto& [key, row] : keys) {
    if (chosen.size() == count) {
      break;
    }
    const auto is_same = [&, at = row](std::size_t other) { return same_row(x.row(at), x.row(other), x.columns()); };
    if (std::none_of(chosen.begin(), chosen.end(), is_same)) {
      chosen.push_back(row);
    }
  }
  Matrix centres = Matrix::for_overwrite(chosen.size(), x.columns());
  for (std::size_t centre = 0; centre < chosen.size(); ++centre) {
    std::copy_n(x.row(chosen[centre]), x.columns(), centres.row(centre).data());
  }
  return centres;
}

}  // namespace nad::detail
