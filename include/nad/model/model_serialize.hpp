#pragma once

// What a model keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/vector.hpp> and <cereal/types/string.hpp>.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/model/model.hpp"

namespace nad {

namespace detail {

inline std::vector<ColumnImportance> joined_importance(const std::vector<std::string>& names,
                                                       const std::vector<double>& shares) {
  if (names.size() != shares.size()) {
    throw Error(ErrorCode::bad_file, "the importance of columns does not fit their names; the model is damaged");
  }
  std::vector<ColumnImportance> columns;
  for (std::size_t place = 0; place < names.size(); ++place) {
    columns.push_back({names[place], shares[place]});
  }
  return columns;
}

}  // namespace detail

template <class Archive>
void Model::serialize(Archive& archive) {
  const auto walk = [&archive](Model& model, std::vector<std::uint8_t>& detector) {
    archive(model.options_, model.pipeline_, detector, model.training_records_, model.calibration_);
    detail::archive_field(archive, "whether the pipeline was given", model.pipeline_is_given_);
    detail::archive_field(archive, "whether the detector was given", model.detector_is_given_);
    detail::archive_field(archive, "records_per_day", model.records_per_day_);
    detail::archive_field(archive, "the best score", model.best_score_);
    detail::archive_field(archive, "the highest score of an attack", model.highest_attack_);
    detail::archive_field(archive, "the kind of the threshold", model.rule_.kind);
    archive(model.rule_.value, model.limit_.score);
    detail::archive_field(archive, "whether the threshold is extrapolated", model.limit_.extrapolated);
    std::vector<std::string> names;
    std::vector<double> shares;
    for (const ColumnImportance& column : model.importance_) {
      names.push_back(column.name);
      shares.push_back(column.share);
    }
    archive(model.run_calibration_, model.beat_calibration_);
    archive(model.families_, model.usual_, names, shares, model.choices_);
    model.importance_ = detail::joined_importance(names, shares);
  };
  std::vector<std::uint8_t> detector;
  if constexpr (Archive::is_loading::value) {
    Model loaded;  // an error half way must not leave half a model behind
    walk(loaded, detector);
    loaded.detector_ = detail::member_from_bytes(detector);
    loaded.restore();
    *this = std::move(loaded);
  } else {
    require_fitted("saving it");
    detector = detail::member_to_bytes(*detector_);
    walk(*this, detector);
  }
}

}  // namespace nad
