#pragma once

// What the columns of a flow are called, whatever they come from, packets or a log, so that one model reads them all.
//
// Bytes are those of the payload where the log counts them (packets, Zeek, flow tables), else what it counts: IP
// packets (NetFlow, VPC flow logs) or whole frames (Suricata, Argus, packet lists). "sent" is what the source address
// sent.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "nad/table/schema.hpp"

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

}  // namespace nad::detail
