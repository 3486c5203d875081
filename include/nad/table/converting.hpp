#pragma once

/// Columns as another type.
///
///   nad::Column hosts = nad::convert(table["src_ip"], nad::ColumnType::address, "src_ip");
///   nad::Table typed = nad::with_type(table, "src_ip", nad::ColumnType::address);

#include <string_view>

#include "nad/config.hpp"
#include "nad/table/column.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// The values in another type, without loss; an error names the row and the value that has no place there (rows of the
/// column called `name`). What is missing stays missing.
/// - to text and category: every value, as `Column::format` writes it;
/// - from text and category: numbers in decimal form, times as `parse_time` or as seconds since 1970, addresses, and
///   "true", "t", "yes", "1" or "false", "f", "no", "0" in any case for truth values;
/// - between number, integer and boolean: where the value is the same afterwards;
/// - number and integer to time: seconds since 1970, to the nearest nanosecond; time to number likewise, rounded to
///   what a double holds.
/// Other pairs are an error.
NAD_API Column convert(const Column& column, ColumnType type, std::string_view name);

/// The table with one column converted.
NAD_API Table with_type(const Table& table, std::string_view name, ColumnType type);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/converting-inl.hpp"
#endif
