#pragma once

// What of a residual is rounding; not for users.

#include <cstddef>

namespace nad::detail {

/// How long a residual rounding alone can leave: so many parts of the row's length from the mean, since each of two
/// products over the columns is rounded, and of its length from zero, since each of its values was rounded to a float.
/// The worst case grows with the columns times the root of the directions; errors that point anywhere add up to less
/// than the columns, and 16 is for where there are few.
struct PcaRounding {
  double of_moved;
  double of_row;
};

inline PcaRounding pca_rounding(std::size_t columns) noexcept {
  constexpr double half_a_step = 0x1p-24;  // the relative rounding of a float
  return {.of_moved = static_cast<double>(columns + 16) * half_a_step, .of_row = half_a_step};
}

}  // namespace nad::detail
