#pragma once

// A pipeline in words.

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "nad/features/configuration.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/features/view_steps-inl.hpp"

namespace nad::detail {

inline std::string how_many(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// "a, b, c" in lines that are not too long.
inline std::string wrapped(const std::vector<std::string>& words, const std::string& indent) {
  constexpr std::size_t width = 100;
  std::string text;
  std::size_t column = 0;
  for (const std::string& word : words) {
    if (column + word.size() > width || text.empty()) {
      text += (text.empty() ? "" : ",\n") + indent;
      column = 0;
    } else {
      text += ", ";
    }
    text += word;
    column += word.size() + 2;
  }
  return text;
}

/// The names, each without its first `skip` bytes.
inline std::string describe_features(std::span<const FeatureInfo> features, std::size_t skip = 0) {
  std::vector<std::string> words;
  for (std::size_t first = 0; first < features.size();) {
    // the features of one column of categories are told together
    std::size_t last = first + 1;
    const std::string& name = features[first].name;
    const std::string start = name.substr(0, name.find('=') + 1);
    while (!start.empty() && last < features.size() && features[last].name.starts_with(start)) {
      ++last;
    }
    words.push_back(last - first > 3 ? start.substr(skip) + "... (" + std::to_string(last - first) + ")"
                                     : name.substr(skip));
    first = last - first > 3 ? last : first + 1;
  }
  return wrapped(words, "    ");
}

inline std::string describe_views(const FeaturePlan& plan) {
  std::string text;
  for (const FeatureView& view : plan.views) {
    text += "  view " + view.name + ", " + how_many(view.count, "feature") + ":\n" +
            describe_features(std::span(plan.features).subspan(view.first, view.count),
                              view.name.size() + after_view_name.size()) +
            "\n";
  }
  return text;
}

inline std::string describe_pipeline(const std::vector<FeatureStep>& steps, const FeaturePlan* plan) {
  std::string text =
      "feature pipeline of " + how_many(steps.size(), "step") + (plan == nullptr ? ", not fitted" : "") + "\n";
  const std::string json = to_json(steps);
  if (!steps.empty()) {
    text += json.substr(2, json.size() - 4) + "\n";
  }
  if (plan != nullptr) {
    text += how_many(plan->inputs.size(), "column") + " in, " + how_many(plan->features.size(), "feature") + " out:\n" +
            (plan->views.empty() ? describe_features(plan->features) + "\n" : describe_views(*plan));
    for (const MatrixLayer& layer : plan->layers) {
      double kept = 0.0;
      for (const double variance : layer.variances) {
        kept += variance;
      }
      if (layer.total_variance > 0.0) {
        text += how_many(layer.width, "component") + " with " +
                std::to_string(std::lround(100.0 * kept / layer.total_variance)) + " % of the variance\n";
      }
    }
    if (!plan->left_out.empty()) {
      text += "left out:\n";
      for (const LeftOut& column : plan->left_out) {
        text += "    " + column.column + ": " + column.reason + "\n";
      }
    }
  }
  return text;
}

}  // namespace nad::detail
