#pragma once

// Walking rows down finished trees: the plain way, for single rows, missing values and explanations. Batches of
// complete rows take the kernels in simd/, which give the same sums.

#include <array>
#include <cmath>
#include <cstdint>
#include <new>
#include <vector>

#include "nad/detector/detector-inl.hpp"
#include "nad/detector/forest_nodes.hpp"
#include "nad/simd/kernel_table.hpp"

namespace nad::detail {

inline simd::ForestArrays arrays(const ForestNodes& nodes) noexcept {
  return {nodes.root.data(),  nodes.root.size(),        nodes.feature.data(),      nodes.value.data(),
          nodes.right.data(), nodes.plane_begin.data(), nodes.term_feature.data(), nodes.term_weight.data()};
}

inline bool has_missing(const float* row, std::size_t columns) noexcept {
  for (std::size_t column = 0; column < columns; ++column) {
    if (is_missing(row[column])) {
      return true;
    }
  }
  return false;
}

/// Working memory for 64 rows, feature-major, and their sums; aligned for the widest kernel.
class Block {
 public:
  explicit Block(std::size_t columns) : size_(columns * simd::block_rows) {
    values_ = static_cast<float*>(::operator new[]((size_ + simd::block_rows) * sizeof(float), alignment));
  }
  ~Block() { ::operator delete[](values_, alignment); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  float* values() noexcept { return values_; }
  float* sums() noexcept { return values_ + size_; }
  std::size_t size() const noexcept { return size_; }

  void fill_missing(const std::vector<float>& fill) noexcept {
    for (std::size_t column = 0; column < fill.size(); ++column) {
      for (std::size_t row = 0; row < simd::block_rows; ++row) {
        float& value = values_[column * simd::block_rows + row];
        value = is_missing(value) ? fill[column] : value;
      }
    }
  }

 private:
  static constexpr std::align_val_t alignment{64};
  std::size_t size_;
  float* values_;
};

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

template <class Row>
bool goes_right(const ForestNodes& nodes, std::size_t node, const Row& row) noexcept {
  if (nodes.feature[node] >= 0) {
    return row.goes_right(nodes, node);
  }
  const PlaneTerms terms(nodes, node);
  double sum = 0.0;
  for (std::size_t term = terms.begin; term < terms.end; ++term) {
    sum += static_cast<double>(nodes.term_weight[term]) *
           static_cast<double>(row.or_centre(nodes.term_feature[term], nodes.term_centre[term]));
  }
  return sum > static_cast<double>(nodes.value[node]);
}

/// The sum of the leaf values, in the order of the trees.
template <class Row>
float walk_all(const ForestNodes& nodes, const Row& row) noexcept {
  float sum = 0.0F;
  for (std::uint32_t node : nodes.root) {
    while (!nodes.is_leaf(node)) {
      node = goes_right(nodes, node, row) ? nodes.right[node] : node + 1;
    }
    sum += nodes.value[node];
  }
  return sum;
}

/// The same for complete rows and axis-parallel trees, several trees at a time: one walk alone waits for memory.
inline float walk_axis_parallel(const ForestNodes& nodes, const float* row) noexcept {
  constexpr std::size_t together = 8;
  const std::int32_t* feature = nodes.feature.data();
  const float* value = nodes.value.data();
  const std::uint32_t* right = nodes.right.data();
  const std::size_t trees = nodes.n_trees();
  float sum = 0.0F;
  std::size_t tree = 0;
  for (; tree + together <= trees; tree += together) {
    std::array<std::uint32_t, together> at{};
    std::copy_n(nodes.root.begin() + static_cast<std::ptrdiff_t>(tree), together, at.begin());
    bool walking = true;
    while (walking) {
      walking = false;
      for (std::uint32_t& node : at) {
        const std::int32_t column = feature[node];
        const bool inner = column >= 0;
        const std::uint32_t next = row[inner ? column : 0] > value[node] ? right[node] : node + 1;
        node = inner ? next : node;
        walking |= inner;
      }
    }
    for (const std::uint32_t node : at) {
      sum += value[node];
    }
  }
  for (; tree < trees; ++tree) {
    std::uint32_t node = nodes.root[tree];
    while (feature[node] >= 0) {
      node = row[feature[node]] > value[node] ? right[node] : node + 1;
    }
    sum += value[node];
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
