#pragma once

// Argus' bidirectional flows ("binetflow"), separated by commas or tabs.
//
// Addresses of records below IP (llc, man) are hardware addresses, or "0": those have src_mac and dst_mac instead.
// Bytes are whole frames.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "nad/source/named_columns-inl.hpp"

namespace nad::detail {

inline constexpr std::array argus_columns = {
    NamedColumn{"starttime", "timestamp"},
    NamedColumn{"stime", "timestamp"},
    NamedColumn{"lasttime", "", ColumnType::time, Role::identifier},
    NamedColumn{"ltime", "", ColumnType::time, Role::identifier},
    NamedColumn{"dur", "duration"},
    NamedColumn{"proto", "protocol"},
    NamedColumn{"srcaddr", "src_ip"},
    NamedColumn{"sport", "src_port"},
    NamedColumn{"dir", "", ColumnType::category},
    NamedColumn{"dstaddr", "dst_ip"},
    NamedColumn{"dport", "dst_port"},
    NamedColumn{"srcmac", "src_mac"},
    NamedColumn{"dstmac", "dst_mac"},
    NamedColumn{"state", "state"},
    NamedColumn{"flgs", "", ColumnType::category},
    NamedColumn{"stos", "", ColumnType::integer, Role::feature, from_zero},
    NamedColumn{"dtos", "", ColumnType::integer, Role::feature, from_zero},
    NamedColumn{"totpkts", "", ColumnType::integer, Role::feature, from_zero},
    NamedColumn{"totbytes", "", ColumnType::integer, Role::feature, from_zero},
    NamedColumn{"srcbytes", "bytes_sent"},
    NamedColumn{"dstbytes", "bytes_received"},
    NamedColumn{"srcpkts", "packets_sent"},
    NamedColumn{"dstpkts", "packets_received"},
    NamedColumn{"label", "label"},
};

/// What came back is what is left of the sum.
inline Table with_rest(const Table& table, const char* all, const char* sent, const char* received) {
  if (!table.has(all) || !table.has(sent) || table.has(received)) {
    return table;
  }
  return table.with(flow_field(received, std::string(all) + " - " + table.schema()[table.schema().place(sent)].origin),
                    difference(table[all], table[sent]));
}

inline Table complete_argus(const Table& table, ReadContext& context) {
  note_relative_times(table, context);
  context.note("times have no zone and are taken as UTC");
  Table flows = with_protocol_names(table);
  for (const char* name : {"Dir", "Flgs"}) {
    if (const auto place = flows.schema().find(name)) {
      flows = flows.with(flows.schema()[*place], map_categories(flows.column(*place), [](std::string_view text) {
                           return std::string(trimmed(text));
                         }));
    }
  }
  flows = with_rest(flows, "TotBytes", "bytes_sent", "bytes_received");
  flows = with_rest(flows, "TotPkts", "packets_sent", "packets_received");
  return in_flow_order(flows);
}

inline std::optional<DelimitedPlan> recognise_argus(const Head& head) {
  const NameLine line(head.line(0), likely_separator(head.line(0)));
  if (!line.has_all({"proto", "srcaddr", "dstaddr", "sport", "dport"}) ||
      !(line.has("totpkts") || line.has("totbytes") || line.has("stos") || line.has("dir"))) {
    return std::nullopt;
  }
  DelimitedPlan plan = named_plan(head, 1, line, argus_columns, {""});
  plan.source = "argus";
  split_hardware_addresses(plan, {"0"});
  plan.complete = &complete_argus;
  return plan;
}

}  // namespace nad::detail
