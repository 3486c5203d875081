#pragma once

// What of a residual is rounding; not for users.

#include <cmath>
#include <cstddef>
#include <span>

#include "nad/detector/split_centre.hpp"

namespace nad::detail {

/// How long a residual rounding alone can leave: so many parts of the row's distance from the mean, and this of every
/// row. Each of two products over the columns is rounded: the worst case grows with the columns times the root of the
/// directions, errors that point anywhere add up to less than the columns, and 16 is for where there are few. And each
/// value of the row was rounded to a float: 2^-24 of its length, which is at most its distance from the mean and the
/// mean's own length.
struct PcaRounding {
  double of_length;
  double of_all;
};

inline PcaRounding pca_rounding(std::span<const float> nearest, std::span<const float> rest) {
  constexpr double half_a_step = 0x1p-24;  // the relative rounding of a float
  double squares = 0.0;
  for (std::size_t column = 0; column < nearest.size(); ++column) {
    const double value = joined_at(nearest, rest, column);
    squares += value * value;
  }
  return {.of_length = static_cast<double>(nearest.size() + 17) * half_a_step,
          .of_all = half_a_step * std::sqrt(squares)};
}

}  // namespace nad::detail
