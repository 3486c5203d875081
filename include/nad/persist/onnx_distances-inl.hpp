#pragma once

// Detectors that measure distances, as matrix products. Products of values that lie far from the centre cancel, so they
// are computed in doubles: the score then differs from nad's by what nad's own floats are rounded.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "nad/detector/gaussian_shape.hpp"
#include "nad/detector/kmeans.hpp"
#include "nad/detector/local_gaussian.hpp"
#include "nad/detector/mahalanobis.hpp"
#include "nad/detector/pca_residual.hpp"
#include "nad/detector/pca_rounding.hpp"
#include "nad/detector/split_centre.hpp"
#include "nad/persist/onnx_forest-inl.hpp"
#include "nad/persist/onnx_graph-inl.hpp"

namespace nad::detail {

/// The largest float in the place of what is above it or no number.
template <class Number>
std::string onnx_bounded(OnnxGraph& graph, const std::string& value) {
  const std::string most = graph.constant(static_cast<Number>(std::numeric_limits<float>::max()));
  return graph.node("Where", {graph.node("LessOrEqual", {graph.node("Abs", {value}), most}), value, most});
}

/// [rows, 1] doubles, of which the score is the root. They end where floats end, as nad's do.
inline OnnxScore onnx_root(OnnxGraph& graph, const std::string& squared) {
  const std::string bounded = onnx_bounded<double>(graph, squared);
  return {graph.to_float(bounded), graph.to_float(graph.node("Sqrt", {bounded}))};
}

inline std::string onnx_doubles(OnnxGraph& graph, std::span<const float> values) {
  return graph.constant(std::vector<double>(values.begin(), values.end()), {1, values.size()});
}

/// Squared distances of rows of doubles from each row of `points`: [rows, points]. Both are looked at from the mean of
/// the points.
inline std::string onnx_squared_distances(OnnxGraph& graph, const std::string& x, MatrixView points) {
  const std::size_t columns = points.columns();
  std::vector<double> origin(columns);
  for (std::size_t point = 0; point < points.rows(); ++point) {
    for (std::size_t column = 0; column < columns; ++column) {
      origin[column] += static_cast<double>(points(point, column)) / static_cast<double>(points.rows());
    }
  }
  std::vector<double> turned(columns * points.rows());
  std::vector<double> lengths(points.rows());
  for (std::size_t point = 0; point < points.rows(); ++point) {
    for (std::size_t column = 0; column < columns; ++column) {
      const double apart = static_cast<double>(points(point, column)) - origin[column];
      turned[column * points.rows() + point] = -2.0 * apart;
      lengths[point] += apart * apart;
    }
  }
  const std::string moved = graph.node("Sub", {x, graph.constant(origin, {1, columns})});
  const std::string products = graph.node("MatMul", {moved, graph.constant(turned, {columns, points.rows()})});
  const std::string beside =
      graph.node("Add", {graph.sum_of_squares(moved), graph.constant(lengths, {1, points.rows()})});
  return graph.node("Max", {graph.node("Add", {products, beside}), graph.constant(0.0)});
}

/// The nearest centre that counts, then the distance from it as nad computes it.
inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const KMeans& kmeans) {
  std::vector<std::size_t> large;
  for (std::size_t cluster = 0; cluster < kmeans.n_clusters(); ++cluster) {
    if (kmeans.is_large(cluster)) {
      large.push_back(cluster);
    }
  }
  Matrix centres = Matrix::for_overwrite(large.size(), kmeans.n_features());
  for (std::size_t row = 0; row < large.size(); ++row) {
    std::copy_n(kmeans.centres().row(large[row]), kmeans.n_features(), centres.row(row).data());
  }
  const std::string distances = onnx_squared_distances(graph, graph.to_double(x), centres);
  const std::string nearest = graph.node("ArgMin", {distances}, {onnx_number("axis", 1), onnx_number("keepdims", 0)});
  const std::string centre = graph.gather(onnx_matrix<float>(graph, centres), nearest, 0);
  const std::string raw = onnx_bounded<float>(graph, graph.sum_of_squares(graph.node("Sub", {x, centre})));
  return {raw, graph.node("Sqrt", {raw})};
}

inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const PcaResidual& pca) {
  const std::vector<double> mean = joined_centre(pca.mean(), pca.mean_rest());
  const std::string moved = graph.node("Sub", {graph.to_double(x), graph.constant(mean, {1, mean.size()})});
  const std::string along = graph.node("MatMul", {moved, onnx_turned<double>(graph, pca.components())});
  const std::string within = graph.node("MatMul", {along, onnx_matrix<double>(graph, pca.components())});
  const std::string squared = graph.sum_of_squares(graph.node("Sub", {moved, within}));
  const PcaRounding rounding = pca_rounding(pca.mean(), pca.mean_rest());
  const std::string length = graph.node("Sqrt", {graph.sum_of_squares(moved)});
  const std::string of_length = graph.node("Mul", {length, graph.constant(rounding.of_length)});
  const std::string bound = graph.node("Add", {of_length, graph.constant(rounding.of_all)});
  const std::string least = graph.node("Mul", {bound, bound});
  return onnx_root(graph, graph.node("Where", {graph.node("Greater", {squared, least}), squared, graph.constant(0.0)}));
}

/// Squared Mahalanobis distances from some normal distributions, plus an offset each: [rows, distributions] doubles.
inline std::string onnx_gaussian_distances(OnnxGraph& graph, const std::string& x,
                                           const std::vector<const GaussianShape*>& shapes,
                                           std::span<const float> offsets) {
  const std::size_t width = shapes.front()->size();
  const std::size_t wide = width * shapes.size();
  std::vector<double> turned(width * wide);  // the matrices W beside each other, each turned
  std::vector<double> moves(wide);           // W times the centre
  for (std::size_t number = 0; number < shapes.size(); ++number) {
    const float* triangle = shapes[number]->triangle.data();
    for (std::size_t row = 0; row < width; ++row) {
      for (std::size_t column = 0; column <= row; ++column) {
        const auto value = static_cast<double>(*triangle++);
        turned[column * wide + number * width + row] = value;
        moves[number * width + row] += value * joined_at(shapes[number]->centre, shapes[number]->rest, column);
      }
    }
  }
  const std::string products = graph.node("MatMul", {graph.to_double(x), graph.constant(turned, {width, wide})});
  const std::string moved = graph.node("Sub", {products, graph.constant(moves, {1, wide})});
  const std::vector<std::int64_t> shape = {-1, static_cast<std::int64_t>(shapes.size()),
                                           static_cast<std::int64_t>(width)};
  const std::string apart = graph.node("Reshape", {moved, graph.constant(shape, {3})});
  const std::string squared =
      graph.node("ReduceSumSquare", {apart}, {onnx_numbers("axes", {2}), onnx_number("keepdims", 0)});
  return graph.node("Add", {squared, onnx_doubles(graph, offsets)});
}

inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const Mahalanobis& distance) {
  const std::vector<float> nothing(1);
  return onnx_root(graph, onnx_gaussian_distances(graph, x, {&distance.shape()}, nothing));
}

inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const LocalGaussian& local) {
  std::vector<const GaussianShape*> shapes;
  shapes.reserve(local.shapes().size());
  for (const auto& shape : local.shapes()) {
    shapes.push_back(shape.get());
  }
  const std::string distances = onnx_gaussian_distances(graph, x, shapes, local.offsets());
  const std::string least =
      graph.node("ReduceMin", {distances}, {onnx_numbers("axes", {1}), onnx_number("keepdims", 1)});
  const std::string raw = graph.to_float(onnx_bounded<double>(graph, least));
  return {raw, raw};
}

}  // namespace nad::detail
