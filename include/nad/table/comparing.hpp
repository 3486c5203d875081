#pragma once

/// Whether columns and tables hold the same.
///
///   nad::equal(before, after);
///   before.schema() == after.schema();                    // roles, origins and source, too

#include "nad/config.hpp"
#include "nad/table/column.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// The same type and the same values: missing ones are equal, categories by their text, 0 and -0.
NAD_API bool equal(const Column& a, const Column& b);

/// The same names in the same order, and equal columns.
NAD_API bool equal(const Table& a, const Table& b);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/comparing-inl.hpp"
#endif
