#pragma once

#include <algorithm>

#include "nad/core/error.hpp"
#include "nad/table/table.hpp"

namespace nad {

NAD_INLINE Table::Table(Schema schema, std::vector<Column> columns)
    : schema_(std::move(schema)), columns_(std::move(columns)) {
  if (schema_.size() != columns_.size()) {
    throw Error(ErrorCode::invalid_argument, "a schema of " + std::to_string(schema_.size()) + " fields was given " +
                                                 std::to_string(columns_.size()) + " columns");
  }
  for (std::size_t place = 0; place < columns_.size(); ++place) {
    const Field& field = schema_[place];
    if (columns_[place].size() != rows()) {
      throw Error(ErrorCode::invalid_argument, "column '" + field.name + "' has " +
                                                   std::to_string(columns_[place].size()) + " rows, the first has " +
                                                   std::to_string(rows()));
    }
    if (columns_[place].type() != field.type) {
      throw Error(ErrorCode::invalid_argument, "column '" + field.name + "' is of type " +
                                                   std::string(name(columns_[place].type())) + ", its field says " +
                                                   std::string(name(field.type)));
    }
  }
}

NAD_INLINE Table Table::with(Field field, Column column) const {
  std::vector<Field> fields(schema_.begin(), schema_.end());
  std::vector<Column> columns = columns_;
  if (const auto place = schema_.find(field.name)) {
    fields[*place] = std::move(field);
    columns[*place] = std::move(column);
  } else {
    fields.push_back(std::move(field));
    columns.push_back(std::move(column));
  }
  return {Schema(std::move(fields), schema_.source()), std::move(columns)};
}

NAD_INLINE Table Table::with_role(std::string_view name, Role role) const {
  std::vector<Field> fields(schema_.begin(), schema_.end());
  fields[schema_.place(name)].role = role;
  return {Schema(std::move(fields), schema_.source()), columns_};
}

NAD_INLINE Table Table::with_source(std::string source) const {
  return {Schema({schema_.begin(), schema_.end()}, std::move(source)), columns_};
}

NAD_INLINE Table Table::rename(std::string_view from, std::string to) const {
  std::vector<Field> fields(schema_.begin(), schema_.end());
  fields[schema_.place(from)].name = std::move(to);
  return {Schema(std::move(fields), schema_.source()), columns_};
}

NAD_INLINE Table Table::select(const std::vector<std::string>& names) const {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (const std::string& name : names) {
    const std::size_t place = schema_.place(name);
    fields.push_back(schema_[place]);
    columns.push_back(columns_[place]);
  }
  return {Schema(std::move(fields), schema_.source()), std::move(columns)};
}

NAD_INLINE Table Table::drop(const std::vector<std::string>& names) const {
  std::vector<bool> dropped(columns_.size());
  for (const std::string& name : names) {
    dropped[schema_.place(name)] = true;
  }
  std::vector<std::string> kept;
  for (std::size_t place = 0; place < columns_.size(); ++place) {
    if (!dropped[place]) {
      kept.push_back(schema_[place].name);
    }
  }
  return select(kept);
}

NAD_INLINE Table Table::slice(std::size_t first, std::size_t count) const {
  std::vector<Column> columns;
  columns.reserve(columns_.size());
  for (const Column& column : columns_) {
    columns.push_back(column.slice(first, count));
  }
  return {schema_, std::move(columns)};
}

NAD_INLINE Table Table::take(std::span<const std::size_t> rows) const {
  for (const std::size_t row : rows) {
    if (row >= this->rows()) {
      throw Error(ErrorCode::invalid_argument,
                  "row " + std::to_string(row) + " of a table of " + std::to_string(this->rows()));
    }
  }
  std::vector<Column> columns;
  columns.reserve(columns_.size());
  for (const Column& column : columns_) {
    columns.push_back(column.take(rows));
  }
  return {schema_, std::move(columns)};
}

NAD_INLINE Table Table::filter(const std::function<bool(std::size_t row)>& keep) const {
  std::vector<std::size_t> kept;
  for (std::size_t row = 0; row < rows(); ++row) {
    if (keep(row)) {
      kept.push_back(row);
    }
  }
  return take(kept);
}

}  // namespace nad
