#pragma once

// The dual of the one-class problem: minimise a'Ka / 2 with 0 <= a_i <= bound_i and a fixed sum, by moving two of the
// a_i at a time. The pair is the one that the second-order approximation promises most of (Fan, Chen and Lin 2005).

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/progress.hpp"
#include "nad/detector/svm_kernel_columns-inl.hpp"

namespace nad::detail {

struct SvmLimits {
  double tol = 1e-3;
  std::size_t max_iter = static_cast<std::size_t>(-1);
  bool shrinking = true;
};

class OneClassSolver {
 public:
  /// `alphas` lie within their bounds; their sum is kept.
  OneClassSolver(KernelCache& columns, std::vector<double> diagonal, std::vector<double> bounds,
                 std::vector<double> alphas, const FitControl& control)
      : columns_(columns),
        diagonal_(std::move(diagonal)),
        bounds_(std::move(bounds)),
        alphas_(std::move(alphas)),
        control_(control),
        gradient_(alphas_.size()),
        active_(alphas_.size()) {
    std::iota(active_.begin(), active_.end(), std::uint32_t{0});
    add_columns_of_all();
  }

  void run(const SvmLimits& limits) {
    const std::size_t shrink_every = std::min<std::size_t>(alphas_.size(), 1000);
    std::size_t until_shrink = shrink_every;
    while (iterations_ < limits.max_iter) {
      if (limits.shrinking && --until_shrink == 0) {
        until_shrink = shrink_every;
        shrink(limits.tol);
      }
      Pair pair = choose(limits.tol);
      if (!pair.found && active_.size() < alphas_.size()) {
        wake_all();
        pair = choose(limits.tol);
        until_shrink = 1;
      }
      if (!pair.found) {
        converged_ = true;
        break;
      }
      ++iterations_;
      move(pair);
      report();
    }
    if (active_.size() < alphas_.size()) {
      wake_all();
    }
  }

  const std::vector<double>& alphas() const noexcept { return alphas_; }
  std::size_t iterations() const noexcept { return iterations_; }
  bool converged() const noexcept { return converged_; }

  /// Where the boundary lies: the gradient of the rows on it, or the middle of what it can be.
  double rho() const {
    double sum = 0.0;
    std::size_t free = 0;
    double least = std::numeric_limits<double>::max();
    double most = -least;
    for (std::size_t row = 0; row < alphas_.size(); ++row) {
      if (bounds_[row] <= 0.0) {
        continue;
      }
      if (at_upper(row)) {
        most = std::max(most, gradient_[row]);
      } else if (at_lower(row)) {
        least = std::min(least, gradient_[row]);
      } else {
        sum += gradient_[row];
        ++free;
      }
    }
    return free != 0 ? sum / static_cast<double>(free) : (least + most) / 2.0;
  }

 private:
  struct Pair {
    bool found = false;
    std::uint32_t up = 0;    ///< grows
    std::uint32_t down = 0;  ///< shrinks
  };

  bool at_upper(std::size_t row) const { return alphas_[row] >= bounds_[row]; }
  bool at_lower(std::size_t row) const { return alphas_[row] <= 0.0; }

  /// The gradient K a, from all rows that count.
  void add_columns_of_all() {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < alphas_.size(); ++row) {
      if (alphas_[row] > 0.0) {
        rows.push_back(row);
      }
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto rest = std::span<const std::uint32_t>(rows).subspan(i);
      const float* column = columns_.column(rows[i], rest);
      for (std::size_t row = 0; row < gradient_.size(); ++row) {
        gradient_[row] += alphas_[rows[i]] * static_cast<double>(column[row]);
      }
      if (i % KernelCache::together == 0) {
        tell("comparing rows", i, rows.size());
      }
    }
  }

  /// The row that may grow and wants to most, and the one that may shrink and together with it gains most.
  Pair choose(double tol) {
    Pair pair;
    double steepest = -std::numeric_limits<double>::max();
    for (const std::uint32_t row : active_) {
      if (!at_upper(row) && -gradient_[row] > steepest) {
        steepest = -gradient_[row];
        pair.up = row;
      }
    }
    if (steepest == -std::numeric_limits<double>::max()) {
      return pair;
    }
    const float* column = columns_.column(pair.up, candidates(steepest));
    double best = 0.0;
    double worst = -std::numeric_limits<double>::max();
    for (const std::uint32_t row : active_) {
      if (at_lower(row)) {
        continue;
      }
      worst = std::max(worst, gradient_[row]);
      const double gain = steepest + gradient_[row];
      if (gain > 0.0) {
        const double curve = curvature(pair.up, row, column);
        if (gain * gain / curve > best) {
          best = gain * gain / curve;
          pair.down = row;
        }
      }
    }
    pair.found = best > 0.0 && steepest + worst >= tol;
    return pair;
  }

  double curvature(std::uint32_t a, std::uint32_t b, const float* column_of_a) const {
    constexpr double least = 1e-12;
    return std::max(least, diagonal_[a] + diagonal_[b] - 2.0 * static_cast<double>(column_of_a[b]));
  }

  /// Rows that are likely to be chosen soon: those near the steepest, and those that may shrink most.
  std::span<const std::uint32_t> candidates(double steepest) {
    likely_.clear();
    if (KernelCache::together == 0) {
      return likely_;
    }
    for (const std::uint32_t row : active_) {
      const bool grows = !at_upper(row) && -gradient_[row] > steepest - 0.05 * std::abs(steepest);
      if (grows && !columns_.has(row)) {
        likely_.push_back(row);
      }
    }
    const std::size_t most = std::min<std::size_t>(likely_.size(), KernelCache::together);
    std::partial_sort(likely_.begin(), likely_.begin() + static_cast<std::ptrdiff_t>(most), likely_.end(),
                      [this](std::uint32_t a, std::uint32_t b) {
                        return gradient_[a] < gradient_[b] || (gradient_[a] == gradient_[b] && a < b);
                      });
    likely_.resize(most);
    return likely_;
  }

  void move(const Pair& pair) {
    const std::span<const std::uint32_t> none;
    const float* up = columns_.column(pair.up, none);
    const double curve = curvature(pair.up, pair.down, up);
    double step = (gradient_[pair.down] - gradient_[pair.up]) / curve;
    step = std::min({step, bounds_[pair.up] - alphas_[pair.up], alphas_[pair.down]});
    const bool fills = step == bounds_[pair.up] - alphas_[pair.up];
    const bool empties = step == alphas_[pair.down];
    alphas_[pair.up] = fills ? bounds_[pair.up] : alphas_[pair.up] + step;
    alphas_[pair.down] = empties ? 0.0 : alphas_[pair.down] - step;
    const float* down = columns_.column(pair.down, none);
    up = columns_.column(pair.up, none);  // the other may have taken its place
    for (const std::uint32_t row : active_) {
      gradient_[row] += step * (static_cast<double>(up[row]) - static_cast<double>(down[row]));
    }
  }

  /// Leaves out rows at a bound that want to stay there.
  void shrink(double tol) {
    double up = -std::numeric_limits<double>::max();
    double down = up;
    for (const std::uint32_t row : active_) {
      up = at_upper(row) ? up : std::max(up, -gradient_[row]);
      down = at_lower(row) ? down : std::max(down, gradient_[row]);
    }
    if (!woken_ && up + down <= 10.0 * tol) {
      woken_ = true;
      wake_all();
      return;
    }
    const auto settled = [&](std::uint32_t row) {
      return (at_upper(row) && -gradient_[row] > up) || (at_lower(row) && gradient_[row] > down);
    };
    active_.erase(std::remove_if(active_.begin(), active_.end(), settled), active_.end());
  }

  /// Brings the rows that were left out back, with the gradient that they have by now.
  void wake_all() {
    std::vector<std::uint8_t> is_active(alphas_.size());
    for (const std::uint32_t row : active_) {
      is_active[row] = 1;
    }
    std::vector<std::uint32_t> asleep;
    std::vector<std::uint32_t> counting;
    for (std::uint32_t row = 0; row < alphas_.size(); ++row) {
      if (is_active[row] == 0) {
        asleep.push_back(row);
        gradient_[row] = 0.0;
      }
      if (alphas_[row] > 0.0) {
        counting.push_back(row);
      }
    }
    for (std::size_t i = 0; i < counting.size() && !asleep.empty(); ++i) {
      const float* column = columns_.column(counting[i], std::span<const std::uint32_t>(counting).subspan(i));
      for (const std::uint32_t row : asleep) {
        gradient_[row] += alphas_[counting[i]] * static_cast<double>(column[row]);
      }
    }
    active_.resize(alphas_.size());
    std::iota(active_.begin(), active_.end(), std::uint32_t{0});
  }

  void report() {
    if (iterations_ % 256 == 0) {
      tell("finding the boundary", iterations_, 0);
    }
  }

  void tell(const char* stage, std::size_t done, std::size_t total) const {
    if (control_.progress && !control_.progress({stage, done, total})) {
      throw Error(ErrorCode::cancelled, std::string("cancelled while ") + stage);
    }
  }

  KernelCache& columns_;
  std::vector<double> diagonal_;
  std::vector<double> bounds_;
  std::vector<double> alphas_;
  const FitControl& control_;
  std::vector<double> gradient_;  ///< K a
  std::vector<std::uint32_t> active_;
  std::vector<std::uint32_t> likely_;
  std::size_t iterations_ = 0;
  bool converged_ = false;
  bool woken_ = false;
};

}  // namespace nad::detail
