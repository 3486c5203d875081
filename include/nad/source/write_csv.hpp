#pragma once

/// Writes any table as CSV (RFC 4180).
///
///   nad::write_csv(flows, "flows.csv");
///   nad::write_csv(flows.head(10), std::cout, {.separator = ';'});
///
/// The first line has the names. Lines end in "\n", in quotes stands what would be misread without them, what is
/// missing is empty, and an empty text is "" in quotes. Times are ISO 8601 in UTC with as many digits of a second as
/// there are ("2026-01-05T08:30:00.251547Z"), numbers have the fewest digits that read back as the same number.
///
/// `read` gives the same names and values back, and for tables of connections and flows that came from a log the same
/// types and roles. What a text cannot carry:
/// - A text that means "no value" to the reader comes back as missing: "", "-", "NA", "null" and the like, see
///   read_options.hpp. In tables of KDD Cup 99 none does.
/// - Types are found out anew: of other tables, and of columns that nad does not know from a kind of log, whole numbers
///   may come back as integers where all were numbers (or as numbers where all were integers), texts as categories, and
///   texts that look like numbers, times or addresses as such. The reader's option `types` says it for tables of the
///   format "csv".
/// - What a table came from (`Schema::source`) and what its columns were called there are not in the file.
/// - With another separator than a comma, a tab, ';' or '|', or without the names, the reader must be told so.

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
