#pragma once

/// Writes any table as CSV (RFC 4180).
///
///   nad::write_csv(flows, "flows.csv");
///   nad::write_csv(flows.head(10), std::cout, {.separator = ';'});
///
/// The first line has the names. Lines end in "\n", in quotes stands what would be misread without them, what is
/// missing is empty, and an empty text is "" in quotes. Times are ISO 8601 in UTC with as many digits of a second as
/// there are
/// ("2026-01-05T08:30:00.251547Z"), numbers have the fewest digits that read back as the same number.

#include <filesystem>
#include <iosfwd>

#include "nad/config.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct CsvOptions {
  char separator = ',';
  bool header = true;  ///< whether the names come first
};

/// A file that is there is replaced. An error where it cannot be written, also when the disk is full.
NAD_API void write_csv(const Table& table, const std::filesystem::path& path, const CsvOptions& options = {});
NAD_API void write_csv(const Table& table, std::ostream& stream, const CsvOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/source/write_csv-inl.hpp"
#endif
