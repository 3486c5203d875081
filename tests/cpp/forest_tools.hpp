#pragma once

/// What several tests ask of trees.

#include <algorithm>
#include <cstddef>

#include "nad/detector/forest_nodes.hpp"

namespace tests {

inline std::size_t depth_of(const nad::ForestNodes& nodes, std::size_t node) {
  return nodes.is_leaf(node) ? 0 : 1 + std::max(depth_of(nodes, node + 1), depth_of(nodes, nodes.right[node]));
}

inline std::size_t rows_of(const nad::ForestNodes& nodes, std::size_t node) {
  return nodes.is_leaf(node) ? nodes.right[node] : rows_of(nodes, node + 1) + rows_of(nodes, nodes.right[node]);
}

inline bool same_trees(const nad::ForestNodes& a, const nad::ForestNodes& b) {
  return a.root == b.root && a.feature == b.feature && a.value == b.value && a.right == b.right &&
         a.missing_right == b.missing_right && a.plane_begin == b.plane_begin && a.term_feature == b.term_feature &&
         a.term_weight == b.term_weight && a.term_centre == b.term_centre;
}

}  // namespace tests
