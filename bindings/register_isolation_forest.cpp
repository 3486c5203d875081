#include <pybind11/numpy.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "detector_verbs.hpp"

namespace nad::python {

namespace {

using RowNumbers = py::array_t<std::uint64_t, py::array::c_style | py::array::forcecast>;

py::array_t<std::uint64_t> drawn_rows(const IsolationForest& forest, py::handle table_rows) {
  const std::uint64_t count = whole_number(table_rows, "table_rows", 0);
  const std::vector<std::uint64_t> numbers = [&] {
    const ReleasedGil release;
    return forest.drawn_rows(count);
  }();
  return py::array_t<std::uint64_t>(static_cast<py::ssize_t>(numbers.size()), numbers.data());
}

void fit_drawn(IsolationForest& forest, py::handle x, const RowNumbers& numbers, py::handle table_rows,
               py::handle n_jobs, py::object progress) {
  const Records records(x);
  require_table(records);
  const std::uint64_t count = whole_number(table_rows, "table_rows", 0);
  const std::span<const std::uint64_t> places(numbers.data(), static_cast<std::size_t>(numbers.size()));
  Run run(n_jobs, std::move(progress));
  run([&](const FitControl& control) { forest.fit_drawn(records.view(), places, count, control); });
}

}  // namespace

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
      .def("drawn_rows", &drawn_rows, py::arg("table_rows"))
      .def("fit_drawn", &fit_drawn, py::arg("x"), py::arg("numbers"), py::arg("table_rows"), py::arg("n_jobs") = 1,
           py::arg("progress") = py::none())
      .def("merge", &IsolationForest::merge, py::arg("other"))
      .def("path_length", &number_per_row<IsolationForest, &IsolationForest::path_length>, py::arg("x"),
           py::arg("n_jobs") = 1, py::arg("progress") = py::none())
      .def_property_readonly("n_trees", &IsolationForest::n_trees)
      .def_property_readonly("samples_per_tree", &IsolationForest::samples_per_tree)
      .def_property_readonly("n_nodes", [](const IsolationForest& self) { return self.nodes().size(); });
}

}  // namespace nad::python
