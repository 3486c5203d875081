#pragma once

// A model as a file.

#include <string>
#include <vector>

#include "nad/model/model.hpp"
#include "nad/persist/model_parts-inl.hpp"

namespace nad {

NAD_INLINE std::vector<std::byte> Model::save_bytes(const std::string& note) const {
  require_fitted("saving it");
  return detail::save_model_parts(*this,
                                  {.pipeline = &pipeline_,
                                   .detector = detector_.get(),
                                   .training = std::string(name(options_.training)),
                                   .records = training_records_,
                                   .calibration_records = calibration_.size(),
                                   .threshold_rule = rule_.to_string(),
                                   .threshold = static_cast<double>(limit_.score),
                                   .records_per_day = records_per_day_,
                                   .families = families_,
                                   .choices = choices_},
                                  note);
}

NAD_INLINE void Model::save(const std::filesystem::path& path, const std::string& note) const {
  detail::replace_file(path, save_bytes(note));
}

NAD_INLINE Model Model::load_bytes(std::span<const std::byte> bytes) {
  Model model;
  detail::load_model_parts(bytes, kind_name, model);
  return model;
}

NAD_INLINE Model Model::load(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = detail::read_model_file(path);
  return detail::reading_from(path, [&] { return load_bytes(bytes); });
}

}  // namespace nad
