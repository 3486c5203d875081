#pragma once

// The one table of what can be saved: a line for each detector. Loading looks the tag of the file up here; nothing is
// registered behind the scenes, so nothing gets lost when a static library is linked. What a program registers itself
// stands beside it (own_kinds-inl.hpp).

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "nad/detector/autoencoder.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/ecod.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/detector/half_space_trees.hpp"
#include "nad/detector/histogram.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/detector/kmeans.hpp"
#include "nad/detector/local_gaussian.hpp"
#include "nad/detector/loda.hpp"
#include "nad/detector/mahalanobis.hpp"
#include "nad/detector/nearest_neighbours.hpp"
#include "nad/detector/one_class_svm.hpp"
#include "nad/detector/pca_residual.hpp"
#include "nad/persist/archive-inl.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/json_archive-inl.hpp"
#include "nad/persist/model_file.hpp"
#include "nad/persist/own_kinds-inl.hpp"

namespace nad::detail {

struct Kind {
  std::string_view name;
  std::unique_ptr<Detector> (*read)(std::span<const std::byte> payload);
  /// False when the detector is of another type than its tag says.
  bool (*write)(const Detector& detector, PayloadWriter& payload);
  /// Its own part of the header; `detector` has to be one that `write` takes.
  void (*summarise)(HeaderText& header, const Detector& detector);
  /// What it learnt and what the header does not tell, by name; null when it is of another type than its tag says.
  Json (*show)(const Detector& detector);
};

template <class D>
constexpr Kind kind_of() {
  return {.name = D::kind_name,
          .read = [](std::span<const std::byte> payload) -> std::unique_ptr<Detector> {
            auto detector = std::make_unique<D>();
            read_payload(payload, *detector);
            return detector;
          },
          .write =
              [](const Detector& detector, PayloadWriter& payload) {
                const auto* const typed = dynamic_cast<const D*>(&detector);
                if (typed == nullptr) {
                  return false;
                }
                payload(*typed);
                return true;
              },
          .summarise = [](HeaderText& header,
                          const Detector& detector) { write_summary(header, dynamic_cast<const D&>(detector)); },
          .show = [](const Detector& detector) -> Json {
            const auto* const typed = dynamic_cast<const D*>(&detector);
            return typed != nullptr ? stored_json(*typed) : Json(nullptr);
          }};
}

// A line each, whatever room there is.
// clang-format off
inline constexpr std::array kinds = {
    kind_of<Autoencoder>(),
    kind_of<BoostedTrees>(),
    kind_of<ECOD>(),
    kind_of<Ensemble>(),
    kind_of<HalfSpaceTrees>(),
    kind_of<Histogram>(),
    kind_of<IsolationForest>(),
    kind_of<KMeans>(),
    kind_of<LocalGaussian>(),
    kind_of<LODA>(),
    kind_of<Mahalanobis>(),
    kind_of<NearestNeighbours>(),
    kind_of<OneClassSVM>(),
    kind_of<PcaResidual>(),
};
// clang-format on

inline const Kind* find_kind(std::string_view name) noexcept {
  for (const Kind& kind : kinds) {
    if (kind.name == name) {
      return &kind;
    }
  }
  return nullptr;
}

/// "isolation_forest, ..."
inline std::string known_kinds() {
  std::string names;
  for (const Kind& kind : kinds) {
    names.append(names.empty() ? "" : ", ").append(kind.name);
  }
  for (const std::string& kind : registered_detectors()) {
    names.append(", ").append(kind);
  }
  return names;
}

/// False where the detector is of no kind that is known.
inline bool write_detector(const Detector& detector, PayloadWriter& payload) {
  if (const Kind* const kind = find_kind(detector.kind())) {
    return kind->write(detector, payload);
  }
  const std::optional<OwnPayload> own = own_payload(detector);
  if (own) {
    payload(*own);
  }
  return own.has_value();
}

/// A detector's own part of a header.
inline void summarise_detector(HeaderText& header, const Detector& detector) {
  if (const Kind* const kind = find_kind(detector.kind())) {
    kind->summarise(header, detector);
  } else if (const std::optional<OwnPayload> own = own_payload(detector)) {
    write_own_summary(header, *own);
  }
}

/// What it learnt; null where the detector is of no kind that is known.
inline Json show_detector(const Detector& detector) {
  if (const Kind* const kind = find_kind(detector.kind())) {
    return kind->show(detector);
  }
  const std::optional<OwnPayload> own = own_payload(detector);
  return own ? own_vectors_json(*own) : Json(nullptr);
}

inline std::string make_header(const Detector& detector, const SaveOptions& options) {
  if (!options.feature_names.empty() && options.feature_names.size() != detector.n_features()) {
    throw Error(ErrorCode::invalid_argument,
                std::to_string(options.feature_names.size()) + " feature names were given for a detector of " +
                    std::to_string(detector.n_features()) + " columns; give one for each column, or none");
  }
  HeaderText header;
  begin_header(header, detector.kind(), detector.n_features());
  if (!options.feature_names.empty()) {
    header.key("feature_names").value(options.feature_names);
  }
  header.key("threshold").value(static_cast<double>(detector.threshold())).key("training");
  summarise_detector(header, detector);
  return finish_header(header, options.note);
}

/// Null where no such kind is known.
inline std::unique_ptr<Detector> read_detector(const std::string& kind, std::span<const std::byte> payload) {
  const Kind* const known = find_kind(kind);
  return known != nullptr ? known->read(payload) : read_own_detector(kind, payload);
}

/// What to do about a detector whose kind is not known.
inline std::string register_it() { return "; one of your own is registered first, with nad::register_detector"; }

/// For a message: what a damaged file claims may be long and hold anything.
inline std::string quoted_kind(std::string_view kind) {
  std::string text = "'";
  for (const char letter : kind.substr(0, 40)) {
    text += letter >= ' ' && letter <= '~' ? letter : '?';
  }
  return text + (kind.size() > 40 ? "...'" : "'");
}

/// "a whole model"
inline std::string what_is_in_it(const std::string& kind) {
  return kind == "model"              ? "a whole model"
         : kind == "feature_pipeline" ? "a feature pipeline"
         : kind == "clustering"       ? "a clustering"
                                      : "a detector of kind " + quoted_kind(kind);
}

NAD_INLINE Json json_of_detector(const Detector& detector, const SaveOptions& options) {
  if (!detector.is_fitted()) {
    throw Error(ErrorCode::not_fitted, "this " + std::string(detector.kind()) +
                                           " has not learnt anything yet; call fit() before exporting it");
  }
  Json learnt = show_detector(detector);
  if (learnt.is_null()) {
    throw Error(ErrorCode::invalid_argument, "a detector of kind " + quoted_kind(detector.kind()) +
                                                 " cannot be written as JSON; nad " + NAD_VERSION_STRING + " knows " +
                                                 known_kinds() + register_it());
  }
  Json shown = Json::parse(make_header(detector, options));
  learnt.erase("options");  // the header has them
  learnt.erase("threshold");
  shown["learnt"] = std::move(learnt);
  return shown;
}

}  // namespace nad::detail
