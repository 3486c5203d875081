#pragma once

// Walking rows down finished trees: the plain way, for single rows, missing values and explanations. Batches of
// complete rows take the kernels in simd/, which give the same sums.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "nad/detector/categories-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/forest_nodes.hpp"
#include "nad/simd/kernel_table.hpp"

namespace nad::detail {

/// A row without missing values.
struct CompleteRow {
  const float* values;

  float plain(std::size_t column) const noexcept { return values[column]; }
  float or_centre(std::size_t column, float) const noexcept { return values[column]; }
  bool goes_right(const ForestNodes& nodes, std::size_t node) const noexcept {
    return values[nodes.feature[node]] > nodes.value[node];
  }
};

/// A row that may have missing values: `fill` replaces them, or the node says where they go.
struct GappyRow {
  const float* values;
  const float* fill;

  float plain(std::size_t column) const noexcept {
    return fill != nullptr && is_missing(values[column]) ? fill[column] : values[column];
  }
  float or_centre(std::size_t column, float centre) const noexcept {
    const float value = plain(column);
    return is_missing(value) ? centre : value;
  }
  bool goes_right(const ForestNodes& nodes, std::size_t node) const noexcept {
    const float value = plain(static_cast<std::size_t>(nodes.feature[node]));
    return is_missing(value) ? nodes.missing_right[node] != 0 : value > nodes.value[node];
  }
};

/// The terms of the hyperplane that the node splits by.
struct PlaneTerms {
  PlaneTerms(const ForestNodes& nodes, std::size_t node)
      : begin(nodes.plane_begin[static_cast<std::size_t>(-2 - nodes.feature[node])]),
        end(nodes.plane_begin[static_cast<std::size_t>(-2 - nodes.feature[node]) + 1]) {}
  std::size_t begin;
  std::size_t end;
};

/// A row of which some columns are categories; others may have missing values.
struct CategoryRow : GappyRow {
  const CategoryColumn* const* category_of;  ///< for each column what its codes mean, or null

  bool is_in_set(const ForestNodes& nodes, std::size_t set) const noexcept {
    const std::size_t column = nodes.set_feature[set];
    const std::size_t number = category_of[column]->number(values[column]);
    return (nodes.set_words[set * simd::category_words + number / 64] >> (number % 64) & 1U) != 0;
  }
};

template <class Row>
bool goes_right(const ForestNodes& nodes, std::size_t node, const Row& row) noexcept {
  if (nodes.feature[node] >= 0) {
    return row.goes_right(nodes, node);
  }
  if constexpr (std::is_same_v<Row, CategoryRow>) {
    return row.is_in_set(nodes, static_cast<std::size_t>(-2 - nodes.feature[node]));
  }
  const PlaneTerms terms(nodes, node);
  double sum = 0.0;
  for (std::size_t term = terms.begin; term < terms.end; ++term) {
    sum += static_cast<double>(nodes.term_weight[term]) *
           static_cast<double>(row.or_centre(nodes.term_feature[term], nodes.term_centre[term]));
  }
  return sum > static_cast<double>(nodes.value[node]);
}

/// The leaf of a tree that the row ends in.
template <class Row>
std::size_t leaf_of(const ForestNodes& nodes, std::size_t node, const Row& row) noexcept {
  while (!nodes.is_leaf(node)) {
    node = goes_right(nodes, node, row) ? nodes.right[node] : node + 1;
  }
  return node;
}

/// The sum of the leaf values of some trees, in their order.
template <class Row>
float walk_all(const ForestNodes& nodes, std::span<const std::uint32_t> roots, const Row& row) noexcept {
  float sum = 0.0F;
  for (const std::uint32_t root : roots) {
    sum += nodes.value[leaf_of(nodes, root, row)];
  }
  return sum;
}

/// The same for complete rows and axis-parallel trees. One walk waits for memory at every node, so several go side by
/// side; and where a row turns cannot be predicted, so the turn is arithmetic instead of a branch.
inline float walk_axis_parallel(const ForestNodes& nodes, std::span<const std::uint32_t> roots,
                                const float* row) noexcept {
  constexpr std::size_t together = 8;
  const std::int32_t* feature = nodes.feature.data();
  const float* value = nodes.value.data();
  const std::uint32_t* right = nodes.right.data();
  const std::size_t trees = roots.size();
  float sum = 0.0F;
  for (std::size_t first = 0; first < trees; first += together) {
    const std::size_t count = std::min(together, trees - first);
    std::array<std::uint32_t, together> at;
    for (std::size_t i = 0; i < together; ++i) {
      at[i] = roots[first + std::min(i, count - 1)];
    }
    std::uint32_t walking = 1;
    while (walking != 0) {
      walking = 0;
      for (std::uint32_t& node : at) {
        const std::int32_t column = feature[node];
        const std::uint32_t inner = ~static_cast<std::uint32_t>(column >> 31);  // all bits set, or none in a leaf
        const float x = row[static_cast<std::uint32_t>(column) & inner];
        const std::uint32_t above = 0U - static_cast<std::uint32_t>(x > value[node]);
        const std::uint32_t next = node + 1;
        node ^= (node ^ next ^ ((next ^ right[node]) & above)) & inner;
        walking |= inner;
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      sum += value[at[i]];
    }
  }
  return sum;
}

/// Adds, for every split on the row's path, how much the split changed the expected leaf value, to the columns that it
/// looked at. The changes add up to the leaf's value less the root's expectation.
template <class Row>
void attribute_path(const ForestNodes& nodes, const std::vector<float>& expected, std::size_t node, const Row& row,
                    std::vector<double>& contributions) {
  while (!nodes.is_leaf(node)) {
    const std::size_t child = goes_right(nodes, node, row) ? nodes.right[node] : node + 1;
    const double change = static_cast<double>(expected[child]) - static_cast<double>(expected[node]);
    if (nodes.feature[node] >= 0) {
      contributions[static_cast<std::size_t>(nodes.feature[node])] += change;
    } else if (!nodes.set_feature.empty()) {
      contributions[nodes.set_feature[static_cast<std::size_t>(-2 - nodes.feature[node])]] += change;
    } else {
      // a hyperplane: each column takes part as far as it moved the row away from the node's centre
      const PlaneTerms terms(nodes, node);
      double total = 0.0;
      const auto pull = [&](std::size_t term) {
        const float centre = nodes.term_centre[term];
        return std::abs(
            static_cast<double>(nodes.term_weight[term]) *
            (static_cast<double>(row.or_centre(nodes.term_feature[term], centre)) - static_cast<double>(centre)));
      };
      for (std::size_t term = terms.begin; term < terms.end; ++term) {
        total += pull(term);
      }
      for (std::size_t term = terms.begin; term < terms.end; ++term) {
        const double share = total > 0.0 ? pull(term) / total : 1.0 / static_cast<double>(terms.end - terms.begin);
        contributions[nodes.term_feature[term]] += change * share;
      }
    }
    node = child;
  }
}

}  // namespace nad::detail
