#pragma once

// The fields of Zeek's conn.log and what they are in a flow table, for logs of lines and of JSON.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "nad/source/flow_columns-inl.hpp"

namespace nad::detail {

struct ZeekField {
  std::string_view zeek;
  std::string_view name;  ///< a flow column, or Zeek's own name
  ColumnType type = ColumnType::category;
  Role role = Role::feature;
  bool usual = true;  ///< part of every conn.log; others come with a policy script
};

inline constexpr std::array zeek_fields = {
    ZeekField{"ts", "timestamp"},
    ZeekField{"uid", "uid"},
    ZeekField{"id.orig_h", "src_ip"},
    ZeekField{"id.orig_p", "src_port"},
    ZeekField{"id.resp_h", "dst_ip"},
    ZeekField{"id.resp_p", "dst_port"},
    ZeekField{"proto", "protocol"},
    ZeekField{"service", "service"},
    ZeekField{"duration", "duration"},
    ZeekField{"orig_bytes", "bytes_sent"},
    ZeekField{"resp_bytes", "bytes_received"},
    ZeekField{"conn_state", "state"},
    ZeekField{"local_orig", "local_orig", ColumnType::boolean},
    ZeekField{"local_resp", "local_resp", ColumnType::boolean},
    ZeekField{"missed_bytes", "missed_bytes", ColumnType::integer},
    ZeekField{"history", "history"},
    ZeekField{"orig_pkts", "packets_sent"},
    ZeekField{"orig_ip_bytes", "ip_bytes_sent"},
    ZeekField{"resp_pkts", "packets_received"},
    ZeekField{"resp_ip_bytes", "ip_bytes_received"},
    ZeekField{"tunnel_parents", "tunnel_parents", ColumnType::text, Role::identifier},
    ZeekField{"community_id", "community_id", ColumnType::text, Role::identifier, false},
    ZeekField{"orig_l2_addr", "src_mac", ColumnType::text, Role::identifier, false},
    ZeekField{"resp_l2_addr", "dst_mac", ColumnType::text, Role::identifier, false},
    ZeekField{"ip_proto", "ip_proto", ColumnType::integer, Role::feature, false},
    ZeekField{"vlan", "vlan", ColumnType::integer, Role::feature, false},
    ZeekField{"inner_vlan", "inner_vlan", ColumnType::integer, Role::feature, false},
    ZeekField{"label", "label", ColumnType::category, Role::label, false},
    ZeekField{"detailed-label", "detailed-label", ColumnType::category, Role::label, false},
    ZeekField{"_node_name", "_node_name", ColumnType::category, Role::identifier, false},
    ZeekField{"_system_name", "_system_name", ColumnType::category, Role::identifier, false},
    ZeekField{"_path", "_path", ColumnType::category, Role::identifier, false},
    ZeekField{"_write_ts", "_write_ts", ColumnType::time, Role::identifier, false},
};

/// "id.orig_h" for "id_orig_h", as some exporters flatten it.
inline std::string zeek_spelling(std::string_view name) {
  std::string result(name);
  if (result.starts_with("id_")) {
    result[2] = '.';
  }
  return result;
}

/// The place of a field in `zeek_fields`, behind the last where it is none of them.
inline std::size_t zeek_rank(std::string_view zeek) noexcept {
  const auto found =
      std::find_if(zeek_fields.begin(), zeek_fields.end(), [&](const ZeekField& field) { return field.zeek == zeek; });
  return static_cast<std::size_t>(found - zeek_fields.begin());
}

/// The column for a field of the log; `type` counts for fields that are not known here.
inline Field zeek_column(std::string_view written, ColumnType type) {
  const std::size_t rank = zeek_rank(zeek_spelling(written));
  if (rank == zeek_fields.size()) {
    return {std::string(written), type};
  }
  const ZeekField& known = zeek_fields.at(rank);
  if (is_flow_column(known.name)) {
    return flow_field(known.name, written);
  }
  return {std::string(known.name), known.type, known.role};
}

/// Flow columns first, then the rest of conn.log in its usual order, then what else the log has. All get their ranges.
inline void put_in_zeek_order(std::vector<ColumnPlan>& columns) {
  std::stable_sort(columns.begin(), columns.end(), [](const ColumnPlan& a, const ColumnPlan& b) {
    return zeek_rank(a.field.name) < zeek_rank(b.field.name);
  });
  limit_flow_columns(columns);
  for (ColumnPlan& column : columns) {
    if (zeek_rank(column.field.name) < zeek_fields.size() && column.field.type == ColumnType::integer) {
      column.range = from_zero;  // counts and numbers of protocols and VLANs
    }
  }
  put_in_flow_order(columns);
}

/// Whether a log with these fields, in Zeek's spelling, is a conn.log.
template <class Has>
bool is_zeek_conn(const Has& has) {
  return has("ts") && has("id.orig_h") && has("id.resp_h") && has("proto") && has("conn_state");
}

}  // namespace nad::detail
