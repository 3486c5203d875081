#pragma once

// The file of a whole model: what model/ hands over, which persist/ does not see.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/detector/detector.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/persist/archive-inl.hpp"
#include "nad/persist/file-inl.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/kinds-inl.hpp"
#include "nad/persist/layout-inl.hpp"
#include "nad/persist/model_file-inl.hpp"
#include "nad/persist/pipeline_file-inl.hpp"

namespace nad::detail {

/// What the header of a model's file tells.
struct ModelParts {
  const FeaturePipeline* pipeline = nullptr;
  const Detector* detector = nullptr;
  std::string training;
  std::uint64_t records = 0;
  std::uint64_t calibration_records = 0;
  std::string threshold_rule;
  double threshold = 0.0;
  std::optional<double> records_per_day;
  std::vector<std::string> families;
  std::vector<std::string> choices;
};

inline std::string make_header(const ModelParts& parts, std::string_view kind_of_file, const std::string& note) {
  Json header = header_beginning(kind_of_file, parts.pipeline->features().size());
  describe_pipeline_in(header, *parts.pipeline);
  header["threshold"] = as_json(parts.threshold);
  header["threshold_rule"] = parts.threshold_rule;
  Json& training = header["training"];
  training["protocol"] = parts.training;
  training["records"] = parts.records;
  training["calibration_records"] = parts.calibration_records;
  training["records_per_day"] = parts.records_per_day ? as_json(*parts.records_per_day) : Json(nullptr);
  training["families"] = parts.families;
  training["choices"] = parts.choices;
  Json& detector = header["detector"];
  detector["kind"] = parts.detector->kind();
  std::vector<std::byte> payload;
  PayloadWriter writer(payload);
  Json summary;
  const Kind* const kind = find_kind(parts.detector->kind());
  if (kind != nullptr && kind->write(*parts.detector, writer, summary)) {
    detector["training"] = summary;
  }
  return finish_header(std::move(header), note);
}

template <class Model>
std::vector<std::byte> save_model_parts(const Model& model, const ModelParts& parts, const std::string& note) {
  const std::string header = make_header(parts, Model::kind_name, note);
  std::vector<std::byte> payload;
  PayloadWriter writer(payload);
  writer(model);
  return put_together(header, payload);
}

template <class Model>
void load_model_parts(std::span<const std::byte> file, std::string_view kind, Model& model) {
  const FileParts parts = take_apart(file);
  const HeaderFacts facts = read_facts(parts.header);
  if (facts.kind != kind) {
    throw bad_file("the model file holds " +
                   (facts.kind == FeaturePipeline::kind_name
                        ? "a feature pipeline alone"
                        : "a detector of kind " + quoted_kind(facts.kind) + " alone") +
                   ", but a whole model was asked for; load it as what it is");
  }
  read_payload(parts.payload, model);
  if (model.pipeline().features().size() != facts.n_features) {
    throw bad_file("the model file contradicts itself: its header says " + std::to_string(facts.n_features) +
                   " features, its payload " + std::to_string(model.pipeline().features().size()));
  }
}

}  // namespace nad::detail
