#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/table/column-inl.hpp"
#include "nad/table/combining.hpp"

namespace nad {

namespace detail {

using ColumnPieces = std::vector<const Column*>;

/// The marks for missing values of all pieces; none where no piece has any.
inline Buffer<std::uint8_t> join_marks(const ColumnPieces& pieces, std::size_t rows) {
  if (std::all_of(pieces.begin(), pieces.end(), [](const Column* piece) { return piece->parts().valid.empty(); })) {
    return {};
  }
  GrowingBuffer<std::uint8_t> marks(rows / 8 + 1);
  std::fill_n(marks.data(), marks.size(), std::uint8_t{0});
  std::size_t at = 0;
  for (const Column* piece : pieces) {
    const ColumnParts& parts = piece->parts();
    for (std::size_t row = 0; row < parts.size; ++row, ++at) {
      const bool present = parts.valid.empty() || bit(parts.valid, parts.valid_offset + row);
      marks[at / 8] = static_cast<std::uint8_t>(marks[at / 8] | static_cast<unsigned>(present) << at % 8);
    }
  }
  return std::move(marks).finish();
}

template <class Value>
Buffer<Value> join_values(const ColumnPieces& pieces, Buffer<Value> ColumnParts::*values) {
  GrowingBuffer<Value> joined;
  std::size_t rows = 0;
  for (const Column* piece : pieces) {
    rows += piece->size();
  }
  joined.reserve(rows);
  for (const Column* piece : pieces) {
    joined.append((piece->parts().*values).data(), piece->size());
  }
  return std::move(joined).finish();
}

/// Numbers and integers alike, NaN where missing.
inline Buffer<double> join_as_numbers(const ColumnPieces& pieces, std::size_t rows) {
  GrowingBuffer<double> joined(rows);
  std::size_t at = 0;
  for (const Column* piece : pieces) {
    piece->copy_numbers(0, {joined.data() + at, piece->size()});
    at += piece->size();
  }
  return std::move(joined).finish();
}

inline void join_texts(const ColumnPieces& pieces, ColumnParts& joined) {
  GrowingBuffer<std::int64_t> offsets;
  GrowingBuffer<char> bytes;
  offsets.reserve(joined.size + 1);
  offsets.push_back(0);
  for (const Column* piece : pieces) {
    const ColumnParts& parts = piece->parts();
    if (parts.size == 0) {
      continue;
    }
    const std::int64_t begin = parts.integers[0];
    const std::int64_t moved = static_cast<std::int64_t>(bytes.size()) - begin;
    bytes.append(parts.text.data() + begin, static_cast<std::size_t>(parts.integers[parts.size] - begin));
    for (std::size_t row = 1; row <= parts.size; ++row) {
      offsets.push_back(parts.integers[row] + moved);
    }
  }
  joined.integers = std::move(offsets).finish();
  joined.text = std::move(bytes).finish();
}

/// Puts the texts of one dictionary into another and returns the code that each has there.
inline std::vector<std::int32_t> merge_categories(const Dictionary& from, Dictionary& into) {
  std::vector<std::int32_t> codes(from.size());
  for (std::size_t code = 0; code < codes.size(); ++code) {
    codes[code] = into.add(from[static_cast<std::int32_t>(code)]);
  }
  return codes;
}

inline void join_categories(const ColumnPieces& pieces, ColumnParts& joined) {
  const std::shared_ptr<const Dictionary>& first = pieces.front()->parts().categories;
  joined.categories = first;
  if (std::all_of(pieces.begin(), pieces.end(),
                  [&](const Column* piece) { return piece->parts().categories == first; })) {
    joined.codes = join_values(pieces, &ColumnParts::codes);
    return;
  }
  auto merged = std::make_shared<Dictionary>(*first);
  std::unordered_map<const Dictionary*, std::vector<std::int32_t>> new_codes;  // batches may share a dictionary
  GrowingBuffer<std::int32_t> codes(joined.size);
  std::size_t at = 0;
  for (const Column* piece : pieces) {
    const Dictionary& own = piece->categories();
    const auto [found, is_new] = new_codes.try_emplace(&own);
    if (is_new) {
      found->second = merge_categories(own, *merged);
    }
    for (const std::int32_t code : piece->codes()) {
      const auto place = static_cast<std::size_t>(code);  // that of a missing value may be any
      codes[at++] = place < found->second.size() ? found->second[place] : Dictionary::absent;
    }
  }
  joined.categories = std::move(merged);
  joined.codes = std::move(codes).finish();
}

/// `type` is that of all pieces, or number where some are integers.
inline Column join_columns(const ColumnPieces& pieces, ColumnType type) {
  ColumnParts joined;
  joined.type = type;
  for (const Column* piece : pieces) {
    joined.size += piece->size();
  }
  switch (type) {
    case ColumnType::number:
      joined.numbers = join_as_numbers(pieces, joined.size);
      return Column(std::move(joined));  // NaN marks what is missing
    case ColumnType::integer:
    case ColumnType::time:
      joined.integers = join_values(pieces, &ColumnParts::integers);
      break;
    case ColumnType::category:
      join_categories(pieces, joined);
      break;
    case ColumnType::text:
      join_texts(pieces, joined);
      break;
    case ColumnType::address:
      joined.addresses = join_values(pieces, &ColumnParts::addresses);
      break;
    case ColumnType::boolean:
      joined.booleans = join_values(pieces, &ColumnParts::booleans);
      break;
  }
  joined.valid = join_marks(pieces, joined.size);
  return Column(std::move(joined));
}

/// The type that holds the values of both.
inline ColumnType joint_type(ColumnType a, ColumnType b, const std::string& column, std::size_t table_of_b) {
  const auto counts = [](ColumnType type) { return type == ColumnType::number || type == ColumnType::integer; };
  if (a == b) {
    return a;
  }
  if (counts(a) && counts(b)) {
    return ColumnType::number;
  }
  throw Error(ErrorCode::invalid_argument, "column '" + column + "' is of type " + std::string(name(b)) + " in table " +
                                               std::to_string(table_of_b) + " and of type " + std::string(name(a)) +
                                               " in those before it; read all of them as one type");
}

/// An error where a table's columns are not those of the first.
inline void require_same_names(const Schema& first, const Schema& other, std::size_t number) {
  const std::string table = "table " + std::to_string(number);
  for (const Field& field : other) {
    if (!first.find(field.name)) {
      throw Error(ErrorCode::invalid_argument, table + " has a column '" + field.name +
                                                   "' that the first table does not have; drop it or rename it");
    }
  }
  for (const Field& field : first) {
    if (!other.find(field.name)) {
      throw Error(ErrorCode::invalid_argument,
                  table + " has no column '" + field.name + "', which the first table has; select what all have");
    }
  }
}

}  // namespace detail

NAD_INLINE Table concatenate(std::span<const Table> tables) {
  const Table* first = nullptr;
  std::vector<Field> fields;
  std::vector<detail::ColumnPieces> pieces;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const Table& table = tables[i];
    if (table.columns() == 0) {
      continue;
    }
    if (first == nullptr) {
      first = &table;
      fields.assign(table.schema().begin(), table.schema().end());
      pieces.resize(fields.size());
    } else {
      detail::require_same_names(first->schema(), table.schema(), i + 1);
    }
    for (std::size_t place = 0; place < fields.size(); ++place) {
      const Column& column = table[fields[place].name];
      fields[place].type = detail::joint_type(fields[place].type, column.type(), fields[place].name, i + 1);
      pieces[place].push_back(&column);
    }
  }
  if (first == nullptr) {
    return {};
  }
  std::vector<Column> columns;
  columns.reserve(fields.size());
  for (std::size_t place = 0; place < fields.size(); ++place) {
    columns.push_back(pieces[place].size() == 1 ? *pieces[place].front()
                                                : detail::join_columns(pieces[place], fields[place].type));
  }
  return {Schema(std::move(fields), first->schema().source()), std::move(columns)};
}

NAD_INLINE Table concatenate(std::initializer_list<Table> tables) {
  return concatenate(std::span<const Table>(tables.begin(), tables.size()));
}

}  // namespace nad
