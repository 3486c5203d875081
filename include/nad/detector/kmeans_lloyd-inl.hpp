#pragma once

// Lloyd's iteration, exactly, but for rows whose centre cannot have changed (bounds after Hamerly): they are not even
// read. The others go through the product kernel in blocks. Sums of a chunk of rows are added up in the order of the
// chunks, so the number of threads changes nothing.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detector/centre_distances-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad::detail {

struct KMeansLimits {
  std::size_t max_iter = 300;
  double shift = 0.0;  ///< the sum of squared moves of the centres below which nothing is worth another turn
};

class KMeansLloyd {
 public:
  /// There are at least as many distinct rows as centres.
  /// `lengths`: of each row from the origin, squared.
  KMeansLloyd(const WeightedRows& from, std::span<const float> origin, std::span<const float> lengths, Matrix centres,
              const FitControl& control)
      : from_(from),
        x_(from.rows()),
        lengths_(lengths),
        origin_(origin),
        control_(control),
        centres_(std::move(centres)),
        labels_(x_.rows(), no_centre),
        upper_(x_.rows(), std::numeric_limits<float>::max()),
        lower_(x_.rows()),
        sums_(centres_.rows() * centres_.columns()),
        sizes_(centres_.rows()),
        moves_(centres_.rows()),
        chunk_(std::max<std::size_t>(4096, x_.rows() / 64 + 1)) {}

  void run(const KMeansLimits& limits) {
    bool settled = false;
    while (!settled && iterations_ < limits.max_iter) {
      ++iterations_;
      const bool changed = assign();
      const double shift = move_centres();
      settled = !changed;
      if (!settled && shift <= limits.shift) {
        break;
      }
    }
    if (!settled) {
      assign();  // labels shall be those of the centres that are kept
    }
    measure();
  }

  const Matrix& centres() const noexcept { return centres_; }
  const std::vector<std::uint32_t>& labels() const noexcept { return labels_; }
  /// The weight of the rows of each centre.
  const std::vector<double>& sizes() const noexcept { return sizes_; }
  /// The sum of squared distances, times the weights.
  double inertia() const noexcept { return inertia_; }
  std::size_t iterations() const noexcept { return iterations_; }

 private:
  std::size_t n_chunks() const { return (x_.rows() + chunk_ - 1) / chunk_; }

  /// What the rows of one chunk change.
  struct Change {
    std::vector<double> sums;  ///< empty: nothing
    std::vector<double> sizes;
  };

  void add(const Change& change) {
    for (std::size_t i = 0; i < change.sums.size(); ++i) {
      sums_[i] += change.sums[i];
    }
    for (std::size_t centre = 0; centre < change.sizes.size(); ++centre) {
      sizes_[centre] += change.sizes[centre];
    }
  }

  /// Finds the nearest centre of each row; whether one has another than before.
  bool assign() {
    const CentreDistances distances(centres_, origin_);
    const std::vector<float> gaps = half_gaps(distances);
    std::vector<Change> changes(n_chunks());
    parallel_for(x_.rows(), control_, {.grain = chunk_, .stage = "moving centres"},
                 [&](std::size_t begin, std::size_t end) {
                   changes[begin / chunk_] = assign_chunk(begin, end, distances, gaps);
                 });
    bool changed = false;
    for (const Change& change : changes) {
      add(change);
      changed = changed || !change.sums.empty();
    }
    return changed;
  }

  Change assign_chunk(std::size_t begin, std::size_t end, const CentreDistances& distances,
                      const std::vector<float>& gaps) {
    Change change;
    Matrix gathered = Matrix::for_overwrite(CentreScratch::rows, x_.columns());
    CentreScratch scratch = distances.scratch();
    std::vector<std::size_t> pending;
    pending.reserve(CentreScratch::rows);
    for (std::size_t row = begin; row < end; ++row) {
      if (may_change(row, distances, gaps)) {
        pending.push_back(row);
      }
      if (pending.size() == CentreScratch::rows || (row + 1 == end && !pending.empty())) {
        settle(pending, distances, gathered, scratch, change);
        pending.clear();
      }
    }
    return change;
  }

  bool may_change(std::size_t row, const CentreDistances& distances, const std::vector<float>& gaps) {
    const std::uint32_t label = labels_[row];
    if (label == no_centre) {
      return true;
    }
    const float enough = std::max(lower_[row], gaps[label]);
    if (upper_[row] <= enough) {
      return false;
    }
    upper_[row] = std::sqrt(distances.exact(x_.row(row), centres_.row(label).data())) * up;
    return upper_[row] > enough;
  }

  void settle(const std::vector<std::size_t>& pending, const CentreDistances& distances, Matrix& gathered,
              CentreScratch& scratch, Change& change) {
    MatrixView rows;
    if (pending.back() - pending.front() + 1 == pending.size()) {
      rows = x_.slice(pending.front(), pending.size());
    } else {
      for (std::size_t i = 0; i < pending.size(); ++i) {
        std::copy_n(x_.row(pending[i]), x_.columns(), gathered.row(i).data());
      }
      rows = gathered.view().slice(0, pending.size());
    }
    std::array<Nearest, CentreScratch::rows> found;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      scratch.lengths[i] = lengths_[pending[i]];
    }
    distances.nearest_of_lengths(rows, scratch, found.data());
    for (std::size_t i = 0; i < pending.size(); ++i) {
      const std::size_t row = pending[i];
      upper_[row] = std::sqrt(found[i].distance) * up;
      lower_[row] = std::sqrt(found[i].second) * down;
      if (found[i].centre != labels_[row]) {
        move_row(rows.row(i), from_.weight(row), labels_[row], found[i].centre, change);
        labels_[row] = found[i].centre;
      }
    }
  }

  void move_row(const float* values, double weight, std::uint32_t from, std::uint32_t to, Change& change) const {
    const std::size_t width = x_.columns();
    if (change.sums.empty()) {
      change.sums.resize(sums_.size());
      change.sizes.resize(sizes_.size());
    }
    double* gaining = change.sums.data() + to * width;
    for (std::size_t i = 0; i < width; ++i) {
      gaining[i] += weight * static_cast<double>(values[i]);
    }
    change.sizes[to] += weight;
    if (from != no_centre) {
      double* losing = change.sums.data() + from * width;
      for (std::size_t i = 0; i < width; ++i) {
        losing[i] -= weight * static_cast<double>(values[i]);
      }
      change.sizes[from] -= weight;
    }
  }

  /// Half the distance from each centre to the next: a row that is nearer than that has no nearer one.
  std::vector<float> half_gaps(const CentreDistances& distances) const {
    const std::size_t count = centres_.rows();
    std::vector<float> gaps(count, std::numeric_limits<float>::max());
    CentreScratch scratch = distances.scratch();
    std::array<Nearest, CentreScratch::rows> found;
    for (std::size_t first = 0; first < count && count > 1; first += CentreScratch::rows) {
      const std::size_t rows = std::min(CentreScratch::rows, count - first);
      distances.nearest(centres_.view().slice(first, rows), scratch, found.data());
      for (std::size_t i = 0; i < rows; ++i) {
        gaps[first + i] = found[i].centre == first + i ? 0.5F * std::sqrt(found[i].second) * down : 0.0F;
      }
    }
    return gaps;
  }

  /// Puts each centre into the middle of its rows; returns the sum of their squared moves.
  double move_centres() {
    fill_empty();
    double shift = 0.0;
    const std::size_t width = x_.columns();
    for (std::size_t centre = 0; centre < centres_.rows(); ++centre) {
      double squares = 0.0;
      float* values = centres_.row(centre).data();
      for (std::size_t i = 0; i < width && sizes_[centre] > 0.0; ++i) {
        const auto moved = static_cast<float>(sums_[centre * width + i] / sizes_[centre]);
        const double step = static_cast<double>(moved) - static_cast<double>(values[i]);
        squares += step * step;
        values[i] = moved;
      }
      moves_[centre] = static_cast<float>(std::sqrt(squares)) * up;
      shift += squares;
    }
    widen_bounds();
    return shift;
  }

  void widen_bounds() {
    const auto first = std::max_element(moves_.begin(), moves_.end());
    float others = 0.0F;
    for (auto move = moves_.begin(); move != moves_.end(); ++move) {
      others = move == first ? others : std::max(others, *move);
    }
    const auto furthest = static_cast<std::uint32_t>(first - moves_.begin());
    for (std::size_t row = 0; row < x_.rows(); ++row) {
      const std::uint32_t label = labels_[row];
      upper_[row] = (upper_[row] + moves_[label]) * up;
      lower_[row] = (lower_[row] - (label == furthest ? others : *first)) * down;
    }
  }

  /// A centre without rows takes the row that is furthest from its own.
  void fill_empty() {
    const CentreDistances distances(centres_, origin_);
    for (std::size_t centre = 0; centre < sizes_.size(); ++centre) {
      if (sizes_[centre] > no_weight) {
        continue;
      }
      std::size_t furthest = x_.rows();
      float most = 0.0F;
      for (std::size_t row = 0; row < x_.rows(); ++row) {
        if (upper_[row] > most && sizes_[labels_[row]] > from_.weight(row)) {
          upper_[row] = std::sqrt(distances.exact(x_.row(row), centres_.row(labels_[row]).data())) * up;
          if (upper_[row] > most) {
            most = upper_[row];
            furthest = row;
          }
        }
      }
      if (furthest == x_.rows()) {
        continue;  // every row lies on its centre
      }
      std::fill_n(sums_.begin() + static_cast<std::ptrdiff_t>(centre * x_.columns()), x_.columns(), 0.0);
      sizes_[centre] = 0.0;
      Change change;
      const auto to = static_cast<std::uint32_t>(centre);
      move_row(x_.row(furthest), from_.weight(furthest), labels_[furthest], to, change);
      add(change);
      labels_[furthest] = to;
      upper_[furthest] = std::numeric_limits<float>::max();
      lower_[furthest] = 0.0F;
    }
  }

  void measure() {
    const CentreDistances distances(centres_, origin_);
    std::vector<double> sums(n_chunks());
    parallel_for(x_.rows(), control_, {.grain = chunk_, .stage = "measuring clusters"},
                 [&](std::size_t begin, std::size_t end) {
                   double sum = 0.0;
                   for (std::size_t row = begin; row < end; ++row) {
                     const float distance = distances.exact(x_.row(row), centres_.row(labels_[row]).data());
                     sum += from_.weight(row) * static_cast<double>(distance);
                   }
                   sums[begin / chunk_] = sum;
                 });
    inertia_ = 0.0;
    for (const double sum : sums) {
      inertia_ += sum;
    }
  }

  // what rounding may do to a bound
  static constexpr float up = 1.0F + 1e-5F;
  static constexpr float down = 1.0F - 1e-5F;
  static constexpr double no_weight = 1e-9;

  const WeightedRows& from_;
  MatrixView x_;
  std::span<const float> lengths_;
  std::span<const float> origin_;
  const FitControl& control_;
  Matrix centres_;
  std::vector<std::uint32_t> labels_;
  std::vector<float> upper_;  ///< no row is further from its centre
  std::vector<float> lower_;  ///< or nearer to another
  std::vector<double> sums_;  ///< of the rows of each centre, times their weights
  std::vector<double> sizes_;
  std::vector<float> moves_;
  std::size_t chunk_;
  double inertia_ = 0.0;
  std::size_t iterations_ = 0;
};

}  // namespace nad::detail
