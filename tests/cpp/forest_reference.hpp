#pragma once

/// Isolation Forest scoring written a second time, as the paper says it: recursion, doubles, no tricks.

#include <cmath>
#include <cstddef>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detector/isolation_forest.hpp"

namespace tests {

class ForestReference {
 public:
  explicit ForestReference(const nad::IsolationForest& forest) : forest_(forest), nodes_(forest.nodes()) {}

  /// c(n), with the harmonic number summed up instead of approximated.
  static double average_path(std::size_t rows) {
    if (rows < 2) {
      return 0.0;
    }
    double harmonic = 0.0;
    for (std::size_t i = 1; i < rows; ++i) {
      harmonic += 1.0 / static_cast<double>(i);
    }
    const auto n = static_cast<double>(rows);
    return 2.0 * harmonic - 2.0 * (n - 1.0) / n;
  }

  double mean_path(const float* row) const {
    double sum = 0.0;
    for (const std::size_t root : nodes_.root) {
      sum += path(root, row, 0);
    }
    return sum / static_cast<double>(nodes_.n_trees());
  }

  double raw_score(const float* row) const { return -mean_path(row) / normaliser(); }
  double anomaly_score(const float* row) const { return std::pow(2.0, raw_score(row)); }

  /// What `explain` should give for the row, and the baseline as the last value.
  std::vector<double> contributions(const float* row) const {
    std::vector<double> result(forest_.n_features() + 1, 0.0);
    for (const std::size_t root : nodes_.root) {
      result.back() += expected(root, 0);
      attribute(root, row, 0, result);
    }
    for (double& value : result) {
      value /= -normaliser() * static_cast<double>(nodes_.n_trees());
    }
    return result;
  }

 private:
  double normaliser() const { return nad::average_path_length(static_cast<double>(forest_.samples_per_tree())); }

  bool right(std::size_t node, const float* row) const {
    const int feature = nodes_.feature[node];
    if (feature >= 0) {
      const float value = row[feature];
      return std::isnan(value) ? nodes_.missing_right.at(node) != 0 : value > nodes_.value[node];
    }
    const auto plane = static_cast<std::size_t>(-2 - feature);
    double sum = 0.0;
    for (std::size_t term = nodes_.plane_begin[plane]; term < nodes_.plane_begin[plane + 1]; ++term) {
      const float value = row[nodes_.term_feature[term]];
      sum += static_cast<double>(nodes_.term_weight[term]) *
             static_cast<double>(std::isnan(value) ? nodes_.term_centre[term] : value);
    }
    return sum > static_cast<double>(nodes_.value[node]);
  }

  double path(std::size_t node, const float* row, int depth) const {
    if (nodes_.is_leaf(node)) {
      return depth + nad::average_path_length(nodes_.right[node]);
    }
    return path(right(node, row) ? nodes_.right[node] : node + 1, row, depth + 1);
  }

  std::size_t count(std::size_t node) const {
    return nodes_.is_leaf(node) ? nodes_.right[node] : count(node + 1) + count(nodes_.right[node]);
  }

  double expected(std::size_t node, int depth) const {
    if (nodes_.is_leaf(node)) {
      return depth + nad::average_path_length(nodes_.right[node]);
    }
    const std::size_t other = nodes_.right[node];
    const auto left_rows = static_cast<double>(count(node + 1));
    const auto right_rows = static_cast<double>(count(other));
    return (expected(node + 1, depth + 1) * left_rows + expected(other, depth + 1) * right_rows) /
           (left_rows + right_rows);
  }

  void attribute(std::size_t node, const float* row, int depth, std::vector<double>& result) const {
    if (nodes_.is_leaf(node)) {
      return;
    }
    const std::size_t child = right(node, row) ? nodes_.right[node] : node + 1;
    const double change = expected(child, depth + 1) - expected(node, depth);
    const int feature = nodes_.feature[node];
    if (feature >= 0) {
      result[static_cast<std::size_t>(feature)] += change;
    } else {
      const auto plane = static_cast<std::size_t>(-2 - feature);
      std::vector<double> pulls;
      double total = 0.0;
      for (std::size_t term = nodes_.plane_begin[plane]; term < nodes_.plane_begin[plane + 1]; ++term) {
        const double centre = nodes_.term_centre[term];
        const double value = row[nodes_.term_feature[term]];
        pulls.push_back(std::isnan(value) ? 0.0 : std::abs(nodes_.term_weight[term] * (value - centre)));
        total += pulls.back();
      }
      for (std::size_t i = 0; i < pulls.size(); ++i) {
        const double share = total > 0.0 ? pulls[i] / total : 1.0 / static_cast<double>(pulls.size());
        result[nodes_.term_feature[nodes_.plane_begin[plane] + i]] += change * share;
      }
    }
    attribute(child, row, depth + 1, result);
  }

  const nad::IsolationForest& forest_;
  const nad::ForestNodes& nodes_;
};

}  // namespace tests
