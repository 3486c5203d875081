#pragma once

// Flow logs of Amazon VPCs: fields between blanks, with a line of names or in the order of version 2, perhaps behind
// the time that CloudWatch puts in front. One row is one direction. Bytes are those of IP packets.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "nad/source/named_columns-inl.hpp"

namespace nad::detail {

inline constexpr std::array aws_vpc_columns = {
    NamedColumn{"start", "timestamp"},
    NamedColumn{"srcaddr", "src_ip"},
    NamedColumn{"srcport", "src_port"},
    NamedColumn{"dstaddr", "dst_ip"},
    NamedColumn{"dstport", "dst_port"},
    NamedColumn{"protocol", "protocol"},
    NamedColumn{"bytes", "bytes_sent"},
    NamedColumn{"packets", "packets_sent"},
    NamedColumn{"action", "state"},
    NamedColumn{"tcpflags", "flags"},
    NamedColumn{"end", "", ColumnType::time, Role::identifier},
    NamedColumn{"cloudwatchtime", "", ColumnType::time, Role::identifier},
    NamedColumn{"version", "", ColumnType::integer, Role::identifier},
    NamedColumn{"accountid", "", ColumnType::category, Role::identifier},
    NamedColumn{"interfaceid", "", ColumnType::category, Role::identifier},
    NamedColumn{"instanceid", "", ColumnType::category, Role::identifier},
    NamedColumn{"vpcid", "", ColumnType::category, Role::identifier},
    NamedColumn{"subnetid", "", ColumnType::category, Role::identifier},
    NamedColumn{"logstatus", "", ColumnType::category, Role::identifier},
    NamedColumn{"region", "", ColumnType::category, Role::identifier},
    NamedColumn{"azid", "", ColumnType::category, Role::identifier},
    NamedColumn{"pktsrcaddr", "", ColumnType::address, Role::identifier},
    NamedColumn{"pktdstaddr", "", ColumnType::address, Role::identifier},
    NamedColumn{"type", "", ColumnType::category},
    NamedColumn{"trafficpath", "", ColumnType::category},
    NamedColumn{"flowdirection", "", ColumnType::category},
};

inline constexpr std::string_view aws_vpc_version_2 =
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status";

/// The column of a name that logs write with '-' or '_'.
inline std::optional<std::size_t> place_of_plain(const Table& table, std::string_view plain) {
  for (std::size_t place = 0; place < table.columns(); ++place) {
    if (plain_name(table.schema()[place].name) == plain) {
      return place;
    }
  }
  return std::nullopt;
}

/// Without the records that only say that there was nothing to record.
inline Table with_data_only(const Table& table, ReadContext& context) {
  const auto place = place_of_plain(table, "logstatus");
  if (!place) {
    return table;
  }
  const Column& status = table.column(*place);
  const std::int32_t sound = status.categories().find("OK");
  if (status.categories().size() <= (sound == Dictionary::absent ? 0U : 1U)) {
    return table;
  }
  return table.filter([&](std::size_t row) {
    if (status.is_missing(row) || status.codes()[row] == sound) {
      return true;
    }
    context.skip("log-status " + shown(status.text(row)));
    return false;
  });
}

inline Table complete_aws_vpc(const Table& table, ReadContext& context) {
  Table flows = with_protocol_names(with_data_only(table, context));
  const auto end = place_of_plain(flows, "end");
  if (end && flows.has("timestamp")) {
    flows = flows.with(flow_field("duration", "end - start"),
                       seconds_between(flows["timestamp"], flows.column(*end), context));
  }
  return in_flow_order(flows);
}

/// Whether a line is a record of version 2, with `before` fields in front.
inline bool is_aws_vpc_record(std::string_view line, std::size_t before) {
  const std::vector<std::string_view> fields = split_line(line, ' ');
  const auto is_status = [](std::string_view text) { return text == "OK" || text == "NODATA" || text == "SKIPDATA"; };
  return fields.size() == before + 14 && fields[before] == "2" && is_status(fields[before + 13]) &&
         (before == 0 || parse_time(fields[0]));
}

inline std::optional<DelimitedPlan> recognise_aws_vpc(const Head& head) {
  DelimitedPlan plan;
  const auto are_records = [&](std::size_t before) {
    return most_first_rows(head, ' ', [&](std::string_view line) { return is_aws_vpc_record(line, before); });
  };
  const bool behind_time = are_records(1);
  if (behind_time || are_records(0)) {
    const NameLine line((behind_time ? "cloudwatch-time " : "") + std::string(aws_vpc_version_2), ' ');
    plan = named_plan(head, 0, line, aws_vpc_columns, {"-", ""});
  } else {
    const std::string_view first = head.line(0);
    const char separator = first.find(' ') != std::string_view::npos ? ' ' : likely_separator(first);
    const NameLine line(first, separator);
    if (!line.has_all({"srcaddr", "dstaddr"}) ||
        !(line.has("interfaceid") || line.has("logstatus") || line.has("accountid") || line.has("flowdirection"))) {
      return std::nullopt;
    }
    plan = named_plan(head, 1, line, aws_vpc_columns, {"-", ""});
  }
  plan.dialect.quote = '\0';
  plan.source = "aws_vpc";
  plan.complete = &complete_aws_vpc;
  return plan;
}

}  // namespace nad::detail
