#pragma once

// How files of KDD Cup 99 and NSL-KDD are recognised and read.

#include <optional>
#include <string>
#include <vector>

#include "nad/source/categories-inl.hpp"
#include "nad/source/delimited-inl.hpp"
#include "nad/source/format-inl.hpp"
#include "nad/source/kdd99.hpp"

namespace nad::detail {

/// Counts are whole; the rates, from the 25th column on, are not.
inline ColumnType kdd99_type(std::string_view name) {
  return name == "protocol_type" || name == "service" || name == "flag" ? ColumnType::category
         : name.ends_with("_rate")                                      ? ColumnType::number
                                                                        : ColumnType::integer;
}

/// The labels without the dot that KDD Cup 99 puts behind them.
inline Table without_final_dots(const Table& table) {
  return table.with({"label", ColumnType::category, Role::label},
                    map_categories(table["label"], [](std::string_view label) {
                      return std::string(label.ends_with('.') ? label.substr(0, label.size() - 1) : label);
                    }));
}

/// The family of each label, as a column of its own.
inline Table with_kdd99_family(const Table& table) {
  return table.with({"attack_family", ColumnType::category, Role::label},
                    map_categories(table["label"], [](std::string_view label) {
                      const std::string_view family = kdd99_family(label);
                      return std::string(family.empty() ? "unknown" : family);
                    }));
}

/// 41 columns alone, with a label, or with a label and the difficulty; with or without a line of names.
inline std::optional<DelimitedPlan> recognise_kdd99(const Head& head) {
  const std::vector<std::string_view> first = split_line(head.line(0), ',');
  const bool header = first.size() > 2 && first[0] == kdd99_columns()[0] && first[1] == kdd99_columns()[1];
  const std::vector<std::string_view> row = header ? split_line(head.line(1), ',') : first;
  const std::size_t columns = kdd99_columns().size();
  if (row.size() < columns || row.size() > columns + 2 || (row[1] != "tcp" && row[1] != "udp" && row[1] != "icmp")) {
    return std::nullopt;
  }
  DelimitedPlan plan;
  plan.dialect.quote = '\0';
  plan.fields = row.size();
  plan.missing = {};
  plan.source = row.size() == columns + 2 ? "nsl_kdd" : "kdd99";
  if (header) {
    plan.header_bytes = head.line_end(0);
    plan.header_lines = 1;
  }
  for (std::size_t place = 0; place < columns; ++place) {
    const std::string_view name = kdd99_columns()[place];
    double value = 0.0;
    if (kdd99_type(name) != ColumnType::category && (row[place].empty() || !parse_number(row[place], value))) {
      return std::nullopt;
    }
    plan.columns.push_back({{std::string(name), kdd99_type(name)}, place});
  }
  if (row.size() > columns) {
    plan.columns.push_back({{"label", ColumnType::category, Role::label}, columns});
    plan.complete = [](const Table& table, ReadContext&) { return with_kdd99_family(without_final_dots(table)); };
  }
  if (row.size() > columns + 1) {
    plan.columns.push_back({{"difficulty", ColumnType::integer, Role::label}, columns + 1});
  }
  return plan;
}

}  // namespace nad::detail
