#pragma once

/// A pipeline's steps as JSON: to be read, edited, kept and read back.
///
///   std::string text = nad::to_json(pipeline.steps());
///   // [{"kind": "one_hot", "max_categories": 64}, {"kind": "standardise", "clip": 10.0}]
///   nad::FeaturePipeline again(nad::steps_from_json(text));
///
/// Options that have their default are left out when written, and may be left out when read. Steps of one's own
/// (`own_step.hpp`) have what they keep as options; they are read where they were registered.

#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/features/step.hpp"

namespace nad {

/// One step a line.
NAD_API std::string to_json(const std::vector<FeatureStep>& steps);

/// An error that names the step and the option for anything that is not such a list.
NAD_API std::vector<FeatureStep> steps_from_json(std::string_view text);

/// The names of all steps of nad, in the order of the documentation.
NAD_API std::vector<std::string_view> step_kinds();

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/configuration-inl.hpp"
#endif
