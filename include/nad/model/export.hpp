#pragma once

/// A whole model as ONNX, for runtimes that know nothing of nad, or as JSON, for people.
///
///   nad::save_onnx(model, "office.onnx");     // a tensor [rows, 1] for each column -> "anomaly_score" [rows, 1]
///   std::string text = nad::to_json(model);   // the header of the model file, and all that was learnt, by name
///
/// An ONNX graph holds pipeline and detector; the threshold stands in its metadata. nad/persist/onnx.hpp says what can
/// be exported.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/model/model.hpp"
#include "nad/persist/json.hpp"
#include "nad/persist/onnx.hpp"

namespace nad {

NAD_API std::vector<std::byte> to_onnx(const Model& model, const OnnxOptions& options = {});
NAD_API std::string to_json(const Model& model, const std::string& note = "");

/// On an error, what was at `path` before is still there.
NAD_API void save_onnx(const Model& model, const std::filesystem::path& path, const OnnxOptions& options = {});
NAD_API void save_json(const Model& model, const std::filesystem::path& path, const std::string& note = "");

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/model/export-inl.hpp"
#endif
