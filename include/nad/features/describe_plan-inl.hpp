#pragma once

// A pipeline in words.

#include <cmath>
#include <string>
#include <vector>

#include "nad/features/configuration.hpp"
#include "nad/features/feature_plan.hpp"

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

inline std::string describe_features(const FeaturePlan& plan) {
  std::vector<std::string> words;
  for (std::size_t first = 0; first < plan.features.size();) {
    // the features of one column of categories are told together
    std::size_t last = first + 1;
    const std::string start = plan.features[first].name.substr(0, plan.features[first].name.find('=') + 1);
    while (!start.empty() && last < plan.features.size() && plan.features[last].name.rfind(start, 0) == 0) {
      ++last;
    }
    words.push_back(last - first > 3 ? start + "... (" + std::to_string(last - first) + ")"
                                     : plan.features[first].name);
    first = last - first > 3 ? last : first + 1;
  }
  return wrapped(words, "    ");
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
            describe_features(*plan) + "\n";
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
