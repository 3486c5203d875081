#pragma once

/// Saves a fitted feature pipeline into one file and gets it back, as `model_file.hpp` does for detectors.
///
///   nad::save(pipeline, "features.nad");
///   nad::FeaturePipeline same = nad::load<nad::FeaturePipeline>("features.nad");
///   nad::read_header("features.nad");      // JSON: the steps, what must come in, what comes out
///
/// A file is complete or not there, and loading a damaged or hostile one is an Error, never a crash.

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/persist/model_file.hpp"

namespace nad {

/// `note`: free text for people, kept in the header; UTF-8.
NAD_API void save(const FeaturePipeline& pipeline, const std::filesystem::path& path, const std::string& note = "");
NAD_API std::vector<std::byte> save_bytes(const FeaturePipeline& pipeline, const std::string& note = "");

namespace detail {

NAD_API FeaturePipeline load_pipeline(const std::filesystem::path& path);
NAD_API FeaturePipeline load_pipeline_bytes(std::span<const std::byte> file);

}  // namespace detail

template <std::same_as<FeaturePipeline> Pipeline>
Pipeline load(const std::filesystem::path& path) {
  return detail::load_pipeline(path);
}

template <std::same_as<FeaturePipeline> Pipeline>
Pipeline load_bytes(std::span<const std::byte> bytes) {
  return detail::load_pipeline_bytes(bytes);
}

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/persist/pipeline_file-inl.hpp"
#endif
