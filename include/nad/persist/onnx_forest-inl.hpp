#pragma once

// An isolation forest as the tree operator of ai.onnx.ml, whose splits are those of nad: left where value <= threshold,
// both float32.

#include <cstdint>
#include <string>
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

  explicit OnnxTrees(const ForestNodes& nodes) {
    for (std::size_t number = 0; number < nodes.n_trees(); ++number) {
      const std::size_t end = number + 1 < nodes.n_trees() ? nodes.root[number + 1] : nodes.size();
      for (std::size_t place = nodes.root[number]; place < end; ++place) {
        add(nodes, number, place);
      }
    }
  }

 private:
  void add(const ForestNodes& nodes, std::size_t number, std::size_t place) {
    const std::size_t root = nodes.root[number];
    const bool is_leaf = nodes.is_leaf(place);
    tree.push_back(static_cast<std::int64_t>(number));
    node.push_back(static_cast<std::int64_t>(place - root));
    feature.push_back(is_leaf ? 0 : nodes.feature[place]);
    mode.emplace_back(is_leaf ? "LEAF" : "BRANCH_LEQ");
    value.push_back(is_leaf ? 0.0F : nodes.value[place]);
    below.push_back(is_leaf ? 0 : static_cast<std::int64_t>(place + 1 - root));
    above.push_back(is_leaf ? 0 : static_cast<std::int64_t>(nodes.right[place] - root));
    missing_below.push_back(!is_leaf && !nodes.missing_right.empty() && nodes.missing_right[place] == 0 ? 1 : 0);
    if (is_leaf) {
      leaf_tree.push_back(tree.back());
      leaf_node.push_back(node.back());
      leaf_target.push_back(0);
      leaf_value.push_back(nodes.value[place]);
    }
  }
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
  const OnnxTrees trees(nodes);
  std::vector<ProtoWriter> attributes = {onnx_number("n_targets", 1),
                                         onnx_text("aggregate_function", "SUM"),
                                         onnx_text("post_transform", "NONE"),
                                         onnx_numbers("nodes_treeids", trees.tree),
                                         onnx_numbers("nodes_nodeids", trees.node),
                                         onnx_numbers("nodes_featureids", trees.feature),
                                         onnx_texts("nodes_modes", trees.mode),
                                         onnx_reals("nodes_values", trees.value),
                                         onnx_numbers("nodes_truenodeids", trees.below),
                                         onnx_numbers("nodes_falsenodeids", trees.above),
                                         onnx_numbers("target_treeids", trees.leaf_tree),
                                         onnx_numbers("target_nodeids", trees.leaf_node),
                                         onnx_numbers("target_ids", trees.leaf_target),
                                         onnx_reals("target_weights", trees.leaf_value)};
  if (!nodes.missing_right.empty()) {
    attributes.push_back(onnx_numbers("nodes_missing_value_tracks_true", trees.missing_below));
  }
  const std::string sum = graph.node("TreeEnsembleRegressor", {x}, attributes, OnnxGraph::machine_learning);
  const std::string raw = graph.node("Mul", {graph.to_double(sum), graph.constant(forest.scale())});
  const std::string score = graph.node("Pow", {graph.constant(2.0), raw});
  return {graph.to_float(raw), graph.to_float(score)};
}

}  // namespace nad::detail
