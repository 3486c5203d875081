#pragma once

// A fitted pipeline as a graph: from the columns of a table to the matrix that a detector takes.

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/persist/onnx.hpp"
#include "nad/persist/onnx_graph-inl.hpp"
#include "nad/persist/onnx_scaling-inl.hpp"

namespace nad::detail {

class OnnxFeatures {
 public:
  OnnxFeatures(OnnxGraph& graph, const FeaturePlan& plan, const OnnxOptions& options)
      : graph_(graph), plan_(plan), options_(options) {}

  /// [rows, width] floats.
  std::string write() {
    write_numbers();
    for (const CategoryPart& part : plan_.categories) {
      const std::string table = graph_.constant(part.values, {part.map.size(), part.width});
      add(graph_.gather(table, slots(part.input, part.map), 0), part.output, part.width);
    }
    for (const NoveltyPart& part : plan_.novelties) {
      write_novelty(part);
    }
    std::string features = in_order(plan_.first_width);
    for (const MatrixLayer& layer : plan_.layers) {
      features = write_layer(features, layer);
    }
    return features;
  }

 private:
  /// Some of the features, and their places.
  struct Piece {
    std::string value;
    std::vector<std::int64_t> places;
  };

  void add(const std::string& value, std::size_t first, std::size_t width) {
    Piece& piece = pieces_.emplace_back();
    piece.value = value;
    piece.places.resize(width);
    std::iota(piece.places.begin(), piece.places.end(), static_cast<std::int64_t>(first));
  }

  /// The pieces beside each other, each feature in its place.
  std::string in_order(std::size_t width) {
    std::vector<std::string> values;
    std::vector<std::int64_t> where(width, -1);
    std::int64_t next = 0;
    bool each_once = true;
    for (const Piece& piece : pieces_) {
      values.push_back(piece.value);
      for (const std::int64_t place : piece.places) {
        const bool is_free =
            place >= 0 && static_cast<std::size_t>(place) < width && where[static_cast<std::size_t>(place)] == -1;
        each_once = each_once && is_free;
        if (is_free) {
          where[static_cast<std::size_t>(place)] = next;
        }
        ++next;
      }
    }
    pieces_.clear();
    if (!each_once || width == 0 || static_cast<std::size_t>(next) != width) {
      throw Error(ErrorCode::invalid_argument,
                  "this feature pipeline has features that cannot be exported to ONNX: " + std::to_string(next) +
                      " of " + std::to_string(width) + " are known");
    }
    const std::string all = graph_.beside(values);
    return std::is_sorted(where.begin(), where.end()) ? all : graph_.gather(all, graph_.constant(where, {width}), 1);
  }

  /// A column as it comes in.
  const std::string& input(std::size_t column) {
    const Field& field = plan_.columns[column];
    if (!plan_.inputs.find(field.name) && !options_.derived_as_inputs) {
      throw underived(field.name);
    }
    std::string& name = inputs_[column];
    if (name.empty()) {
      const bool text = field.type == ColumnType::category || field.type == ColumnType::text;
      const bool time = field.type == ColumnType::time;  // seconds since 1970 are too many for a float
      name = graph_.input(field.name, text ? OnnxType::text : time ? OnnxType::float64 : OnnxType::float32, 1);
    }
    return name;
  }

  Error underived(const std::string& column) const {
    std::string steps;
    for (const FeatureStep& step : plan_.derived) {
      steps.append(steps.empty() ? "'" : ", '").append(kind(step)).append("'");
    }
    return {
        ErrorCode::invalid_argument,
        "column '" + column + "' is derived by one of the steps " + steps +
            ", which look at records before or at whole texts and have no counterpart in ONNX; leave them out of the "
            "pipeline, or set derived_as_inputs and give the graph what FeaturePipeline::columns computes"};
  }

  /// A column of numbers as doubles.
  const std::string& number(std::size_t column) {
    std::string& name = numbers_[column];
    if (name.empty()) {
      name = graph_.to_double(input(column));
    }
    return name;
  }

  void write_numbers() {
    std::vector<const ScalarMaps*> maps;
    maps.reserve(plan_.numbers.size());
    for (const NumberPart& part : plan_.numbers) {
      maps.push_back(&part.maps);
    }
    scale_alike(maps, [&](const std::vector<std::size_t>& group) {
      std::vector<std::string> values;
      values.reserve(group.size());
      for (const std::size_t i : group) {
        values.push_back(number(plan_.numbers[i].input));
      }
      return graph_.beside(values);
    });
    for (Piece& piece : pieces_) {
      for (std::int64_t& place : piece.places) {
        place = static_cast<std::int64_t>(plan_.numbers[static_cast<std::size_t>(place)].output);
      }
    }
  }

  /// Makes a piece of all features whose functions are alike; `values_of` gives the doubles of some of them.
  template <class ValuesOf>
  void scale_alike(const std::vector<const ScalarMaps*>& maps, const ValuesOf& values_of) {
    std::vector<bool> done(maps.size());
    for (std::size_t first = 0; first < maps.size(); ++first) {
      if (done[first]) {
        continue;
      }
      std::vector<std::size_t> group;
      std::vector<const ScalarMaps*> of_group;
      for (std::size_t i = first; i < maps.size(); ++i) {
        if (i == first || (!done[i] && alike(*maps[first], *maps[i]))) {
          done[i] = true;
          group.push_back(i);
          of_group.push_back(maps[i]);
        }
      }
      Piece piece;
      piece.value = graph_.to_float(onnx_scalar_maps(graph_, values_of(group), of_group));
      piece.places.assign(group.begin(), group.end());
      pieces_.push_back(std::move(piece));
    }
  }

  /// What an encoder of texts makes of a column, [rows] whole numbers; the empty text is a missing one, unless training
  /// showed it.
  std::string encoded(std::size_t column, const std::vector<std::string>& texts,
                      const std::vector<std::int64_t>& values, std::int64_t otherwise) {
    const std::string flat =
        graph_.node("Reshape", {input(column), graph_.constant(std::vector<std::int64_t>{-1}, {1})});
    return graph_.node("LabelEncoder", {flat},
                       {onnx_texts("keys_strings", texts), onnx_numbers("values_int64s", values),
                        onnx_number("default_int64", otherwise)},
                       OnnxGraph::machine_learning);
  }

  std::string slots(std::size_t column, const CategoryMap& map) {
    if (map.buckets != 0) {
      throw Error(ErrorCode::invalid_argument, "the step 'hashing' of column '" + plan_.columns[column].name +
                                                   "' has no counterpart in ONNX; encode the column with one_hot, "
                                                   "ordinal or frequency");
    }
    std::vector<std::string> texts;
    std::vector<std::int64_t> values;
    for (std::size_t code = 0; code < map.known.size(); ++code) {
      texts.emplace_back(map.known[static_cast<std::int32_t>(code)]);
      values.push_back(map.slots[code]);
    }
    add_missing(map, map.missing, texts, values);
    return encoded(column, texts, values, map.unseen);
  }

  static void add_missing(const CategoryMap& map, std::int64_t value, std::vector<std::string>& texts,
                          std::vector<std::int64_t>& values) {
    if (map.known.find("") == Dictionary::absent) {
      texts.emplace_back();
      values.push_back(value);
    }
  }

  void write_novelty(const NoveltyPart& part) {
    std::vector<std::string> counts;
    for (std::size_t i = 0; i < part.inputs.size(); ++i) {
      const CategoryMap& map = part.known[i];
      std::vector<std::string> texts;
      std::vector<std::int64_t> values;
      for (std::size_t code = 0; code < map.known.size(); ++code) {
        texts.emplace_back(map.known[static_cast<std::int32_t>(code)]);
        values.push_back(map.slots[code] == map.unseen ? 1 : 0);
      }
      add_missing(map, 0, texts, values);
      const std::string is_new = graph_.to_double(encoded(part.inputs[i], texts, values, 1));
      counts.push_back(graph_.node("Mul", {is_new, graph_.constant(part.weights[i])}));
    }
    const std::string sum = graph_.node("Sum", counts);
    const std::string value = graph_.node("Min", {sum, graph_.constant(part.most)});
    const std::string column = graph_.node("Reshape", {value, graph_.constant(std::vector<std::int64_t>{-1, 1}, {2})});
    add(graph_.to_float(column), part.output, 1);
  }

  std::string write_layer(const std::string& features, const MatrixLayer& layer) {
    const std::string values = graph_.to_double(features);
    std::string results;
    if (layer.mean.empty()) {
      const std::string length = graph_.node("Sqrt", {graph_.sum_of_squares(values)});
      const std::string is_long = graph_.node("Greater", {length, graph_.constant(0.0)});
      results = graph_.node("Div", {values, graph_.node("Where", {is_long, length, graph_.constant(1.0)})});
    } else {
      const std::size_t width = layer.mean.size();
      std::vector<double> turned(layer.components.size());
      for (std::size_t component = 0; component < layer.width; ++component) {
        for (std::size_t i = 0; i < width; ++i) {
          turned[i * layer.width + component] = layer.components[component * width + i];
        }
      }
      const std::string moved = graph_.node("Sub", {values, graph_.constant(layer.mean, {1, width})});
      results = graph_.node("MatMul", {moved, graph_.constant(turned, {width, layer.width})});
    }
    results = graph_.to_float(results);
    if (layer.maps.empty()) {
      return results;
    }
    const std::string doubles = graph_.to_double(results);
    std::vector<const ScalarMaps*> maps;
    maps.reserve(layer.maps.size());
    for (const ScalarMaps& of_one : layer.maps) {
      maps.push_back(&of_one);
    }
    scale_alike(maps, [&](const std::vector<std::size_t>& group) {
      return graph_.gather(doubles,
                           graph_.constant(std::vector<std::int64_t>(group.begin(), group.end()), {group.size()}), 1);
    });
    return in_order(layer.width);
  }

  OnnxGraph& graph_;
  const FeaturePlan& plan_;
  const OnnxOptions& options_;
  std::vector<Piece> pieces_;
  std::map<std::size_t, std::string> inputs_;
  std::map<std::size_t, std::string> numbers_;
};

}  // namespace nad::detail
