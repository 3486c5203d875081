#pragma once

/// Writes what was learnt as an ONNX model, for runtimes that know nothing of nad.
///
///   nad::save_onnx(forest, "forest.onnx");                   // "features" [rows, 41] -> "anomaly_score" [rows, 1]
///   nad::save_onnx(pipeline, "features.onnx");               // a tensor [rows, 1] for each column -> "features"
///   nad::save_onnx(model, "model.onnx");                     // all of it: nad/model/export.hpp
///
/// Scores are those of `anomaly_score`, but for rounding: a runtime adds up in another order. What cannot be written
/// with the operators of ONNX is an Error that names it: isolation_forest (axis-parallel), boosted_trees, kmeans,
/// autoencoder, pca_residual, mahalanobis, local_gaussian, loda, one_class_svm and ensembles of these without crowds
/// can. include/nad/README.md says what a graph holds, and where it differs.

#include <cstddef>
#include <filesystem>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/detector.hpp"
#include "nad/features/pipeline.hpp"

namespace nad {

struct OnnxOptions {
  /// Columns that steps derive (windows, parts of addresses, ...) come in beside those of the table, as
  /// `FeaturePipeline::columns` computes them; without it, a pipeline that has some is an error.
  bool derived_as_inputs = false;
};

NAD_API std::vector<std::byte> to_onnx(const Detector& detector);
NAD_API std::vector<std::byte> to_onnx(const FeaturePipeline& pipeline, const OnnxOptions& options = {});

/// On an error, what was at `path` before is still there.
NAD_API void save_onnx(const Detector& detector, const std::filesystem::path& path);
NAD_API void save_onnx(const FeaturePipeline& pipeline, const std::filesystem::path& path,
                       const OnnxOptions& options = {});

namespace detail {

/// A pipeline and the detector behind it as one graph. `metadata` as in the file.
NAD_API std::vector<std::byte> onnx_of_both(const FeaturePipeline& pipeline, const Detector& detector, double threshold,
                                            const OnnxOptions& options);

}  // namespace detail

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/persist/onnx-inl.hpp"
#endif
