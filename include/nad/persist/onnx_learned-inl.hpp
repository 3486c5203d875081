#pragma once

// Autoencoders, one-class SVMs and LODA as plain operators.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nad/detector/autoencoder.hpp"
#include "nad/detector/column_bins-inl.hpp"
#include "nad/detector/loda.hpp"
#include "nad/detector/one_class_svm.hpp"
#include "nad/persist/onnx_distances-inl.hpp"
#include "nad/persist/onnx_graph-inl.hpp"

namespace nad::detail {

// ---- autoencoder

inline std::string onnx_activation(OnnxGraph& graph, const std::string& x, Activation activation) {
  switch (activation) {
    case Activation::linear:
      break;
    case Activation::relu:
      return graph.node("Relu", {x});
    case Activation::leaky_relu:
      return graph.node("Max", {x, graph.node("Mul", {x, graph.constant(0.01F)})});
    case Activation::tanh:
      return graph.node("Tanh", {x});
    case Activation::sigmoid:
      return graph.node("Sigmoid", {x});
    case Activation::gelu: {
      const std::string cubic = graph.node("Mul", {graph.node("Mul", {x, x}), graph.constant(0.0713548163F)});
      const std::string factor = graph.node("Add", {cubic, graph.constant(1.59576912F)});
      return graph.node("Mul", {x, graph.node("Sigmoid", {graph.node("Mul", {x, factor})})});
    }
  }
  return x;
}

inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const Autoencoder& autoencoder) {
  const AutoencoderOptions& options = autoencoder.options();
  const std::size_t columns = autoencoder.n_features();
  const std::size_t steps = autoencoder.layers().size() - 1;
  std::string values = x;
  for (std::size_t step = 0; step < steps; ++step) {
    const MatrixView weights = autoencoder.weights(step);
    const std::size_t inputs = weights.rows() - 1;
    const std::string factors = onnx_matrix<float>(graph, weights.slice(0, inputs));
    const std::string biases = graph.constant(std::span(weights.row(inputs), weights.columns()), {weights.columns()});
    values = graph.node("Gemm", {values, factors, biases});
    values = onnx_activation(graph, values, step + 1 == steps ? options.output_activation : options.activation);
  }
  const std::string apart = graph.node("Sub", {x, values});
  const std::string moved = graph.node("Sub", {apart, graph.constant(autoencoder.error_means(), {1, columns})});
  std::string errors = graph.node("Mul", {moved, graph.constant(autoencoder.error_scales(), {1, columns})});
  if (autoencoder.whitening().rows() != 0) {
    errors = graph.node("MatMul", {errors, onnx_turned<float>(graph, autoencoder.whitening())});
  }
  const std::string raw = onnx_bounded<float>(graph, graph.sum_of_squares(errors));
  return {raw, graph.node("Sqrt", {raw})};
}

// ---- one-class SVM

/// Kernel values of rows of doubles with each support vector, or what stands for them: [rows, vectors].
inline std::string onnx_kernel_values(OnnxGraph& graph, const std::string& x, const OneClassSVM& svm) {
  const OneClassSVMOptions& options = svm.options();
  const MatrixView vectors = svm.support_vectors();
  const auto as_scored = [](double value) { return static_cast<double>(static_cast<float>(value)); };
  const auto times_gamma = [&](const std::string& value) {
    return graph.node("Mul", {value, graph.constant(as_scored(svm.gamma()))});
  };
  if (options.kernel == SvmKernel::rbf && options.approximation != KernelApproximation::fourier) {
    const std::string distances = onnx_squared_distances(graph, x, vectors);
    return graph.node("Exp", {graph.node("Neg", {times_gamma(distances)})});
  }
  std::string products = graph.node("MatMul", {x, onnx_turned<double>(graph, vectors)});
  if (options.approximation == KernelApproximation::fourier) {
    // runtimes know the cosine of floats alone; whole turns are taken off before
    const std::string angles = graph.node("Add", {products, onnx_doubles(graph, svm.phases())});
    constexpr double turn = 6.283185307179586476925;
    const std::string turns = graph.node("Floor", {graph.node("Div", {angles, graph.constant(turn)})});
    const std::string rest = graph.node("Sub", {angles, graph.node("Mul", {turns, graph.constant(turn)})});
    return graph.to_double(graph.node("Cos", {graph.to_float(rest)}));
  }
  if (options.kernel == SvmKernel::linear) {
    return products;
  }
  const std::string inner = graph.node("Add", {times_gamma(products), graph.constant(as_scored(options.coef0))});
  if (options.kernel == SvmKernel::poly) {
    return graph.node("Pow", {inner, graph.constant(static_cast<double>(options.degree))});
  }
  return graph.node("Tanh", {inner});
}

inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const OneClassSVM& svm) {
  const std::string values = onnx_kernel_values(graph, graph.to_double(x), svm);
  const std::string weights = graph.constant(svm.dual_coefficients(), {svm.dual_coefficients().size(), 1});
  const std::string sum = graph.node("MatMul", {values, weights});
  const std::string score = onnx_bounded<double>(graph, graph.node("Sub", {graph.constant(svm.rho()), sum}));
  const std::string raw = graph.to_float(score);
  return {raw, raw};
}

// ---- LODA

/// Where each row falls along each projection: the same additions in the same order as nad's, so the same bins.
inline std::string onnx_places(OnnxGraph& graph, const std::string& x, const LODA& loda) {
  const std::size_t projections = loda.n_projections();
  const std::string moved = graph.node("Sub", {x, graph.constant(loda.mean(), {1, loda.n_features()})});
  std::string places;
  for (std::size_t i = 0; i < loda.columns(0).size(); ++i) {
    std::vector<std::int64_t> columns;
    std::vector<float> coefficients;
    for (std::size_t projection = 0; projection < projections; ++projection) {
      columns.push_back(loda.columns(projection)[i]);
      coefficients.push_back(loda.coefficients(projection)[i]);
    }
    const std::string values = graph.gather(moved, graph.constant(columns, {projections}), 1);
    const std::string part = graph.node("Mul", {values, graph.constant(coefficients, {1, projections})});
    places = places.empty() ? part : graph.node("Add", {places, part});
  }
  return places;
}

inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const LODA& loda) {
  const std::size_t projections = loda.n_projections();
  std::vector<float> low;
  std::vector<float> high;
  std::vector<float> scale;
  std::vector<float> last;
  std::vector<float> above;
  std::vector<std::int64_t> first_term;
  std::vector<float> terms;
  for (std::size_t projection = 0; projection < projections; ++projection) {
    const std::span<const float> own = loda.terms(projection);
    const EvenBins bins(loda.low(projection), loda.high(projection), static_cast<std::uint32_t>(own.size() - 2));
    low.push_back(bins.low);
    high.push_back(bins.high);
    scale.push_back(bins.scale);
    last.push_back(static_cast<float>(bins.count - 1));
    above.push_back(static_cast<float>(bins.count + 1));
    first_term.push_back(static_cast<std::int64_t>(terms.size()));
    terms.insert(terms.end(), own.begin(), own.end());
  }
  const auto row = [&](const std::vector<float>& values) { return graph.constant(values, {1, projections}); };
  const std::string places = onnx_places(graph, x, loda);
  const std::string from = row(low);
  const std::string at = graph.node("Mul", {graph.node("Sub", {places, from}), row(scale)});
  const std::string ends = row(last);
  const std::string upper = graph.node("Where", {graph.node("Less", {at, ends}), at, ends});
  const std::string zero = graph.constant(0.0F);
  const std::string inside = graph.node("Where", {graph.node("Greater", {upper, zero}), upper, zero});
  std::string bin = graph.node("Add", {graph.node("Floor", {inside}), graph.constant(1.0F)});
  bin = graph.node("Where", {graph.node("GreaterOrEqual", {places, from}), bin, zero});
  bin = graph.node("Where", {graph.node("LessOrEqual", {places, row(high)}), bin, row(above)});
  const std::string term = graph.node("Add", {graph.to_int(bin), graph.constant(first_term, {1, projections})});
  const std::string found = graph.gather(graph.constant(terms, {terms.size()}), term, 0);
  const std::string mean =
      graph.node("ReduceMean", {graph.to_double(found)}, {onnx_numbers("axes", {1}), onnx_number("keepdims", 1)});
  const std::string raw = graph.to_float(mean);
  return {raw, raw};
}

}  // namespace nad::detail
