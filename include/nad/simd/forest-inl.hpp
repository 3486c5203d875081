#pragma once

// The forest kernel: 64 rows go down a tree together, as a bit mask. A node costs one comparison of its column with its
// threshold for all 64 rows; a subtree that no row enters is never visited. Every row meets the same comparisons and
// the same additions in the same order as in a plain walk, so all kernels agree bit for bit.

#include <cstddef>
#include <cstdint>

#include "nad/simd/kernel_table.hpp"
#include "nad/simd/lanes-inl.hpp"

namespace nad::simd {

/// Bit r set: the hyperplane's sum for row r is greater than `threshold`. Products of two floats are exact in double,
/// so a fused and an unfused multiply-add agree.
template <class Arch>
std::uint64_t plane_above(const ForestArrays& forest, std::size_t plane, const float* block, float threshold) noexcept {
  double sums[block_rows] = {};
  for (std::size_t term = forest.plane_begin[plane]; term < forest.plane_begin[plane + 1]; ++term) {
    const float* column = block + static_cast<std::size_t>(forest.term_feature[term]) * block_rows;
    const double weight = forest.term_weight[term];
    for (std::size_t row = 0; row < block_rows; ++row) {
      sums[row] += weight * static_cast<double>(column[row]);
    }
  }
  std::uint64_t mask = 0;
  for (std::size_t row = 0; row < block_rows; ++row) {
    mask |= static_cast<std::uint64_t>(sums[row] > static_cast<double>(threshold)) << row;
  }
  return mask;
}

template <class Arch>
void forest_block(const ForestArrays& forest, const float* block, std::uint64_t rows, float* sums) noexcept {
  for (std::size_t row = 0; row < block_rows; ++row) {
    sums[row] = 0.0F;
  }
  // Right subtrees that wait for their turn hold at least one row each, and no row twice: 64 places are enough.
  std::uint32_t waiting_node[block_rows];
  std::uint64_t waiting_rows[block_rows];

  for (std::size_t tree = 0; tree < forest.n_trees; ++tree) {
    std::uint32_t node = forest.root[tree];
    std::uint64_t here = rows;
    std::size_t waiting = 0;
    for (;;) {
      const std::int32_t feature = forest.feature[node];
      if (feature == -1) {
        add_where<Arch>(sums, here, forest.value[node]);
        if (waiting == 0) {
          break;
        }
        --waiting;
        node = waiting_node[waiting];
        here = waiting_rows[waiting];
        continue;
      }
      const std::uint64_t above =
          here &
          (feature >= 0 ? lanes_above<Arch>(block + static_cast<std::size_t>(feature) * block_rows, forest.value[node])
                        : plane_above<Arch>(forest, static_cast<std::size_t>(-2 - feature), block, forest.value[node]));
      const std::uint64_t below = here & ~above;
      if (above == 0) {
        ++node;
      } else if (below == 0) {
        node = forest.right[node];
      } else {
        waiting_node[waiting] = forest.right[node];
        waiting_rows[waiting] = above;
        ++waiting;
        here = below;
        ++node;
      }
    }
  }
}

}  // namespace nad::simd
