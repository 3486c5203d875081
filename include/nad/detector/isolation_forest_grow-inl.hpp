#pragma once

// How one isolation tree grows.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detector/isolation_forest_sample-inl.hpp"
#include "nad/detector/isolation_split-inl.hpp"

namespace nad::detail {

/// What all trees of one `fit` share.
struct GrowthPlan {
  MatrixView x;
  const RowPool* pool = nullptr;
  const IsolationForestOptions* options = nullptr;
  std::size_t samples = 0;
  std::size_t columns = 0;
  std::size_t max_depth = 0;
  const std::vector<float>* fill = nullptr;
  std::vector<float> average_path = {};  ///< c(n) for n = 0 .. samples
};

/// Grows trees one after the other; keeps its memory between them.
class TreeGrower {
 public:
  explicit TreeGrower(const GrowthPlan& plan) : plan_(plan), chooser_(*plan.options) {}

  /// Appends tree number `tree` to `nodes`. When the next call is for tree + 1, `more` lets it find its rows in the
  /// cache.
  void grow(std::size_t tree, bool more, ForestNodes& nodes) {
    if (upcoming_tree_ != tree) {
      draw_rows(tree);
    }
    Random random = upcoming_random_;
    std::swap(rows_, upcoming_rows_);
    sample_.load(plan_.x, rows_, *plan_.fill);
    const std::size_t varying = sample_.draw_columns(plan_.x.columns(), plan_.columns, random);
    nodes.root.push_back(static_cast<std::uint32_t>(nodes.size()));
    waiting_.assign(1, {0, plan_.samples, 0, varying, no_parent});
    upcoming_rows_.clear();
    upcoming_tree_ = no_tree;
    if (more) {
      draw_rows(tree + 1);
    }
    while (!waiting_.empty()) {
      const Pending here = waiting_.back();
      waiting_.pop_back();
      ask_for_upcoming_rows();
      grow_node(here, random, nodes);
    }
  }

 private:
  static constexpr std::uint32_t no_parent = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t no_tree = std::numeric_limits<std::size_t>::max();

  struct Pending {
    std::size_t begin;
    std::size_t end;
    std::size_t depth;
    std::size_t varying;   ///< the first so many of the sample's columns may still vary
    std::uint32_t parent;  ///< the node whose right child this is
  };

  void draw_rows(std::size_t tree) {
    upcoming_tree_ = tree;
    upcoming_random_ = Random(plan_.options->random_state, tree);
    plan_.pool->draw(plan_.samples, plan_.options->bootstrap, upcoming_random_, upcoming_rows_);
    asked_for_ = 0;
  }

  /// The next tree's rows come from memory while this one grows, a few at every node.
  void ask_for_upcoming_rows() noexcept {
    constexpr std::size_t at_once = 4;
    const std::size_t end = std::min(upcoming_rows_.size(), asked_for_ + at_once);
    for (; asked_for_ < end; ++asked_for_) {
      TreeSample::ask_for(plan_.x, upcoming_rows_, asked_for_);
    }
  }

  void grow_node(const Pending& here, Random& random, ForestNodes& nodes) {
    const auto node = static_cast<std::uint32_t>(nodes.size());
    if (here.parent != no_parent) {
      nodes.right[here.parent] = node;
    }
    const std::size_t count = here.end - here.begin;
    std::size_t varying = here.varying;
    const bool split =
        count > 1 && here.depth < plan_.max_depth && chooser_.choose(sample_, here.begin, here.end, varying, random);
    if (!split) {
      nodes.feature.push_back(ForestNodes::leaf);
      nodes.value.push_back(static_cast<float>(here.depth) + plan_.average_path[count]);
      nodes.right.push_back(static_cast<std::uint32_t>(count));
      add_missing_side(nodes, false);
      return;
    }
    const SplitChoice& choice = chooser_.choice();
    nodes.feature.push_back(choice.terms.size() == 1 ? static_cast<std::int32_t>(choice.terms[0].column)
                                                     : add_plane(nodes));
    nodes.value.push_back(choice.threshold);
    nodes.right.push_back(0);
    bool missing_right = false;
    const std::size_t middle = sample_.partition(here.begin, here.end, choice, missing_right);
    add_missing_side(nodes, missing_right);
    waiting_.push_back({middle, here.end, here.depth + 1, varying, node});
    waiting_.push_back({here.begin, middle, here.depth + 1, varying, no_parent});
  }

  void add_missing_side(ForestNodes& nodes, bool right) const {
    if (plan_.options->missing == Missing::route) {
      nodes.missing_right.push_back(right ? 1 : 0);
    }
  }

  std::int32_t add_plane(ForestNodes& nodes) const {
    if (nodes.plane_begin.empty()) {
      nodes.plane_begin.push_back(0);
    }
    for (const SplitTerm& term : chooser_.choice().terms) {
      nodes.term_feature.push_back(static_cast<std::uint32_t>(term.column));
      nodes.term_weight.push_back(term.weight);
      nodes.term_centre.push_back(term.centre);
    }
    nodes.plane_begin.push_back(static_cast<std::uint32_t>(nodes.term_feature.size()));
    return -2 - static_cast<std::int32_t>(nodes.plane_begin.size() - 2);
  }

  const GrowthPlan& plan_;
  SplitChooser chooser_;
  TreeSample sample_;
  std::vector<std::size_t> rows_;
  std::vector<Pending> waiting_;
  std::size_t upcoming_tree_ = no_tree;
  Random upcoming_random_{0};
  std::vector<std::size_t> upcoming_rows_;
  std::size_t asked_for_ = 0;
};

}  // namespace nad::detail
