#pragma once

/// Saves a detector into one file and gets it back, in any program that links nad.
///
///   nad::save(forest, "forest.nad");
///   nad::IsolationForest same = nad::load<nad::IsolationForest>("forest.nad");
///   std::unique_ptr<nad::Detector> any = nad::load_detector("forest.nad");    // whatever kind it holds
///   std::string header = nad::read_header("forest.nad");                      // JSON, without loading the rest
///
/// A file is written beside its name and renamed when it is complete, so the name always holds the old model or the
/// new one. The same detector gives the same bytes. Loading runs no code and checks every length against the bytes that
/// are left before it allocates: a damaged or hostile file is an Error (ErrorCode::bad_file; ErrorCode::io where the
/// operating system refused), never a crash. include/nad/README.md describes the format byte by byte.

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/detector.hpp"

namespace nad {

struct SaveOptions {
  std::vector<std::string> feature_names = {};  ///< one for each column, or none; UTF-8
  std::string note = {};                        ///< free text for people, kept in the header; UTF-8
};

/// On an error, what was at `path` before is still there, and no temporary file is left.
NAD_API void save(const Detector& detector, const std::filesystem::path& path, const SaveOptions& options = {});
NAD_API std::vector<std::byte> save_bytes(const Detector& detector, const SaveOptions& options = {});

NAD_API std::unique_ptr<Detector> load_detector(const std::filesystem::path& path);
NAD_API std::unique_ptr<Detector> load_detector_bytes(std::span<const std::byte> bytes);

/// A type with a tag of its own in the model file.
template <class D>
concept SavedDetector = std::derived_from<D, Detector> && std::move_constructible<D> && requires {
  { D::kind_name } -> std::convertible_to<std::string_view>;
};

/// The detector as the type that the caller expects; an error that names both kinds when the file holds another.
template <SavedDetector D>
D load(const std::filesystem::path& path);
template <SavedDetector D>
D load_bytes(std::span<const std::byte> bytes);

/// The JSON header: format and library version, kind, number of features and their names, threshold, how it was
/// trained, note. Reads nothing beyond it, so a payload that is damaged shows only when it is loaded.
NAD_API std::string read_header(const std::filesystem::path& path);
/// `bytes` may be the whole file or its beginning, as long as the header is in it.
NAD_API std::string read_header_bytes(std::span<const std::byte> bytes);

namespace detail {

/// Of the kind `expected`, of any kind when it is empty.
NAD_API std::unique_ptr<Detector> load_kind(const std::filesystem::path& path, std::string_view expected);
NAD_API std::unique_ptr<Detector> load_kind_bytes(std::span<const std::byte> file, std::string_view expected);

}  // namespace detail

template <SavedDetector D>
D load(const std::filesystem::path& path) {
  const std::unique_ptr<Detector> detector = detail::load_kind(path, D::kind_name);
  return std::move(static_cast<D&>(*detector));
}

template <SavedDetector D>
D load_bytes(std::span<const std::byte> bytes) {
  const std::unique_ptr<Detector> detector = detail::load_kind_bytes(bytes, D::kind_name);
  return std::move(static_cast<D&>(*detector));
}

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/persist/model_file-inl.hpp"
#endif
