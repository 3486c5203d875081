#include <pybind11/stl.h>

#include "evaluate_tools.hpp"
#include "table_tools.hpp"

namespace nad::python {

void register_splits(py::module_& module) {
  module.def(
      "identical_rows",
      [](py::handle x) {
        const Records records(x);
        return to_array(without_gil([&] { return identical_rows(records.view()); }));
      },
      py::arg("x"));
  module.def(
      "identical_table_rows",
      [](const Table& table, const std::vector<std::string>& columns) {
        return to_array(without_gil([&] { return identical_rows(table, columns); }));
      },
      py::arg("table"), py::arg("columns"));
  module.def(
      "split_rows",
      [](std::size_t rows, const std::vector<double>& shares, const std::optional<Codes>& labels,
         const std::optional<Codes>& groups, std::uint64_t random_state) {
        return to_array(without_gil([&] {
          return split_rows(rows, shares,
                            {.labels = view_of(labels), .groups = view_of(groups), .random_state = random_state});
        }));
      },
      py::arg("rows"), py::arg("shares"), py::arg("labels"), py::arg("groups"), py::arg("random_state"));
  module.def(
      "split_by_time",
      [](const Doubles& seconds, const std::vector<double>& shares) {
        return to_array(without_gil([&] { return split_by_time(view_of(seconds), shares); }));
      },
      py::arg("seconds"), py::arg("shares"));
}

}  // namespace nad::python
