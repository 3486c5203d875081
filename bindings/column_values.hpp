#pragma once

/// Values of columns as Python objects, and back.

#include <string>
#include <string_view>

#include "helpers.hpp"

namespace nad::python {

/// Bytes that are not UTF-8 become U+FFFD.
py::str to_str(std::string_view text);
/// float, int, bool, str, numpy.datetime64 or ipaddress; None where the value is missing.
py::object to_python(const Column& column, std::size_t row);
py::list to_list(const Column& column);

/// `kind` is the name of a column type; the values are float, int (also of times: nanoseconds), bool, str or ipaddress,
/// or None. An error names the row.
Column column_from_list(const std::string& kind, const py::list& values, const std::string& name);
/// Of float64, int64, uint64 or bool; copied.
Column column_from_array(const py::array& values, const std::string& name);
/// Units of so many nanoseconds since 1970, the least number for NaT.
Column column_from_times(const py::array_t<std::int64_t>& values, std::int64_t per_unit, const std::string& name);
/// The category of each row, -1 where it is missing.
Column column_from_codes(const py::array_t<std::int64_t>& codes, const py::list& categories, const std::string& name);

/// All that a column holds, for pickle.
py::tuple column_state(const Column& column);
Column column_from_state(const py::tuple& state);

}  // namespace nad::python
