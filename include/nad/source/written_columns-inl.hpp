#pragma once

// The columns that logs have beside the flow columns, found again in tables of flows that nad wrote as CSV: what they
// hold and what they are for is not in the text.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/source/argus_format-inl.hpp"
#include "nad/source/aws_vpc_format-inl.hpp"
#include "nad/source/flow_names-inl.hpp"
#include "nad/source/netflow_format-inl.hpp"
#include "nad/source/suricata_format-inl.hpp"
#include "nad/source/zeek_fields-inl.hpp"

namespace nad::detail {

/// Whether the flow columns of a line of names are called as nad calls them, and nothing else.
inline bool has_written_names(const NameLine& line) {
  for (std::size_t place = 0; place < line.names.size(); ++place) {
    const auto known = std::find_if(flow_names.begin(), flow_names.end(),
                                    [&](const NamedColumn& one) { return one.plain == line.plain[place]; });
    if (known != flow_names.end() && !known->name.empty() && known->name != line.names[place] &&
        !line.names[place].ends_with('_')) {
      return false;
    }
  }
  return line.has_all({"srcip", "dstip"});
}

/// A column of a log: its name in plain letters, its type and its role.
struct LogColumn {
  std::string plain;
  ColumnType type;
  Role role;
  bool counts = false;  ///< whole numbers from 0 on
};

inline std::vector<LogColumn> log_columns(std::span<const NamedColumn> known) {
  std::vector<LogColumn> columns;
  for (const NamedColumn& column : known) {
    if (column.name.empty()) {
      columns.push_back({std::string(column.plain), column.type, column.role, column.range.has_value()});
    }
  }
  return columns;
}

/// Of each kind of log that has some.
inline std::vector<std::vector<LogColumn>> all_log_columns() {
  std::vector<std::vector<LogColumn>> logs = {log_columns(argus_columns), log_columns(netflow_columns),
                                              log_columns(aws_vpc_columns)};
  logs.push_back({{"srcname", ColumnType::text, Role::identifier},
                  {"dstname", ColumnType::text, Role::identifier},
                  {"degraded", ColumnType::boolean, Role::identifier}});
  std::vector<LogColumn> zeek;
  for (const ZeekField& field : zeek_fields) {
    if (!is_flow_column(field.name)) {
      zeek.push_back({plain_name(field.name), field.type, field.role, field.type == ColumnType::integer});
    }
  }
  logs.push_back(std::move(zeek));
  std::vector<LogColumn> eve = {{"loggedat", ColumnType::time, Role::identifier}};
  for (const EveField& field : eve_fields) {
    eve.push_back({plain_name(field.key), field.type, field.role, field.type == ColumnType::integer});
  }
  logs.push_back(std::move(eve));
  return logs;
}

/// The columns of the log whose names a line has most of, two at least.
inline std::vector<LogColumn> kin_of(const NameLine& line) {
  std::vector<LogColumn> kin;
  std::size_t most = 1;
  for (std::vector<LogColumn>& log : all_log_columns()) {
    const auto found = static_cast<std::size_t>(
        std::count_if(log.begin(), log.end(), [&](const LogColumn& column) { return line.has(column.plain); }));
    if (found > most) {
      most = found;
      kin = std::move(log);
    }
  }
  return kin;
}

/// Boolean, time or address where all values of the head are written as nad writes them.
inline std::optional<ColumnType> written_type(const Head& head, const DelimitedPlan& plan, std::size_t place) {
  bool truths = true;
  bool times = true;
  bool addresses = true;
  bool seen = false;
  for (std::size_t index = plan.header_lines; index < head.lines(); ++index) {
    const std::vector<std::string> row = split_quoted_line(head.line(index), plan.dialect.separator);
    if (row.size() != plan.fields || row[place].empty()) {
      continue;
    }
    const std::string& text = row[place];
    seen = true;
    truths = truths && (text == "true" || text == "false");
    times = times && text.size() > 19 && text[10] == 'T' && text.back() == 'Z' && parse_time(text);
    addresses = addresses && Address::parse(text);
  }
  return !seen       ? std::nullopt
         : truths    ? std::optional(ColumnType::boolean)
         : times     ? std::optional(ColumnType::time)
         : addresses ? std::optional(ColumnType::address)
                     : std::nullopt;
}

/// Gives the columns of a table that nad wrote their types and roles back.
inline void restore_written_columns(DelimitedPlan& plan, const NameLine& line, const Head& head) {
  if (!has_written_names(line)) {
    return;
  }
  const std::vector<LogColumn> kin = kin_of(line);
  for (ColumnPlan& column : plan.columns) {
    if (is_flow_column(column.field.name)) {
      continue;
    }
    const auto known = std::find_if(kin.begin(), kin.end(),
                                    [&](const LogColumn& one) { return one.plain == line.plain[column.place]; });
    if (known != kin.end()) {
      column.field.type = known->type;
      column.field.role = known->role;
      column.range = known->counts ? std::optional(from_zero) : std::nullopt;
    } else if (column.field.type == ColumnType::category) {
      if (const auto type = written_type(head, plan, column.place)) {
        column.field.type = *type;
        const std::string beginning = "column '" + column.field.name + "': ";  // what was said of categories
        std::erase_if(plan.notes, [&](const std::string& note) { return note.starts_with(beginning); });
      }
    }
  }
}

}  // namespace nad::detail
