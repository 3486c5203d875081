#pragma once

/// Tables put under one another.
///
///   nad::Table week = nad::concatenate({monday, tuesday});
///   std::vector<nad::Table> days = ...;
///   nad::Table all = nad::concatenate(days);

#include <initializer_list>
#include <span>

#include "nad/config.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// The rows of all tables, in their order. Every table has the columns of the first, in any order; their types agree,
/// except that integers beside numbers become numbers. Order, roles and source are the first's; categories are merged,
/// the first's keep their codes. A table without columns adds nothing. An error names the table (the first is 1) and
/// the column that does not fit.
NAD_API Table concatenate(std::span<const Table> tables);
NAD_API Table concatenate(std::initializer_list<Table> tables);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/combining-inl.hpp"
#endif
