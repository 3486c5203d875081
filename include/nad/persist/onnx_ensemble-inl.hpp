#pragma once

// An ensemble: the graphs of its members beside each other, each behind the scale that it was calibrated with.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/tempered.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/persist/member_scales-inl.hpp"
#include "nad/persist/onnx_distances-inl.hpp"
#include "nad/persist/onnx_graph-inl.hpp"

namespace nad::detail {

/// For each value of [rows, 1] doubles its place among rising points: how many are not above it, less one; [rows].
inline std::string onnx_place_among(OnnxGraph& graph, const std::string& value, const std::string& points) {
  const std::string reached = graph.to_int(graph.node("GreaterOrEqual", {value, points}));
  const std::string axis = graph.constant(std::vector<std::int64_t>{1}, {1});
  const std::string count = graph.node("ReduceSum", {reached, axis}, {onnx_number("keepdims", 0)});
  return graph.node("Sub", {count, graph.constant(std::int64_t{1})});
}

/// What lies at a value, [rows, 1] doubles, on the line through points that rise; `steps` says from where on each
/// counts. Before the first and behind the last it is theirs.
inline std::string onnx_on_line(OnnxGraph& graph, const std::string& value, const std::vector<double>& steps,
                                const std::vector<double>& along, const std::vector<double>& over) {
  const auto last = static_cast<std::int64_t>(along.size()) - 1;
  const std::string none = graph.constant(0.0);
  const std::string place = onnx_place_among(graph, value, graph.constant(steps, {1, steps.size()}));
  const std::string low_place = graph.node("Max", {place, graph.constant(std::int64_t{0})});
  const std::string next = graph.node("Add", {low_place, graph.constant(std::int64_t{1})});
  const std::string high_place = graph.node("Min", {next, graph.constant(last)});
  const auto one_each = [&](const std::vector<double>& values, const std::string& places) {
    const std::string found = graph.gather(graph.constant(values, {values.size()}), places, 0);
    return graph.node("Reshape", {found, graph.constant(std::vector<std::int64_t>{-1, 1}, {2})});
  };
  const std::string low = one_each(along, low_place);
  const std::string height = one_each(over, low_place);
  const std::string apart = graph.node("Sub", {one_each(along, high_place), low});
  const std::string width = graph.node("Where", {graph.node("Greater", {apart, none}), apart, graph.constant(1.0)});
  const std::string share = graph.node("Div", {graph.node("Max", {graph.node("Sub", {value, low}), none}), width});
  const std::string rise = graph.node("Sub", {one_each(over, high_place), height});
  return graph.node("Add", {height, graph.node("Mul", {share, rise})});
}

/// The rank of scores, [rows, 1] doubles, among those that were seen.
inline std::string onnx_rank(OnnxGraph& graph, const std::string& score, const TailScale& scale) {
  std::vector<double> points(scale.scores().begin(), scale.scores().end());
  const std::vector<double> ranks(scale.ranks().begin(), scale.ranks().end());
  // many rows share the lowest score, and another order of additions must not put them below it
  std::vector<double> steps = points;
  steps.front() -= 1e-6 * std::max(std::abs(points.front()), scale.spread());
  const std::string between = onnx_on_line(graph, score, steps, points, ranks);
  // above all that was seen, and below
  const std::string above = graph.node("Greater", {score, graph.constant(points.back())});
  const std::string inside = graph.node("Where", {above, graph.constant(0.5 * (1.0 + ranks.back())), between});
  const std::string below = graph.node("Less", {score, graph.constant(steps.front())});
  return graph.node("Where", {below, graph.constant(0.5 * ranks.front()), inside});
}

/// -log of the share that exceeds the tail's beginning by more; of [rows, 1] doubles.
inline std::string onnx_tail_surprise(OnnxGraph& graph, const std::string& excess, const ParetoTail& tail) {
  std::string units = graph.node("Div", {excess, graph.constant(tail.scale)});
  if (tail.is_exponential()) {
    return units;
  }
  const std::string left =
      graph.node("Add", {graph.node("Mul", {units, graph.constant(tail.shape)}), graph.constant(1.0)});
  const double least = tail.shape > 0.0 ? 1.0 : tail.straight_from();  // a positive shape has no end
  const std::string bounded = graph.node("Max", {left, graph.constant(least)});
  std::string curved = graph.node("Div", {graph.node("Log", {bounded}), graph.constant(tail.shape)});
  if (tail.shape > 0.0) {
    return curved;
  }
  const std::string further = graph.node("Sub", {units, graph.constant((1.0 - least) / -tail.shape)});
  const std::string straight = graph.node(
      "Add", {graph.node("Div", {further, graph.constant(least)}), graph.constant(ParetoTail::straight_surprise)});
  return graph.node("Where", {graph.node("Greater", {left, graph.constant(least)}), curved, straight});
}

inline std::string onnx_surprise(OnnxGraph& graph, const std::string& score, const TailScale& scale) {
  const std::string rank = onnx_rank(graph, score, scale);
  const std::string seen = graph.node("Neg", {graph.node("Log", {graph.node("Sub", {graph.constant(1.0), rank})})});
  const std::string start = graph.constant(scale.tail_start());
  const std::string excess = graph.node("Max", {graph.node("Sub", {score, start}), graph.constant(0.0)});
  const std::string tail =
      graph.node("Add", {onnx_tail_surprise(graph, excess, scale.tail()), graph.constant(scale.tail_surprise())});
  return graph.node("Where", {graph.node("Greater", {score, start}), tail, seen});
}

/// As `tempered` in detail/tempered.hpp.
inline std::string onnx_tempered(OnnxGraph& graph, const std::string& surprise) {
  const std::string plain = graph.constant(plain_surprise);
  const std::string bend = graph.constant(surprise_bend);
  const std::string beyond = graph.node("Max", {graph.node("Sub", {surprise, plain}), graph.constant(0.0)});
  const std::string units = graph.node("Add", {graph.node("Div", {beyond, bend}), graph.constant(1.0)});
  const std::string counted = graph.node("Mul", {graph.node("Log", {units}), bend});
  return graph.node("Add", {graph.node("Min", {surprise, plain}), counted});
}

/// The columns that a member sees.
inline std::string onnx_seen(OnnxGraph& graph, const std::string& x, const ColumnRange& columns) {
  if (columns == ColumnRange()) {
    return x;
  }
  const auto one = [&](std::size_t value) {
    return graph.constant(std::vector<std::int64_t>{static_cast<std::int64_t>(value)}, {1});
  };
  return graph.node("Slice", {x, one(columns.first), one(columns.first + columns.count), one(1)});
}

/// What a member says, in the unit of the combination: [rows, 1] doubles.
inline std::string onnx_word(OnnxGraph& graph, const OnnxScore& said, const Ensemble& ensemble, std::size_t member,
                             const TailScale& scale) {
  switch (ensemble.options().combination) {
    case Combination::mean_surprise:
    case Combination::max_surprise:
      return onnx_surprise(graph, graph.to_double(said.raw), scale);
    case Combination::tempered_surprise:
      return onnx_tempered(graph, onnx_surprise(graph, graph.to_double(said.raw), scale));
    case Combination::mean:
    case Combination::maximum:
    case Combination::median: {
      const std::string apart = graph.node("Sub", {graph.to_double(said.raw), graph.constant(scale.median())});
      return graph.node("Div", {apart, graph.constant(scale.spread())});
    }
    case Combination::rank:
      return onnx_rank(graph, graph.to_double(said.raw), scale);
    default:
      return graph.to_double(graph.node("Greater", {said.score, graph.constant(ensemble.member(member).threshold())}));
  }
}

/// As `TailScale::score_at`; of [rows, 1] doubles.
inline std::string onnx_score_at(OnnxGraph& graph, const std::string& surprise, const TailScale& scale) {
  const std::vector<double> points(scale.scores().begin(), scale.scores().end());
  const std::vector<double> ranks(scale.ranks().begin(), scale.ranks().end());
  const std::string none = graph.constant(0.0);
  const std::string gone = graph.node("Exp", {graph.node("Neg", {surprise})});
  const std::string rank = graph.node("Sub", {graph.constant(1.0), gone});
  const std::string inside = onnx_on_line(graph, rank, ranks, ranks, points);
  const ParetoTail& tail = scale.tail();
  const std::string start = graph.constant(scale.tail_surprise());
  const std::string beyond = graph.node("Max", {graph.node("Sub", {surprise, start}), none});
  std::string units = beyond;
  if (!tail.is_exponential()) {
    const std::string bent = graph.node("Exp", {graph.node("Mul", {beyond, graph.constant(tail.shape)})});
    units = graph.node("Div", {graph.node("Sub", {bent, graph.constant(1.0)}), graph.constant(tail.shape)});
    if (tail.shape < 0.0) {
      const double least = tail.straight_from();
      const std::string further = graph.node("Sub", {beyond, graph.constant(ParetoTail::straight_surprise)});
      const std::string straight = graph.node(
          "Add", {graph.node("Mul", {further, graph.constant(least)}), graph.constant((1.0 - least) / -tail.shape)});
      units = graph.node("Where", {graph.node("Greater", {further, none}), straight, units});
    }
  }
  const std::string excess = graph.node("Mul", {units, graph.constant(tail.scale)});
  const std::string above = graph.node("Add", {excess, graph.constant(scale.tail_start())});
  return graph.node("Where", {graph.node("Greater", {surprise, start}), above, inside});
}

/// What a row holds of surprises, [rows, 1] doubles.
inline std::string onnx_held_surprise(OnnxGraph& graph, const std::string& x,
                                      const std::vector<std::uint32_t>& columns) {
  const std::vector<std::int64_t> places(columns.begin(), columns.end());
  const std::string held = graph.gather(x, graph.constant(places, {places.size()}), 1);
  return graph.to_double(graph.node("ReduceMax", {held}, {onnx_numbers("axes", {1}), onnx_number("keepdims", 1)}));
}

/// As `Extremes::furthest`, [rows, 1] doubles.
inline std::string onnx_furthest(OnnxGraph& graph, const std::string& x, std::span<const Extremes::End> ends) {
  std::vector<std::int64_t> places;
  for (const Extremes::End& end : ends) {
    places.push_back(static_cast<std::int64_t>(end.column));
  }
  const auto each = [&](const auto& of_end) {
    std::vector<double> values;
    std::transform(ends.begin(), ends.end(), std::back_inserter(values), of_end);
    return graph.constant(values, {1, values.size()});
  };
  const std::string none = graph.constant(0.0);
  const std::string values = graph.to_double(graph.gather(x, graph.constant(places, {places.size()}), 1));
  const std::string out = graph.node("Mul", {values, each([](const Extremes::End& end) { return end.sign; })});
  const std::string starts = each([](const Extremes::End& end) { return end.start; });
  const std::string excess = graph.node("Max", {graph.node("Sub", {out, starts}), none});
  const std::string bend = each([](const Extremes::End& end) { return end.tail.shape / end.tail.scale; });
  const std::string bent =
      graph.node("Log", {graph.node("Add", {graph.node("Mul", {excess, bend}), graph.constant(1.0)})});
  const std::string straight = graph.node("Div", {bent, each([](const Extremes::End& end) { return end.tail.shape; })});
  const std::string surprise =
      graph.node("Add", {straight, each([](const Extremes::End& end) { return end.start_surprise; })});
  const std::string counts = graph.node("Greater", {out, each([](const Extremes::End& end) { return end.limit; })});
  return graph.node("ReduceMax", {graph.node("Where", {counts, surprise, none})},
                    {onnx_numbers("axes", {1}), onnx_number("keepdims", 1)});
}

/// As `Ensemble::least_score`, [rows, 1] doubles.
inline std::string onnx_least_score(OnnxGraph& graph, const std::string& x, const Ensemble& ensemble) {
  std::string surprise;
  if (!ensemble.options().surprises.empty()) {
    surprise = onnx_held_surprise(graph, x, ensemble.options().surprises);
  }
  if (const std::span<const Extremes::End> ends = ensemble.extremes().ends(); !ends.empty()) {
    const std::string furthest = onnx_furthest(graph, x, ends);
    surprise = surprise.empty() ? furthest : graph.node("Max", {surprise, furthest});
  }
  std::string least = onnx_score_at(graph, surprise, ensemble.combined_scale());
  if (ensemble.options().combination == Combination::tempered_surprise) {
    least = onnx_tempered(graph, least);
  }
  const std::string below_all = graph.constant(std::numeric_limits<double>::lowest());
  return graph.node("Where", {graph.node("Greater", {surprise, graph.constant(0.0)}), least, below_all});
}

/// `member_score(x, member)` makes the graph of a member, of whatever kind.
template <class MemberScore>
OnnxScore onnx_ensemble(OnnxGraph& graph, const std::string& x, const Ensemble& ensemble,
                        const MemberScore& member_score) {
  const Combination combination = ensemble.options().combination;
  if (combination == Combination::median) {
    throw Error(ErrorCode::invalid_argument,
                "an ensemble with the combination 'median' has no counterpart in ONNX; choose another combination, or "
                "export its members");
  }
  if (ensemble.options().crowds > 0.0) {
    throw Error(ErrorCode::invalid_argument,
                "an ensemble that counts crowds has no counterpart in ONNX; fit one with crowds = 0, or export its "
                "members");
  }
  const bool loudest = combination == Combination::max_surprise || combination == Combination::maximum;
  const std::vector<TailScale> scales = member_scales(ensemble);
  double total = 0.0;
  for (std::size_t member = 0; member < ensemble.n_members(); ++member) {
    total += ensemble.member_weight(member);
  }
  std::vector<std::string> words;
  for (std::size_t member = 0; member < ensemble.n_members(); ++member) {
    const double weight = ensemble.member_weight(member);
    if (weight > 0.0) {
      const OnnxScore said =
          member_score(onnx_seen(graph, x, ensemble.member_columns(member)), ensemble.member(member));
      const std::string word = onnx_word(graph, said, ensemble, member, scales[member]);
      words.push_back(graph.node("Mul", {word, graph.constant(loudest ? weight : weight / total)}));
    }
  }
  std::string combined = words.size() == 1 ? words.front() : graph.node(loudest ? "Max" : "Sum", words);
  if (!ensemble.options().surprises.empty() || !ensemble.extremes().ends().empty()) {
    combined = graph.node("Max", {combined, onnx_least_score(graph, x, ensemble)});
  }
  const std::string raw = graph.to_float(combined);
  return {raw, raw};
}

}  // namespace nad::detail
