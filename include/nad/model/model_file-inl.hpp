#pragma once

// A model as a file.

#include <string>
#include <vector>

#include "nad/model/model.hpp"
#include "nad/persist/archive-inl.hpp"
#include "nad/persist/model_parts.hpp"

namespace nad {

NAD_INLINE std::vector<std::byte> Model::save_bytes(const std::string& note) const {
  require_fitted("saving it");
  std::vector<std::byte> payload;
  detail::PayloadWriter writer(payload);
  writer(*this);
  return detail::model_file_of({.pipeline = &pipeline_,
                                .detector = detector_.get(),
                                .training = std::string(name(options_.training)),
                                .records = training_records_,
                                .calibration_records = calibration_.size(),
                                .threshold_rule = threshold_words(),
                                .threshold = static_cast<double>(limit_.score),
                                .records_per_day = records_per_day_,
                                .families = families_,
                                .choices = choices_},
                               kind_name, payload, note);
}

NAD_INLINE void Model::save(const std::filesystem::path& path, const std::string& note) const {
  detail::replace_model_file(path, save_bytes(note));
}

NAD_INLINE Model Model::load_bytes(std::span<const std::byte> bytes) {
  const detail::ModelPayload payload = detail::model_payload(bytes, kind_name);
  Model model;
  detail::read_payload(payload.bytes, model);
  detail::check_announced_features(payload.n_features, model.pipeline_.features().size());
  return model;
}

NAD_INLINE Model Model::load(const std::filesystem::path& path) {
  Model model;
  detail::with_model_file(path, [&](std::span<const std::byte> bytes) { model = load_bytes(bytes); });
  return model;
}

}  // namespace nad
