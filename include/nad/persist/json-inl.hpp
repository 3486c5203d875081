#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/persist/file-inl.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/json.hpp"
#include "nad/persist/json_archive-inl.hpp"
#include "nad/persist/json_pipeline-inl.hpp"
#include "nad/persist/kinds-inl.hpp"
#include "nad/persist/model_file-inl.hpp"
#include "nad/persist/pipeline_file-inl.hpp"

namespace nad {

namespace detail {

inline void replace_text(const std::filesystem::path& path, const std::string& text) {
  replace_file(path, std::as_bytes(std::span(text)));
}

}  // namespace detail

NAD_INLINE std::string to_json(const Detector& detector, const SaveOptions& options) {
  return detail::readable_json(detail::json_of_detector(detector, options));
}

NAD_INLINE std::string to_json(const FeaturePipeline& pipeline, const std::string& note) {
  if (!pipeline.is_fitted()) {
    throw Error(ErrorCode::not_fitted,
                "this feature pipeline has not learnt anything yet; call fit() first, or write its steps alone with "
                "to_json(pipeline.steps())");
  }
  detail::Json shown = detail::Json::parse(detail::make_header(pipeline, note));
  shown["learnt"] = detail::JsonOfPlan(*pipeline.plan()).write();
  return detail::readable_json(shown);
}

NAD_INLINE void save_json(const Detector& detector, const std::filesystem::path& path, const SaveOptions& options) {
  detail::replace_text(path, to_json(detector, options));
}

NAD_INLINE void save_json(const FeaturePipeline& pipeline, const std::filesystem::path& path, const std::string& note) {
  detail::replace_text(path, to_json(pipeline, note));
}

}  // namespace nad
