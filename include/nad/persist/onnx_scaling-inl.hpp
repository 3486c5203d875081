#pragma once

// The functions of one number that scaling steps learn, as operators on doubles: many features at once where they have
// the same functions.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nad/features/scalar_map.hpp"
#include "nad/persist/onnx_graph-inl.hpp"

namespace nad::detail {

inline bool has_knots(ScalarKind kind) noexcept {
  return kind == ScalarKind::quantile || kind == ScalarKind::normal || kind == ScalarKind::rank;
}

/// Whether features with these functions can be computed beside each other.
inline bool alike(const ScalarMaps& a, const ScalarMaps& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const ScalarMap& x, const ScalarMap& y) {
           return x.kind == y.kind && !has_knots(x.kind);
         });
}

/// Numbers, and the least and the largest that they can be: what comes in was rounded to float32, and functions that
/// jump at a value must not take it for another one because of that.
struct OnnxBand {
  std::string x;
  std::string low;
  std::string high;

  static OnnxBand exact(const std::string& value) { return {value, value, value}; }

  static OnnxBand of_floats(OnnxGraph& graph, const std::string& value) {
    constexpr double half_a_step = 0x1.1p-24;  // and a little, for what is computed with them
    const std::string reach = graph.node("Mul", {graph.node("Abs", {value}), graph.constant(half_a_step)});
    return {value, graph.node("Sub", {value, reach}), graph.node("Add", {value, reach})};
  }
};

/// Whether a function jumps at some values.
inline bool jumps(ScalarKind kind) noexcept { return kind == ScalarKind::novelty || has_knots(kind); }

/// Where [rows, 1] doubles are among knots.
struct OnnxPlace {
  std::string below;    ///< knots below x
  std::string through;  ///< and those that it is equal to
  std::string place;    ///< counted from 0
};

inline OnnxPlace onnx_place_of(OnnxGraph& graph, const OnnxBand& band, const std::vector<double>& knots) {
  const auto size = static_cast<std::int64_t>(knots.size());
  const auto last = static_cast<double>(size - 1);
  const std::string all = graph.constant(knots, {1, knots.size()});
  const std::string axis = graph.constant(std::vector<std::int64_t>{1}, {1});
  const auto count = [&](const char* comparison, const std::string& value) {
    const std::string met = graph.to_double(graph.node(comparison, {value, all}));
    return graph.node("ReduceSum", {met, axis}, {onnx_number("keepdims", 1)});
  };
  const std::string below = count("Greater", band.low);
  const std::string through = count("GreaterOrEqual", band.high);
  const std::string zero = graph.constant(0.0);
  const std::string one = graph.constant(1.0);
  const std::string both = graph.node("Sub", {graph.node("Add", {below, through}), one});
  const std::string middle = graph.node("Div", {both, graph.constant(2.0)});
  const std::string index = graph.node("Sub", {below, one});
  const auto knot_at = [&](const std::string& place) {
    const std::string bounded = graph.node(
        "Min", {graph.node("Max", {graph.to_int(place), graph.constant(std::int64_t{0})}), graph.constant(size - 1)});
    return graph.gather(graph.constant(knots, {knots.size()}), bounded, 0);
  };
  const std::string before = knot_at(index);
  const std::string apart = graph.node("Sub", {knot_at(below), before});
  const std::string width = graph.node("Where", {graph.node("Greater", {apart, zero}), apart, one});
  const std::string share = graph.node("Div", {graph.node("Sub", {band.x, before}), width});
  std::string place = graph.node("Add", {index, share});
  place = graph.node("Where", {graph.node("Less", {below, one}), zero, place});
  place = graph.node("Where", {graph.node("Greater", {below, graph.constant(last)}), graph.constant(last), place});
  place = graph.node("Where", {graph.node("Greater", {through, below}), middle, place});
  return {below, through, place};
}

/// The place of [rows, 1] doubles among the knots, 0 to 1; NaN stays.
inline std::string onnx_quantile(OnnxGraph& graph, const OnnxBand& band, const std::vector<double>& knots) {
  const std::string last = graph.constant(static_cast<double>(knots.size() - 1));
  const std::string share = graph.node("Div", {onnx_place_of(graph, band, knots).place, last});
  return graph.node("Where", {graph.node("IsNaN", {band.x}), band.x, share});
}

/// The deviate at that place, and beyond the outer knots what goes on by a logarithm; NaN stays.
inline std::string onnx_rank_scale(OnnxGraph& graph, const OnnxBand& band, const ScalarMap& map) {
  const OnnxPlace found = onnx_place_of(graph, band, map.knots);
  const auto last = static_cast<std::int64_t>(map.knots.size()) - 1;
  const std::string deviates = graph.constant(map.deviates, {map.deviates.size()});
  const std::string bounded = graph.node("Max", {graph.to_int(found.place), graph.constant(std::int64_t{0})});
  const std::string low = graph.node("Min", {bounded, graph.constant(last)});
  const std::string next = graph.node("Add", {low, graph.constant(std::int64_t{1})});
  const std::string high = graph.node("Min", {next, graph.constant(last)});
  const std::string at_low = graph.gather(deviates, low, 0);
  const std::string rise = graph.node("Sub", {graph.gather(deviates, high, 0), at_low});
  const std::string share = graph.node("Sub", {found.place, graph.to_double(low)});
  std::string deviate = graph.node("Add", {at_low, graph.node("Mul", {share, rise})});
  const std::string one = graph.constant(1.0);
  const auto beyond = [&](const std::string& distance) {
    const std::string ahead = graph.node("Max", {distance, graph.constant(0.0)});
    const std::string units = graph.node("Mul", {ahead, graph.constant(map.b)});
    return graph.node("Add", {graph.node("Log", {graph.node("Add", {units, one})}), graph.constant(map.a)});
  };
  const std::string over = beyond(graph.node("Sub", {band.x, graph.constant(map.knots.back())}));
  const std::string is_over = graph.node("Greater", {found.below, graph.constant(static_cast<double>(last))});
  deviate = graph.node("Where", {is_over, over, deviate});
  const std::string under = beyond(graph.node("Sub", {graph.constant(map.knots.front()), band.x}));
  const std::string is_under = graph.node("Less", {found.through, one});
  deviate = graph.node("Where", {is_under, graph.node("Neg", {under}), deviate});
  return graph.node("Where", {graph.node("IsNaN", {band.x}), band.x, deviate});
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
/// exact to
/// 1e-15. Runtimes know no error function of doubles, which nad's own solution needs.
inline std::string onnx_normal_quantile(OnnxGraph& graph, const std::string& share) {
  const std::string least = graph.constant(1e-7);
  const std::string most = graph.constant(1.0 - 1e-7);
  const std::string p = graph.node("Min", {graph.node("Max", {share, least}), most});
  const std::string q = graph.node("Sub", {p, graph.constant(0.5)});
  // near the middle
  const std::string r = graph.node("Sub", {graph.constant(0.180625), graph.node("Mul", {q, q})});
  const std::string above =
      onnx_polynomial(graph, r,
                      {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
                       13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.3871328727963666080});
  const std::string below =
      onnx_polynomial(graph, r,
                      {5226.4952788528545610, 28729.085735721942674, 39307.895800092710610, 21213.794301586595867,
                       5394.1960214247511077, 687.18700749205790830, 42.313330701600911252, 1.0});
  const std::string centre = graph.node("Div", {graph.node("Mul", {q, above}), below});
  // towards the ends
  const std::string tail = graph.node("Min", {p, graph.node("Sub", {graph.constant(1.0), p})});
  const std::string root = graph.node("Sqrt", {graph.node("Neg", {graph.node("Log", {tail})})});
  const std::string t = graph.node("Sub", {root, graph.constant(1.6)});
  const std::string far_above = onnx_polynomial(
      graph, t,
      {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258,
       3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734});
  const std::string far_below = onnx_polynomial(
      graph, t,
      {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
       6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187, 1.0});
  const std::string reach = graph.node("Div", {far_above, far_below});
  const std::string far = graph.node("Mul", {reach, graph.node("Sign", {q})});
  const std::string is_near = graph.node("LessOrEqual", {graph.node("Abs", {q}), graph.constant(0.425)});
  const std::string deviate = graph.node("Where", {is_near, centre, far});
  return graph.node("Where", {graph.node("IsNaN", {share}), share, deviate});
}

/// One function for each column of x, all of one kind.
inline std::string onnx_scalar_map(OnnxGraph& graph, const OnnxBand& band, const std::vector<const ScalarMap*>& maps) {
  const std::string& x = band.x;
  std::vector<double> a;
  std::vector<double> b;
  for (const ScalarMap* map : maps) {
    a.push_back(map->a);
    b.push_back(map->b);
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
      const std::string constant = row(a);
      const std::string same = graph.node(
          "And", {graph.node("LessOrEqual", {band.low, constant}), graph.node("LessOrEqual", {constant, band.high})});
      const std::string flag = graph.node("Where", {same, graph.constant(0.0), row(b)});
      return graph.node("Where", {graph.node("IsNaN", {x}), x, flag});
    }
    case ScalarKind::quantile:
      return onnx_quantile(graph, band, maps.front()->knots);
    case ScalarKind::normal:
      return onnx_normal_quantile(graph, onnx_quantile(graph, band, maps.front()->knots));
    case ScalarKind::rank:
      return onnx_rank_scale(graph, band, *maps.front());
  }
  return x;
}

/// All functions of some features that are alike, a column each, of numbers that came in as floats.
inline std::string onnx_scalar_maps(OnnxGraph& graph, const std::string& x,
                                    const std::vector<const ScalarMaps*>& features) {
  const ScalarMaps& pattern = *features.front();
  std::size_t last_jump = 0;  // the steps up to it need to know how far their numbers can be off
  for (std::size_t step = 0; step < pattern.size(); ++step) {
    last_jump = jumps(pattern[step].kind) ? step + 1 : last_jump;
  }
  OnnxBand band = last_jump != 0 ? OnnxBand::of_floats(graph, x) : OnnxBand::exact(x);
  for (std::size_t step = 0; step < pattern.size(); ++step) {
    std::vector<const ScalarMap*> maps;
    maps.reserve(features.size());
    for (const ScalarMaps* feature : features) {
      maps.push_back(&(*feature)[step]);
    }
    std::string result = onnx_scalar_map(graph, band, maps);
    if (step + 1 < last_jump && !jumps(pattern[step].kind) && band.low != band.x) {  // none of them falls anywhere
      band = {std::move(result), onnx_scalar_map(graph, OnnxBand::exact(band.low), maps),
              onnx_scalar_map(graph, OnnxBand::exact(band.high), maps)};
    } else {
      band = OnnxBand::exact(result);
    }
  }
  return band.x;
}

}  // namespace nad::detail
