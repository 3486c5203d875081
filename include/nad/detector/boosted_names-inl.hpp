#pragma once

// What boosted trees are told in the words of a table becomes places of columns and numbers of labels.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "nad/detector/boosted_trees_check-inl.hpp"
#include "nad/detector/boosted_trees_options.hpp"
#include "nad/detector/lesson_names.hpp"

namespace nad::detail {

/// The place of a name, or an error that shows what there is.
inline std::size_t place_of_name(const std::string& name, const std::vector<std::string>& names, const char* option,
                                 const char* what) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) {
    return static_cast<std::size_t>(found - names.begin());
  }
  constexpr std::size_t shown = 20;
  std::string known;
  for (std::size_t i = 0; i < std::min(shown, names.size()); ++i) {
    known += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  throw Error(ErrorCode::invalid_argument, std::string(option) + " names '" + name + "', which is no " + what +
                                               "; there are " + (names.empty() ? "none" : known) +
                                               (names.size() > shown ? ", ..." : ""));
}

inline std::vector<std::uint32_t> places_named(const std::vector<std::string>& wanted,
                                               const std::vector<std::string>& columns) {
  std::vector<std::uint32_t> places;
  places.reserve(wanted.size());
  for (const std::string& name : wanted) {
    places.push_back(static_cast<std::uint32_t>(place_of_name(name, columns, "categorical_features", "feature")));
  }
  return places;
}

inline std::vector<std::pair<std::int32_t, double>> label_weights(
    const std::vector<std::pair<std::string, double>>& wanted, const std::vector<std::string>& classes) {
  std::vector<std::pair<std::int32_t, double>> weights;
  weights.reserve(wanted.size());
  for (const std::pair<std::string, double>& one : wanted) {
    if (!(one.second > 0.0 && is_finite(one.second))) {
      throw Error(ErrorCode::invalid_argument, "class_weight gives '" + one.first + "' the weight " +
                                                   std::to_string(one.second) + "; weights are finite and above 0.0");
    }
    const std::size_t place = place_of_name(one.first, classes, "class_weight", "label");
    weights.emplace_back(static_cast<std::int32_t>(place), one.second);
  }
  return weights;
}

/// One a class; those that none is given for weigh 1.
inline std::vector<double> weights_of_classes(const std::vector<std::pair<std::int32_t, double>>& of_labels,
                                              const std::vector<std::int32_t>& classes) {
  std::vector<double> weights(classes.size(), 1.0);
  for (const auto& [label, weight] : of_labels) {
    const auto place = std::lower_bound(classes.begin(), classes.end(), label);
    if (place != classes.end() && *place == label) {
      weights[static_cast<std::size_t>(place - classes.begin())] = weight;
    }
  }
  return weights;
}

/// An error where a fit on a matrix would need names that only a table has.
inline void require_no_names(const BoostedTreesNames& names) {
  if ((names.categorical_features && !names.categorical_features->empty()) || !names.class_weight.empty() ||
      !names.normal_class.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "columns or labels are given by name, which a matrix has not: learn in a model, or give their places "
                "and numbers");
  }
}

}  // namespace nad::detail

namespace nad {

NAD_INLINE void BoostedTrees::name_lesson(const LessonNames& names) {
  if (names_.categorical_features) {
    options_.categorical_features = detail::places_named(*names_.categorical_features, names.columns);
  } else if (categories_of_table_ || options_.categorical_features.empty()) {
    options_.categorical_features = names.categorical;
    categories_of_table_ = true;
  }
  label_weights_ = detail::label_weights(names_.class_weight, names.classes);
  if (!label_weights_.empty()) {
    options_.class_weights.clear();
  }
  if (!names_.normal_class.empty() && !names.classes.empty() && names_.normal_class != names.classes.front()) {
    throw Error(ErrorCode::invalid_argument, "normal_class is '" + names_.normal_class + "', but the model calls '" +
                                                 names.classes.front() +
                                                 "' normal; tell the model what its normal records are called");
  }
  detail::check_options(options_, ErrorCode::invalid_argument);
  names_are_known_ = true;
}

}  // namespace nad
