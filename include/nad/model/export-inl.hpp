#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/model/export.hpp"
#include "nad/persist/json_archive-inl.hpp"
#include "nad/persist/json_pipeline-inl.hpp"
#include "nad/persist/model_file.hpp"
#include "nad/persist/model_parts.hpp"

namespace nad {

NAD_INLINE std::vector<std::byte> to_onnx(const Model& model, const OnnxOptions& options) {
  if (!model.is_fitted()) {
    throw Error(ErrorCode::not_fitted, "this model has not learnt anything yet; call fit() before exporting it");
  }
  return detail::onnx_of_both(model.pipeline(), model.detector(), static_cast<double>(model.threshold().score),
                              options);
}

NAD_INLINE std::string to_json(const Model& model, const std::string& note) {
  detail::Json shown = detail::Json::parse(read_header_bytes(model.save_bytes(note)));
  detail::Json learnt;
  learnt["calibration"] = detail::json_of(model.calibration());
  learnt["usual_values"] = detail::json_of(model.usual_values())["columns"];
  detail::Json& importance = learnt["importance"] = detail::Json::object();
  for (const ColumnImportance& column : model.importance()) {
    importance[column.name] = column.share;
  }
  learnt["pipeline"] = detail::JsonOfPlan(*model.pipeline().plan()).write();
  learnt["detector"] = detail::json_of_detector(model.detector(), {});
  shown["learnt"] = std::move(learnt);
  return detail::readable_json(shown);
}

NAD_INLINE void save_onnx(const Model& model, const std::filesystem::path& path, const OnnxOptions& options) {
  detail::replace_model_file(path, to_onnx(model, options));
}

NAD_INLINE void save_json(const Model& model, const std::filesystem::path& path, const std::string& note) {
  const std::string text = to_json(model, note);
  detail::replace_model_file(path, std::as_bytes(std::span(text)));
}

}  // namespace nad
