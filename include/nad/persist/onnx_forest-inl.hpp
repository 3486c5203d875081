#pragma once

// Trees as the tree operator of ai.onnx.ml, whose splits are those of nad: left where value <= threshold, both float32.
// And an isolation forest, which is little else.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/persist/onnx_graph-inl.hpp"

namespace nad::detail {

/// What a detector makes of rows: float32, one column.
struct OnnxScore {
  std::string raw;
  std::string score;
};

/// The trees' nodes as the operator wants them: lists of one value a node, and of one a leaf.
struct OnnxTrees {
  std::vector<std::int64_t> tree;
  std::vector<std::int64_t> node;  ///< its number in its tree
  std::vector<std::int64_t> feature;
  std::vector<std::string> mode;
  std::vector<float> value;
  std::vector<std::int64_t> below;  ///< where a value goes that is not above
  std::vector<std::int64_t> above;
  std::vector<std::int64_t> missing_below;
  std::vector<std::int64_t> leaf_tree;
  std::vector<std::int64_t> leaf_node;
  std::vector<std::int64_t> leaf_target;
  std::vector<float> leaf_value;

  /// The first `trees_a_target` trees add to the first target, and so on; `set_column` says in which column of the
  /// graph it stands whether a row is in a set of categories.
  OnnxTrees(const ForestNodes& nodes, std::size_t trees_a_target, std::vector<std::size_t> set_column = {})
      : trees_a_target_(trees_a_target), set_column_(std::move(set_column)) {
    for (std::size_t number = 0; number < nodes.n_trees(); ++number) {
      const std::size_t end = number + 1 < nodes.n_trees() ? nodes.root[number + 1] : nodes.size();
      for (std::size_t place = nodes.root[number]; place < end; ++place) {
        add(nodes, number, place);
      }
    }
    has_missing_ = !nodes.missing_right.empty();
  }

  std::vector<ProtoWriter> attributes(std::size_t targets) const {
    std::vector<ProtoWriter> all = {onnx_number("n_targets", static_cast<std::int64_t>(targets)),
                                    onnx_text("aggregate_function", "SUM"),
                                    onnx_text("post_transform", "NONE"),
                                    onnx_numbers("nodes_treeids", tree),
                                    onnx_numbers("nodes_nodeids", node),
                                    onnx_numbers("nodes_featureids", feature),
                                    onnx_texts("nodes_modes", mode),
                                    onnx_reals("nodes_values", value),
                                    onnx_numbers("nodes_truenodeids", below),
                                    onnx_numbers("nodes_falsenodeids", above),
                                    onnx_numbers("target_treeids", leaf_tree),
                                    onnx_numbers("target_nodeids", leaf_node),
                                    onnx_numbers("target_ids", leaf_target),
                                    onnx_reals("target_weights", leaf_value)};
    if (has_missing_) {
      all.push_back(onnx_numbers("nodes_missing_value_tracks_true", missing_below));
    }
    return all;
  }

 private:
  void add(const ForestNodes& nodes, std::size_t number, std::size_t place) {
    const std::size_t root = nodes.root[number];
    const bool is_leaf = nodes.is_leaf(place);
    const bool is_set = !is_leaf && nodes.feature[place] < 0;
    tree.push_back(static_cast<std::int64_t>(number));
    node.push_back(static_cast<std::int64_t>(place - root));
    feature.push_back(is_leaf ? 0
                      : is_set
                          ? static_cast<std::int64_t>(set_column_[static_cast<std::size_t>(-2 - nodes.feature[place])])
                          : nodes.feature[place]);
    mode.emplace_back(is_leaf ? "LEAF" : "BRANCH_LEQ");
    value.push_back(is_leaf ? 0.0F : is_set ? 0.5F : nodes.value[place]);
    below.push_back(is_leaf ? 0 : static_cast<std::int64_t>(place + 1 - root));
    above.push_back(is_leaf ? 0 : static_cast<std::int64_t>(nodes.right[place] - root));
    missing_below.push_back(!is_leaf && !nodes.missing_right.empty() && nodes.missing_right[place] == 0 ? 1 : 0);
    if (is_leaf) {
      leaf_tree.push_back(tree.back());
      leaf_node.push_back(node.back());
      leaf_target.push_back(static_cast<std::int64_t>(number / trees_a_target_));
      leaf_value.push_back(nodes.value[place]);
    }
  }

  std::size_t trees_a_target_;
  std::vector<std::size_t> set_column_;
  bool has_missing_ = false;
};

inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& given, const IsolationForest& forest) {
  const ForestNodes& nodes = forest.nodes();
  if (nodes.has_planes()) {
    throw Error(
        ErrorCode::invalid_argument,
        "an isolation_forest whose splits look at several columns (ndim above 1) has no counterpart in ONNX; fit "
        "one with ndim 1");
  }
  std::string x = given;
  if (!forest.fill().empty()) {
    const std::string fill = graph.constant(forest.fill(), {1, forest.n_features()});
    x = graph.node("Where", {graph.node("IsNaN", {x}), fill, x});
  }
  const OnnxTrees trees(nodes, nodes.n_trees());
  const std::string sum = graph.node("TreeEnsembleRegressor", {x}, trees.attributes(1), OnnxGraph::machine_learning);
  const std::string raw = graph.node("Mul", {graph.to_double(sum), graph.constant(forest.scale())});
  const std::string score = graph.node("Pow", {graph.constant(2.0), raw});
  return {graph.to_float(raw), graph.to_float(score)};
}

}  // namespace nad::detail
