#include "helpers.hpp"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The compiled part of nad. Use the package: its classes and functions add documentation and checks.";
  module.attr("__version__") = NAD_VERSION_STRING;
  nad::python::register_core(module);
  nad::python::register_simd(module);
  nad::python::register_column(module);
  nad::python::register_table(module);
  nad::python::register_source(module);
  nad::python::register_features(module);
  nad::python::register_detector(module);
  nad::python::register_threshold(module);
  nad::python::register_alert(module);
  nad::python::register_alert_sinks(module);
  nad::python::register_evaluate(module);
  nad::python::register_persist(module);
  nad::python::register_model(module);
  nad::python::register_export(module);
  nad::python::register_record_scorer(module);
}
