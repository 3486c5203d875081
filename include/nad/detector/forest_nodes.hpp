#pragma once

/// The trees of a forest as plain arrays, so that saving, checking and walking them are loops.
///
///   const nad::ForestNodes& nodes = forest.nodes();
///   std::uint32_t node = nodes.root[tree];
///   while (!nodes.is_leaf(node)) node = x[nodes.feature[node]] > nodes.value[node] ? nodes.right[node] : node + 1;
///   float path = nodes.value[node];
///
/// Nodes stand in pre-order, tree after tree: the left child of a node is the next node. All positions are absolute.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nad/detail/archive_field.hpp"

namespace nad {

struct ForestNodes {
  static constexpr std::int32_t leaf = -1;

  /// First node of each tree.
  std::vector<std::uint32_t> root;
  /// For each node: -1 in a leaf, the column of an axis-parallel split, or -2 - p for the hyperplane p.
  std::vector<std::int32_t> feature;
  /// For each node: the threshold (left where value <= threshold) or, in a leaf, depth + c(rows).
  std::vector<float> value;
  /// For each node: the right child or, in a leaf, the number of training rows.
  std::vector<std::uint32_t> right;
  /// One bit for each node, empty when no row may have missing values: 1 = a missing value goes right.
  std::vector<std::uint8_t> missing_right;

  /// Hyperplane p is the sum of term_weight * x[term_feature] over [plane_begin[p], plane_begin[p + 1]).
  std::vector<std::uint32_t> plane_begin;
  std::vector<std::uint32_t> term_feature;
  std::vector<float> term_weight;
  /// The mean of the column over the node's training rows: what a missing value counts as, and what `explain` compares
  /// to.
  std::vector<float> term_centre;

  /// Where there are sets of categories, the split -2 - p is no hyperplane but the set p: a row whose category in the
  /// column set_feature[p] is one of the bits set in four words goes right, and bit 255 stands for other values.
  std::vector<std::uint32_t> set_feature;
  std::vector<std::uint64_t> set_words;

  std::size_t n_trees() const noexcept { return root.size(); }
  std::size_t size() const noexcept { return feature.size(); }
  bool is_leaf(std::size_t node) const noexcept { return feature[node] == leaf; }
  bool has_planes() const noexcept { return !term_feature.empty(); }

  /// The forest of isolation, which has no categories; boosted trees name what they store themselves.
  template <class Archive>
  void serialize(Archive& archive) {
    detail::archive_named(archive, "root", root, "feature", feature, "value", value, "right", right, "missing_right",
                          missing_right, "plane_begin", plane_begin, "term_feature", term_feature, "term_weight",
                          term_weight, "term_centre", term_centre);
  }
};

}  // namespace nad
