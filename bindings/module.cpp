#include "helpers.hpp"

namespace {

/// pybind11 before 2.12 reads NumPy 2's arrays by the layout of NumPy 1: results would be wrong, without a word.
void check_numpy() {
#if PYBIND11_VERSION_HEX < 0x020C0000
  const auto numpy = nad::python::py::module_::import("numpy").attr("__version__").cast<std::string>();
  if (std::stoi(numpy) >= 2) {
    throw nad::python::py::import_error("nad was built with pybind11 " + std::to_string(PYBIND11_VERSION_MAJOR) + "." +
                                        std::to_string(PYBIND11_VERSION_MINOR) + ", which cannot work with NumPy " +
                                        numpy +
                                        ": build nad again with pybind11 2.12 or newer (pip install . brings it "
                                        "along), or install numpy<2");
  }
#endif
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  check_numpy();
  nad::python::prepare_for_the_end();
  module.doc() = "The compiled part of nad. Use the package: its classes and functions add documentation and checks.";
  module.attr("__version__") = NAD_VERSION_STRING;
  nad::python::register_core(module);
  nad::python::register_simd(module);
  nad::python::register_column(module);
  nad::python::register_table(module);
  nad::python::register_flow(module);
  nad::python::register_source(module);
  nad::python::register_simulator(module);
  nad::python::register_features(module);
  nad::python::register_detector(module);
  nad::python::register_threshold(module);
  nad::python::register_alert(module);
  nad::python::register_alert_sinks(module);
  nad::python::register_evaluate(module);
  nad::python::register_persist(module);
  nad::python::register_model(module);
  nad::python::register_alert_maker(module);
  nad::python::register_export(module);
  nad::python::register_record_scorer(module);
  nad::python::register_monitor(module);
}
