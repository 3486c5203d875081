#pragma once

#include <string>
#include <vector>

#include "nad/persist/archive-inl.hpp"
#include "nad/persist/file-inl.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/kinds-inl.hpp"
#include "nad/persist/layout-inl.hpp"
#include "nad/persist/model_file-inl.hpp"
#include "nad/persist/model_parts.hpp"
#include "nad/persist/pipeline_file-inl.hpp"

namespace nad::detail {

inline Json summary_of(const Detector& detector) {
  std::vector<std::byte> ignored;
  PayloadWriter writer(ignored);
  Json summary;
  write_detector(detector, writer, summary);
  return summary;
}

inline Json model_header(const ModelParts& parts, std::string_view kind) {
  Json header = header_beginning(kind, parts.pipeline->features().size());
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
  detector["training"] = summary_of(*parts.detector);
  return header;
}

NAD_INLINE std::vector<std::byte> model_file_of(const ModelParts& parts, std::string_view kind,
                                                std::span<const std::byte> payload, const std::string& note) {
  return put_together(finish_header(model_header(parts, kind), note), payload);
}

NAD_INLINE ModelPayload model_payload(std::span<const std::byte> file, std::string_view kind) {
  const FileParts parts = take_apart(file);
  const HeaderFacts facts = read_facts(parts.header);
  if (facts.kind != kind) {
    throw bad_file("the model file holds " + what_is_in_it(facts.kind) + " alone" +
                   ", but a whole model was asked for; load it as what it is");
  }
  return {.bytes = {parts.payload.begin(), parts.payload.end()}, .n_features = facts.n_features};
}

NAD_INLINE void check_announced_features(std::uint64_t announced, std::size_t found) {
  if (announced != found) {
    throw bad_file("the model file contradicts itself: its header says " + std::to_string(announced) +
                   " features, its payload " + std::to_string(found));
  }
}

NAD_INLINE void with_model_file(const std::filesystem::path& path,
                                const std::function<void(std::span<const std::byte>)>& read) {
  const std::vector<std::byte> bytes = read_model_file(path);
  reading_from(path, [&] { read(bytes); });
}

NAD_INLINE void replace_model_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  replace_file(path, bytes);
}

}  // namespace nad::detail
