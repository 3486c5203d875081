#pragma once

// The functions of one number that scaling steps learn, as operators on doubles: many features at once where they have
// the same functions.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "nad/features/scalar_map.hpp"
#include "nad/persist/onnx_graph-inl.hpp"

namespace nad::detail {

inline bool has_knots(ScalarKind kind) noexcept { return kind == ScalarKind::quantile || kind == ScalarKind::normal; }

/// Whether features with these functions can be computed beside each other.
inline bool alike(const ScalarMaps& a, const ScalarMaps& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const ScalarMap& x, const ScalarMap& y) {
           return x.kind == y.kind && !has_knots(x.kind);
         });
}

/// The place of [rows, 1] doubles among the knots, 0 to 1; NaN stays.
inline std::string onnx_quantile(OnnxGraph& graph, const std::string& x, const std::vector<double>& knots) {
  const auto size = static_cast<std::int64_t>(knots.size());
  const double last = static_cast<double>(size - 1);
  const std::string all = graph.constant(knots, {1, knots.size()});
  const std::string axis = graph.constant(std::vector<std::int64_t>{1}, {1});
  const auto count = [&](const char* comparison) {
    const std::string met = graph.to_double(graph.node(comparison, {x, all}));
    return graph.node("ReduceSum", {met, axis}, {onnx_number("keepdims", 1)});
  };
  const std::string below = count("Greater");           // knots below x
  const std::string through = count("GreaterOrEqual");  // and those that it is equal to
  const std::string one = graph.constant(1.0);
  const std::string both = graph.node("Sub", {graph.node("Add", {below, through}), one});
  const std::string middle = graph.node("Div", {both, graph.constant(2.0 * last)});
  const std::string index = graph.node("Sub", {below, one});
  const auto knot_at = [&](const std::string& place) {
    const std::string bounded = graph.node(
        "Min", {graph.node("Max", {graph.to_int(place), graph.constant(std::int64_t{0})}), graph.constant(size - 1)});
    return graph.gather(graph.constant(knots, {knots.size()}), bounded, 0);
  };
  const std::string before = knot_at(index);
  const std::string apart = graph.node("Sub", {knot_at(below), before});
  const std::string width = graph.node("Where", {graph.node("Greater", {apart, graph.constant(0.0)}), apart, one});
  const std::string share = graph.node("Div", {graph.node("Sub", {x, before}), width});
  const std::string between = graph.node("Div", {graph.node("Add", {index, share}), graph.constant(last)});
  std::string place = graph.node("Where", {graph.node("Greater", {through, below}), middle, between});
  place = graph.node("Where", {graph.node("Less", {x, graph.constant(knots.front())}), graph.constant(0.0), place});
  place = graph.node("Where", {graph.node("Greater", {x, graph.constant(knots.back())}), one, place});
  return graph.node("Where", {graph.node("IsNaN", {x}), x, place});
}

/// A polynomial of doubles, the factor of the highest power first.
inline std::string onnx_polynomial(OnnxGraph& graph, const std::string& x, const std::vector<double>& factors) {
  std::string sum = graph.constant(factors.front());
  for (std::size_t i = 1; i < factors.size(); ++i) {
    sum = graph.node("Add", {graph.node("Mul", {sum, x}), graph.constant(factors[i])});
  }
  return sum;
}

/// The deviate of the standard normal distribution below which a share of it lies: Wichura's rational functions (1988),
/// exact to 1e-7. Runtimes know no error function of doubles, which nad's own solution needs.
inline std::string onnx_normal_quantile(OnnxGraph& graph, const std::string& share) {
  const std::string least = graph.constant(1e-7);
  const std::string most = graph.constant(1.0 - 1e-7);
  const std::string p = graph.node("Min", {graph.node("Max", {share, least}), most});
  const std::string q = graph.node("Sub", {p, graph.constant(0.5)});
  // near the middle
  const std::string r = graph.node("Sub", {graph.constant(0.180625), graph.node("Mul", {q, q})});
  const std::string centre = graph.node(
      "Div",
      {graph.node("Mul", {q, onnx_polynomial(graph, r, {59.109374720, 159.29113202, 50.434271938, 3.3871327179})}),
       onnx_polynomial(graph, r, {67.187563600, 78.757757664, 17.895169469, 1.0})});
  // towards the ends
  const std::string tail = graph.node("Min", {p, graph.node("Sub", {graph.constant(1.0), p})});
  const std::string root = graph.node("Sqrt", {graph.node("Neg", {graph.node("Log", {tail})})});
  const std::string t = graph.node("Sub", {root, graph.constant(1.6)});
  const std::string reach =
      graph.node("Div", {onnx_polynomial(graph, t, {0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777}),
                         onnx_polynomial(graph, t, {0.12021132975, 0.73700164250, 1.0})});
  const std::string far = graph.node("Mul", {reach, graph.node("Sign", {q})});
  const std::string is_near = graph.node("LessOrEqual", {graph.node("Abs", {q}), graph.constant(0.425)});
  const std::string deviate = graph.node("Where", {is_near, centre, far});
  return graph.node("Where", {graph.node("IsNaN", {share}), share, deviate});
}

/// One function for each column of x, all of one kind. `exact`: x is still what came in.
inline std::string onnx_scalar_map(OnnxGraph& graph, const std::string& x, const std::vector<const ScalarMap*>& maps,
                                   bool exact) {
  std::vector<double> a;
  std::vector<double> b;
  std::vector<double> tolerance;
  for (const ScalarMap* map : maps) {
    a.push_back(map->a);
    b.push_back(map->b);
    // as near as floats can come to a constant, and what computing with them adds
    tolerance.push_back(std::abs(map->a) * (exact ? 0x1p-24 : 0x1p-22));
  }
  const auto row = [&](const std::vector<double>& values) { return graph.constant(values, {1, values.size()}); };
  switch (maps.front()->kind) {
    case ScalarKind::affine:
      return graph.node("Mul", {graph.node("Sub", {x, row(a)}), row(b)});
    case ScalarKind::clip: {  // comparisons, which leave NaN alone
      const std::string low = row(a);
      const std::string high = row(b);
      const std::string raised = graph.node("Where", {graph.node("Less", {x, low}), low, x});
      return graph.node("Where", {graph.node("Greater", {x, high}), high, raised});
    }
    case ScalarKind::log1p: {
      const std::string size = graph.node("Mul", {graph.node("Abs", {x}), row(a)});
      const std::string log = graph.node("Log", {graph.node("Add", {size, graph.constant(1.0)})});
      return graph.node("Mul", {graph.node("Sign", {x}), log});
    }
    case ScalarKind::fill:
      return graph.node("Where", {graph.node("IsNaN", {x}), row(a), x});
    case ScalarKind::missing_flag:
      return graph.to_double(graph.node("IsNaN", {x}));
    case ScalarKind::novelty: {
      const std::string apart = graph.node("Abs", {graph.node("Sub", {x, row(a)})});
      const std::string same = graph.node("LessOrEqual", {apart, row(tolerance)});
      const std::string flag = graph.node("Where", {same, graph.constant(0.0), row(b)});
      return graph.node("Where", {graph.node("IsNaN", {x}), x, flag});
    }
    case ScalarKind::quantile:
      return onnx_quantile(graph, x, maps.front()->knots);
    case ScalarKind::normal:
      return onnx_normal_quantile(graph, onnx_quantile(graph, x, maps.front()->knots));
  }
  return x;
}

/// All functions of some features that are alike, a column each.
inline std::string onnx_scalar_maps(OnnxGraph& graph, std::string x, const std::vector<const ScalarMaps*>& features) {
  bool exact = true;
  for (std::size_t step = 0; step < features.front()->size(); ++step) {
    std::vector<const ScalarMap*> maps;
    maps.reserve(features.size());
    for (const ScalarMaps* feature : features) {
      maps.push_back(&(*feature)[step]);
    }
    x = onnx_scalar_map(graph, x, maps, exact);
    const ScalarKind kind = maps.front()->kind;
    exact = exact && (kind == ScalarKind::fill || kind == ScalarKind::clip);
  }
  return x;
}

}  // namespace nad::detail
