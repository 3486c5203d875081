#pragma once

// What the columns of a flow are called, whatever log they come from, so that one model reads them all.
//
// Bytes are those of the payload where the log counts them (Zeek, flow tables), else what it counts: IP packets
// (NetFlow, VPC flow logs) or whole frames (Suricata, Argus, packet lists). "sent" is what the source address sent.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/source/batch_source-inl.hpp"
#include "nad/source/categories-inl.hpp"
#include "nad/source/column_decoder-inl.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

struct FlowColumn {
  std::string_view name;
  ColumnType type;
  Role role = Role::feature;
};

/// In the order that tables have them.
inline constexpr std::array flow_columns = {
    FlowColumn{"timestamp", ColumnType::time, Role::moment},
    FlowColumn{"uid", ColumnType::text, Role::identifier},
    FlowColumn{"flow_id", ColumnType::text, Role::identifier},
    FlowColumn{"community_id", ColumnType::text, Role::identifier},
    FlowColumn{"src_ip", ColumnType::address, Role::identifier},
    FlowColumn{"src_port", ColumnType::integer, Role::identifier},  // mostly an ephemeral number
    FlowColumn{"dst_ip", ColumnType::address, Role::identifier},
    FlowColumn{"dst_port", ColumnType::integer},
    FlowColumn{"src_mac", ColumnType::text, Role::identifier},
    FlowColumn{"dst_mac", ColumnType::text, Role::identifier},
    FlowColumn{"protocol", ColumnType::category},  // lower case: "tcp"
    FlowColumn{"service", ColumnType::category},
    FlowColumn{"duration", ColumnType::number},  // seconds
    FlowColumn{"bytes_sent", ColumnType::integer},
    FlowColumn{"bytes_received", ColumnType::integer},
    FlowColumn{"packets_sent", ColumnType::integer},
    FlowColumn{"packets_received", ColumnType::integer},
    FlowColumn{"ip_bytes_sent", ColumnType::integer},
    FlowColumn{"ip_bytes_received", ColumnType::integer},
    FlowColumn{"state", ColumnType::category},
    FlowColumn{"history", ColumnType::category},
    FlowColumn{"flags", ColumnType::category},
    FlowColumn{"label", ColumnType::category, Role::label},
    FlowColumn{"is_anomaly", ColumnType::boolean, Role::label},
};

/// The place of a column in that order; behind the last: it is not one of them.
inline std::size_t flow_rank(std::string_view name) noexcept {
  const auto found = std::find_if(flow_columns.begin(), flow_columns.end(),
                                  [&](const FlowColumn& column) { return column.name == name; });
  return static_cast<std::size_t>(found - flow_columns.begin());
}

inline bool is_flow_column(std::string_view name) noexcept { return flow_rank(name) < flow_columns.size(); }

/// The field of one of these columns; `origin` is what the source calls it.
inline Field flow_field(std::string_view name, std::string_view origin = {}) {
  const FlowColumn& column = flow_columns.at(flow_rank(name));
  return {std::string(name), column.type, column.role, origin == name ? std::string() : std::string(origin)};
}

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
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 24> names = {{
      {"0", "hopopt"},    {"1", "icmp"},          {"2", "igmp"},           {"4", "ipip"},
      {"6", "tcp"},       {"17", "udp"},          {"27", "rdp"},           {"33", "dccp"},
      {"41", "ipv6"},     {"46", "rsvp"},         {"47", "gre"},           {"50", "esp"},
      {"51", "ah"},       {"58", "ipv6-icmp"},    {"88", "eigrp"},         {"89", "ospf"},
      {"103", "pim"},     {"112", "vrrp"},        {"115", "l2tp"},         {"132", "sctp"},
      {"136", "udplite"}, {"icmp6", "ipv6-icmp"}, {"icmpv6", "ipv6-icmp"}, {"icmp-v6", "ipv6-icmp"},
  }};
  std::string name = lower_case(trimmed(text));
  for (const auto& [other, known] : names) {
    if (other == name) {
      return std::string(known);
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
