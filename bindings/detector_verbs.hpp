#pragma once

/// What every detector's class offers in Python beside the verbs of its base.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detector_options.hpp"
#include "helpers.hpp"

namespace nad::python {

/// The words that scikit-learn's own checks look for; nad's check behind this one would say the same in others.
void check_columns(const Detector& detector, const Records& records);

/// Throws where one dimension was given to learn from.
void require_table(const Records& records);

Matrix copy_of(MatrixView view);

/// The array takes the matrix over: no copy.
py::array_t<float> array_of(Matrix&& matrix);

/// A verb that gives one number a row and is not in a hurry.
template <class D, std::vector<float> (D::*verb)(MatrixView, const FitControl&) const>
py::object number_per_row(const D& detector, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(detector, records);
  Run run(n_jobs, std::move(progress));
  return per_row(records, run([&](const FitControl& control) { return (detector.*verb)(records.view(), control); }));
}

/// A class with its constructor, its options and its pickle, which is the model file.
template <class D>
py::class_<D, Detector> detector_class(py::module_& module, const char* class_name) {
  py::class_<D, Detector> cls(module, class_name);
  cls.def(py::init([name = std::string(class_name)](const py::kwargs& options) {
       return D(options_from<typename D::Options>(options, name.c_str()));
     }))
      .def_property_readonly("options", [](const D& self) { return options_to_python(self.options()); })
      .def(py::pickle(
          [](const D& self) {
            const std::vector<std::byte> bytes = save_bytes(self);
            return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
          },
          [](const py::bytes& state) {
            const std::string_view bytes(state);
            return load_bytes<D>({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
          }))
      .def("__copy__", [](const D& self) { return D(self); });
  return cls;
}

/// The verb of a detector that goes on learning from rows that come later.
template <class D>
void def_partial_fit(py::class_<D, Detector>& cls) {
  cls.def(
      "partial_fit",
      [](D& self, py::handle x, py::handle sample_weight, py::handle n_jobs, py::object progress) {
        const Records records(x);
        check_columns(self, records);
        const std::vector<float> weights = weights_from(sample_weight);
        Run run(n_jobs, std::move(progress));
        run([&](const FitControl& control) { self.partial_fit(records.view(), weights, control); });
      },
      py::arg("x"), py::arg("sample_weight") = py::none(), py::arg("n_jobs") = 1, py::arg("progress") = py::none());
}

void register_autoencoder(py::module_& module);
void register_boosted_trees(py::module_& module);
void register_ecod(py::module_& module);
void register_ensemble(py::module_& module);
void register_gaussians(py::module_& module);
void register_half_space_trees(py::module_& module);
void register_histogram(py::module_& module);
void register_isolation_forest(py::module_& module);
void register_kmeans(py::module_& module);
void register_loda(py::module_& module);
void register_nearest_neighbours(py::module_& module);
void register_one_class_svm(py::module_& module);
void register_pca_residual(py::module_& module);

}  // namespace nad::python
