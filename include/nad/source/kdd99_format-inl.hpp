#pragma once

// How files of KDD Cup 99 and NSL-KDD are recognised and read.

#include <algorithm>
#include <map>
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

/// Whether a line names the 41 columns in their order, a few perhaps in another spelling.
inline bool names_kdd99(const std::vector<std::string_view>& line) {
  const auto known = kdd99_columns();
  if (line.size() < known.size() || line[0] != known[0] || line[1] != known[1]) {
    return false;
  }
  std::size_t same = 0;
  for (std::size_t place = 0; place < known.size(); ++place) {
    const bool elsewhere = std::find(known.begin(), known.end(), line[place]) != known.end();
    if (line[place] != known[place] && elsewhere) {
      return false;
    }
    same += line[place] == known[place] ? 1U : 0U;
  }
  return same >= 35;
}

inline bool is_kdd99_row(const std::vector<std::string_view>& row) {
  const std::size_t columns = kdd99_columns().size();
  if (row.size() < columns || row.size() > columns + 2 || (row[1] != "tcp" && row[1] != "udp" && row[1] != "icmp")) {
    return false;
  }
  for (std::size_t place = 0; place < columns; ++place) {
    double value = 0.0;
    if (kdd99_type(kdd99_columns()[place]) != ColumnType::category &&
        (row[place].empty() || !parse_number(row[place], value))) {
      return false;
    }
  }
  return true;
}

/// How many fields the rows have, by the first of them; 0: it is another format.
inline std::size_t kdd99_fields(const Head& head) {
  std::map<std::size_t, std::size_t> shapes;
  const bool found = most_first_rows(head, ',', [&](std::string_view line) {
    const std::vector<std::string_view> row = split_line(line, ',');
    const bool sound = is_kdd99_row(row);
    shapes[row.size()] += sound ? 1U : 0U;
    return sound;
  });
  const auto usual =
      std::max_element(shapes.begin(), shapes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return found ? usual->first : 0;
}

/// 41 columns alone, with a label, or with a label and the difficulty; with a line of names also with the family of the
/// label, as tables of this format are written.
inline std::optional<DelimitedPlan> recognise_kdd99(const Head& head) {
  const std::vector<std::string_view> first = split_line(head.line(0), ',');
  const std::size_t columns = kdd99_columns().size();
  const bool header = names_kdd99(first);
  const bool family = header && first.size() > columns + 1 && first.back() == "attack_family";
  DelimitedPlan plan;
  plan.fields = header ? first.size() : kdd99_fields(head);
  const std::size_t read = plan.fields - (family ? 1 : 0);  // the others have a place of their own
  if (plan.fields == 0 || read > columns + 2) {
    return std::nullopt;
  }
  plan.dialect.quote = '\0';
  plan.missing = {};
  plan.source = read == columns + 2 ? "nsl_kdd" : "kdd99";
  if (header) {
    plan.header_bytes = head.line_end(0);
    plan.header_lines = 1;
  }
  for (std::size_t place = 0; place < columns; ++place) {
    const std::string_view name = kdd99_columns()[place];
    ColumnPlan column{{std::string(name), kdd99_type(name)}, place};
    if (column.field.type != ColumnType::category) {
      column.range = column.field.type == ColumnType::number ? share_range : from_zero;
    }
    plan.columns.push_back(std::move(column));
  }
  if (read > columns) {
    plan.columns.push_back({{"label", ColumnType::category, Role::label}, columns});
    plan.complete = [family](const Table& table, ReadContext&) {
      return family ? without_final_dots(table) : with_kdd99_family(without_final_dots(table));
    };
  }
  if (read > columns + 1) {
    plan.columns.push_back({{"difficulty", ColumnType::integer, Role::label}, columns + 1});
  }
  if (family) {
    plan.columns.push_back({{"attack_family", ColumnType::category, Role::label}, read});
  }
  return plan;
}

}  // namespace nad::detail
