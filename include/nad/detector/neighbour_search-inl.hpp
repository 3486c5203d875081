#pragma once

// The rows of a sample that are nearest to a row: the product kernel finds few that it may be, exact distances decide.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detector/centre_distances-inl.hpp"

namespace nad::detail {

struct Neighbour {
  float distance;  ///< squared
  std::uint32_t row;

  friend bool operator<(const Neighbour& a, const Neighbour& b) noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
  }
};

/// The nearest of those that are offered, in rising order.
class NearestFew {
 public:
  static constexpr std::size_t most = 1024;

  explicit NearestFew(std::size_t wanted) : wanted_(wanted) {}

  void offer(const Neighbour& one) {
    if (count_ == wanted_ && !(one < few_[count_ - 1])) {
      return;
    }
    std::size_t place = count_ < wanted_ ? count_++ : count_ - 1;
    for (; place > 0 && one < few_[place - 1]; --place) {
      few_[place] = few_[place - 1];
    }
    few_[place] = one;
  }

  std::span<const Neighbour> found() const noexcept { return {few_.data(), count_}; }
  bool is_full() const noexcept { return count_ == wanted_; }
  float furthest() const noexcept { return few_[count_ - 1].distance; }
  void clear() noexcept { count_ = 0; }

 private:
  std::size_t wanted_;
  std::size_t count_ = 0;
  std::array<Neighbour, most> few_;
};

class NeighbourSearch {
 public:
  /// `samples` must outlive the search.
  explicit NeighbourSearch(MatrixView samples) : count_(samples.rows()) {
    std::vector<double> sums(samples.columns());
    for (std::size_t row = 0; row < samples.rows(); ++row) {
      for (std::size_t column = 0; column < sums.size(); ++column) {
        sums[column] += static_cast<double>(samples(row, column)) / static_cast<double>(samples.rows());
      }
    }
    const std::vector<float> origin(sums.begin(), sums.end());
    for (std::size_t first = 0; first < samples.rows(); first += part) {
      parts_.emplace_back(samples.slice(first, std::min(part, samples.rows() - first)), origin);
    }
  }

  std::size_t count() const noexcept { return count_; }
  const float* sample(std::size_t row) const noexcept { return parts_[row / part].centre(row % part); }

  /// Calls `use(row, neighbours)` for each row of x.
  template <class Use>
  void for_each(MatrixView x, std::size_t wanted, const Use& use) const {
    constexpr std::size_t together = CentreScratch::rows;
    CentreScratch scratch(x.columns(), part);
    std::vector<std::vector<Neighbour>> candidates(together);
    std::vector<NearestFew> roughly(together, NearestFew(wanted));
    NearestFew exactly(wanted);
    for (std::size_t first = 0; first < x.rows(); first += together) {
      const MatrixView rows = x.slice(first, std::min(together, x.rows() - first));
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        candidates[i].clear();
        roughly[i].clear();
        scratch.lengths[i] = parts_[0].length(rows.row(i));
      }
      for (std::size_t number = 0; number < parts_.size(); ++number) {
        parts_[number].roughly(rows, scratch);
        for (std::size_t i = 0; i < rows.rows(); ++i) {
          collect(scratch.products.row(i).data(), parts_[number].count(), number * part, scratch.doubts[i], roughly[i],
                  candidates[i]);
        }
      }
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        exactly.clear();
        const float limit = roughly[i].is_full() ? roughly[i].furthest() : std::numeric_limits<float>::infinity();
        for (const Neighbour& candidate : candidates[i]) {
          if (!(candidate.distance > limit)) {
            exactly.offer({parts_[0].exact(rows.row(i), sample(candidate.row)), candidate.row});
          }
        }
        use(first + i, exactly.found());
      }
    }
  }

  /// The same for one row, without memory.
  NearestFew of(const float* row, std::size_t wanted) const {
    NearestFew found(wanted);
    for (std::size_t other = 0; other < count_; ++other) {
      found.offer({parts_[0].exact(row, sample(other)), static_cast<std::uint32_t>(other)});
    }
    return found;
  }

 private:
  static constexpr std::size_t part = 512;  ///< samples whose distances from some rows stay in the cache

  /// `furthest` keeps the least upper bounds of distances; a candidate carries its lower bound.
  static void collect(const float* distances, std::size_t count, std::size_t first, float doubt, NearestFew& upper,
                      std::vector<Neighbour>& candidates) {
    for (std::size_t j = 0; j < count; ++j) {
      const float distance = distances[j];
      const bool sound = std::abs(distance) <= simd::most_of_all;  // products that overflow say nothing
      if (sound && upper.is_full() && distance - doubt > upper.furthest()) {
        continue;
      }
      const auto row = static_cast<std::uint32_t>(first + j);
      candidates.push_back({sound ? distance - doubt : 0.0F, row});
      if (sound) {
        upper.offer({distance + doubt, row});
      }
    }
  }

  std::size_t count_;
  std::vector<CentreDistances> parts_;
};

}  // namespace nad::detail
