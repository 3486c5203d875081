#pragma once

/// Tables from and to other libraries (Arrow, pandas, polars, DuckDB) through the Arrow C data interface: by pointers,
/// without a copy where both sides lay values out alike.
///
///   ArrowArrayStream stream;
///   other_library.export_to(&stream);
///   nad::Table flows = nad::import_arrow_stream(&stream);   // the stream is used up, also after an error
///
///   nad::export_arrow_stream(flows, &stream);                // keeps the memory of `flows` until it is released
///
/// | Arrow                                     | nad      | copied                                                   |
/// |-------------------------------------------|----------|----------------------------------------------------------|
/// | double                                    | number   | no                                                       |
/// | float, half_float, decimal                | number   | yes                                                      |
/// | duration, time                            | number   | yes, seconds                                             |
/// | null                                      | number   | all missing                                              |
/// | int64, uint64 up to 2^63 - 1              | integer  | no; above it is an error, not a number that is rounded   |
/// | narrower integers                         | integer  | yes                                                      |
/// | bool                                      | boolean  | yes, one byte a value                                    |
/// | timestamp[ns]                             | time     | no; a time zone changes nothing, without one it is UTC   |
/// | other timestamps, dates                   | time     | yes                                                      |
/// | large_string                              | text     | no                                                       |
/// | string                                    | text     | where each text begins                                   |
/// | string_view, binary that is UTF-8         | text     | string_view and fixed_size_binary: yes                   |
/// | dictionary                                | category | the dictionary, and codes where they are not 32 bits wide|
/// |                                           |          | or its values are not distinct; values that are no text  |
/// |                                           |          | are written as text                                      |
///
/// Anything else (lists, structs, maps, unions, run-end encoded, intervals) is an error that names the column. The
/// marks for missing values are taken as they are. An array that is no struct becomes a table of one column.
///
/// What leaves has the types of the first row of each kind, booleans as bits, addresses as text, times in UTC; a NaN is
/// missing there, too. Roles, origins, the source and that a text is an address stand in the metadata of fields and
/// schema as `nad.role`, `nad.origin`, `nad.source` and `nad.type`, and are understood again.
///
/// Text is checked to be UTF-8 on both ways. How long a buffer is, Arrow does not say: pointers and offsets that lie
/// about it cannot be noticed, everything else is an error.

#include <string>

#include "nad/config.hpp"
#include "nad/table/arrow_abi.hpp"
#include "nad/table/column.hpp"
#include "nad/table/schema.hpp"
#include "nad/table/table.hpp"

namespace nad {

// Those that import take what their arguments point to and leave them released, also when they throw.

/// One batch of records, or one column.
NAD_API Table import_arrow(ArrowArray* array, ArrowSchema* schema);
/// All batches of a stream, joined. One batch is not copied.
NAD_API Table import_arrow_stream(ArrowArrayStream* stream);

// Those that export fill structs that hold nothing.

/// The table as one batch.
NAD_API void export_arrow(const Table& table, ArrowArray* array, ArrowSchema* schema);
NAD_API void export_arrow(const Field& field, const Column& column, ArrowArray* array, ArrowSchema* schema);
/// What the table holds without its values.
NAD_API void export_arrow_schema(const Schema& schema, ArrowSchema* out);
/// The table as a stream of one batch.
NAD_API void export_arrow_stream(const Table& table, ArrowArrayStream* stream);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/arrow-inl.hpp"
#endif
