#pragma once

// An ONNX model that is put together node by node. Every value has a name, and what makes one gives its name back:
//
//   OnnxGraph graph("anomaly_score");
//   const std::string x = graph.input("features", OnnxType::float32, 41);
//   const std::string moved = graph.node("Sub", {x, graph.constant(means, {41})});
//   graph.output(graph.sum_of_squares(moved), 1);
//   const std::vector<std::byte> file = graph.model("...", {});
//
// The operators are those of opset 13 (and 2 of ai.onnx.ml): what runtimes since 2021 know.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/persist/proto_writer-inl.hpp"

namespace nad::detail {

/// The numbers that onnx.proto gives them.
enum class OnnxType : std::uint8_t { float32 = 1, int64 = 7, text = 8, float64 = 11 };

template <class Number>
constexpr OnnxType onnx_type() noexcept {
  static_assert(std::is_same_v<Number, float> || std::is_same_v<Number, double> ||
                std::is_same_v<Number, std::int64_t>);
  return std::is_same_v<Number, float>    ? OnnxType::float32
         : std::is_same_v<Number, double> ? OnnxType::float64
                                          : OnnxType::int64;
}

// ---- attributes of nodes: a name, a value in the field of its type, and the number of that type

inline ProtoWriter onnx_number(std::string_view name, std::int64_t value) {
  return ProtoWriter().text(1, name).number(3, value).number(20, 2);
}

inline ProtoWriter onnx_text(std::string_view name, std::string_view value) {
  return ProtoWriter().text(1, name).text(4, value).number(20, 3);
}

inline ProtoWriter onnx_reals(std::string_view name, std::span<const float> values) {
  return ProtoWriter().text(1, name).raw(7, values).number(20, 6);
}

inline ProtoWriter onnx_numbers(std::string_view name, std::span<const std::int64_t> values) {
  return ProtoWriter().text(1, name).numbers(8, values).number(20, 7);
}

inline ProtoWriter onnx_numbers(std::string_view name, std::initializer_list<std::int64_t> values) {
  return onnx_numbers(name, std::span(values.begin(), values.size()));
}

inline ProtoWriter onnx_texts(std::string_view name, const std::vector<std::string>& values) {
  ProtoWriter attribute;
  attribute.text(1, name);
  for (const std::string& value : values) {
    attribute.text(9, value);
  }
  return attribute.number(20, 8);
}

class OnnxGraph {
 public:
  static constexpr std::string_view machine_learning = "ai.onnx.ml";

  explicit OnnxGraph(std::string output_name) : output_name_(std::move(output_name)) {}

  /// A tensor of any number of rows.
  std::string input(const std::string& name, OnnxType type, std::size_t columns) {
    if (name.empty() || name == output_name_ || name.starts_with(own_prefix)) {
      throw Error(ErrorCode::invalid_argument,
                  "a column is called '" + name + "', which an ONNX graph keeps for itself; rename it before the fit");
    }
    inputs_.push_back(tensor_of_rows(name, type, columns));
    return name;
  }

  /// Names a value for those who use the model.
  void output(const std::string& value, std::size_t columns) {
    nodes_.push_back(node_of("Identity", {value}, output_name_, {}, {}));
    outputs_.push_back(tensor_of_rows(output_name_, OnnxType::float32, columns));
  }

  template <class Number>
  std::string constant(const std::vector<Number>& values, const std::vector<std::size_t>& shape) {
    return constant(std::span<const Number>(values), shape);
  }

  template <class Number>
  std::string constant(std::span<const Number> values, const std::vector<std::size_t>& shape) {
    std::string name = next_name();
    ProtoWriter tensor;
    for (const std::size_t size : shape) {
      tensor.number(1, static_cast<std::int64_t>(size));
    }
    tensor.number(2, static_cast<std::int64_t>(onnx_type<Number>())).text(8, name).raw(9, values);
    constants_.push_back(std::move(tensor));
    return name;
  }

  /// A single number.
  template <class Number>
  std::string constant(Number value) {
    return constant(std::span<const Number>(&value, 1), {});
  }

  std::string node(std::string_view operation, const std::vector<std::string>& from,
                   const std::vector<ProtoWriter>& attributes = {}, std::string_view domain = {}) {
    std::string name = next_name();
    nodes_.push_back(node_of(operation, from, name, attributes, domain));
    return name;
  }

  // what nearly every graph needs

  std::string to_float(const std::string& value) { return node("Cast", {value}, {cast_to(OnnxType::float32)}); }
  std::string to_double(const std::string& value) { return node("Cast", {value}, {cast_to(OnnxType::float64)}); }
  std::string to_int(const std::string& value) { return node("Cast", {value}, {cast_to(OnnxType::int64)}); }

  /// One sum a row, in a column of its own.
  std::string sum_of_squares(const std::string& value) {
    return node("ReduceSumSquare", {value}, {onnx_numbers("axes", {1}), onnx_number("keepdims", 1)});
  }

  /// Columns beside each other.
  std::string beside(const std::vector<std::string>& values) {
    return values.size() == 1 ? values.front() : node("Concat", values, {onnx_number("axis", 1)});
  }

  /// Columns, or rows, in another order, or some of them.
  std::string gather(const std::string& value, const std::string& places, std::int64_t axis) {
    return node("Gather", {value, places}, {onnx_number("axis", axis)});
  }

  /// `metadata`: names and texts for programs that look at the file.
  std::vector<std::byte> model(std::string_view description,
                               const std::vector<std::pair<std::string, std::string>>& metadata) const {
    ProtoWriter graph;
    write_all(graph, 1, nodes_);
    graph.text(2, "nad");
    write_all(graph, 5, constants_);
    write_all(graph, 11, inputs_);
    write_all(graph, 12, outputs_);
    ProtoWriter model;
    model.number(1, 7).text(2, "nad").text(3, NAD_VERSION_STRING).text(6, description).message(7, graph);
    model.message(8, ProtoWriter().text(1, "").number(2, 13));
    model.message(8, ProtoWriter().text(1, machine_learning).number(2, 2));
    for (const auto& [name, value] : metadata) {
      model.message(14, ProtoWriter().text(1, name).text(2, value));
    }
    constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
    if (model.bytes().size() > most) {
      throw Error(ErrorCode::invalid_argument, "the ONNX model would have " + std::to_string(model.bytes().size()) +
                                                   " bytes, but the format ends at 2 GiB; learn a smaller one");
    }
    std::vector<std::byte> file(model.bytes().size());
    std::transform(model.bytes().begin(), model.bytes().end(), file.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    return file;
  }

 private:
  static constexpr std::string_view own_prefix = "nad/";

  static ProtoWriter cast_to(OnnxType type) { return onnx_number("to", static_cast<std::int64_t>(type)); }

  static void write_all(ProtoWriter& graph, unsigned field, const std::vector<ProtoWriter>& parts) {
    for (const ProtoWriter& part : parts) {
      graph.message(field, part);
    }
  }

  static ProtoWriter tensor_of_rows(const std::string& name, OnnxType type, std::size_t columns) {
    ProtoWriter shape;
    shape.message(1, ProtoWriter().text(2, "rows"));
    shape.message(1, ProtoWriter().number(1, static_cast<std::int64_t>(columns)));
    ProtoWriter tensor;
    tensor.number(1, static_cast<std::int64_t>(type)).message(2, shape);
    return ProtoWriter().text(1, name).message(2, ProtoWriter().message(1, tensor));
  }

  static ProtoWriter node_of(std::string_view operation, const std::vector<std::string>& from, const std::string& to,
                             const std::vector<ProtoWriter>& attributes, std::string_view domain) {
    ProtoWriter node;
    for (const std::string& name : from) {
      node.text(1, name);
    }
    node.text(2, to).text(3, to).text(4, operation);
    for (const ProtoWriter& attribute : attributes) {
      node.message(5, attribute);
    }
    if (!domain.empty()) {
      node.text(7, domain);
    }
    return node;
  }

  std::string next_name() { return std::string(own_prefix) + std::to_string(++names_); }

  std::string output_name_;
  std::size_t names_ = 0;
  std::vector<ProtoWriter> nodes_;
  std::vector<ProtoWriter> constants_;
  std::vector<ProtoWriter> inputs_;
  std::vector<ProtoWriter> outputs_;
};

/// As a constant of doubles, or of floats: [rows, columns].
template <class Number>
std::string onnx_matrix(OnnxGraph& graph, MatrixView matrix) {
  std::vector<Number> values;
  values.reserve(matrix.rows() * matrix.columns());
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    values.insert(values.end(), matrix.row(row), matrix.row(row) + matrix.columns());
  }
  return graph.constant(values, {matrix.rows(), matrix.columns()});
}

/// The same, turned: [columns, rows].
template <class Number>
std::string onnx_turned(OnnxGraph& graph, MatrixView matrix) {
  std::vector<Number> values;
  values.reserve(matrix.rows() * matrix.columns());
  for (std::size_t column = 0; column < matrix.columns(); ++column) {
    for (std::size_t row = 0; row < matrix.rows(); ++row) {
      values.push_back(static_cast<Number>(matrix(row, column)));
    }
  }
  return graph.constant(values, {matrix.columns(), matrix.rows()});
}

}  // namespace nad::detail
