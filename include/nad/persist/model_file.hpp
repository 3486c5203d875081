#pragma once

/// Saves a detector into one file and gets it back, in any program that links nad.
///
///   nad::save(forest, "forest.nad");
///   nad::IsolationForest same = nad::load<nad::IsolationForest>("forest.nad");
///   std::unique_ptr<nad::Detector> any = nad::load_detector("forest.nad");    // whatever kind it holds
///   std::string header = nad::read_header("forest.nad");                      // JSON, without loading the rest
///
/// A file is written beside its name and renamed when it is complete. Loading runs no code and checks every length
/// against the bytes that are left before it allocates: a damaged or hostile file is an Error, never a crash.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/detector.hpp"

namespace nad {

class IsolationForest;

struct SaveOptions {
  std::vector<std::string> feature_names = {};  ///< one for each column, or none
  std::string note = {};                        ///< free text for people, kept in the header
};

NAD_API void save(const Detector& detector, const std::filesystem::path& path, const SaveOptions& options = {});
NAD_API std::vector<std::byte> save_bytes(const Detector& detector, const SaveOptions& options = {});

NAD_API std::unique_ptr<Detector> load_detector(const std::filesystem::path& path);
NAD_API std::unique_ptr<Detector> load_detector_bytes(std::span<const std::byte> bytes);

/// The detector as the type that the caller expects; an error that names both kinds when the file holds another.
template <class D>
D load(const std::filesystem::path& path);
template <class D>
D load_bytes(std::span<const std::byte> bytes);

/// The JSON header: format, library version, kind, feature names, training summary. Reads nothing beyond it.
NAD_API std::string read_header(const std::filesystem::path& path);
NAD_API std::string read_header_bytes(std::span<const std::byte> bytes);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/persist/model_file-inl.hpp"
#endif
