#pragma once

/// Writes what was learnt as JSON, for people who want to read it and for programs that draw it: the header of the
/// model file, and under "learnt" every number, by name. There is no way back; model files keep models.
///
///   std::string text = nad::to_json(forest);
///   nad::save_json(pipeline, "features.json");
///
/// Infinite numbers are the words "inf" and "-inf", what is no number is null. The same detector gives the same text.

#include <filesystem>
#include <string>

#include "nad/config.hpp"
#include "nad/detector/detector.hpp"
#include "nad/features/configuration.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/persist/model_file.hpp"

namespace nad {

NAD_API std::string to_json(const Detector& detector, const SaveOptions& options = {});
NAD_API std::string to_json(const FeaturePipeline& pipeline, const std::string& note = "");

/// On an error, what was at `path` before is still there.
NAD_API void save_json(const Detector& detector, const std::filesystem::path& path, const SaveOptions& options = {});
NAD_API void save_json(const FeaturePipeline& pipeline, const std::filesystem::path& path,
                       const std::string& note = "");

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/persist/json-inl.hpp"
#endif
