#pragma once

// What boosted trees refuse: options and labels that make no sense, damaged files.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "nad/detector/categories-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/forest_tools-inl.hpp"

namespace nad::detail {

/// More are hardly classes: a column of numbers was given for labels.
inline constexpr std::size_t most_classes = 1024;

inline void check_options(const BoostedTreesOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  const auto number = [](auto value) { return std::to_string(value); };
  constexpr std::size_t many = std::size_t{1} << 24U;
  if (options.max_iter < 1 || options.max_iter > many) {
    refuse("max_iter is " + number(options.max_iter) + "; give a number of rounds from 1 to 16777216");
  }
  if (!(options.learning_rate > 0.0 && options.learning_rate <= 1.0)) {
    refuse("learning_rate is " + number(options.learning_rate) + "; give a share above 0.0 and at most 1.0");
  }
  if (options.max_leaf_nodes && (*options.max_leaf_nodes < 2 || *options.max_leaf_nodes > many)) {
    refuse("max_leaf_nodes is " + number(*options.max_leaf_nodes) +
           "; give at least 2 leaves, or nothing for no limit");
  }
  if (options.max_depth && (*options.max_depth < 1 || *options.max_depth > many)) {
    refuse("max_depth is " + number(*options.max_depth) + "; give a depth of at least 1, or nothing for no limit");
  }
  if (options.min_samples_leaf < 1 || options.min_samples_leaf > many) {
    refuse("min_samples_leaf is " + number(options.min_samples_leaf) + "; give a number of rows of at least 1");
  }
  const auto refuse_negative = [&](const char* name, double value) {
    if (!(value >= 0.0 && is_finite(value))) {
      refuse(std::string(name) + " is " + number(value) + "; give a number of at least 0.0");
    }
  };
  refuse_negative("l2_regularization", options.l2_regularization);
  refuse_negative("categorical_smoothing", options.categorical_smoothing);
  refuse_negative("categorical_penalty", options.categorical_penalty);
  refuse_negative("tol", options.tol);
  if (options.max_delta_step && !(*options.max_delta_step > 0.0 && is_finite(*options.max_delta_step))) {
    refuse("max_delta_step is " + number(*options.max_delta_step) +
           "; give a number above 0.0, or nothing for no limit");
  }
  if (options.max_bins < 2 || options.max_bins > 255) {
    refuse("max_bins is " + number(options.max_bins) + "; give 2 to 255 bins a column");
  }
  if (!is_known(options.growth)) {
    refuse("growth is not one that this nad knows");
  }
  if (!is_known(options.class_weight)) {
    refuse("class_weight is not one that this nad knows");
  }
  if (options.class_weight != ClassWeight::none && !options.class_weights.empty()) {
    refuse("class_weight and class_weights are both given; choose one");
  }
  for (const double weight : options.class_weights) {
    if (!(weight > 0.0 && is_finite(weight))) {
      refuse("class_weights holds " + number(weight) + "; weights are finite and above 0.0");
    }
  }
  std::vector<std::uint32_t> columns = options.categorical_features;
  std::sort(columns.begin(), columns.end());
  if (std::adjacent_find(columns.begin(), columns.end()) != columns.end()) {
    refuse("categorical_features names a column twice");
  }
  if (options.n_iter_no_change < 1 || options.n_iter_no_change > many) {
    refuse("n_iter_no_change is " + number(options.n_iter_no_change) + "; give a number of rounds of at least 1");
  }
  if (!(options.validation_fraction > 0.0 && options.validation_fraction < 1.0)) {
    refuse("validation_fraction is " + number(options.validation_fraction) + "; give a share between 0.0 and 1.0");
  }
  if (options.contamination) {
    check_contamination(*options.contamination, code);
  }
}

/// What can be said before any work is done.
inline void check_labels(const BoostedTreesOptions& options, MatrixView x, std::span<const std::int32_t> labels) {
  if (labels.size() != x.rows()) {
    throw Error(ErrorCode::invalid_argument, std::to_string(labels.size()) + " labels were given for " +
                                                 std::to_string(x.rows()) + " rows; give one a row");
  }
  if (x.rows() > 0xfffffffeULL || x.columns() > 0x7fffffffULL) {
    throw Error(ErrorCode::invalid_data, "boosted trees learn from fewer than 4294967295 rows; give a sample of them");
  }
  for (const std::uint32_t column : options.categorical_features) {
    if (column >= x.columns()) {
      throw Error(ErrorCode::invalid_argument, "categorical_features names column " + std::to_string(column) +
                                                   ", but the rows have " + std::to_string(x.columns()) + " columns");
    }
  }
  if (options.class_names.empty()) {
    return;
  }
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0 || static_cast<std::size_t>(labels[row]) >= options.class_names.size()) {
      throw Error(ErrorCode::invalid_argument,
                  "the label of row " + std::to_string(row) + " is " + std::to_string(labels[row]) +
                      ", but class_names names the labels from 0 to " + std::to_string(options.class_names.size() - 1));
    }
  }
}

inline bool means_normal(std::string_view name) {
  std::string plain;
  for (const char letter : name) {
    plain += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  if (plain.ends_with('.')) {  // as KDD Cup 99 writes it
    plain.pop_back();
  }
  return plain == "normal" || plain == "benign";
}

/// The number of the normal class among `classes`.
inline std::size_t find_normal(const BoostedTreesOptions& options, std::span<const std::int32_t> classes) {
  const auto place = [&](std::int32_t label) {
    return static_cast<std::size_t>(std::lower_bound(classes.begin(), classes.end(), label) - classes.begin());
  };
  const auto is_there = [&](std::int32_t label) { return std::binary_search(classes.begin(), classes.end(), label); };
  if (options.normal_class) {
    return is_there(*options.normal_class) ? place(*options.normal_class) : classes.size();
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto label = static_cast<std::size_t>(classes[i]);
    if (classes[i] >= 0 && label < options.class_names.size() && means_normal(options.class_names[label])) {
      return i;
    }
  }
  return is_there(0) ? place(0) : 0;
}

/// The labels of the rows that count, ascending.
inline std::vector<std::int32_t> classes_of(const BoostedTreesOptions& options, std::span<const std::int32_t> labels,
                                            std::span<const std::uint32_t> rows) {
  std::vector<std::int32_t> classes;
  for (const std::uint32_t row : rows) {
    const auto place = std::lower_bound(classes.begin(), classes.end(), labels[row]);
    if (place == classes.end() || *place != labels[row]) {
      classes.insert(place, labels[row]);
      if (classes.size() > most_classes) {
        throw Error(ErrorCode::invalid_argument, "there are more than " + std::to_string(most_classes) +
                                                     " different labels; give classes, not measurements");
      }
    }
  }
  if (classes.size() < 2) {
    throw Error(ErrorCode::invalid_data, "all rows that count are of one class, label " +
                                             std::to_string(classes.front()) +
                                             "; boosted trees learn what tells two or more classes apart");
  }
  if (!options.class_weights.empty() && options.class_weights.size() != classes.size()) {
    throw Error(ErrorCode::invalid_argument, "class_weights has " + std::to_string(options.class_weights.size()) +
                                                 " values for " + std::to_string(classes.size()) +
                                                 " classes; give one a class, in ascending order of the labels");
  }
  if (find_normal(options, classes) == classes.size()) {
    throw Error(ErrorCode::invalid_argument,
                "normal_class is " + std::to_string(*options.normal_class) + ", but no row that counts has that label");
  }
  return classes;
}

inline void check_boosted_classes(const BoostedTreesOptions& options, std::span<const std::int32_t> classes,
                                  std::size_t starts) {
  const auto bad = [](const std::string& message) { return damaged_trees("boosted trees", message); };
  const bool ascending = std::adjacent_find(classes.begin(), classes.end(), std::greater_equal<>()) == classes.end();
  if (classes.size() < 2 || classes.size() > most_classes || !ascending) {
    throw bad("their classes make no sense");
  }
  if (starts != (classes.size() == 2 ? 1 : classes.size())) {
    throw bad("their scores do not match their classes");
  }
  if (find_normal(options, classes) == classes.size()) {
    throw bad("their normal class is none of their classes");
  }
  for (const std::int32_t label : classes) {
    if (!options.class_names.empty() && (label < 0 || static_cast<std::size_t>(label) >= options.class_names.size())) {
      throw bad("a class has no name");
    }
  }
}

inline void check_boosted_nodes(const ForestNodes& nodes, std::span<const std::uint32_t> categorical,
                                std::size_t n_features, std::size_t outputs) {
  const auto bad = [](const std::string& message) { return damaged_trees("boosted trees", message); };
  if (nodes.set_words.size() % simd::category_words != 0 ||
      nodes.set_words.size() / simd::category_words != nodes.set_feature.size()) {
    throw bad("their sets of categories are incomplete");
  }
  std::vector<bool> is_categorical(n_features);
  for (const std::uint32_t column : categorical) {
    is_categorical[column] = true;
  }
  for (const std::uint32_t column : nodes.set_feature) {
    if (column >= n_features || !is_categorical[column]) {
      throw bad("a set of categories is of a column that has none");
    }
  }
  if (nodes.missing_right.size() != nodes.size() || nodes.n_trees() % outputs != 0) {
    throw bad("their trees are incomplete");
  }
  if (nodes.size() == 0 && nodes.n_trees() == 0 && nodes.value.empty() && nodes.right.empty()) {
    return;  // no split gained anything
  }
  check_trees(nodes, {.what = "boosted trees",
                      .n_features = n_features,
                      .special_splits = nodes.set_feature.size(),
                      .least_leaf = -std::numeric_limits<float>::max()});
  for (const std::int32_t feature : nodes.feature) {
    if (feature >= 0 && is_categorical[static_cast<std::size_t>(feature)]) {
      throw bad("a split compares categories");
    }
  }
}

inline void check_boosted_codes(const std::vector<std::vector<std::uint32_t>>& codes) {
  for (const std::vector<std::uint32_t>& column : codes) {
    const bool ascending = std::adjacent_find(column.begin(), column.end(), std::greater_equal<>()) == column.end();
    if (column.size() > 255 || !ascending || (!column.empty() && column.back() >= most_category_codes)) {
      throw damaged_trees("boosted trees", "their categories make no sense");
    }
  }
}

}  // namespace nad::detail
