#pragma once

// What `nfdump -o csv` writes, with the short names of version 1.6 and the long ones of 1.7. One row is one direction
// unless the exporter counts both. Bytes are those of IP packets.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "nad/core/error.hpp"
#include "nad/source/named_columns-inl.hpp"
#include "nad/source/slashed_times-inl.hpp"

namespace nad::detail {

inline constexpr std::array netflow_columns = {
    NamedColumn{"ts", "timestamp"},
    NamedColumn{"firstseen", "timestamp"},
    NamedColumn{"te", "", ColumnType::time, Role::identifier},
    NamedColumn{"lastseen", "", ColumnType::time, Role::identifier},
    NamedColumn{"tr", "", ColumnType::time, Role::identifier},
    NamedColumn{"received", "", ColumnType::time, Role::identifier},
    NamedColumn{"td", "duration"},
    NamedColumn{"duration", "duration"},
    NamedColumn{"sa", "src_ip"},
    NamedColumn{"srcaddr", "src_ip"},
    NamedColumn{"da", "dst_ip"},
    NamedColumn{"dstaddr", "dst_ip"},
    NamedColumn{"sp", "src_port"},
    NamedColumn{"srcport", "src_port"},
    NamedColumn{"dp", "dst_port"},
    NamedColumn{"dstport", "dst_port"},
    NamedColumn{"pr", "protocol"},
    NamedColumn{"proto", "protocol"},
    NamedColumn{"flg", "flags"},
    NamedColumn{"flags", "flags"},
    NamedColumn{"tcpflags", "flags"},
    NamedColumn{"ipkt", "packets_sent"},
    NamedColumn{"packets", "packets_sent"},
    NamedColumn{"inpackets", "packets_sent"},
    NamedColumn{"ibyt", "bytes_sent"},
    NamedColumn{"bytes", "bytes_sent"},
    NamedColumn{"inbytes", "bytes_sent"},
    NamedColumn{"opkt", "packets_received"},
    NamedColumn{"outpackets", "packets_received"},
    NamedColumn{"obyt", "bytes_received"},
    NamedColumn{"outbytes", "bytes_received"},
    NamedColumn{"sas", "", ColumnType::category},
    NamedColumn{"das", "", ColumnType::category},
    NamedColumn{"srcas", "", ColumnType::category},
    NamedColumn{"dstas", "", ColumnType::category},
    NamedColumn{"nh", "", ColumnType::address, Role::identifier},
    NamedColumn{"nhb", "", ColumnType::address, Role::identifier},
    NamedColumn{"ra", "", ColumnType::category, Role::identifier},
    NamedColumn{"eng", "", ColumnType::category, Role::identifier},
    NamedColumn{"exid", "", ColumnType::category, Role::identifier},
    NamedColumn{"in", "", ColumnType::category},
    NamedColumn{"out", "", ColumnType::category},
    NamedColumn{"dir", "", ColumnType::category},
    NamedColumn{"fwd", "", ColumnType::category},
};

/// A port; for ICMP type and code as "3.1", which become type * 256 + code, as where they are written as one number.
inline bool parse_netflow_port(std::string_view text, ColumnBuilder& to) {
  const std::string_view bare = trimmed(text);
  const std::size_t point = bare.find('.');
  std::int64_t value = 0;
  std::int64_t code = 0;
  if (point == std::string_view::npos) {
    if (bare.empty() || !parse_integer(bare, value)) {
      return false;
    }
  } else if (point == 0 || point + 1 == bare.size() || !parse_integer(bare.substr(0, point), value) ||
             !parse_integer(bare.substr(point + 1), code) || value < 0 || value > 255 || code < 0 || code > 255) {
    return false;
  } else {
    value = value * 256 + code;
  }
  to.add_integer(value);
  return true;
}

inline Table complete_netflow(const Table& table, ReadContext& context) {
  note_relative_times(table, context);
  context.note("times have no zone and are taken as UTC");
  Table flows = with_protocol_names(table);
  for (const char* end : {"te", "lastSeen"}) {
    if (flows.has(end) && flows.has("timestamp") && !flows.has("duration")) {
      flows = flows.with(flow_field("duration", std::string(end) + " - start"),
                         seconds_between(flows["timestamp"], flows[end], context));
    }
  }
  return in_flow_order(flows);
}

inline std::unique_ptr<BatchSource> open_netflow(const Head& head, LineWindow& window, ReadContext& context) {
  if (head.line(0).starts_with("Date first seen") || head.line(0).starts_with("Date flow start")) {
    throw Error(ErrorCode::bad_file, context.name +
                                         " is what nfdump prints for people: numbers such as '1.2 M' are "
                                         "rounded there; write the flows with `nfdump -o csv`");
  }
  const NameLine line(head.line(0), ',');
  if (!line.has_all({"ts", "sa", "da", "pr"}) && !line.has_all({"firstseen", "srcaddr", "dstaddr", "proto"})) {
    return nullptr;
  }
  DelimitedPlan plan = named_plan(head, 1, line, netflow_columns, {""});
  plan.source = "netflow";
  plan.end_marker = "Summary";
  for (const char* port : {"src_port", "dst_port"}) {
    if (ColumnPlan* column = find_column(plan, port)) {
      column->parse = &parse_netflow_port;
    }
  }
  plan.complete = &complete_netflow;
  read_slashed_times(plan, head, context);
  return std::make_unique<DelimitedSource>(std::move(window), std::move(plan), context);
}

}  // namespace nad::detail
