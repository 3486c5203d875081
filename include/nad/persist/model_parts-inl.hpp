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

inline std::string model_header(const ModelParts& parts, std::string_view kind, const std::string& note) {
  HeaderText header;
  begin_header(header, kind, parts.pipeline->features().size());
  describe_pipeline_in(header, *parts.pipeline);
  header.key("threshold").value(parts.threshold);
  header.key("threshold_rule").value(parts.threshold_rule);
  header.key("training").begin('{');
  header.key("protocol").value(parts.training);
  header.key("records").value(parts.records);
  header.key("calibration_records").value(parts.calibration_records);
  header.key("records_per_day").value(parts.records_per_day);
  header.key("families").value(parts.families);
  header.key("choices").value(parts.choices).end('}');
  header.key("detector").begin('{');
  header.key("kind").value(parts.detector->kind()).key("training");
  summarise_detector(header, *parts.detector);
  header.end('}');
  return finish_header(header, note);
}

NAD_INLINE std::vector<std::byte> model_file_of(const ModelParts& parts, std::string_view kind,
                                                std::span<const std::byte> payload, const std::string& note) {
  return put_together(model_header(parts, kind, note), payload);
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
