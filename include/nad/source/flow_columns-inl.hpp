#pragma once

// How logs become tables with the shared columns of flows.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/flow/protocol_names-inl.hpp"
#include "nad/flow/shared_columns-inl.hpp"
#include "nad/source/batch_source-inl.hpp"
#include "nad/source/categories-inl.hpp"
#include "nad/source/column_decoder-inl.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

/// What the values of these columns can be.
inline std::optional<ValueRange> flow_range(std::string_view name) {
  const bool counts =
      name == "duration" || name.find("bytes_") != std::string_view::npos || name.starts_with("packets_");
  return name.ends_with("_port") ? std::optional(port_range) : counts ? std::optional(from_zero) : std::nullopt;
}

/// Gives flow columns their ranges. `lenient`: what lies outside is missing instead of malformed.
inline void limit_flow_columns(std::vector<ColumnPlan>& columns, bool lenient = false) {
  for (ColumnPlan& column : columns) {
    if (is_flow_column(column.field.name)) {
      column.range = flow_range(column.field.name);
      if (column.range) {
        column.range->lenient = lenient;
      }
    }
  }
}

/// Flow columns first, in their order, then the source's own.
inline void put_in_flow_order(std::vector<ColumnPlan>& columns) {
  std::stable_sort(columns.begin(), columns.end(), [](const ColumnPlan& a, const ColumnPlan& b) {
    return flow_rank(a.field.name) < flow_rank(b.field.name);
  });
}

inline Table in_flow_order(const Table& table) {
  std::vector<std::string> names;
  names.reserve(table.columns());
  for (const Field& field : table.schema()) {
    names.push_back(field.name);
  }
  std::stable_sort(names.begin(), names.end(),
                   [](const std::string& a, const std::string& b) { return flow_rank(a) < flow_rank(b); });
  return table.select(names);
}

inline std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  return result;
}

inline std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// "tcp" for "TCP", "6" and " Tcp"; what has no name keeps its number.
inline std::string protocol_name(std::string_view text) {
  std::string name = lower_case(trimmed(text));
  for (const auto& [other, known] : protocol_spellings) {
    if (other == name) {
      return std::string(known);
    }
  }
  for (const NumberedProtocol& protocol : numbered_protocols) {
    if (name == std::to_string(protocol.number)) {
      return std::string(protocol.name);
    }
  }
  return name;
}

/// `table` with its protocols under their usual names, where it has them.
inline Table with_protocol_names(const Table& table) {
  const std::optional<std::size_t> place = table.schema().find("protocol");
  return place ? table.with(table.schema()[*place], map_categories(table.column(*place), &protocol_name)) : table;
}

/// whole - part, row by row, missing where one of them is or where the part is larger.
inline Column difference(const Column& whole, const Column& part) {
  ColumnBuilder builder(ColumnType::integer);
  builder.reserve(whole.size());
  for (std::size_t row = 0; row < whole.size(); ++row) {
    if (whole.is_missing(row) || part.is_missing(row) || part.integers()[row] < 0 ||
        part.integers()[row] > whole.integers()[row]) {
      builder.add_missing();
    } else {
      builder.add_integer(whole.integers()[row] - part.integers()[row]);
    }
  }
  return builder.finish();
}

/// The seconds from one time to another; missing where it would be an earlier one.
inline Column seconds_between(const Column& from, const Column& to, ReadContext& context) {
  ColumnBuilder builder(ColumnType::number);
  builder.reserve(from.size());
  bool backwards = false;
  for (std::size_t row = 0; row < from.size(); ++row) {
    if (from.is_missing(row) || to.is_missing(row) || to.times()[row] < from.times()[row]) {
      backwards = backwards || (!from.is_missing(row) && !to.is_missing(row));
      builder.add_missing();
    } else {
      const std::int64_t begin = from.times()[row];
      const std::int64_t end = to.times()[row];
      builder.add_number(((begin < 0) == (end < 0) ? static_cast<double>(end - begin)  // cannot overflow
                                                   : static_cast<double>(end) - static_cast<double>(begin)) /
                         1e9);
    }
  }
  if (backwards) {
    context.note("some flows end before they begin: their durations are missing");
  }
  return builder.finish();
}

/// Says so where times count from the beginning of a capture.
inline void note_relative_times(const Table& table, ReadContext& context) {
  constexpr std::int64_t oldest = 315'532'800 * nanoseconds_per_second;  // 1980
  const std::optional<std::size_t> place = table.schema().find("timestamp");
  if (place && table.rows() != 0 && !table.column(*place).is_missing(0) && table.column(*place).times()[0] < oldest &&
      table.column(*place).times()[0] >= 0) {
    context.note("times are near 1970: they seem to count from the beginning of the capture");
  }
}

}  // namespace nad::detail
