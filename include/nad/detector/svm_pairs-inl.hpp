#pragma once

// Sequential minimal optimisation: min a'Ka / 2 with 0 <= a_i <= bound_i and a fixed sum, moving two of the a_i at a
// time. The pair is the one that the second-order approximation promises most of (Fan, Chen and Lin 2005).

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

namespace nad::detail {

/// One problem, whose arrays belong to the caller.
struct PairProblem {
  std::span<double> alphas;
  std::span<const double> bounds;
  std::span<double> gradient;  ///< K a
  std::span<const double> diagonal;
};

/// How far the alphas that may grow and those that may shrink are from agreeing.
inline double optimality_gap(std::span<const double> alphas, std::span<const double> bounds,
                             std::span<const double> gradient) {
  double least = std::numeric_limits<double>::max();
  double most = -least;
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    least = alphas[i] < bounds[i] ? std::min(least, gradient[i]) : least;
    most = alphas[i] > 0.0 ? std::max(most, gradient[i]) : most;
  }
  return most - least;
}

/// Steps until the gap is below `tol`, at most `most_steps`; `column(i)` gives row i of K. `tell(step)` may throw.
template <class Column, class Tell>
std::size_t solve_pairs(const PairProblem& of, double tol, std::size_t most_steps, const Column& column,
                        const Tell& tell) {
  const std::size_t size = of.alphas.size();
  constexpr double least_curvature = 1e-12;
  constexpr double extreme = std::numeric_limits<double>::max();
  for (std::size_t step = 0; step < most_steps; ++step) {
    tell(step);
    std::size_t up = size;  // grows: of those that may, the one that wants to most
    double lowest = extreme;
    for (std::size_t i = 0; i < size; ++i) {
      if (of.gradient[i] < lowest && of.alphas[i] < of.bounds[i]) {
        lowest = of.gradient[i];
        up = i;
      }
    }
    if (up == size) {
      return step;
    }
    const auto* of_up = column(up);
    std::size_t down = size;  // shrinks
    double best = 0.0;
    double highest = -extreme;
    for (std::size_t i = 0; i < size; ++i) {
      const double apart = of.gradient[i] - lowest;
      if (apart <= 0.0 || of.alphas[i] <= 0.0) {
        continue;
      }
      highest = std::max(highest, of.gradient[i]);
      const double curvature =
          std::max(least_curvature, of.diagonal[up] + of.diagonal[i] - 2.0 * static_cast<double>(of_up[i]));
      if (apart * apart > best * curvature) {
        best = apart * apart / curvature;
        down = i;
      }
    }
    if (down == size || highest - lowest < tol) {
      return step;
    }
    const double curvature =
        std::max(least_curvature, of.diagonal[up] + of.diagonal[down] - 2.0 * static_cast<double>(of_up[down]));
    const double room = of.bounds[up] - of.alphas[up];
    const double left = of.alphas[down];
    const double wanted = (of.gradient[down] - lowest) / curvature;
    const double moved = std::min({wanted, room, left});
    of.alphas[up] = moved == room ? of.bounds[up] : of.alphas[up] + moved;
    of.alphas[down] = moved == left ? 0.0 : left - moved;
    const auto* of_down = column(down);
    of_up = column(up);  // the other may have taken its place
    for (std::size_t i = 0; i < size; ++i) {
      of.gradient[i] += moved * (static_cast<double>(of_up[i]) - static_cast<double>(of_down[i]));
    }
  }
  return most_steps;
}

}  // namespace nad::detail
