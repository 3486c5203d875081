#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "table_tools.hpp"

namespace nad::python {

namespace {

py::array_t<float> empty_matrix(std::size_t rows, std::size_t columns) {
  try {
    return py::array_t<float>({static_cast<py::ssize_t>(rows), static_cast<py::ssize_t>(columns)});
  } catch (const py::error_already_set& error) {
    if (!error.matches(PyExc_MemoryError) && !error.matches(PyExc_ValueError)) {  // of more bytes than a size holds
      throw;
    }
  }
  const double gigabytes = 4e-9 * static_cast<double>(rows) * static_cast<double>(columns);
  throw Error(ErrorCode::invalid_data,
              "there is no memory for a matrix of " + std::to_string(rows) + " records and " + std::to_string(columns) +
                  " features, " + std::to_string(static_cast<std::uint64_t>(gigabytes + 0.5)) +
                  " GB: transform the table in batches, or make fewer features, for instance by a smaller "
                  "max_categories of one_hot, or by hashing or frequency in its place");
}

py::array_t<float> transform(const FeaturePipeline& pipeline, const Table& table, py::handle n_jobs,
                             const py::object& progress) {
  py::array_t<float> x = empty_matrix(table.rows(), pipeline.features().size());
  const std::span<float> out(x.mutable_data(), static_cast<std::size_t>(x.size()));
  Run run(n_jobs, progress);
  run([&](const FitControl& control) { pipeline.transform(table, out, control); });
  return x;
}

py::array_t<float> push(FeatureStream& stream, const Table& records) {
  const Matrix x = without_gil([&] { return stream.push(records); });
  py::array_t<float> result = empty_matrix(x.rows(), x.columns());
  std::copy_n(x.data(), x.rows() * x.columns(), result.mutable_data());
  return result;
}

std::vector<std::pair<std::string, std::vector<std::string>>> feature_words(const FeaturePipeline& pipeline) {
  std::vector<std::pair<std::string, std::vector<std::string>>> words;
  for (const FeatureInfo& feature : pipeline.features()) {
    words.emplace_back(feature.name, feature.sources);
  }
  return words;
}

std::vector<std::tuple<std::string, std::size_t, std::size_t>> view_words(const FeaturePipeline& pipeline) {
  std::vector<std::tuple<std::string, std::size_t, std::size_t>> words;
  for (const FeatureView& view : pipeline.views()) {
    words.emplace_back(view.name, view.first, view.count);
  }
  return words;
}

std::vector<std::pair<std::string, std::string>> left_out_words(const FeaturePipeline& pipeline) {
  std::vector<std::pair<std::string, std::string>> words;
  for (const LeftOut& column : pipeline.left_out()) {
    words.emplace_back(column.column, column.reason);
  }
  return words;
}

std::vector<std::pair<std::string, std::string>> input_words(const FeaturePipeline& pipeline) {
  std::vector<std::pair<std::string, std::string>> words;
  for (const Field& field : pipeline.inputs()) {
    words.emplace_back(field.name, name(field.type));
  }
  return words;
}

using Groups = py::array_t<std::int32_t, py::array::c_style | py::array::forcecast>;
using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;

MatrixView view_of(const Floats& x) {
  if (x.ndim() != 2) {
    throw Error(ErrorCode::invalid_argument, "features have two dimensions, rows and columns");
  }
  return {x.data(), static_cast<std::size_t>(x.shape(0)), static_cast<std::size_t>(x.shape(1))};
}

std::span<const std::int32_t> span_of(const Groups& groups) {
  return {groups.data(), static_cast<std::size_t>(groups.size())};
}

}  // namespace

void register_features(py::module_& module) {
  py::class_<FeaturePipeline>(module, "FeaturePipeline")
      .def(py::init([](const std::string& steps) { return FeaturePipeline(steps_from_json(steps)); }), py::arg("steps"))
      .def_static("automatic", &FeaturePipeline::automatic, py::arg("table"))
      .def_static("automatic_views", &FeaturePipeline::automatic_views, py::arg("table"))
      .def(
          "fit",
          [](FeaturePipeline& self, const Table& table, py::handle n_jobs, const py::object& progress) {
            Run run(n_jobs, progress);
            FeaturePipeline learner = self;  // what is being used elsewhere stays as it is until the end
            run([&](const FitControl& control) { learner.fit(table, control); });
            self = std::move(learner);
          },
          py::arg("table"), py::arg("n_jobs"), py::arg("progress"))
      .def(
          "training_rows",
          [](const FeaturePipeline& self, const Table& table) {
            return without_gil([&] { return self.training_rows(table); });
          },
          py::arg("table"))
      .def("transform", &transform, py::arg("table"), py::arg("n_jobs"), py::arg("progress"))
      .def_property_readonly("is_fitted", &FeaturePipeline::is_fitted)
      .def_property_readonly("looks_back", &FeaturePipeline::looks_back)
      .def_property_readonly("steps", [](const FeaturePipeline& self) { return to_json(self.steps()); })
      .def_property_readonly("features", &feature_words)
      .def_property_readonly("inputs", &input_words)
      .def_property_readonly("views", &view_words)
      .def_property_readonly("left_out", &left_out_words)
      .def_property_readonly("explained_variance_ratio", &FeaturePipeline::explained_variance_ratio)
      .def(
          "columns",
          [](const FeaturePipeline& self, const Table& table) {
            return without_gil([&] { return self.columns(table); });
          },
          py::arg("table"))
      .def("ignored", &FeaturePipeline::ignored, py::arg("table"))
      .def("to_text", &FeaturePipeline::to_string)
      .def("__copy__", [](const FeaturePipeline& self) { return self; });
  py::class_<FeatureStream>(module, "FeatureStream")
      .def(py::init<const FeaturePipeline&>(), py::arg("pipeline"))
      .def("push", &push, py::arg("records"));
  module.def(
      "variance_ratio",
      [](const Floats& x, const Groups& groups) {
        const MatrixView view = view_of(x);
        return without_gil([&] { return variance_ratio(view, span_of(groups)); });
      },
      py::arg("x"), py::arg("groups"));
  module.def(
      "column_importance",
      [](const FeaturePipeline& pipeline, const Floats& x, const Groups& groups) {
        const MatrixView view = view_of(x);
        const std::vector<ColumnImportance> columns =
            without_gil([&] { return column_importance(pipeline, view, span_of(groups)); });
        std::vector<std::pair<std::string, double>> words;
        for (const ColumnImportance& column : columns) {
          words.emplace_back(column.name, column.share);
        }
        return words;
      },
      py::arg("pipeline"), py::arg("x"), py::arg("groups"));
  module.def("feature_step_kinds", &step_kinds);
}

}  // namespace nad::python
