#pragma once

// Tables of flows with a line of names: timestamp, src_ip, dst_ip, src_port, dst_port, protocol, packet_size, duration,
// flags, bytes_sent, ... in any order and spelling (flow_names-inl.hpp), those of CICFlowMeter and UNSW-NB15 too.
//
// Durations become seconds: CICFlowMeter's are microseconds, other names say their unit. Whole numbers may be written
// as "443.0". Infinite and undefined rates (of flows without duration) are missing.

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "nad/source/flow_names-inl.hpp"
#include "nad/source/named_columns-inl.hpp"
#include "nad/source/written_columns-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// "443", "0x01bb" or "443.0".
inline bool parse_whole_number(std::string_view text, ColumnBuilder& to) {
  text = trimmed(text);
  std::int64_t whole = 0;
  double number = 0.0;
  if (text.empty()) {
    to.add_missing();
  } else if (parse_integer(text, whole)) {
    to.add_integer(whole);
  } else if (parse_number(text, number) && std::abs(number) < 0x1p53 && number == std::floor(number)) {
    to.add_integer(static_cast<std::int64_t>(number));
  } else {
    return false;
  }
  return true;
}

/// Seconds, or what is so large that it must be a smaller unit: milliseconds from 1973 on, and so forth.
inline std::optional<std::int64_t> parse_large_epoch(std::string_view text) noexcept {
  std::int64_t value = 0;
  if (!parse_integer(text, value) || value < 100'000'000'000) {
    return std::nullopt;
  }
  const std::int64_t unit = value < 100'000'000'000'000 ? 1'000'000 : value < 100'000'000'000'000'000 ? 1'000 : 1;
  return value <= std::numeric_limits<std::int64_t>::max() / unit ? std::optional(value * unit) : std::nullopt;
}

inline bool parse_flow_time(std::string_view text, ColumnBuilder& to) {
  text = trimmed(text);
  std::int64_t value = 0;
  if (const auto large = parse_large_epoch(text)) {
    value = *large;
  } else if (text.empty() || !parse_moment(text, value)) {
    return false;
  }
  to.add_time(value);
  return true;
}

/// What a duration of this name is multiplied with to become seconds.
inline double duration_unit(std::string_view plain, bool cic) noexcept {
  if (plain.ends_with("ms") || plain.ends_with("milliseconds")) {
    return 1e-3;
  }
  if (plain.ends_with("us") || plain.ends_with("microseconds") || (cic && plain == "flowduration")) {
    return 1e-6;
  }
  return plain.ends_with("ns") ? 1e-9 : 1.0;
}

inline auto duration_parser(double unit) {
  return [unit](std::string_view text, ColumnBuilder& to) {
    double value = 0.0;
    text = trimmed(text);
    if (text.empty() || !parse_number(text, value)) {
      return false;
    }
    to.add_number(unit == 1e-6 ? value / 1e6 : unit == 1e-3 ? value / 1e3 : unit == 1e-9 ? value / 1e9 : value);
    return true;
  };
}

/// Rates of flows without duration are "Infinity" (or "NaN", which is missing anyway).
inline auto rate_parser(std::shared_ptr<std::set<std::string>> odd, const std::string& name) {
  return [odd = std::move(odd), name](std::string_view text, ColumnBuilder& to) {
    double value = 0.0;
    const std::string lower = lower_case(trimmed(text));
    if (lower == "inf" || lower == "infinity" || lower == "-inf" || lower == "-infinity") {
      odd->insert(name);
      to.add_missing();
    } else if (!lower.empty() && parse_number(lower, value)) {
      to.add_number(value);
    } else {
      return false;
    }
    return true;
  };
}

/// The flow columns that a line of names has.
inline std::set<std::string_view> flow_columns_of(const NameLine& line) {
  std::set<std::string_view> found;
  for (const std::string& plain : line.plain) {
    for (const NamedColumn& known : flow_names) {
      if (!known.name.empty() && known.plain == plain) {
        found.insert(known.name);
      }
    }
  }
  return found;
}

/// Whether addresses stand where the names promise them. "src_ip" promises them for certain; flows between "source" and
/// "destination" may be of anything, so that most of the first rows must have addresses there.
inline bool addresses_hold(const Head& head, const NameLine& line) {
  std::vector<std::size_t> vague;
  for (std::size_t place = 0; place < line.plain.size(); ++place) {
    static constexpr std::array<std::string_view, 5> words = {"src", "source", "dst", "dest", "destination"};
    if (std::find(words.begin(), words.end(), line.plain[place]) != words.end()) {
      vague.push_back(place);
    }
  }
  std::size_t addresses = 0;
  std::size_t others = 0;
  for (std::size_t index = 1; index < head.lines() && index <= first_rows; ++index) {
    const std::vector<std::string> row = split_quoted_line(head.line(index), line.separator);
    for (const std::size_t place : vague) {
      if (place < row.size() && !row[place].empty()) {
        ++(Address::parse(row[place]) ? addresses : others);
      }
    }
  }
  return addresses >= others;
}

inline bool is_cic(const NameLine& line) {
  return line.has("flowduration") &&
         (line.has("totfwdpkts") || line.has("totalfwdpackets") || line.has("totalfwdpacket"));
}

inline bool is_unsw(const NameLine& line) {
  return line.has_all({"dur", "proto", "spkts", "dpkts", "sbytes", "dbytes"});
}

/// A row of UNSW-NB15: 49 fields, and what must stand in them does.
inline bool is_unsw_row(std::string_view line) {
  const std::vector<std::string_view> row = split_line(line, ',');
  std::int64_t number = 0;
  return row.size() == 49 && Address::parse(row[0]) && Address::parse(row[2]) && !row[28].empty() &&
         parse_integer(row[28], number) && (row[48] == "0" || row[48] == "1");
}

inline DelimitedPlan flow_csv_plan(const Head& head, const NameLine& line, bool header) {
  const bool cic = is_cic(line);
  DelimitedPlan plan = named_plan(head, header ? 1 : 0, line, flow_names,
                                  {"", "-", " ", "NaN", "nan", "NA", "N/A", "null", "NULL", "None"});
  plan.source = "flow_csv";
  restore_written_columns(plan, line, head);
  // CICFlowMeter's flows of packets out of order last less than nothing; UNSW-NB15 has ports like 0x20205321
  limit_flow_columns(plan.columns, cic || !header || is_unsw(line));
  const auto odd = std::make_shared<std::set<std::string>>();
  for (ColumnPlan& column : plan.columns) {
    const std::string& plain = line.plain[column.place];
    if (column.field.name == "timestamp") {
      column.parse = &parse_flow_time;
    } else if (column.field.name == "duration") {
      column.parse = duration_parser(duration_unit(plain, cic));
    } else if (column.field.type == ColumnType::integer) {
      column.parse = &parse_whole_number;
    } else if (column.field.type == ColumnType::number && column.field.name.ends_with("/s")) {
      column.parse = rate_parser(odd, column.field.name);
    }
  }
  plan.complete = [odd](const Table& table, ReadContext& context) {
    note_relative_times(table, context);
    for (const std::string& name : *odd) {
      context.note("infinite values of '" + name + "' are taken as missing");
    }
    Table flows = with_protocol_names(table);
    for (std::size_t place = 0; place < flows.columns(); ++place) {
      if (flows.schema()[place].role == Role::label && flows.schema()[place].type == ColumnType::category) {
        flows = flows.with(flows.schema()[place], map_categories(flows.column(place), [](std::string_view text) {
                             return std::string(trimmed(text));
                           }));
      }
    }
    return flows;
  };
  return plan;
}

inline std::optional<DelimitedPlan> recognise_flow_csv(const Head& head) {
  if (most_first_rows(head, ',', &is_unsw_row)) {
    return flow_csv_plan(head, NameLine(unsw_nb15_names, ','), false);
  }
  const NameLine line(head.line(0), likely_separator(head.line(0)));
  const std::set<std::string_view> found = flow_columns_of(line);
  const bool both_ends = found.contains("src_ip") && found.contains("dst_ip") && found.size() >= 5;
  if (!(both_ends || is_cic(line) || is_unsw(line)) || !addresses_hold(head, line)) {
    return std::nullopt;
  }
  return flow_csv_plan(head, line, true);
}

}  // namespace nad::detail
