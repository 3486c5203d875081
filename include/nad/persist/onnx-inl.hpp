#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/json_writer.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/persist/file-inl.hpp"
#include "nad/persist/onnx.hpp"
#include "nad/persist/onnx_boosted-inl.hpp"
#include "nad/persist/onnx_distances-inl.hpp"
#include "nad/persist/onnx_ensemble-inl.hpp"
#include "nad/persist/onnx_features-inl.hpp"
#include "nad/persist/onnx_forest-inl.hpp"
#include "nad/persist/onnx_graph-inl.hpp"
#include "nad/persist/onnx_learned-inl.hpp"

namespace nad {

namespace detail {

struct OnnxKind {
  std::string_view name;
  OnnxScore (*write)(OnnxGraph& graph, const std::string& x, const Detector& detector);
};

template <class D>
constexpr OnnxKind onnx_kind_of() {
  return {.name = D::kind_name, .write = [](OnnxGraph& graph, const std::string& x, const Detector& detector) {
            return onnx_score_of(graph, x, dynamic_cast<const D&>(detector));
          }};
}

inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const Ensemble& ensemble);

// A line each, whatever room there is.
// clang-format off
inline constexpr std::array onnx_kinds = {
    onnx_kind_of<Autoencoder>(),
    onnx_kind_of<BoostedTrees>(),
    onnx_kind_of<Ensemble>(),
    onnx_kind_of<IsolationForest>(),
    onnx_kind_of<KMeans>(),
    onnx_kind_of<LocalGaussian>(),
    onnx_kind_of<LODA>(),
    onnx_kind_of<Mahalanobis>(),
    onnx_kind_of<OneClassSVM>(),
    onnx_kind_of<PcaResidual>(),
};
// clang-format on

/// What any detector makes of rows of floats.
inline OnnxScore onnx_score_of_any(OnnxGraph& graph, const std::string& x, const Detector& detector) {
  std::string known;
  for (const OnnxKind& kind : onnx_kinds) {
    if (kind.name == detector.kind()) {
      return kind.write(graph, x, detector);
    }
    known.append(known.empty() ? "" : ", ").append(kind.name);
  }
  throw Error(ErrorCode::invalid_argument, "a detector of kind '" + std::string(detector.kind()) +
                                               "' cannot be exported to ONNX; these can: " + known);
}

inline OnnxScore onnx_score_of(OnnxGraph& graph, const std::string& x, const Ensemble& ensemble) {
  return onnx_ensemble(graph, x, ensemble, [&graph](const std::string& seen, const Detector& member) {
    return onnx_score_of_any(graph, seen, member);
  });
}

inline void require_fitted_for_onnx(const Detector& detector) {
  if (!detector.is_fitted()) {
    throw Error(ErrorCode::not_fitted, "this " + std::string(detector.kind()) +
                                           " has not learnt anything yet; call fit() before exporting it");
  }
}

inline void require_fitted_for_onnx(const FeaturePipeline& pipeline) {
  if (!pipeline.is_fitted()) {
    throw Error(ErrorCode::not_fitted,
                "this feature pipeline has not learnt anything yet; call fit() before exporting it");
  }
}

/// What the file says of itself.
inline std::vector<std::pair<std::string, std::string>> onnx_metadata(std::string_view kind, const Detector& detector,
                                                                      double threshold) {
  std::string number = threshold > 0.0 ? "inf" : "-inf";
  if (is_finite(threshold)) {
    number = JsonWriter().value(threshold).take();  // with the digits that it needs
  }
  return {{"kind", std::string(kind)}, {"detector", std::string(detector.kind())}, {"threshold", number}};
}

NAD_INLINE std::vector<std::byte> onnx_of_both(const FeaturePipeline& pipeline, const Detector& detector,
                                               double threshold, const OnnxOptions& options) {
  require_fitted_for_onnx(pipeline);
  require_fitted_for_onnx(detector);
  OnnxGraph graph("anomaly_score");
  const std::string features = OnnxFeatures(graph, *pipeline.plan(), options).write();
  graph.output(onnx_score_of_any(graph, features, detector).score, 1);
  return graph.model("From the columns of a record to its anomaly score: higher is more anomalous.",
                     onnx_metadata("model", detector, threshold));
}

}  // namespace detail

NAD_INLINE std::vector<std::byte> to_onnx(const Detector& detector) {
  detail::require_fitted_for_onnx(detector);
  detail::OnnxGraph graph("anomaly_score");
  const std::string x = graph.input("features", detail::OnnxType::float32, detector.n_features());
  graph.output(detail::onnx_score_of_any(graph, x, detector).score, 1);
  return graph.model("From rows of features to anomaly scores: higher is more anomalous.",
                     detail::onnx_metadata(detector.kind(), detector, static_cast<double>(detector.threshold())));
}

NAD_INLINE std::vector<std::byte> to_onnx(const FeaturePipeline& pipeline, const OnnxOptions& options) {
  detail::require_fitted_for_onnx(pipeline);
  detail::OnnxGraph graph("features");
  graph.output(detail::OnnxFeatures(graph, *pipeline.plan(), options).write(), pipeline.features().size());
  std::string names;
  for (const FeatureInfo& feature : pipeline.features()) {
    names.append(names.empty() ? "" : "\n").append(feature.name);
  }
  return graph.model("From the columns of a record to features.",
                     {{"kind", std::string(FeaturePipeline::kind_name)}, {"feature_names", names}});
}

NAD_INLINE void save_onnx(const Detector& detector, const std::filesystem::path& path) {
  detail::replace_file(path, to_onnx(detector));
}

NAD_INLINE void save_onnx(const FeaturePipeline& pipeline, const std::filesystem::path& path,
                          const OnnxOptions& options) {
  detail::replace_file(path, to_onnx(pipeline, options));
}

}  // namespace nad
