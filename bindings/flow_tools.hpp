#pragma once

/// What the bindings of flows and of reading share.

#include <string>

#include "helpers.hpp"

namespace nad::python {

/// Sets the option of this name; false where there is none.
bool set_flow_option(FlowOptions& options, const std::string& name, py::handle value);

/// How an interface is captured on; an error for a name that there is not.
LiveOptions live_options_from(const py::dict& given);

}  // namespace nad::python
