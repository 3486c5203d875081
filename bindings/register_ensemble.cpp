#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "detector_verbs.hpp"

namespace nad::python {

namespace {

void fit_members(Ensemble& ensemble, py::handle x, py::handle sample_weight, py::handle n_jobs, py::object progress,
                 bool assume_finite, const std::optional<py::array_t<std::int32_t, py::array::c_style>>& labels) {
  const Records records(x);
  require_table(records);
  const std::vector<float> weights = weights_from(sample_weight);
  std::vector<std::int32_t> given;
  if (labels) {
    given.assign(labels->data(), labels->data() + labels->size());
  }
  Run run(n_jobs, std::move(progress));
  run([&](FitControl control) {
    control.assume_finite = assume_finite;
    if (labels) {
      ensemble.fit(records.view(), given, weights, control);
    } else {
      ensemble.fit(records.view(), weights, control);
    }
  });
}

}  // namespace

void register_ensemble(py::module_& module) {
  detector_class<Ensemble>(module, "Ensemble")
      .def_static(
          "clean",
          [](std::uint64_t random_state, std::optional<std::size_t> rows,
             const std::vector<std::pair<std::size_t, std::size_t>>& views,
             const std::vector<std::uint32_t>& surprises) {
            std::vector<ColumnRange> ranges;
            ranges.reserve(views.size());
            for (const auto& [first, count] : views) {
              ranges.push_back({.first = first, .count = count});
            }
            return Ensemble::clean(random_state, rows, ranges, surprises);
          },
          py::arg("random_state") = 0, py::arg("rows") = py::none(),
          py::arg("views") = std::vector<std::pair<std::size_t, std::size_t>>(),
          py::arg("surprises") = std::vector<std::uint32_t>())
      .def_static("mixed", &Ensemble::mixed, py::arg("random_state") = 0)
      .def(
          "add",
          [](Ensemble& self, const Detector& detector, py::handle weight, const std::string& name,
             std::pair<std::size_t, std::size_t> columns) {
            self.add(detector, {.weight = real_number(weight, "weight"),
                                .name = name,
                                .columns = {.first = columns.first, .count = columns.second}});
          },
          py::arg("detector"), py::arg("weight") = 1.0, py::arg("name") = "",
          py::arg("columns") = std::pair<std::size_t, std::size_t>(0, 0))
      .def("fit", &fit_members, py::arg("x"), py::arg("sample_weight") = py::none(), py::arg("n_jobs") = 1,
           py::arg("progress") = py::none(), py::arg("assume_finite") = false, py::arg("labels") = py::none())
      .def_property_readonly("learns_from_labels", &Ensemble::learns_from_labels)
      .def_property_readonly("n_members", &Ensemble::n_members)
      .def(
          "member", [](const Ensemble& self, std::size_t index) { return self.member(index).clone(); },
          py::arg("index"))
      .def("member_name", &Ensemble::member_name, py::arg("index"))
      .def("member_weight", &Ensemble::member_weight, py::arg("index"))
      .def(
          "member_columns",
          [](const Ensemble& self, std::size_t index) {
            const ColumnRange& columns = self.member_columns(index);
            return std::pair(columns.first, columns.count);
          },
          py::arg("index"))
      .def(
          "member_scores",
          [](const Ensemble& self, py::handle x, py::handle n_jobs, py::object progress) {
            const Records records(x);
            check_columns(self, records);
            Run run(n_jobs, std::move(progress));
            return array_of(
                run([&](const FitControl& control) { return self.member_scores(records.view(), control); }));
          },
          py::arg("x"), py::arg("n_jobs") = 1, py::arg("progress") = py::none());
}

}  // namespace nad::python
