#pragma once

/// Rows in the order of their values.
///
///   nad::Table by_time = nad::sort(flows, {"timestamp"});
///   nad::Table loudest = nad::sort(flows, {"src_ip", "src_bytes"}, {.descending = true});

#include <cstddef>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct SortOptions {
  bool descending = false;  ///< largest first, by each of the columns
};

/// The rows ordered by the first column named, where that is equal by the second, and so on; rows that are equal in all
/// of them stay in their order. Texts and categories are compared byte by byte, addresses by value (IPv4 as
/// ::ffff:a.b.c.d), false comes before true. Missing values come last, also when descending.
NAD_API Table sort(const Table& table, const std::vector<std::string>& by, const SortOptions& options = {});

/// Where each row of the sorted table stands in the table: `table.take(sorted_rows(table, by))` is `sort(table, by)`.
NAD_API std::vector<std::size_t> sorted_rows(const Table& table, const std::vector<std::string>& by,
                                             const SortOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/sorting-inl.hpp"
#endif
