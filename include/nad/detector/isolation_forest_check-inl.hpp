#pragma once

// What an isolation forest refuses: options that make no sense, forests that do not fit together, damaged trees.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/forest_tools-inl.hpp"
#include "nad/detector/isolation_forest.hpp"

namespace nad::detail {

inline void check_options(const IsolationForestOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  constexpr std::size_t many = std::size_t{1} << 24U;
  if (options.n_estimators < 1 || options.n_estimators > many) {
    refuse("n_estimators is " + std::to_string(options.n_estimators) + "; give a number of trees from 1 to 16777216");
  }
  if (options.max_depth && *options.max_depth < 1) {
    refuse("max_depth is 0; a tree needs a depth of at least 1");
  }
  if (options.contamination) {
    check_contamination(*options.contamination, code);
  }
  if (options.ndim < 1 || options.ndim > many) {
    refuse("ndim is " + std::to_string(options.ndim) +
           "; give 1 for axis-parallel splits, or 2 and more columns a split");
  }
  if (options.ntry < 1 || options.ntry > many) {
    refuse("ntry is " + std::to_string(options.ntry) + "; give the number of candidates for a split, at least 1");
  }
  if (!is_known(options.split)) {
    refuse("split is not one that this nad knows");
  }
  if (!is_known(options.unique_rows)) {
    refuse("unique_rows is not one that this nad knows");
  }
  if (!is_known(options.missing)) {
    refuse("missing is not one that this nad knows");
  }
  try {
    static_cast<void>(options.max_samples.of(1, 1, "max_samples"));
    static_cast<void>(options.max_features.of(1, 1, "max_features"));
  } catch (const Error& error) {
    refuse(error.what());
  }
}

using Change = std::pair<std::size_t, std::size_t>;  ///< before, now

inline void check_warm_start(const IsolationForestOptions& options, std::size_t n_trees, Change columns,
                             Change samples) {
  if (options.n_estimators < n_trees) {
    throw Error(ErrorCode::invalid_argument, "n_estimators=" + std::to_string(options.n_estimators) +
                                                 " must be larger or equal to the " + std::to_string(n_trees) +
                                                 " trees there are when warm_start is on");
  }
  if (columns.first != columns.second) {
    throw Error(ErrorCode::invalid_data, "warm_start adds trees to a forest of " + std::to_string(columns.first) +
                                             " columns, but the rows have " + std::to_string(columns.second));
  }
  if (samples.first != samples.second) {
    throw Error(ErrorCode::invalid_argument, "warm_start adds trees to a forest of " + std::to_string(samples.first) +
                                                 " rows a tree, but these would see " + std::to_string(samples.second) +
                                                 "; set max_samples to " + std::to_string(samples.first));
  }
}

/// What a forest cannot learn where only some rows of a table are there.
inline void check_drawn_options(const IsolationForestOptions& options, std::uint64_t table_rows) {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorCode::invalid_argument, "a forest that sees only the rows it draws " + message);
  };
  if (table_rows < 2) {
    refuse("has " + std::to_string(table_rows) + " of them to draw from; give at least 2");
  }
  if (options.contamination) {
    refuse("cannot set a threshold by contamination; leave it open, and set the threshold by the scores of all rows");
  }
  if (options.unique_rows != UniqueRows::off) {
    refuse("does not know which rows of the table are alike; switch unique_rows off");
  }
  if (options.missing == Missing::impute) {
    refuse("knows no medians of the table; choose another option for missing values, such as route");
  }
  if (options.warm_start) {
    refuse("begins anew; switch warm_start off");
  }
}

inline void check_drawn_rows(MatrixView x, std::span<const std::uint64_t> numbers, std::uint64_t table_rows) {
  if (numbers.size() != x.rows()) {
    throw Error(ErrorCode::invalid_argument, std::to_string(numbers.size()) + " numbers were given for " +
                                                 std::to_string(x.rows()) + " rows; give one a row");
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] >= table_rows || (i != 0 && numbers[i] <= numbers[i - 1])) {
      throw Error(ErrorCode::invalid_argument,
                  "row number " + std::to_string(numbers[i]) + " at place " + std::to_string(i) +
                      " makes no sense; give numbers that rise, below " + std::to_string(table_rows));
    }
  }
}

/// Whether one forest's first tree is among the trees of the other, as when both grew from one seed or one was merged
/// before. A tree without a split tells nothing.
inline bool share_a_tree(const ForestNodes& a, const ForestNodes& b) {
  const auto first_of_in = [](const ForestNodes& one, const ForestNodes& all) {
    const auto end_of = [](const ForestNodes& nodes, std::size_t tree) {
      return static_cast<std::ptrdiff_t>(tree + 1 < nodes.n_trees() ? nodes.root[tree + 1] : nodes.size());
    };
    const std::ptrdiff_t length = end_of(one, 0);
    for (std::size_t tree = 0; length > 1 && tree < all.n_trees(); ++tree) {
      const auto begin = static_cast<std::ptrdiff_t>(all.root[tree]);
      if (end_of(all, tree) - begin == length &&
          std::equal(one.value.begin(), one.value.begin() + length, all.value.begin() + begin)) {
        return true;
      }
    }
    return false;
  };
  return first_of_in(a, b) || first_of_in(b, a);
}

inline void check_merge(const IsolationForest& forest, const IsolationForest& other) {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorCode::invalid_argument, "these forests cannot be merged: " + message);
  };
  if (!forest.is_fitted() || !other.is_fitted()) {
    throw Error(ErrorCode::not_fitted, "merge() joins two forests that have learnt; call fit() on both first");
  }
  if (forest.n_features() != other.n_features()) {
    refuse("one learnt from " + std::to_string(forest.n_features()) + " columns, the other from " +
           std::to_string(other.n_features()));
  }
  if (forest.samples_per_tree() != other.samples_per_tree()) {
    refuse("one shows each tree " + std::to_string(forest.samples_per_tree()) + " rows, the other " +
           std::to_string(other.samples_per_tree()) + "; set max_samples to the same number");
  }
  if (forest.options().missing != other.options().missing) {
    refuse("they treat missing values in different ways");
  }
  if (share_a_tree(forest.nodes(), other.nodes())) {
    refuse("they have trees in common; give each its own random_state");
  }
}

inline Error damaged(const std::string& what) { return damaged_trees("isolation forest", what); }

inline void check_planes(const ForestNodes& nodes, std::size_t n_features) {
  const std::size_t terms = nodes.term_feature.size();
  if (nodes.term_weight.size() != terms || nodes.term_centre.size() != terms) {
    throw damaged("its hyperplanes are incomplete");
  }
  if (nodes.plane_begin.empty() ? terms != 0 : nodes.plane_begin.front() != 0 || nodes.plane_begin.back() != terms) {
    throw damaged("its hyperplanes do not cover their terms");
  }
  for (std::size_t plane = 1; plane < nodes.plane_begin.size(); ++plane) {
    if (nodes.plane_begin[plane] <= nodes.plane_begin[plane - 1]) {
      throw damaged("hyperplane " + std::to_string(plane - 1) + " has no terms");
    }
  }
  for (std::size_t term = 0; term < terms; ++term) {
    if (nodes.term_feature[term] >= n_features || classify(nodes.term_weight[term]) != FloatClass::finite ||
        classify(nodes.term_centre[term]) != FloatClass::finite) {
      throw damaged("term " + std::to_string(term) + " of its hyperplanes makes no sense");
    }
  }
}

inline void check_forest(const ForestNodes& nodes, const IsolationForestOptions& options, std::size_t n_features,
                         std::size_t samples_per_tree, const std::vector<float>& fill) {
  const std::size_t size = nodes.size();
  if (n_features < 1 || n_features > (std::size_t{1} << 31U) - 1 || samples_per_tree < 2) {
    throw damaged("it has " + std::to_string(n_features) + " columns and " + std::to_string(samples_per_tree) +
                  " rows a tree");
  }
  if (nodes.missing_right.size() != (options.missing == Missing::route ? size : 0)) {
    throw damaged("its nodes do not say where missing values go");
  }
  if (fill.size() != (options.missing == Missing::impute ? n_features : 0)) {
    throw damaged("its values for missing ones do not match its columns");
  }
  for (const float value : fill) {
    if (classify(value) != FloatClass::finite) {
      throw damaged("a value for missing ones is not finite");
    }
  }
  check_planes(nodes, n_features);
  const std::size_t planes = nodes.plane_begin.empty() ? 0 : nodes.plane_begin.size() - 1;
  check_trees(nodes,
              {.what = "isolation forest", .n_features = n_features, .special_splits = planes, .least_leaf = 0.0F});
}

}  // namespace nad::detail
