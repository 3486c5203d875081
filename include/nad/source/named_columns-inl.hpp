#pragma once

// Separated fields below a line of names: which name is which column.

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/source/csv_outliers-inl.hpp"
#include "nad/source/delimited-inl.hpp"
#include "nad/source/flow_columns-inl.hpp"
#include "nad/source/header_line-inl.hpp"

namespace nad::detail {

/// A name of the source as `plain_name` gives it, and what it is called in the table.
struct NamedColumn {
  std::string_view plain;
  std::string_view name = {};  ///< a flow column; "": the source's own name, with this type and role
  ColumnType type = ColumnType::category;
  Role role = Role::feature;
  std::optional<ValueRange> range = {};
};

/// Names as they stand in a file, with their plain form.
struct NameLine {
  char separator = ',';
  std::vector<std::string> names;
  std::vector<std::string> plain;

  NameLine(std::string_view line, char between) : separator(between), names(split_quoted_line(line, between)) {
    plain.reserve(names.size());
    for (const std::string& name : names) {
      plain.push_back(plain_name(name));
    }
  }

  bool has(std::string_view wanted) const { return std::find(plain.begin(), plain.end(), wanted) != plain.end(); }

  bool has_all(std::initializer_list<std::string_view> wanted) const {
    return std::all_of(wanted.begin(), wanted.end(), [&](std::string_view name) { return has(name); });
  }
};

/// Says so where a few values make categories of a column of numbers or the like.
inline void note_outliers(DelimitedPlan& plan, const Head& head, std::size_t place, const std::string& name) {
  OutlierCounts counts(name);
  for (std::size_t index = plan.header_lines; index < std::min(head.lines(), plan.header_lines + typing_rows);
       ++index) {
    const std::vector<std::string> row = split_quoted_line(head.line(index), plan.dialect.separator);
    if (row.size() == plan.fields && row != plan.header && !row[place].empty() &&
        std::find(plan.missing.begin(), plan.missing.end(), row[place]) == plan.missing.end()) {
      counts.add(row[place], index + 1);
    }
  }
  if (std::string note = counts.note(ColumnType::category, false); !note.empty()) {
    plan.notes.push_back(std::move(note));
  }
}

/// A plan for the rows behind so many header lines; with none, the names come from elsewhere. A flow column is taken
/// once; what else would be called so, and names that are not in the table, keep their own names and get a likely type.
inline DelimitedPlan named_plan(const Head& head, std::size_t header_lines, const NameLine& line,
                                std::span<const NamedColumn> known, std::vector<std::string> missing) {
  DelimitedPlan plan;
  plan.dialect.separator = line.separator;
  plan.fields = line.names.size();
  plan.missing = std::move(missing);
  if (header_lines != 0) {
    plan.header = line.names;
    plan.header_lines = header_lines;
    plan.header_bytes = head.line_end(header_lines - 1);
  }
  std::vector<std::string> own;
  for (const std::string& name : line.names) {
    own.emplace_back(bare_name(name));
  }
  own = distinct_names(std::move(own));
  const std::vector<ColumnType> types = likely_types(head, header_lines, line.separator, line.names, plan.missing);
  std::vector<std::string_view> taken;
  for (std::size_t place = 0; place < plan.fields; ++place) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const NamedColumn& one) { return one.plain == line.plain[place]; });
    Field field{own[place], types[place]};
    if (found != known.end() && found->name.empty()) {
      field.type = found->type;
      field.role = found->role;
    }
    if (found != known.end() && !found->name.empty() &&
        std::find(taken.begin(), taken.end(), found->name) == taken.end()) {
      field = flow_field(found->name, own[place]);
      taken.push_back(found->name);
    } else if (is_flow_column(field.name)) {
      field.name += "_";  // the flow column is another one
    }
    plan.columns.push_back({std::move(field), place});
    if (found != known.end()) {
      plan.columns.back().range = found->range;
    } else if (types[place] == ColumnType::category) {
      note_outliers(plan, head, place, plan.columns.back().field.name);
    }
  }
  limit_flow_columns(plan.columns);
  put_in_flow_order(plan.columns);
  return plan;
}

inline ColumnPlan* find_column(DelimitedPlan& plan, std::string_view name) {
  for (ColumnPlan& column : plan.columns) {
    if (column.field.name == name) {
      return &column;
    }
  }
  return nullptr;
}

inline bool is_hardware_address(std::string_view text) noexcept {
  std::size_t groups = 1;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == ':' || c == '-') {
      if (digits == 0) {
        return false;
      }
      ++groups;
      digits = 0;
    } else if ((!is_digit(c) && ((c | 0x20) < 'a' || (c | 0x20) > 'f')) || ++digits > 2) {
      return false;
    }
  }
  return groups == 6 && digits != 0;
}

/// An address, or nothing where a hardware address or one of `nothing` stands.
inline auto address_or(std::vector<std::string> nothing) {
  return [nothing = std::move(nothing)](std::string_view text, ColumnBuilder& to) {
    const std::string_view bare = trimmed(text);
    if (const std::optional<Address> address = Address::parse(bare)) {
      to.add_address(*address);
    } else if (is_hardware_address(bare) || std::find(nothing.begin(), nothing.end(), bare) != nothing.end()) {
      to.add_missing();
    } else {
      return false;
    }
    return true;
  };
}

/// The hardware addresses among addresses of both kinds.
inline bool parse_hardware_address(std::string_view text, ColumnBuilder& to) {
  const std::string_view bare = trimmed(text);
  if (is_hardware_address(bare)) {
    to.add_text(bare);
  } else {
    to.add_missing();
  }
  return true;
}

/// Hardware addresses that stand where other records have IP addresses get columns of their own.
inline void split_hardware_addresses(DelimitedPlan& plan, const std::vector<std::string>& nothing) {
  for (const auto& [address, hardware] : {std::pair{"src_ip", "src_mac"}, std::pair{"dst_ip", "dst_mac"}}) {
    if (ColumnPlan* column = find_column(plan, address); column != nullptr && find_column(plan, hardware) == nullptr) {
      column->parse = address_or(nothing);
      const ColumnPlan second{flow_field(hardware, column->field.origin), column->place, &parse_hardware_address};
      plan.columns.push_back(second);
    }
  }
  put_in_flow_order(plan.columns);
}

}  // namespace nad::detail
