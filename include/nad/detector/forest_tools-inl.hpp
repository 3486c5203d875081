#pragma once

// What is done with finished trees, whatever grew them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/forest_nodes.hpp"

namespace nad::detail {

/// Puts `more` behind `nodes`.
inline void append_trees(ForestNodes& nodes, const ForestNodes& more) {
  const auto node_shift = static_cast<std::uint32_t>(nodes.size());
  const auto planes = nodes.plane_begin.empty() ? std::size_t{0} : nodes.plane_begin.size() - 1;
  const auto split_shift = static_cast<std::int32_t>(planes + nodes.set_feature.size());  // a forest has one of the two
  const auto term_shift = static_cast<std::uint32_t>(nodes.term_feature.size());
  for (const std::uint32_t root : more.root) {
    nodes.root.push_back(root + node_shift);
  }
  for (std::size_t node = 0; node < more.size(); ++node) {
    const std::int32_t feature = more.feature[node];
    nodes.feature.push_back(feature <= -2 ? feature - split_shift : feature);
    nodes.right.push_back(more.right[node] + (feature == ForestNodes::leaf ? 0 : node_shift));
  }
  nodes.value.insert(nodes.value.end(), more.value.begin(), more.value.end());
  nodes.missing_right.insert(nodes.missing_right.end(), more.missing_right.begin(), more.missing_right.end());
  for (std::size_t plane = nodes.plane_begin.empty() ? 0 : 1; plane < more.plane_begin.size(); ++plane) {
    nodes.plane_begin.push_back(more.plane_begin[plane] + term_shift);
  }
  nodes.term_feature.insert(nodes.term_feature.end(), more.term_feature.begin(), more.term_feature.end());
  nodes.term_weight.insert(nodes.term_weight.end(), more.term_weight.begin(), more.term_weight.end());
  nodes.term_centre.insert(nodes.term_centre.end(), more.term_centre.begin(), more.term_centre.end());
  nodes.set_feature.insert(nodes.set_feature.end(), more.set_feature.begin(), more.set_feature.end());
  nodes.set_words.insert(nodes.set_words.end(), more.set_words.begin(), more.set_words.end());
}

/// For each node the mean leaf value of the training rows below it.
inline std::vector<float> expected_values(const ForestNodes& nodes) {
  const std::size_t size = nodes.size();
  std::vector<double> count(size);
  std::vector<double> expected(size);
  for (std::size_t node = size; node-- > 0;) {  // children stand behind their parents
    if (nodes.is_leaf(node)) {
      count[node] = nodes.right[node];
      expected[node] = static_cast<double>(nodes.value[node]);
    } else {
      const std::size_t left = node + 1;
      const std::size_t right = nodes.right[node];
      count[node] = count[left] + count[right];
      expected[node] = (expected[left] * count[left] + expected[right] * count[right]) / count[node];
    }
  }
  return {expected.begin(), expected.end()};
}

inline Error damaged_trees(std::string_view what, const std::string& message) {
  return {ErrorCode::bad_file, "the " + std::string(what) + " in this file is damaged: " + message};
}

/// What sound trees look like.
struct ForestRules {
  std::string_view what;  ///< "isolation forest"
  std::size_t n_features;
  std::size_t special_splits;  ///< hyperplanes or sets of categories
  float least_leaf;            ///< leaves are worth at least this
};

/// Nodes [begin, end) must be one tree in pre-order: every walk from `begin` then ends in a leaf.
inline void check_tree(const ForestNodes& nodes, std::size_t begin, std::size_t end, const ForestRules& rules) {
  const auto damaged = [&](const std::string& what) { return damaged_trees(rules.what, what); };
  std::vector<std::size_t> right_children;  // that are still to come, the next one last
  for (std::size_t node = begin; node < end; ++node) {
    const std::int64_t feature = nodes.feature[node];
    if (classify(nodes.value[node]) != FloatClass::finite) {
      throw damaged("node " + std::to_string(node) + " has no finite value");
    }
    if (feature == ForestNodes::leaf) {
      if (nodes.right[node] == 0 || nodes.value[node] < rules.least_leaf) {
        throw damaged("leaf " + std::to_string(node) + " holds no rows or has a value that makes no sense");
      }
      const std::size_t next = right_children.empty() ? end : right_children.back();
      if (node + 1 != next) {
        throw damaged("the nodes behind leaf " + std::to_string(node) + " belong to nothing");
      }
      if (!right_children.empty()) {
        right_children.pop_back();
      }
      continue;
    }
    if (feature >= 0 ? feature >= static_cast<std::int64_t>(rules.n_features)
                     : -2 - feature >= static_cast<std::int64_t>(rules.special_splits)) {
      throw damaged("node " + std::to_string(node) + " splits on a column that does not exist");
    }
    if (nodes.right[node] <= node + 1 || nodes.right[node] >= end) {
      throw damaged("the right child of node " + std::to_string(node) + " lies outside its tree");
    }
    right_children.push_back(nodes.right[node]);
  }
  if (!right_children.empty()) {
    throw damaged("a tree ends before its last leaf");
  }
}

/// Every walk in any of the trees ends in a leaf.
inline void check_trees(const ForestNodes& nodes, const ForestRules& rules) {
  const std::size_t size = nodes.size();
  const auto damaged = [&](const std::string& what) { return damaged_trees(rules.what, what); };
  if (nodes.root.empty() || nodes.root.front() != 0) {
    throw damaged("it has no first tree");
  }
  if (nodes.value.size() != size || nodes.right.size() != size) {
    throw damaged("its nodes are incomplete");
  }
  if (!nodes.missing_right.empty() && nodes.missing_right.size() != size) {
    throw damaged("its nodes do not say where missing values go");
  }
  for (const std::uint8_t side : nodes.missing_right) {
    if (side > 1) {
      throw damaged("a node sends missing values neither left nor right");
    }
  }
  for (std::size_t tree = 0; tree < nodes.n_trees(); ++tree) {
    const std::size_t begin = nodes.root[tree];
    const std::size_t end = tree + 1 < nodes.n_trees() ? nodes.root[tree + 1] : size;
    if (begin >= end || end > size) {
      throw damaged("tree " + std::to_string(tree) + " has no nodes");
    }
    check_tree(nodes, begin, end, rules);
  }
}

}  // namespace nad::detail
