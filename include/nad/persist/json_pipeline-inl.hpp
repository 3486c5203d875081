#pragma once

// What a pipeline learnt as JSON: each feature, the column that it follows from, and how.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "nad/features/configuration.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/features/step_options.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/json_archive-inl.hpp"

namespace nad::detail {

inline std::string_view name_of(ScalarKind kind) noexcept {
  constexpr std::array<std::string_view, 9> names = {"affine",  "clip",     "log1p",  "fill", "missing_flag",
                                                     "novelty", "quantile", "normal", "rank"};
  return names[static_cast<std::size_t>(kind)];
}

inline Json json_of_map(const ScalarMap& map) {
  Json shown;
  shown["kind"] = name_of(map.kind);
  switch (map.kind) {
    case ScalarKind::affine:
      shown["subtract"] = as_json(map.a);
      shown["multiply"] = as_json(map.b);
      break;
    case ScalarKind::clip:
      shown["low"] = as_json(map.a);
      shown["high"] = as_json(map.b);
      break;
    case ScalarKind::log1p:
      shown["multiply"] = as_json(map.a);
      break;
    case ScalarKind::fill:
      shown["missing"] = as_json(map.a);
      break;
    case ScalarKind::novelty:
      shown["constant"] = as_json(map.a);
      shown["otherwise"] = as_json(map.b);
      break;
    case ScalarKind::quantile:
    case ScalarKind::normal:
      shown["knots"] = map.knots;
      break;
    case ScalarKind::rank:
      shown["most"] = as_json(map.a);
      shown["multiply"] = as_json(map.b);
      shown["knots"] = map.knots;
      break;
    case ScalarKind::missing_flag:
      break;
  }
  return shown;
}

inline Json json_of_maps(const ScalarMaps& maps) {
  Json list = Json::array();
  for (const ScalarMap& map : maps) {
    list.push_back(json_of_map(map));
  }
  return list;
}

/// What each category becomes.
inline Json json_of_categories(const CategoryPart& part) {
  const auto row = [&part](std::size_t slot) {
    Json values = Json::array();
    for (std::size_t i = 0; i < part.width; ++i) {
      values.push_back(json_float(part.values[slot * part.width + i]));
    }
    return values;
  };
  Json shown;
  if (part.map.buckets != 0) {
    shown["buckets"] = part.map.buckets;
    Json& rows = shown["values"] = Json::array();
    for (std::size_t slot = 0; slot < 2 * std::size_t{part.map.buckets}; ++slot) {
      rows.push_back(row(slot));
    }
  } else {
    Json& known = shown["known"] = Json::object();
    for (std::size_t code = 0; code < part.map.known.size(); ++code) {
      known[std::string(part.map.known[static_cast<std::int32_t>(code)])] = row(part.map.slots[code]);
    }
  }
  shown["unseen"] = row(part.map.unseen);
  shown["missing"] = row(part.map.missing);
  return shown;
}

/// Its options, and what it learnt.
inline Json json_of_step(const FeatureStep& step) {
  Json shown = Json::parse(to_json(std::vector<FeatureStep>{step})).front();
  std::visit(
      [&shown](const auto& s) {
        const auto keep = [&shown](const char* name, const auto& value) { shown[name] = json_of(value); };
        if constexpr (requires { for_each_learned(s, keep); }) {
          for_each_learned(s, keep);
        }
      },
      step);
  return shown;
}

class JsonOfPlan {
 public:
  explicit JsonOfPlan(const FeaturePlan& plan) : plan_(plan) {}

  Json write() const {
    Json shown;
    Json& derived = shown["derived"] = Json::array();
    for (const FeatureStep& step : plan_.derived) {
      derived.push_back(json_of_step(step));
    }
    Json& numbers = shown["numbers"] = Json::array();
    for (const NumberPart& part : plan_.numbers) {
      numbers.push_back(
          {{"feature", feature(part.output)}, {"column", column(part.input)}, {"functions", json_of_maps(part.maps)}});
    }
    Json& categories = shown["categories"] = Json::array();
    for (const CategoryPart& part : plan_.categories) {
      Json one = {{"features", Json::array()}, {"column", column(part.input)}};
      for (std::size_t i = 0; i < part.width; ++i) {
        one["features"].push_back(feature(part.output + i));
      }
      one.update(json_of_categories(part));
      categories.push_back(std::move(one));
    }
    Json& novelties = shown["novelties"] = Json::array();
    for (const NoveltyPart& part : plan_.novelties) {
      Json one = {{"feature", feature(part.output)},
                  {"columns", Json::array()},
                  {"weights", part.weights},
                  {"most", part.most}};
      for (const std::size_t input : part.inputs) {
        one["columns"].push_back(column(input));
      }
      novelties.push_back(std::move(one));
    }
    Json& layers = shown["layers"] = Json::array();
    for (const MatrixLayer& layer : plan_.layers) {
      layers.push_back(json_of_layer(layer));
    }
    return shown;
  }

 private:
  const std::string& column(std::size_t place) const { return plan_.columns[place].name; }

  /// Behind a layer, features before it have no names but their numbers.
  Json feature(std::size_t place) const {
    return plan_.layers.empty() && place < plan_.features.size() ? Json(plan_.features[place].name) : Json(place);
  }

  static Json json_of_layer(const MatrixLayer& layer) {
    Json shown;
    shown["kind"] = layer.mean.empty() ? "unit_length" : "pca";
    if (!layer.mean.empty()) {
      shown["mean"] = layer.mean;
      Json& components = shown["components"] = Json::array();
      for (std::size_t i = 0; i < layer.width; ++i) {
        const double* first = layer.components.data() + i * layer.mean.size();
        components.push_back(std::vector<double>(first, first + layer.mean.size()));
      }
      shown["variances"] = layer.variances;
      shown["total_variance"] = layer.total_variance;
    }
    Json& functions = shown["functions"] = Json::array();
    for (const ScalarMaps& maps : layer.maps) {
      functions.push_back(json_of_maps(maps));
    }
    return shown;
  }

  const FeaturePlan& plan_;
};

}  // namespace nad::detail
