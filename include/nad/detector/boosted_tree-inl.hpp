#pragma once

// Grows one boosted tree. Of two children only the one with fewer rows is counted; the other is what is left of the
// parent.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "nad/detector/boosted_split-inl.hpp"
#include "nad/detector/forest_nodes.hpp"

namespace nad::detail {

/// What all trees of a training have in common.
struct BoostedPlan {
  const BoostedTreesOptions& options;
  std::span<const ColumnBins> columns;
  const BinnedRows& rows;
  const BinPlaces& places;
  std::size_t jobs;  ///< that one tree may use
};

class BoostedTreeGrower {
 public:
  explicit BoostedTreeGrower(const BoostedPlan& plan)
      : plan_(plan),
        builder_(plan.columns, plan.places, plan.jobs),
        finder_(plan.columns, plan.places, plan.options, plan.jobs),
        rows_(plan.rows.size),
        spare_(plan.rows.size) {
    constexpr std::size_t memory = std::size_t{256} << 20U;
    most_histograms_ = std::max<std::size_t>(2, memory / (sizeof(BinSum) * builder_.n_bins()));
  }

  /// False where no split gains anything: there is no tree then.
  bool grow(const std::vector<BinSum>& of_row, const SumScale& scale) {
    scale_ = scale;
    finder_.set_scale(scale);
    std::iota(rows_.begin(), rows_.end(), 0U);
    for (Node& node : nodes_) {
      release(node.sums);
    }
    nodes_.clear();
    BinSum total;
    for (const BinSum& sum : of_row) {
      total += sum;
    }
    nodes_.push_back({.begin = 0, .end = rows_.size(), .depth = 0, .total = total, .step = step_of(total)});
    waiting_ = {};
    if (is_splittable(nodes_.front())) {
      nodes_.front().sums = fresh();
      builder_.build(rows_, of_row, total, nodes_.front().sums);
      consider(0);
    }
    const std::size_t most_leaves = plan_.options.max_leaf_nodes.value_or(std::numeric_limits<std::size_t>::max());
    for (std::size_t leaves = 1; leaves < most_leaves && !waiting_.empty(); ++leaves) {
      const std::size_t next = waiting_.top().node;
      waiting_.pop();
      split(next, of_row, leaves + 1 < most_leaves);
    }
    return nodes_.size() > 1;
  }

  /// Calls `use(rows, value)` for each leaf, with the numbers of the rows in it.
  template <class Use>
  void for_each_leaf(const Use& use) const {
    for (const Node& node : nodes_) {
      if (node.left == 0) {
        use(std::span<const std::uint32_t>(rows_).subspan(node.begin, node.end - node.begin), value(node));
      }
    }
  }

  /// The value of the leaf that a row with these bins falls into.
  float value_of(const BinnedRows& rows, std::size_t row) const {
    const Node* node = &nodes_.front();
    while (node->left != 0) {
      node = &nodes_[node->right_of[rows.column(node->split.column)[row]] != 0 ? node->right : node->left];
    }
    return value(*node);
  }

  void add_gains(std::vector<double>& of_columns) const {
    for (const Node& node : nodes_) {
      if (node.left != 0) {
        of_columns[node.split.column] += node.split.gain;
      }
    }
  }

  ForestNodes nodes() const {
    ForestNodes made;
    made.root.push_back(0);
    std::vector<std::pair<std::size_t, std::size_t>> pending = {{0, 0}};  // a node, and whose right child it is
    while (!pending.empty()) {
      const auto [index, parent] = pending.back();
      pending.pop_back();
      const auto place = static_cast<std::uint32_t>(made.size());
      if (index != 0 && nodes_[nodes_[index].parent].right == index) {
        made.right[parent] = place;
      }
      const Node& node = nodes_[index];
      if (node.left == 0) {
        const std::uint64_t count = scale_.rows(node.total);
        add_node(made, ForestNodes::leaf, value(node), false);
        made.right.back() = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, count));
        continue;
      }
      const BoostedSplit& split = node.split;
      const ColumnBins& column = plan_.columns[split.column];
      if (column.is_categorical) {
        add_node(made, -2 - static_cast<std::int32_t>(made.set_feature.size()), 0.0F, split.missing_right);
        made.set_feature.push_back(static_cast<std::uint32_t>(split.column));
        made.set_words.insert(made.set_words.end(), split.right_set.begin(), split.right_set.end());
      } else {
        // behind the last edge there is nothing but missing values
        const float edge =
            split.last_left < column.edges.size() ? column.edges[split.last_left] : std::numeric_limits<float>::max();
        add_node(made, static_cast<std::int32_t>(split.column), edge, split.missing_right);
      }
      pending.emplace_back(node.right, place);
      pending.emplace_back(node.left, place);
    }
    return made;
  }

 private:
  struct Node {
    std::size_t begin;  ///< its rows, in rows_
    std::size_t end;
    std::size_t depth;
    BinSum total;
    std::size_t parent = 0;
    std::size_t left = 0;  ///< its children; 0: a leaf
    std::size_t right = 0;
    double step = 0.0;  ///< down the loss, before learning_rate takes its share
    BoostedSplit split = {};
    std::array<std::uint8_t, 256> right_of = {};  ///< for each bin of the split's column whether it goes right
    std::vector<BinSum> sums = {};                ///< empty where they were not kept
  };

  struct Waiting {
    double urgency;
    std::size_t node;
    bool operator<(const Waiting& other) const noexcept {
      return urgency != other.urgency ? urgency < other.urgency : node > other.node;
    }
  };

  static void add_node(ForestNodes& nodes, std::int32_t feature, float value, bool missing_right) {
    nodes.feature.push_back(feature);
    nodes.value.push_back(value);
    nodes.right.push_back(0);
    nodes.missing_right.push_back(missing_right ? 1 : 0);
  }

  double step_of(const BinSum& total) const {
    const double below = scale_.hessian(total) + plan_.options.l2_regularization;
    return below > 0.0 ? -scale_.gradient(total) / below : 0.0;
  }

  /// How far the rows of a child stand apart from the others of its parent is in part what the split was chosen by.
  double step_of_child(const BinSum& total, const Node& parent) const {
    const double trust = parent.split.trust;
    return trust * step_of(total) + (1.0 - trust) * parent.step;
  }

  float value(const Node& node) const {
    const double most = plan_.options.max_delta_step.value_or(std::numeric_limits<double>::max());
    return static_cast<float>(plan_.options.learning_rate * std::clamp(node.step, -most, most));
  }

  bool is_splittable(const Node& node) const {
    return scale_.rows(node.total) >= 2 * static_cast<std::uint64_t>(plan_.options.min_samples_leaf) &&
           scale_.hessian(node.total) >= 2.0 * least_hessian &&
           (!plan_.options.max_depth || node.depth < *plan_.options.max_depth);
  }

  std::vector<BinSum> fresh() {
    ++live_;
    if (unused_.empty()) {
      return {};
    }
    std::vector<BinSum> sums = std::move(unused_.back());
    unused_.pop_back();
    return sums;
  }

  void release(std::vector<BinSum>& sums) {
    if (!sums.empty()) {
      unused_.push_back(std::move(sums));
      sums.clear();
      --live_;
    }
  }

  /// Finds the node's split, and lets it wait for its turn where there is one.
  void consider(std::size_t index) {
    Node& node = nodes_[index];
    node.split = finder_.find(node.sums, node.total);
    if (node.split.gain > 0.0) {
      const bool leaf_wise = plan_.options.growth == Growth::leaf_wise;
      waiting_.push({leaf_wise ? node.split.gain : 0.0, index});
    }
    if (node.split.gain <= 0.0 || live_ > most_histograms_) {
      release(node.sums);
    }
  }

  void split(std::size_t index, const std::vector<BinSum>& of_row, bool goes_on) {
    const std::size_t middle = partition(nodes_[index]);
    const std::size_t left = nodes_.size();
    const std::size_t right = left + 1;
    const Node& parent = nodes_[index];
    Node left_node{
        .begin = parent.begin, .end = middle, .depth = parent.depth + 1, .total = parent.split.left, .parent = index};
    Node right_node{.begin = middle,
                    .end = parent.end,
                    .depth = parent.depth + 1,
                    .total = parent.total - parent.split.left,
                    .parent = index};
    left_node.step = step_of_child(left_node.total, parent);
    right_node.step = step_of_child(right_node.total, parent);
    nodes_[index].left = left;
    nodes_[index].right = right;
    nodes_.push_back(std::move(left_node));
    nodes_.push_back(std::move(right_node));
    std::vector<BinSum> of_parent = std::move(nodes_[index].sums);
    nodes_[index].sums.clear();
    const std::size_t smaller = middle - nodes_[left].begin <= nodes_[right].end - middle ? left : right;
    const std::size_t larger = smaller == left ? right : left;
    const bool use_larger = goes_on && is_splittable(nodes_[larger]);
    const bool use_smaller = goes_on && is_splittable(nodes_[smaller]);
    const bool subtract = use_larger && !of_parent.empty();
    if (use_smaller || subtract) {
      nodes_[smaller].sums = fresh();
      build(nodes_[smaller], of_row);
    }
    if (subtract) {
      const std::vector<BinSum>& other = nodes_[smaller].sums;
      for (std::size_t bin = 0; bin < of_parent.size(); ++bin) {
        of_parent[bin] -= other[bin];
      }
      nodes_[larger].sums = std::move(of_parent);
    } else {
      release(of_parent);
      if (use_larger) {
        nodes_[larger].sums = fresh();
        build(nodes_[larger], of_row);
      }
    }
    for (const std::size_t child : {left, right}) {
      if (child == larger ? use_larger : use_smaller) {
        consider(child);
      } else {
        release(nodes_[child].sums);
      }
    }
  }

  void build(Node& node, const std::vector<BinSum>& of_row) {
    builder_.build(std::span<const std::uint32_t>(rows_).subspan(node.begin, node.end - node.begin), of_row, node.total,
                   node.sums);
  }

  /// Moves the rows that go left to the front, each part in its order; returns where the others begin.
  std::size_t partition(Node& node) {
    const BoostedSplit& split = node.split;
    const ColumnBins& column = plan_.columns[split.column];
    for (std::size_t bin = 0; bin < node.right_of.size(); ++bin) {
      if (bin >= column.n_values()) {
        node.right_of[bin] = split.missing_right ? 1 : 0;
      } else if (column.is_categorical) {
        node.right_of[bin] = static_cast<std::uint8_t>(split.right_set[bin / 64] >> (bin % 64) & 1U);
      } else {
        node.right_of[bin] = bin > split.last_left ? 1 : 0;
      }
    }
    const std::uint8_t* const bins = plan_.rows.column(split.column);
    std::size_t left = node.begin;
    std::size_t right = 0;
    for (std::size_t i = node.begin; i < node.end; ++i) {
      const std::uint32_t row = rows_[i];
      const std::size_t goes_right = node.right_of[bins[row]];
      rows_[left] = row;
      spare_[right] = row;
      left += 1 - goes_right;
      right += goes_right;
    }
    std::copy_n(spare_.begin(), right, rows_.begin() + static_cast<std::ptrdiff_t>(left));
    return left;
  }

  BoostedPlan plan_;
  HistogramBuilder builder_;
  SplitFinder finder_;
  SumScale scale_;
  std::vector<std::uint32_t> rows_;  ///< the rows of a node stand side by side
  std::vector<std::uint32_t> spare_;
  std::vector<Node> nodes_;
  std::priority_queue<Waiting> waiting_;
  std::vector<std::vector<BinSum>> unused_;
  std::size_t live_ = 0;  ///< histograms in use
  std::size_t most_histograms_ = 0;
};

}  // namespace nad::detail
