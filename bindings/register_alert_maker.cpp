#include <pybind11/stl.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "alert_tools.hpp"

namespace nad::python {

void register_alert_maker(py::module_& module) {
  py::class_<AlertMaker>(module, "AlertMaker")
      .def(py::init([](const Model& model, std::string id, py::handle version,
                       const std::optional<GivenTime>& trained_until, std::string interface, py::handle high,
                       py::handle medium, py::handle most_names,
                       std::map<std::string, std::string, std::less<>> columns) {
             return AlertMaker(
                 model, {.id = std::move(id),
                         .version = whole_number(version, "model_version", 0),
                         .trained_until = trained_until ? std::optional(trained_until->nanoseconds) : std::nullopt,
                         .interface = std::move(interface),
                         .severity = {real_number(high, "high"), real_number(medium, "medium")},
                         .most_names = whole_number(most_names, "most_names", 0),
                         .columns = std::move(columns)});
           }),
           py::arg("model"), py::arg("id"), py::arg("version"), py::arg("trained_until"), py::arg("interface"),
           py::arg("high"), py::arg("medium"), py::arg("most_names"), py::arg("columns"))
      .def(
          "make",
          [](const AlertMaker& self, const Table& table, const Finding& finding, const GivenTime& now) {
            return self.make(table, finding, now.nanoseconds);
          },
          py::arg("table"), py::arg("finding"), py::arg("now"))
      .def_property_readonly("model", [](const AlertMaker& self) { return self.model(); });
}

}  // namespace nad::python
