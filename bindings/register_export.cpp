#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "helpers.hpp"

namespace nad::python {

namespace {

py::bytes python_bytes(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

SaveOptions named_features(std::vector<std::string> feature_names) {
  return {.feature_names = std::move(feature_names)};
}

/// A pipeline or a model.
template <class Whole>
void register_whole(py::module_& module, const char* name) {
  module.def(
      "to_onnx",
      [](const Whole& self, bool derived_as_inputs) {
        return python_bytes(to_onnx(self, {.derived_as_inputs = derived_as_inputs}));
      },
      py::arg(name), py::arg("derived_as_inputs"));
  module.def(
      "save_onnx",
      [](const Whole& self, const std::filesystem::path& path, bool derived_as_inputs) {
        save_onnx(self, path, {.derived_as_inputs = derived_as_inputs});
      },
      py::arg(name), py::arg("path"), py::arg("derived_as_inputs"));
  module.def(
      "to_json", [](const Whole& self) { return to_json(self); }, py::arg(name));
  module.def(
      "save_json", [](const Whole& self, const std::filesystem::path& path) { save_json(self, path); }, py::arg(name),
      py::arg("path"));
}

}  // namespace

void register_export(py::module_& module) {
  module.def(
      "to_onnx", [](const Detector& self) { return python_bytes(to_onnx(self)); }, py::arg("detector"));
  module.def(
      "save_onnx", [](const Detector& self, const std::filesystem::path& path) { save_onnx(self, path); },
      py::arg("detector"), py::arg("path"));
  module.def(
      "to_json",
      [](const Detector& self, std::vector<std::string> feature_names) {
        return to_json(self, named_features(std::move(feature_names)));
      },
      py::arg("detector"), py::arg("feature_names"));
  module.def(
      "save_json",
      [](const Detector& self, const std::filesystem::path& path, std::vector<std::string> feature_names) {
        save_json(self, path, named_features(std::move(feature_names)));
      },
      py::arg("detector"), py::arg("path"), py::arg("feature_names"));
  register_whole<FeaturePipeline>(module, "pipeline");
  register_whole<Model>(module, "model");
}

}  // namespace nad::python
