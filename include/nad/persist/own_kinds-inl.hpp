#pragma once

// Detectors that a program has registered, in model files: the threshold, then what they keep.

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/kept_values.hpp"
#include "nad/detail/archive_kept_values.hpp"
#include "nad/detector/own_detector.hpp"
#include "nad/persist/archive-inl.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/json_archive-inl.hpp"

namespace nad::detail {

struct OwnPayload {
  float threshold = 0.0F;
  std::vector<KeptValues::Named> values;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(threshold);
    archive_kept_values(archive, values);
  }
};

/// What a registered detector keeps; nothing where its kind is not registered, or for another type.
inline std::optional<OwnPayload> own_payload(const Detector& detector) {
  const std::optional<OwnDetector> own = find_own_detector(detector.kind());
  if (!own) {
    return std::nullopt;
  }
  KeptValues kept;
  const std::unique_ptr<Detector> copy = detector.clone();  // `keep` may change what it is called for
  return own->keep(*copy, kept) ? std::optional(OwnPayload{detector.threshold(), kept.values()}) : std::nullopt;
}

/// Single values are mostly options, and stand in the header.
inline bool is_own_vector(const KeptValues::Named& named) { return named.value.index() >= 4; }

/// Its part of the header.
inline void write_own_summary(HeaderText& header, const OwnPayload& payload) {
  header.begin('{').key("options").begin('{');
  for (const KeptValues::Named& named : payload.values) {
    if (!is_own_vector(named)) {
      header.key(named.name);
      std::visit([&](const auto& value) { header.scalar(json_of(value)); }, named.value);
    }
  }
  header.end('}').end('}');
}

/// The others, by name.
inline Json own_vectors_json(const OwnPayload& payload) {
  Json shown = Json::object();
  for (const KeptValues::Named& named : payload.values) {
    if (is_own_vector(named)) {
      shown[named.name] = std::visit([](const auto& value) { return json_of(value); }, named.value);
    }
  }
  return shown;
}

/// Nothing where no such kind is registered.
inline std::unique_ptr<Detector> read_own_detector(const std::string& kind, std::span<const std::byte> payload) {
  const std::optional<OwnDetector> own = find_own_detector(kind);
  if (!own) {
    return nullptr;
  }
  OwnPayload stored;
  read_payload(payload, stored);
  try {
    std::unique_ptr<Detector> detector = own->make();
    KeptValues kept(std::move(stored.values));
    own->keep(*detector, kept);
    kept.require_all_given();
    detector->set_threshold(stored.threshold);  // an error where nothing was learnt
    return detector;
  } catch (const std::exception& error) {
    throw bad_file("what the detector '" + kind + "' keeps in this file is damaged, or is of another version of the " +
                   "detector: " + error.what());
  }
}

}  // namespace nad::detail
