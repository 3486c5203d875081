#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/table/arrow.hpp"
#include "nad/table/arrow_numbers-inl.hpp"
#include "nad/table/arrow_piece-inl.hpp"
#include "nad/table/arrow_text-inl.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/combining.hpp"

namespace nad {

namespace detail {

[[noreturn]] inline void reject_type(const ArrowPiece& piece) {
  const std::string& name = piece.type().name;
  piece.reject(
      name == "struct" ? "nad has no columns of columns; unnest it, or leave it out"
      : name == "list" ? "nad has no columns of lists; explode it, make a column of each element, or leave it out"
      : name == "run-end encoded" ? "decode it to plain values first"
                                  : "nad has no such columns; cast it to a number, a text or a time, or leave it out");
}

/// What a column becomes by its Arrow type alone.
inline ColumnType imported_type(const ArrowPiece& piece) {
  if (piece.is_dictionary()) {
    return ColumnType::category;
  }
  switch (piece.type().kind) {
    case ArrowKind::boolean:
      return ColumnType::boolean;
    case ArrowKind::integer:
      return ColumnType::integer;
    case ArrowKind::null:
    case ArrowKind::floating:
    case ArrowKind::decimal:
    case ArrowKind::seconds:
      return ColumnType::number;
    case ArrowKind::text:
    case ArrowKind::text_view:
    case ArrowKind::fixed_text:
      return ColumnType::text;
    case ArrowKind::date:
    case ArrowKind::timestamp:
      return ColumnType::time;
    case ArrowKind::structure:
    case ArrowKind::unsupported:
      break;
  }
  reject_type(piece);
}

inline Column import_piece(const ArrowPiece& piece) {
  if (piece.is_without_array()) {
    return ColumnBuilder(imported_type(piece)).finish();
  }
  ColumnParts parts;
  parts.size = piece.size();
  parts.valid = piece.valid();
  parts.valid_offset = piece.valid_offset();
  if (piece.is_dictionary()) {
    const ArrowPiece values(piece.batch(), piece.array().dictionary, piece.schema().dictionary,
                            piece.where() + ", its dictionary");
    import_categories(piece, import_piece(values), parts);
    return Column(std::move(parts));
  }
  switch (piece.type().kind) {
    case ArrowKind::null:
      import_missing_numbers(piece, parts);
      break;
    case ArrowKind::boolean:
      import_booleans(piece, parts);
      break;
    case ArrowKind::integer:
      import_integers(piece, parts);
      break;
    case ArrowKind::floating:
      import_floats(piece, parts);
      break;
    case ArrowKind::decimal:
      import_decimals(piece, parts);
      break;
    case ArrowKind::text:
      import_text(piece, parts);
      break;
    case ArrowKind::text_view:
      import_text_views(piece, parts);
      break;
    case ArrowKind::fixed_text:
      import_fixed_text(piece, parts);
      break;
    case ArrowKind::date:
    case ArrowKind::timestamp:
      import_times(piece, parts);
      break;
    case ArrowKind::seconds:
      import_seconds(piece, parts);
      break;
    case ArrowKind::structure:
    case ArrowKind::unsupported:
      reject_type(piece);
  }
  return Column(std::move(parts));
}

/// The addresses that an exported column wrote as text.
inline Column addresses_again(const Column& text, const ArrowPiece& piece) {
  ColumnBuilder addresses(ColumnType::address);
  for (std::size_t row = 0; row < text.size(); ++row) {
    if (text.is_missing(row)) {
      addresses.add_missing();
      continue;
    }
    const std::string_view value = text.text(row);
    const std::optional<Address> address = Address::parse(value);
    if (!address) {
      piece.reject_row(row, "its metadata says that it holds addresses, but '" + std::string(value.substr(0, 60)) +
                                "' is none; mend the value, or remove nad.type from the metadata of the field");
    }
    addresses.add_address(*address);
  }
  return addresses.finish();
}

inline Role imported_role(const std::string& word, const ArrowPiece& piece) {
  try {
    return parse_role(word);
  } catch (const Error& error) {
    piece.reject(std::string("its metadata says nad.role, but ") + error.what());
  }
}

struct ImportedColumns {
  std::vector<Field> fields;
  std::vector<Column> columns;

  void add(const ArrowPiece& piece) {
    const std::map<std::string, std::string> metadata = arrow_metadata(piece.schema().metadata);
    const auto entry = [&](const char* key) {
      const auto found = metadata.find(key);
      return found == metadata.end() ? std::string() : found->second;
    };
    Field field{.name = piece.schema().name == nullptr ? "" : piece.schema().name, .origin = entry("nad.origin")};
    if (!is_utf8(field.name) || !is_utf8(field.origin)) {
      piece.reject("its name is not UTF-8; give it another");
    }
    Column column = import_piece(piece);
    if (entry("nad.type") == name(ColumnType::address) &&
        (column.type() == ColumnType::text || column.type() == ColumnType::category)) {
      column = addresses_again(column, piece);
    }
    field.type = column.type();
    const std::string role = entry("nad.role");
    field.role = role.empty() ? guess_role(field.name, field.type) : imported_role(role, piece);
    fields.push_back(std::move(field));
    columns.push_back(std::move(column));
  }

  Table finish(const ArrowSchema& schema) {
    const std::map<std::string, std::string> metadata = arrow_metadata(schema.metadata);
    const auto source = metadata.find("nad.source");
    const bool has_source = source != metadata.end() && is_utf8(source->second);
    return {Schema(std::move(fields), has_source ? source->second : ""), std::move(columns)};
  }
};

inline std::string arrow_column_name(const ArrowSchema* schema, std::int64_t place) {
  const bool has_name = schema != nullptr && schema->name != nullptr && *schema->name != '\0';
  return has_name ? "column '" + std::string(schema->name) + "'" : "column " + std::to_string(place);
}

inline Table import_batch(ArrowOwner<ArrowArray> array, const ArrowSchema& schema, std::size_t first_row) {
  if (!array.holds_something()) {
    throw Error(ErrorCode::invalid_data, "an Arrow array was released before nad could take it: it can be used once");
  }
  const auto owner = std::make_shared<ArrowOwner<ArrowArray>>(std::move(array));
  const ArrowBatch batch{.owner = owner, .first_row = first_row};
  const ArrowArray& given = **owner;
  const bool is_table =
      schema.format != nullptr && std::strcmp(schema.format, "+s") == 0 && schema.dictionary == nullptr;
  ImportedColumns imported;
  if (!is_table) {
    imported.add(ArrowPiece(batch, &given, &schema, arrow_column_name(&schema, 0)));
    return imported.finish({});
  }
  const ArrowPiece whole(batch, &given, &schema, "the batch");
  if (given.n_children != schema.n_children || given.n_children < 0 ||
      (given.n_children > 0 && (given.children == nullptr || schema.children == nullptr))) {
    whole.reject("its array has " + std::to_string(given.n_children) + " columns, its schema " +
                 std::to_string(schema.n_children) + ": whoever made it is at fault");
  }
  for (std::int64_t place = 0; place < given.n_children; ++place) {
    const ArrowSchema* const field = schema.children[place];
    ArrowPiece piece(batch, given.children[place], field, arrow_column_name(field, place));
    piece.narrow(whole.offset(), whole.size(), whole);
    imported.add(piece);
  }
  return imported.finish(schema);
}

/// What the columns of a stream without batches are.
inline Table import_without_rows(const ArrowSchema& schema) {
  const ArrowArray nothing{};
  ImportedColumns imported;
  for (std::int64_t place = 0; place < schema.n_children; ++place) {
    const ArrowSchema* const field = schema.children == nullptr ? nullptr : schema.children[place];
    imported.add(ArrowPiece(ArrowPiece::without_rows, &nothing, field, arrow_column_name(field, place)));
  }
  return imported.finish(schema);
}

[[noreturn]] inline void reject_stream(ArrowArrayStream* stream, int status) {
  const char* const reason = stream->get_last_error == nullptr ? nullptr : stream->get_last_error(stream);
  throw Error(ErrorCode::invalid_data, "the other library could not hand its table over: " +
                                           (reason == nullptr ? std::string(std::strerror(status)) : reason));
}

}  // namespace detail

NAD_INLINE Table import_arrow(ArrowArray* array, ArrowSchema* schema) {
  detail::ArrowOwner<ArrowArray> own_array(array);
  const detail::ArrowOwner<ArrowSchema> own_schema(schema);
  if (!own_schema.holds_something()) {
    throw Error(ErrorCode::invalid_data, "an Arrow schema was released before nad could take it: it can be used once");
  }
  return detail::import_batch(std::move(own_array), *own_schema, 0);
}

NAD_INLINE Table import_arrow_stream(ArrowArrayStream* stream) {
  detail::ArrowOwner<ArrowArrayStream> own_stream(stream);
  ArrowArrayStream* const source = own_stream.get();
  if (!own_stream.holds_something() || source->get_schema == nullptr || source->get_next == nullptr) {
    throw Error(ErrorCode::invalid_data, "an Arrow stream was released before nad could take it: it can be used once");
  }
  ArrowSchema given_schema{};
  const int schema_status = source->get_schema(source, &given_schema);
  const detail::ArrowOwner<ArrowSchema> schema(&given_schema);
  if (schema_status != 0 || !schema.holds_something()) {
    detail::reject_stream(source, schema_status);
  }
  std::vector<Table> batches;
  for (std::size_t rows = 0;;) {
    ArrowArray given{};
    const int status = source->get_next(source, &given);
    detail::ArrowOwner<ArrowArray> array(&given);
    if (status != 0) {
      detail::reject_stream(source, status);
    }
    if (!array.holds_something()) {
      break;
    }
    Table batch = detail::import_batch(std::move(array), *schema, rows);
    rows += batch.rows();
    if (batches.empty() || batch.rows() != 0) {
      batches.push_back(std::move(batch));
    }
  }
  if (batches.size() > 1 && batches.front().rows() == 0) {
    batches.erase(batches.begin());
  }
  if (batches.empty()) {
    return detail::import_without_rows(*schema);
  }
  return batches.size() == 1 ? std::move(batches.front()) : concatenate(batches);
}

}  // namespace nad
