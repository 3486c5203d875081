#pragma once

// Which steps belong to which view, and which features.

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "nad/features/feature_info.hpp"
#include "nad/features/learn_encoding-inl.hpp"
#include "nad/features/refuse_option.hpp"
#include "nad/features/step.hpp"

namespace nad::detail {

inline constexpr std::string_view after_view_name = ": ";

/// The steps of one view.
struct ViewSteps {
  std::string name;
  std::size_t begin = 0;
  std::size_t end = 0;
};

inline void check_view_name(const std::string& name, const std::vector<ViewSteps>& others) {
  refuse_option(
      name.empty() || name.find(':') != std::string::npos,
      "a view is named '" + name + "'; give it a name without ':', which stands before those of its features");
  refuse_option(std::any_of(others.begin(), others.end(), [&](const ViewSteps& other) { return other.name == name; }),
                "there are two views '" + name + "'; give each a name of its own");
}

/// What cannot stand behind the first view, and what cannot stand anywhere beside views.
inline void check_beside_views(const FeatureStep& given, bool in_view) {
  std::visit(
      [&](const auto& step) {
        using Step = std::decay_t<decltype(step)>;
        const std::string kind(nad::kind(given));
        refuse_option(std::is_same_v<Step, UnitLength> || std::is_same_v<Step, Pca>,
                      "step " + kind + " mixes features and cannot stand beside views; leave one of them out");
        refuse_option(in_view && (is_encoder<Step> || std::is_same_v<Step, Novelty>),
                      "step " + kind + " stands in a view; views are of encoded features: put it before the first");
      },
      given);
}

/// The views that the steps ask for, in their order.
inline std::vector<ViewSteps> views_of(const std::vector<FeatureStep>& steps) {
  std::vector<ViewSteps> views;
  for (std::size_t place = 0; place < steps.size(); ++place) {
    if (const auto* const view = std::get_if<View>(&steps[place])) {
      check_view_name(view->name, views);
      views.push_back({view->name, place + 1, steps.size()});
      if (views.size() > 1) {
        views[views.size() - 2].end = place;
      }
    }
  }
  for (std::size_t place = 0; place < steps.size() && !views.empty(); ++place) {
    check_beside_views(steps[place], place >= views.front().begin);
  }
  return views;
}

/// Which features are which view, by their names; an error where they are not.
inline std::vector<FeatureView> find_views(const std::vector<FeatureStep>& steps,
                                           const std::vector<FeatureInfo>& features) {
  std::vector<FeatureView> found;
  std::size_t place = 0;
  for (const ViewSteps& view : views_of(steps)) {
    const std::string start = view.name + std::string(after_view_name);
    const std::size_t first = place;
    while (place < features.size() && features[place].name.starts_with(start)) {
      ++place;
    }
    refuse_option(place == first, "view '" + view.name + "' is left without features");
    found.push_back({view.name, first, place - first});
  }
  refuse_option(!found.empty() && place != features.size(), "a feature belongs to no view");
  return found;
}

}  // namespace nad::detail
