#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/persist/archive-inl.hpp"
#include "nad/persist/file-inl.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/kinds-inl.hpp"
#include "nad/persist/layout-inl.hpp"
#include "nad/persist/model_file.hpp"

namespace nad {

namespace detail {

/// Runs `read` and names the file in front of an error.
template <class Read>
auto reading_from(const std::filesystem::path& path, Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(error.code(), quoted(path) + ": " + error.what());
  }
}

NAD_INLINE std::unique_ptr<Detector> load_kind_bytes(std::span<const std::byte> file, std::string_view expected) {
  const FileParts parts = take_apart(file);
  const HeaderFacts facts = read_facts(parts.header);
  if (facts.kind == FeaturePipeline::kind_name) {
    throw bad_file("the model file holds a feature pipeline, no detector; load it with load<FeaturePipeline>()");
  }
  if (facts.kind == "model") {
    throw bad_file("the model file holds a whole model, no detector alone; load it with Model::load()");
  }
  if (facts.kind == "clustering") {
    throw bad_file("the model file holds a clustering, no detector; load it in Python, with nad.Clustering.load()");
  }
  if (!expected.empty() && facts.kind != expected) {
    throw bad_file("the model file holds a detector of kind " + quoted_kind(facts.kind) + ", but " +
                   quoted_kind(expected) + " was asked for; load it as that kind, or with load_detector()");
  }
  std::unique_ptr<Detector> detector = read_detector(facts.kind, parts.payload);
  if (detector == nullptr) {
    throw bad_file(
        "the model file holds a detector of kind " + quoted_kind(facts.kind) +
        (is_own_kind(facts.kind)
             ? ", which is none of nad's but one of the program that saved it; load it in a program that has "
               "this detector and calls nad::register_detector for it first"
             : ", but nad " NAD_VERSION_STRING " knows only " + known_kinds() + "; a newer nad may know it"));
  }
  if (detector->n_features() != facts.n_features) {
    throw bad_file("the model file contradicts itself: its header says " + std::to_string(facts.n_features) +
                   " columns, its payload " + std::to_string(detector->n_features()));
  }
  return detector;
}

inline std::vector<std::byte> read_bytes(FileReader& file, std::vector<std::byte> begin, std::uint64_t size) {
  const std::size_t there = begin.size();
  begin.resize(static_cast<std::size_t>(size));
  file.read(std::span(begin).subspan(there));
  return begin;
}

/// The first bytes of the file, as many as the lengths of the parts need.
inline std::vector<std::byte> read_beginning(FileReader& file) {
  return read_bytes(file, {}, std::min<std::uint64_t>(file.size(), fixed_head_bytes));
}

/// All bytes of a file; one of another make is not read to its end.
inline std::vector<std::byte> read_model_file(const std::filesystem::path& path) {
  FileReader file(path);
  return reading_from(path, [&] {
    std::vector<std::byte> bytes = read_beginning(file);
    static_cast<void>(parse_fixed_head(bytes));
    return read_bytes(file, std::move(bytes), file.size());
  });
}

NAD_INLINE std::unique_ptr<Detector> load_kind(const std::filesystem::path& path, std::string_view expected) {
  const std::vector<std::byte> bytes = read_model_file(path);
  return reading_from(path, [&] { return load_kind_bytes(bytes, expected); });
}

}  // namespace detail

NAD_INLINE std::vector<std::byte> save_bytes(const Detector& detector, const SaveOptions& options) {
  if (!detector.is_fitted()) {
    throw Error(ErrorCode::not_fitted,
                "this " + std::string(detector.kind()) + " has not learnt anything yet; call fit() before saving it");
  }
  std::vector<std::byte> payload;
  detail::PayloadWriter writer(payload);
  if (!detail::write_detector(detector, writer)) {
    throw Error(ErrorCode::invalid_argument, "a detector of kind " + detail::quoted_kind(detector.kind()) +
                                                 " cannot be saved into a model file; nad " + NAD_VERSION_STRING +
                                                 " saves " + detail::known_kinds() + detail::register_it());
  }
  return detail::put_together(detail::make_header(detector, options), payload);
}

NAD_INLINE void save(const Detector& detector, const std::filesystem::path& path, const SaveOptions& options) {
  detail::replace_file(path, save_bytes(detector, options));
}

namespace detail {

NAD_INLINE std::vector<std::uint8_t> member_to_bytes(const Detector& member) {
  const std::vector<std::byte> bytes = save_bytes(member);
  std::vector<std::uint8_t> copy(bytes.size());
  std::transform(bytes.begin(), bytes.end(), copy.begin(),
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  return copy;
}

NAD_INLINE std::unique_ptr<Detector> member_from_bytes(const std::vector<std::uint8_t>& bytes) {
  thread_local std::size_t depth = 0;
  struct Level {
    Level() { ++depth; }
    ~Level() { --depth; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
  };
  const Level level;
  if (depth > deepest_nesting) {
    throw bad_file("ensembles lie in each other more than " + std::to_string(deepest_nesting) +
                   " deep; the model is damaged");
  }
  return load_kind_bytes(std::as_bytes(std::span(bytes)), {});
}

}  // namespace detail

NAD_INLINE std::unique_ptr<Detector> load_detector(const std::filesystem::path& path) {
  return detail::load_kind(path, {});
}

NAD_INLINE std::unique_ptr<Detector> load_detector_bytes(std::span<const std::byte> bytes) {
  return detail::load_kind_bytes(bytes, {});
}

NAD_INLINE std::string read_header(const std::filesystem::path& path) {
  detail::FileReader file(path);
  return detail::reading_from(path, [&] {
    std::vector<std::byte> bytes = detail::read_beginning(file);
    const detail::FixedHead head = detail::parse_fixed_head(bytes);
    bytes = detail::read_bytes(file, std::move(bytes), std::min<std::uint64_t>(file.size(), head.head_bytes()));
    const std::string_view header = detail::checked_header(bytes, head);
    detail::check_file_size(file.size(), head);
    static_cast<void>(detail::read_facts(header));
    return std::string(header);
  });
}

NAD_INLINE std::string read_header_bytes(std::span<const std::byte> bytes) {
  const std::string_view header = detail::checked_header(bytes, detail::parse_fixed_head(bytes));
  static_cast<void>(detail::read_facts(header));
  return std::string(header);
}

}  // namespace nad
