#pragma once

/// What the bindings of thresholds and models share.

#include <string>

#include "helpers.hpp"

namespace nad::python {

/// The rule of this kind, by its word; checked.
ThresholdRule rule_from(const std::string& kind, double value);

}  // namespace nad::python
