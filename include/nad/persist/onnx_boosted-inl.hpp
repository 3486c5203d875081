#pragma once

// Boosted trees as the tree operator of ai.onnx.ml. It knows no sets of categories: for each of these the rows get a
// column more, 1 where the row's category is in the set, and the tree compares that.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nad/detector/boosted_trees.hpp"
#include "nad/detector/category_codes.hpp"
#include "nad/persist/onnx_forest-inl.hpp"
#include "nad/persist/onnx_graph-inl.hpp"
#include "nad/simd/kernel_table.hpp"

namespace nad::detail {

/// The columns of a graph that stand for sets of categories.
class OnnxCategorySets {
 public:
  /// Of the rows `x`, and of these columns beside them.
  OnnxCategorySets(OnnxGraph& graph, const std::string& x, const BoostedTrees& trees)
      : column_of_(trees.nodes().set_feature.size()) {
    const ForestNodes& nodes = trees.nodes();
    std::vector<std::string> parts = {x};
    std::size_t columns = trees.n_features();
    for (std::size_t i = 0; i < trees.codes().size(); ++i) {
      const std::uint32_t column = trees.options().categorical_features[i];
      std::vector<std::size_t> sets;
      for (std::size_t set = 0; set < nodes.set_feature.size(); ++set) {
        if (nodes.set_feature[set] == column) {
          column_of_[set] = columns++;
          sets.push_back(set);
        }
      }
      if (!sets.empty()) {
        parts.push_back(memberships(graph, x, column, trees.codes()[i], nodes, sets));
      }
    }
    rows_ = graph.beside(parts);
  }

  const std::string& rows() const noexcept { return rows_; }
  const std::vector<std::size_t>& column_of() const noexcept { return column_of_; }

 private:
  /// [rows, sets]: 1 where the category of a row is in the set.
  static std::string memberships(OnnxGraph& graph, const std::string& x, std::uint32_t column,
                                 const std::vector<std::uint32_t>& codes, const ForestNodes& nodes,
                                 const std::vector<std::size_t>& sets) {
    std::vector<std::int64_t> numbers(codes.empty() ? 1 : codes.back() + std::size_t{2}, no_category);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      numbers[codes[i]] = static_cast<std::int64_t>(i);
    }
    constexpr std::size_t all_numbers = 64 * simd::category_words;
    std::vector<float> is_in(all_numbers * sets.size());
    for (std::size_t number = 0; number < all_numbers; ++number) {
      for (std::size_t i = 0; i < sets.size(); ++i) {
        const std::uint64_t word = nodes.set_words[sets[i] * simd::category_words + number / 64];
        is_in[number * sets.size() + i] = static_cast<float>(word >> (number % 64) & 1U);
      }
    }
    // what is missing, no whole number or beyond the codes that were learnt is looked up behind them
    const auto behind = static_cast<float>(numbers.size() - 1);
    const std::string one = graph.constant(std::vector<std::int64_t>{static_cast<std::int64_t>(column)}, {1});
    const std::string flat = graph.constant(std::vector<std::int64_t>{-1}, {1});
    const std::string values = graph.node("Reshape", {graph.gather(x, one, 1), flat});
    const std::string inside = graph.node("And", {graph.node("GreaterOrEqual", {values, graph.constant(0.0F)}),
                                                  graph.node("Less", {values, graph.constant(behind)})});
    const std::string whole = graph.node("Equal", {graph.node("Floor", {values}), values});
    const std::string known = graph.node("And", {inside, whole});
    const std::string code = graph.to_int(graph.node("Where", {known, values, graph.constant(behind)}));
    const std::string number = graph.gather(graph.constant(numbers, {numbers.size()}), code, 0);
    return graph.gather(graph.constant(is_in, {all_numbers, sets.size()}), number, 0);
  }

  std::vector<std::size_t> column_of_;
  std::string rows_;
};

/// What the trees add to the score of each output: [rows, outputs].
inline std::string onnx_boosted_sums(OnnxGraph& graph, const std::string& x, const BoostedTrees& trees) {
  const std::size_t outputs = trees.start().size();
  if (trees.nodes().n_trees() == 0) {  // no split gained anything
    const std::string zero = graph.constant(std::vector<std::int64_t>{0}, {1});
    const std::string one = graph.constant(std::vector<std::int64_t>{1}, {1});
    const std::string rows = graph.node("Slice", {graph.node("Shape", {x}), zero, one});
    const std::string shape = graph.node("Concat", {rows, one}, {onnx_number("axis", 0)});
    return graph.node("Expand", {graph.constant(std::vector<float>(outputs), {1, outputs}), shape});
  }
  const OnnxCategorySets sets(graph, x, trees);
  const OnnxTrees listed(trees.nodes(), trees.n_iter(), sets.column_of());
  return graph.node("TreeEnsembleRegressor", {sets.rows()}, listed.attributes(outputs), OnnxGraph::machine_learning);
}

/// The log-odds of not being normal, and the probability.
inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const BoostedTrees& trees) {
  const std::size_t outputs = trees.start().size();
  const std::vector<double> start(trees.start().begin(), trees.start().end());
  const std::string sums = graph.to_double(onnx_boosted_sums(graph, x, trees));
  std::string odds = graph.node("Add", {sums, graph.constant(start, {1, outputs})});
  if (outputs > 1) {
    const auto classes = trees.classes();
    const auto normal = std::lower_bound(classes.begin(), classes.end(), trees.normal_class()) - classes.begin();
    std::vector<std::int64_t> others;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(outputs); ++i) {
      if (i != normal) {
        others.push_back(i);
      }
    }
    const std::string of_others = graph.gather(odds, graph.constant(others, {others.size()}), 1);
    const std::string of_normal =
        graph.gather(odds, graph.constant(std::vector<std::int64_t>{static_cast<std::int64_t>(normal)}, {1}), 1);
    // the logarithm of the sum of exponentials, as seen from the largest
    const std::string most =
        graph.node("ReduceMax", {of_others}, {onnx_numbers("axes", {1}), onnx_number("keepdims", 1)});
    const std::string axis = graph.constant(std::vector<std::int64_t>{1}, {1});
    const std::string powers = graph.node("Exp", {graph.node("Sub", {of_others, most})});
    const std::string log = graph.node("Log", {graph.node("ReduceSum", {powers, axis}, {onnx_number("keepdims", 1)})});
    odds = graph.node("Sub", {graph.node("Add", {most, log}), of_normal});
  }
  const std::string raw = graph.to_float(odds);
  const std::string against = graph.node("Exp", {graph.node("Neg", {graph.to_double(raw)})});
  const std::string one = graph.constant(1.0);
  return {raw, graph.to_float(graph.node("Div", {one, graph.node("Add", {one, against})}))};
}

}  // namespace nad::detail
