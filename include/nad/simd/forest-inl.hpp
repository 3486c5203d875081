#pragma once

// The forest kernel: the rows of a block go down a tree together, as a bit mask. A node costs one comparison of its
// column with its threshold for all rows; a subtree that no row enters is never visited. Every row meets the same
// comparisons and the same additions in the same order as in a plain walk, so all kernels agree bit for bit.

#include <cstddef>
#include <cstdint>

#include "nad/simd/kernel_table.hpp"
#include "nad/simd/lanes-inl.hpp"

namespace nad::simd {

/// Bit r set: the hyperplane's sum for row r is greater than `threshold`. Products of two floats are exact in double,
/// so a fused and an unfused multiply-add agree.
template <class Arch>
void plane_above(const ForestArrays& forest, std::size_t plane, const float* block, float threshold,
                 std::uint64_t* above) noexcept {
  for (std::size_t word = 0; word < block_words; ++word) {
    double sums[64] = {};
    for (std::size_t term = forest.plane_begin[plane]; term < forest.plane_begin[plane + 1]; ++term) {
      const float* column = block + static_cast<std::size_t>(forest.term_feature[term]) * block_stride + word * 64;
      const double weight = forest.term_weight[term];
      for (std::size_t row = 0; row < 64; ++row) {
        sums[row] += weight * static_cast<double>(column[row]);
      }
    }
    above[word] = 0;
    for (std::size_t row = 0; row < 64; ++row) {
      above[word] |= static_cast<std::uint64_t>(sums[row] > static_cast<double>(threshold)) << row;
    }
  }
}

/// Bit r set: row r is one of `rows`, and its category is in the set.
template <class Arch>
void set_above(const ForestArrays& forest, std::size_t set, const float* block, const std::uint64_t* rows,
               std::uint64_t* above) noexcept {
  const float* column = block + static_cast<std::size_t>(forest.set_feature[set]) * block_stride;
  const std::uint64_t* words = forest.set_words + set * category_words;
  for (std::size_t word = 0; word < block_words; ++word) {
    above[word] = 0;
    for (std::uint64_t left = rows[word]; left != 0; left &= left - 1) {
      const auto row = static_cast<std::size_t>(__builtin_ctzll(left));
      const auto category = static_cast<std::uint32_t>(static_cast<std::int32_t>(column[word * 64 + row]));
      above[word] |= (words[category / 64] >> (category % 64) & 1U) << row;
    }
  }
}

/// Rows that go down a tree together, and the node that they have reached.
template <class Arch>
struct Party {
  std::uint64_t rows[block_words];
  std::uint32_t node;
};

template <class Arch>
void forest_block(const ForestArrays& forest, const float* block, const std::uint64_t* missing, std::size_t rows,
                  float* sums) noexcept {
  Party<Arch> start;
  for (std::size_t word = 0; word < block_words; ++word) {
    const std::size_t before = word * 64;
    start.rows[word] = rows >= before + 64 ? ~std::uint64_t{0}
                       : rows > before     ? ~std::uint64_t{0} >> (before + 64 - rows)
                                           : 0;
  }
  for (std::size_t row = 0; row < block_rows; ++row) {
    sums[row] = 0.0F;
  }
  // Parties that wait for their turn hold at least one row each, and no row twice: a place for each row is enough.
  Party<Arch> waiting[block_rows];

  for (std::size_t tree = 0; tree < forest.n_trees; ++tree) {
    Party<Arch> here = start;
    here.node = forest.root[tree];
    std::size_t count = 0;
    for (;;) {
      const std::int32_t feature = forest.feature[here.node];
      const float value = forest.value[here.node];
      if (feature == -1) {
        for (std::size_t word = 0; word < block_words; ++word) {
          add_where<Arch>(sums + word * 64, here.rows[word], value);
        }
        if (count == 0) {
          break;
        }
        here = waiting[--count];
        continue;
      }
      std::uint64_t above[block_words];
      if (feature >= 0) {
        const float* column = block + static_cast<std::size_t>(feature) * block_stride;
        for (std::size_t word = 0; word < block_words; ++word) {
          above[word] = lanes_above<Arch>(column + word * 64, value);
        }
        if (missing != nullptr && forest.missing_right[here.node] != 0) {
          for (std::size_t word = 0; word < block_words; ++word) {
            above[word] |= missing[static_cast<std::size_t>(feature) * block_words + word];
          }
        }
      } else if (forest.set_words != nullptr) {
        set_above<Arch>(forest, static_cast<std::size_t>(-2 - feature), block, here.rows, above);
      } else {
        plane_above<Arch>(forest, static_cast<std::size_t>(-2 - feature), block, value, above);
      }
      std::uint64_t any_above = 0;
      std::uint64_t any_below = 0;
      for (std::size_t word = 0; word < block_words; ++word) {
        above[word] &= here.rows[word];
        any_above |= above[word];
        any_below |= here.rows[word] & ~above[word];
      }
      if (any_above == 0) {
        ++here.node;
      } else if (any_below == 0) {
        here.node = forest.right[here.node];
      } else {
        Party<Arch>& right = waiting[count++];
        right.node = forest.right[here.node];
        for (std::size_t word = 0; word < block_words; ++word) {
          right.rows[word] = above[word];
          here.rows[word] &= ~above[word];
        }
        ++here.node;
      }
    }
  }
}

}  // namespace nad::simd
