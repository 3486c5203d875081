#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "detector_verbs.hpp"

namespace nad::python {

namespace {

std::vector<std::int32_t> labels_from(const py::array_t<std::int32_t, py::array::c_style>& labels) {
  return {labels.data(), labels.data() + labels.size()};
}

void fit_classes(BoostedTrees& trees, py::handle x, const py::array_t<std::int32_t, py::array::c_style>& labels,
                 py::handle sample_weight, py::handle n_jobs, py::object progress, bool assume_finite) {
  const Records records(x);
  require_table(records);
  const std::vector<std::int32_t> given = labels_from(labels);
  const std::vector<float> weights = weights_from(sample_weight);
  Run run(n_jobs, std::move(progress));
  run([&](FitControl control) {
    control.assume_finite = assume_finite;
    trees.fit(records.view(), given, weights, control);
  });
}

py::object predict_class(const BoostedTrees& trees, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(trees, records);
  if (records.is_single()) {
    return py::int_(trees.predict_class(records.row()));
  }
  Run run(n_jobs, std::move(progress));
  const std::vector<std::int32_t> found =
      run([&](const FitControl& control) { return trees.predict_class(records.view(), control); });
  return py::array_t<std::int32_t>(static_cast<py::ssize_t>(found.size()), found.data());
}

py::object predict_proba(const BoostedTrees& trees, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(trees, records);
  Run run(n_jobs, std::move(progress));
  Matrix found = run([&](const FitControl& control) { return trees.predict_proba(records.view(), control); });
  const auto columns = static_cast<py::ssize_t>(found.columns());
  py::array_t<float> array = array_of(std::move(found));
  return records.is_single() ? py::object(array.reshape({columns})) : py::object(std::move(array));
}

}  // namespace

void register_boosted_trees(py::module_& module) {
  const auto x = py::arg("x");
  const auto n_jobs = py::arg("n_jobs") = 1;
  const auto progress = py::arg("progress") = py::none();
  detector_class<BoostedTrees>(module, "BoostedTrees")
      .def("fit", &fit_classes, x, py::arg("labels"), py::arg("sample_weight") = py::none(), n_jobs, progress,
           py::arg("assume_finite") = false)
      .def(
          "set_names",
          [](BoostedTrees& self, std::optional<std::vector<std::string>> categorical_features,
             std::vector<std::pair<std::string, double>> class_weight, std::string normal_class) {
            self.set_names({.categorical_features = std::move(categorical_features),
                            .class_weight = std::move(class_weight),
                            .normal_class = std::move(normal_class)});
          },
          py::arg("categorical_features"), py::arg("class_weight"), py::arg("normal_class"))
      .def("predict_class", &predict_class, x, n_jobs, progress)
      .def("predict_proba", &predict_proba, x, n_jobs, progress)
      .def("feature_importance", &BoostedTrees::feature_importance)
      .def_property_readonly("classes",
                             [](const BoostedTrees& self) {
                               return std::vector<std::int32_t>(self.classes().begin(), self.classes().end());
                             })
      .def_property_readonly("normal_class", &BoostedTrees::normal_class)
      .def_property_readonly("n_iter", &BoostedTrees::n_iter)
      .def_property_readonly("training_loss", &BoostedTrees::training_loss)
      .def_property_readonly("validation_loss", [](const BoostedTrees& self) {
        return std::vector<double>(self.validation_loss().begin(), self.validation_loss().end());
      });
}

}  // namespace nad::python
