#pragma once

/// Rows left out because they are there already, or because they have gaps.
///
///   nad::Table once = nad::drop_duplicates(connections);
///   nad::Table hosts = nad::drop_duplicates(connections, {"src_ip"});    // the first connection of each host
///   nad::Table complete = nad::drop_missing(connections, {"duration", "service"});

#include <cstddef>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// The first row of each kind, in the table's order. Rows are of one kind when they are equal in the columns named, in
/// all of them where none is: a missing value equals a missing value, 0 equals -0.
NAD_API Table drop_duplicates(const Table& table, const std::vector<std::string>& by = {});

/// How many rows `drop_duplicates` would leave out.
NAD_API std::size_t count_duplicates(const Table& table, const std::vector<std::string>& by = {});

/// The rows that have a value in each of the columns named; in all columns where none is.
NAD_API Table drop_missing(const Table& table, const std::vector<std::string>& by = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/distinct-inl.hpp"
#endif
