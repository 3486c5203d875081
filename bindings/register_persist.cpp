#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <memory>

#include "helpers.hpp"
#include "nad/persist/parts_file.hpp"

namespace nad::python {

namespace {

std::span<const std::byte> bytes_of(const std::string_view& bytes) {
  return {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()};
}

using PartsInBytes = std::vector<std::pair<std::string, py::bytes>>;

void save_parts_in_bytes(const std::filesystem::path& path, const std::string& kind, const FeaturePipeline& pipeline,
                         const PartsInBytes& given, const std::string& training, const std::string& note) {
  detail::NamedParts parts;
  parts.reserve(given.size());
  for (const auto& [name, part] : given) {
    const std::string_view bytes = part;
    parts.emplace_back(name, std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  }
  detail::save_parts(path, kind, pipeline, parts, training, note);
}

PartsInBytes load_parts_in_bytes(const std::filesystem::path& path, const std::string& kind) {
  PartsInBytes found;
  for (const auto& [name, part] : detail::load_parts(path, kind)) {
    found.emplace_back(name, py::bytes(reinterpret_cast<const char*>(part.data()), part.size()));
  }
  return found;
}

}  // namespace

void register_persist(py::module_& module) {
  // Reading and writing hold the GIL: a model file is about a megabyte, and the detector cannot change meanwhile.
  module.def(
      "save",
      [](const Detector& detector, const std::filesystem::path& path, std::vector<std::string> feature_names,
         std::string note) {
        save(detector, path, {.feature_names = std::move(feature_names), .note = std::move(note)});
      },
      py::arg("detector"), py::arg("path"), py::kw_only(), py::arg("feature_names") = std::vector<std::string>(),
      py::arg("note") = "");
  module.def(
      "save_bytes",
      [](const Detector& detector, std::vector<std::string> feature_names, std::string note) {
        const std::vector<std::byte> bytes =
            save_bytes(detector, {.feature_names = std::move(feature_names), .note = std::move(note)});
        return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      py::arg("detector"), py::kw_only(), py::arg("feature_names") = std::vector<std::string>(), py::arg("note") = "");
  module.def("load_detector", &load_detector, py::arg("path"));
  module.def(
      "load_detector_bytes",
      [](const py::bytes& bytes) { return load_detector_bytes(bytes_of(std::string_view(bytes))); }, py::arg("bytes"));
  module.def(
      "save_pipeline",
      [](const FeaturePipeline& pipeline, const std::filesystem::path& path, const std::string& note) {
        save(pipeline, path, note);
      },
      py::arg("pipeline"), py::arg("path"), py::arg("note"));
  module.def(
      "save_pipeline_bytes",
      [](const FeaturePipeline& pipeline) {
        const std::vector<std::byte> bytes = save_bytes(pipeline);
        return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      py::arg("pipeline"));
  module.def("load_pipeline", &load<FeaturePipeline>, py::arg("path"));
  module.def(
      "load_pipeline_bytes",
      [](const py::bytes& bytes) { return load_bytes<FeaturePipeline>(bytes_of(std::string_view(bytes))); },
      py::arg("bytes"));
  module.def("save_parts", &save_parts_in_bytes, py::arg("path"), py::arg("kind"), py::arg("pipeline"),
             py::arg("parts"), py::arg("training"), py::arg("note"));
  module.def("load_parts", &load_parts_in_bytes, py::arg("path"), py::arg("kind"));
  module.def("read_header", &read_header, py::arg("path"));
  module.def(
      "read_header_bytes", [](const py::bytes& bytes) { return read_header_bytes(bytes_of(std::string_view(bytes))); },
      py::arg("bytes"));
}

}  // namespace nad::python
