#pragma once

/// Any step of a feature pipeline.
///
///   std::vector<nad::FeatureStep> steps = {nad::OneHot{}, nad::Log1p{}, nad::Standardise{.clip = 10.0}};
///   nad::kind(steps[0]);        // "one_hot"

#include <string_view>
#include <variant>

#include "nad/features/encoding.hpp"
#include "nad/features/reduction.hpp"
#include "nad/features/scaling.hpp"

namespace nad {

using FeatureStep = std::variant<Impute, DropConstant, Clip, Log1p, Standardise, RobustScale, MinMax, QuantileScale,
                                 OneHot, Ordinal, Frequency, Hashing, Novelty, UnitLength, Pca>;

/// The name of a step in configurations and files.
inline std::string_view kind(const FeatureStep& step) {
  return std::visit([](const auto& s) { return std::string_view(s.kind); }, step);
}

}  // namespace nad
