#pragma once

#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/persist/archive-inl.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/layout-inl.hpp"
#include "nad/persist/model_file-inl.hpp"
#include "nad/persist/pipeline_file.hpp"
#include "nad/persist/steps_text-inl.hpp"

namespace nad {

namespace detail {

inline void describe_pipeline_in(HeaderText& header, const FeaturePipeline& pipeline) {
  header.key("feature_names").begin('[');
  for (const FeatureInfo& feature : pipeline.features()) {
    header.value(feature.name);
  }
  header.end(']').key("source").value(pipeline.inputs().source()).key("inputs").begin('[');
  for (const Field& field : pipeline.inputs()) {
    header.begin('{').key("name").value(field.name).key("type").value(name(field.type)).end('}');
  }
  header.end(']').key("left_out").begin('[');
  for (const LeftOut& column : pipeline.left_out()) {
    header.begin('{').key("column").value(column.column).key("reason").value(column.reason).end('}');
  }
  header.end(']').key("steps");
  write_steps(header, pipeline.steps());
}

/// The text of a header.
inline std::string make_header(const FeaturePipeline& pipeline, const std::string& note) {
  HeaderText header;
  begin_header(header, FeaturePipeline::kind_name, pipeline.features().size());
  describe_pipeline_in(header, pipeline);
  return finish_header(header, note);
}

NAD_INLINE FeaturePipeline load_pipeline_bytes(std::span<const std::byte> file) {
  const FileParts parts = take_apart(file);
  const HeaderFacts facts = read_facts(parts.header);
  if (facts.kind != FeaturePipeline::kind_name) {
    throw bad_file("the model file holds " + what_is_in_it(facts.kind) +
                   ", but a feature pipeline was asked for; load it with " +
                   (facts.kind == "model"        ? "Model::load()"
                    : facts.kind == "clustering" ? "nad.Clustering.load() in Python"
                                                 : "load_detector()"));
  }
  FeaturePipeline pipeline;
  read_payload(parts.payload, pipeline);
  if (pipeline.features().size() != facts.n_features) {
    throw bad_file("the model file contradicts itself: its header says " + std::to_string(facts.n_features) +
                   " features, its payload " + std::to_string(pipeline.features().size()));
  }
  return pipeline;
}

NAD_INLINE FeaturePipeline load_pipeline(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_model_file(path);
  return reading_from(path, [&] { return load_pipeline_bytes(bytes); });
}

}  // namespace detail

NAD_INLINE std::vector<std::byte> save_bytes(const FeaturePipeline& pipeline, const std::string& note) {
  if (!pipeline.is_fitted()) {
    throw Error(ErrorCode::not_fitted,
                "this feature pipeline has not learnt anything yet; call fit() before saving it, or keep its steps "
                "with to_json()");
  }
  const std::string header = detail::make_header(pipeline, note);
  std::vector<std::byte> payload;
  detail::PayloadWriter writer(payload);
  writer(pipeline);
  return detail::put_together(header, payload);
}

NAD_INLINE void save(const FeaturePipeline& pipeline, const std::filesystem::path& path, const std::string& note) {
  detail::replace_file(path, save_bytes(pipeline, note));
}

}  // namespace nad
