#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/detail/utf8.hpp"
#include "nad/table/arrow.hpp"
#include "nad/table/arrow_format-inl.hpp"
#include "nad/table/arrow_piece-inl.hpp"
#include "nad/table/column_builder.hpp"

namespace nad {

namespace detail {

/// What `private_data` of an exported struct points to, besides what is exported.
template <class Struct, class Content>
struct Exported {
  Content content;
  std::vector<Struct> children = {};
  std::vector<Struct*> child_pointers = {};
  Struct dictionary = {};
  std::array<const void*, 3> buffers = {};

  /// For the struct itself. Children that were moved away have a null `release` and live on.
  static void release(Struct* given) noexcept {
    auto* const self = static_cast<Exported*>(given->private_data);
    for (Struct& child : self->children) {
      if (child.release != nullptr) {
        child.release(&child);
      }
    }
    if (self->dictionary.release != nullptr) {
      self->dictionary.release(&self->dictionary);
    }
    delete self;
    given->release = nullptr;
  }

  /// Struct and `private_data` of each other; from here on the owner releases both.
  static ArrowOwner<Struct> make(Content content, std::size_t children) {
    auto self = std::make_unique<Exported>(Exported{std::move(content)});
    self->children.resize(children);
    self->child_pointers.reserve(children);
    for (Struct& child : self->children) {
      self->child_pointers.push_back(&child);
    }
    Struct made{};
    made.n_children = static_cast<std::int64_t>(children);
    made.children = children == 0 ? nullptr : self->child_pointers.data();
    made.release = &release;
    made.private_data = self.release();
    return ArrowOwner<Struct>(&made);
  }

  static Exported& of(ArrowOwner<Struct>& owner) noexcept { return *static_cast<Exported*>(owner.get()->private_data); }
};

struct SchemaContent {
  std::string name;
  std::string metadata;
};
using ExportedSchema = Exported<ArrowSchema, SchemaContent>;

/// The column keeps the memory that is borrowed; the buffers hold what had to be made.
struct ArrayContent {
  Column column;
  Buffer<std::uint8_t> marks = {};
  Buffer<std::uint8_t> bits = {};
  Buffer<std::int32_t> codes = {};
};
using ExportedArray = Exported<ArrowArray, ArrayContent>;

inline const char* exported_format(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::number:
      return "g";
    case ColumnType::integer:
      return "l";
    case ColumnType::category:
      return "i";
    case ColumnType::time:
      return "tsn:UTC";
    case ColumnType::boolean:
      return "b";
    case ColumnType::text:
    case ColumnType::address:
      break;
  }
  return "U";
}

inline ArrowOwner<ArrowSchema> export_field(const char* format, std::string name,
                                            const std::map<std::string, std::string>& metadata, std::size_t children) {
  ArrowOwner<ArrowSchema> schema =
      ExportedSchema::make({.name = std::move(name), .metadata = arrow_metadata(metadata)}, children);
  const SchemaContent& content = ExportedSchema::of(schema).content;
  schema.get()->format = format;
  schema.get()->name = content.name.c_str();
  schema.get()->metadata = content.metadata.empty() ? nullptr : content.metadata.data();
  return schema;
}

inline ArrowOwner<ArrowSchema> export_field(const Field& field) {
  std::map<std::string, std::string> metadata = {{"nad.role", std::string(name(field.role))}};
  if (!field.origin.empty()) {
    metadata["nad.origin"] = field.origin;
  }
  if (field.type == ColumnType::address) {
    metadata["nad.type"] = name(field.type);
  }
  ArrowOwner<ArrowSchema> schema = export_field(exported_format(field.type), field.name, metadata, 0);
  schema.get()->flags = ARROW_FLAG_NULLABLE;
  if (field.type == ColumnType::category) {
    ArrowSchema& dictionary = ExportedSchema::of(schema).dictionary;
    export_field("U", "", {}, 0).give_to(&dictionary);
    schema.get()->dictionary = &dictionary;
  }
  return schema;
}

/// What stands where a buffer has nothing to say: some readers want no null pointers. Also the one offset of no texts.
inline const void* nothing_to_point_to() noexcept {
  alignas(64) static constexpr std::array<std::uint8_t, 64> zeros{};
  return zeros.data();
}

template <class Value>
const void* pointer_to(const Buffer<Value>& values) noexcept {
  return values.empty() ? nothing_to_point_to() : values.data();
}

/// The marks of values that are there, from bit 0 on; those of the column where they lie so.
inline Buffer<std::uint8_t> exported_marks(const Column& column) {
  const ColumnParts& parts = column.parts();
  if (parts.type != ColumnType::number && parts.valid_offset % 8 == 0) {
    return parts.valid.slice(parts.valid_offset / 8, (parts.size + 7) / 8);
  }
  GrowingBuffer<std::uint8_t> marks(parts.size / 8 + 1);
  std::fill_n(marks.data(), marks.size(), std::uint8_t{0});
  for (std::size_t row = 0; row < parts.size; ++row) {
    const unsigned present = column.is_missing(row) ? 0U : 1U;
    marks[row / 8] = static_cast<std::uint8_t>(marks[row / 8] | present << row % 8);
  }
  return std::move(marks).finish();
}

/// Codes that mean nothing, of missing values, become 0: readers look them up all the same.
inline Buffer<std::int32_t> exported_codes(const Column& column, const std::string& name) {
  const ColumnParts& parts = column.parts();
  const auto is_known = [&](std::size_t row) {
    return parts.codes[row] >= 0 && static_cast<std::size_t>(parts.codes[row]) < parts.categories->size();
  };
  bool all_known = true;
  for (std::size_t row = 0; row < parts.size; ++row) {
    if (!is_known(row)) {
      all_known = false;
      if (!column.is_missing(row)) {
        reject_arrow("column '" + name + "', row " + std::to_string(row),
                     "its code " + std::to_string(parts.codes[row]) + " stands for no category");
      }
    }
  }
  if (all_known) {
    return parts.codes;
  }
  GrowingBuffer<std::int32_t> codes(parts.size);
  for (std::size_t row = 0; row < parts.size; ++row) {
    codes[row] = is_known(row) ? parts.codes[row] : 0;
  }
  return std::move(codes).finish();
}

inline Buffer<std::uint8_t> exported_bits(const Column& column) {
  const std::span<const std::uint8_t> values = column.booleans();
  GrowingBuffer<std::uint8_t> bits(values.size() / 8 + 1);
  std::fill_n(bits.data(), bits.size(), std::uint8_t{0});
  for (std::size_t row = 0; row < values.size(); ++row) {
    bits[row / 8] = static_cast<std::uint8_t>(bits[row / 8] | (values[row] != 0 ? 1U : 0U) << row % 8);
  }
  return std::move(bits).finish();
}

inline Column addresses_as_text(const Column& addresses) {
  ColumnBuilder text(ColumnType::text);
  for (std::size_t row = 0; row < addresses.size(); ++row) {
    if (addresses.is_missing(row)) {
      text.add_missing();
    } else {
      text.add_text(addresses.addresses()[row].to_string());
    }
  }
  return text.finish();
}

inline constexpr const char* not_utf8 =
    "its text is not UTF-8, which other libraries need; read the file with its own encoding, or leave the column out";

/// Other libraries rely on it that text is UTF-8, and may crash where it is not.
inline void require_utf8(const Column& text, const std::string& name) {
  for (std::size_t row = 0; row < text.size(); ++row) {
    if (!text.is_missing(row) && !is_utf8(text.text(row))) {
      reject_arrow("column '" + name + "', row " + std::to_string(row), not_utf8);
    }
  }
}

/// The text of a dictionary as Arrow has it.
inline ArrowOwner<ArrowArray> export_categories(const Column& column, const std::string& name) {
  const Dictionary& categories = column.categories();
  for (std::size_t code = 0; code < categories.size(); ++code) {
    if (!is_utf8(categories[static_cast<std::int32_t>(code)])) {
      reject_arrow("column '" + name + "', category " + std::to_string(code), not_utf8);
    }
  }
  ArrowOwner<ArrowArray> array = ExportedArray::make({.column = column}, 0);
  ExportedArray& exported = ExportedArray::of(array);
  exported.buffers = {nullptr, categories.offsets().data(),
                      categories.text().empty() ? nothing_to_point_to() : categories.text().data()};
  array.get()->length = static_cast<std::int64_t>(categories.size());
  array.get()->n_buffers = 3;
  array.get()->buffers = exported.buffers.data();
  return array;
}

inline ArrowOwner<ArrowArray> export_column(const Field& field, const Column& given) {
  const bool is_address = given.type() == ColumnType::address;
  ArrowOwner<ArrowArray> array = ExportedArray::make({.column = is_address ? addresses_as_text(given) : given}, 0);
  ExportedArray& exported = ExportedArray::of(array);
  ArrayContent& content = exported.content;
  const Column& column = content.column;
  const ColumnParts& parts = column.parts();
  const std::size_t missing = column.missing_count();
  if (missing != 0) {
    content.marks = exported_marks(column);
    exported.buffers[0] = content.marks.data();
  }
  array.get()->n_buffers = 2;
  switch (parts.type) {
    case ColumnType::number:
      exported.buffers[1] = pointer_to(parts.numbers);
      break;
    case ColumnType::integer:
    case ColumnType::time:
      exported.buffers[1] = pointer_to(parts.integers);
      break;
    case ColumnType::category:
      content.codes = exported_codes(column, field.name);
      exported.buffers[1] = pointer_to(content.codes);
      export_categories(column, field.name).give_to(&exported.dictionary);
      array.get()->dictionary = &exported.dictionary;
      break;
    case ColumnType::boolean:
      content.bits = exported_bits(column);
      exported.buffers[1] = content.bits.data();
      break;
    case ColumnType::text:
    case ColumnType::address:
      require_utf8(column, field.name);
      exported.buffers[1] = pointer_to(parts.integers);
      exported.buffers[2] = pointer_to(parts.text);
      array.get()->n_buffers = 3;
      break;
  }
  array.get()->length = static_cast<std::int64_t>(parts.size);
  array.get()->null_count = static_cast<std::int64_t>(missing);
  array.get()->buffers = exported.buffers.data();
  return array;
}

inline ArrowOwner<ArrowSchema> export_schema(const Schema& schema) {
  std::map<std::string, std::string> metadata;
  if (!schema.source().empty()) {
    metadata["nad.source"] = schema.source();
  }
  ArrowOwner<ArrowSchema> exported = export_field("+s", "", metadata, schema.size());
  for (std::size_t place = 0; place < schema.size(); ++place) {
    export_field(schema[place]).give_to(exported.get()->children[place]);
  }
  return exported;
}

inline ArrowOwner<ArrowArray> export_table(const Table& table) {
  ArrowOwner<ArrowArray> array = ExportedArray::make({}, table.columns());
  for (std::size_t place = 0; place < table.columns(); ++place) {
    export_column(table.schema()[place], table.column(place)).give_to(array.get()->children[place]);
  }
  array.get()->length = static_cast<std::int64_t>(table.rows());
  array.get()->n_buffers = 1;
  array.get()->buffers = ExportedArray::of(array).buffers.data();
  return array;
}

/// The other side of an exported stream.
class TableStream {
 public:
  static void export_to(const Table& table, ArrowArrayStream* stream) {
    auto self = std::make_unique<TableStream>();
    self->table_ = table;
    *stream = {.get_schema = &get_schema,
               .get_next = &get_next,
               .get_last_error = &get_last_error,
               .release = &release,
               .private_data = self.release()};
  }

 private:
  static TableStream& of(ArrowArrayStream* stream) noexcept { return *static_cast<TableStream*>(stream->private_data); }

  /// Exceptions end here: the caller may not even be C++.
  template <class Work>
  int guard(Work work) noexcept {
    try {
      work();
      return 0;
    } catch (const std::bad_alloc&) {
      last_error_ = "out of memory";  // short enough to need none
      return ENOMEM;
    } catch (const std::exception& error) {
      try {
        last_error_ = error.what();
      } catch (const std::bad_alloc&) {
        last_error_.clear();
      }
      return EINVAL;
    }
  }

  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out) noexcept {
    return of(stream).guard([&] { export_schema(of(stream).table_.schema()).give_to(out); });
  }

  static int get_next(ArrowArrayStream* stream, ArrowArray* out) noexcept {
    TableStream& self = of(stream);
    if (self.is_done_) {
      out->release = nullptr;
      return 0;
    }
    return self.guard([&] {
      export_table(self.table_).give_to(out);
      self.is_done_ = true;
    });
  }

  static const char* get_last_error(ArrowArrayStream* stream) noexcept {
    return of(stream).last_error_.empty() ? nullptr : of(stream).last_error_.c_str();
  }

  static void release(ArrowArrayStream* stream) noexcept {
    delete &of(stream);
    stream->release = nullptr;
  }

  Table table_;
  bool is_done_ = false;
  std::string last_error_;
};

}  // namespace detail

NAD_INLINE void export_arrow(const Table& table, ArrowArray* array, ArrowSchema* schema) {
  detail::ArrowOwner<ArrowSchema> own_schema = detail::export_schema(table.schema());
  detail::export_table(table).give_to(array);
  own_schema.give_to(schema);
}

NAD_INLINE void export_arrow(const Field& field, const Column& column, ArrowArray* array, ArrowSchema* schema) {
  if (field.type != column.type()) {
    throw Error(ErrorCode::invalid_argument, "column '" + field.name + "' is of type " +
                                                 std::string(name(column.type())) + ", its field says " +
                                                 std::string(name(field.type)));
  }
  detail::ArrowOwner<ArrowSchema> own_schema = detail::export_field(field);
  detail::export_column(field, column).give_to(array);
  own_schema.give_to(schema);
}

NAD_INLINE void export_arrow_schema(const Schema& schema, ArrowSchema* out) {
  detail::export_schema(schema).give_to(out);
}

NAD_INLINE void export_arrow_stream(const Table& table, ArrowArrayStream* stream) {
  detail::TableStream::export_to(table, stream);
}

}  // namespace nad
