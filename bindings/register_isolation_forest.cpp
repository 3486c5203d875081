#include "detector_verbs.hpp"

namespace nad::python {

void register_isolation_forest(py::module_& module) {
  auto forest = detector_class<IsolationForest>(module, "IsolationForest");
  forest
      .def(
          "set_n_estimators",
          [](IsolationForest& self, py::handle n) { self.set_n_estimators(whole_number(n, "n_estimators", 1)); },
          py::arg("n_estimators"))
      .def(
          "set_contamination",
          [](IsolationForest& self, py::handle share) {
            std::optional<double> contamination;
            set_option(contamination, share, "contamination");
            self.set_contamination(contamination);
          },
          py::arg("contamination"))
      .def("set_warm_start", &IsolationForest::set_warm_start, py::arg("warm_start"))
      .def("merge", &IsolationForest::merge, py::arg("other"))
      .def("path_length", &number_per_row<IsolationForest, &IsolationForest::path_length>, py::arg("x"),
           py::arg("n_jobs") = 1, py::arg("progress") = py::none())
      .def_property_readonly("n_trees", &IsolationForest::n_trees)
      .def_property_readonly("samples_per_tree", &IsolationForest::samples_per_tree)
      .def_property_readonly("n_nodes", [](const IsolationForest& self) { return self.nodes().size(); });
}

}  // namespace nad::python
