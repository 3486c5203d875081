#pragma once

#include <cstddef>
#include <span>
#include <variant>

#include "nad/core/error.hpp"
#include "nad/core/kept_values.hpp"
#include "nad/detail/archive_kept_values.hpp"
#include "nad/persist/archive-inl.hpp"
#include "nad/persist/file-inl.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/kinds-inl.hpp"
#include "nad/persist/layout-inl.hpp"
#include "nad/persist/model_file-inl.hpp"
#include "nad/persist/parts_file.hpp"
#include "nad/persist/pipeline_file-inl.hpp"

namespace nad::detail {

struct PartsPayload {
  std::vector<KeptValues::Named> values;

  template <class Archive>
  void serialize(Archive& archive) {
    archive_kept_values(archive, values);
  }
};

NAD_INLINE void save_parts(const std::filesystem::path& path, std::string_view kind, const FeaturePipeline& pipeline,
                           const NamedParts& parts, std::string_view training, const std::string& note) {
  HeaderText header;
  begin_header(header, kind, pipeline.features().size());
  describe_pipeline_in(header, pipeline);
  header.key("training").json(training);
  PartsPayload stored;
  stored.values.reserve(parts.size());
  for (const auto& [name, bytes] : parts) {
    stored.values.push_back({name, bytes});
  }
  std::vector<std::byte> payload;
  PayloadWriter writer(payload);
  writer(stored);
  replace_file(path, put_together(finish_header(header, note), payload));
}

NAD_INLINE NamedParts load_parts(const std::filesystem::path& path, std::string_view kind) {
  const std::vector<std::byte> file = read_model_file(path);
  return reading_from(path, [&] {
    const FileParts parts = take_apart(file);
    const HeaderFacts facts = read_facts(parts.header);
    if (facts.kind != kind) {
      throw bad_file("the model file holds " + what_is_in_it(facts.kind) + ", but a " + std::string(kind) +
                     " was asked for; load it as what it is");
    }
    PartsPayload stored;
    read_payload(parts.payload, stored);
    NamedParts found;
    found.reserve(stored.values.size());
    for (KeptValues::Named& named : stored.values) {
      auto* const bytes = std::get_if<std::vector<std::uint8_t>>(&named.value);
      if (bytes == nullptr) {
        throw bad_file("the " + std::string(kind) + " in this file is damaged: a part is of a wrong type");
      }
      found.emplace_back(std::move(named.name), std::move(*bytes));
    }
    return found;
  });
}

}  // namespace nad::detail
