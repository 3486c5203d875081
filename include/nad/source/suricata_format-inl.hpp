#pragma once

// Suricata's EVE log: flow and netflow events; other events are counted and left out.
//
// A flow event is a row. Of netflow events there is one a direction; the two of a flow_id become one row, and one that
// stays alone is a row without the other direction. A log that has both kinds tells of each flow twice: rows keep their
// "event_type" so that one kind can be chosen.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/source/flow_columns-inl.hpp"
#include "nad/source/json_source-inl.hpp"

namespace nad::detail {

/// What a flow or netflow event may hold beside the flow columns.
struct EveField {
  std::string_view key;
  ColumnType type;
  Role role = Role::feature;
};

inline constexpr std::array<std::pair<std::string_view, std::string_view>, 15> eve_flow_columns = {{
    {"flow.start", "timestamp"},
    {"flow_id", "flow_id"},
    {"community_id", "community_id"},
    {"src_ip", "src_ip"},
    {"src_port", "src_port"},
    {"dest_ip", "dst_ip"},
    {"dest_port", "dst_port"},
    {"proto", "protocol"},
    {"app_proto", "service"},
    {"flow.bytes_toserver", "bytes_sent"},
    {"flow.bytes_toclient", "bytes_received"},
    {"flow.pkts_toserver", "packets_sent"},
    {"flow.pkts_toclient", "packets_received"},
    {"flow.state", "state"},
    {"tcp.tcp_flags", "flags"},
}};

inline constexpr std::array eve_fields = {
    EveField{"event_type", ColumnType::category, Role::identifier},
    EveField{"flow.end", ColumnType::time, Role::identifier},
    EveField{"flow.age", ColumnType::integer},
    EveField{"flow.reason", ColumnType::category},
    EveField{"flow.alerted", ColumnType::boolean, Role::label},  // gives away what the rules said
    EveField{"flow.action", ColumnType::category, Role::label},
    EveField{"flow.bypass", ColumnType::category},
    EveField{"flow.emergency", ColumnType::boolean},
    EveField{"flow.tx_cnt", ColumnType::integer},
    EveField{"netflow.min_ttl", ColumnType::integer},
    EveField{"netflow.max_ttl", ColumnType::integer},
    EveField{"tcp.tcp_flags_ts", ColumnType::category},
    EveField{"tcp.tcp_flags_tc", ColumnType::category},
    EveField{"tcp.state", ColumnType::category},
    EveField{"tcp.syn", ColumnType::boolean},
    EveField{"tcp.fin", ColumnType::boolean},
    EveField{"tcp.rst", ColumnType::boolean},
    EveField{"tcp.psh", ColumnType::boolean},
    EveField{"tcp.ack", ColumnType::boolean},
    EveField{"tcp.urg", ColumnType::boolean},
    EveField{"tcp.ecn", ColumnType::boolean},
    EveField{"tcp.cwr", ColumnType::boolean},
    EveField{"app_proto_orig", ColumnType::category},
    EveField{"app_proto_ts", ColumnType::category},
    EveField{"app_proto_tc", ColumnType::category},
    EveField{"icmp_type", ColumnType::integer},
    EveField{"icmp_code", ColumnType::integer},
    EveField{"response_icmp_type", ColumnType::integer},
    EveField{"response_icmp_code", ColumnType::integer},
    EveField{"metadata.flowbits", ColumnType::category},
    EveField{"vlan", ColumnType::category},
    EveField{"in_iface", ColumnType::category, Role::identifier},
    EveField{"host", ColumnType::category, Role::identifier},
    EveField{"pcap_cnt", ColumnType::integer, Role::identifier},
};

/// The places of keys that rows are put together from.
struct EvePlaces {
  std::size_t type, logged, flow_id, source, target, start, end, age, flags, back_flags;
  std::size_t bytes_out, bytes_back, packets_out, packets_back;
  std::size_t net_start, net_end, net_age, net_bytes, net_packets;
};

inline std::size_t place_of(JsonPlan& plan, std::string_view key) {
  for (const auto& [known, place] : plan.keys) {
    if (known == key) {
      return place;
    }
  }
  plan.keys.emplace_back(key, plan.places);  // looked at, but no column
  return plan.places++;
}

inline EvePlaces eve_places(JsonPlan& plan) {
  const auto at = [&](std::string_view key) { return place_of(plan, key); };
  return {at("event_type"),
          at("timestamp"),
          at("flow_id"),
          at("src_ip"),
          at("dest_ip"),
          at("flow.start"),
          at("flow.end"),
          at("flow.age"),
          at("tcp.tcp_flags"),
          at("tcp.tcp_flags_tc"),
          at("flow.bytes_toserver"),
          at("flow.bytes_toclient"),
          at("flow.pkts_toserver"),
          at("flow.pkts_toclient"),
          at("netflow.start"),
          at("netflow.end"),
          at("netflow.age"),
          at("netflow.bytes"),
          at("netflow.pkts")};
}

inline Table complete_eve(const Table& table, ReadContext& context) {
  note_relative_times(table, context);
  Table flows = with_protocol_names(table);
  const Field service = flow_field("service", "app_proto");
  flows = flows.with(service, map_categories(flows["service"], [](std::string_view name) {
                       return std::string(name == "failed" || name == "unknown" ? "" : name);
                     }));
  flows = flows.with(flow_field("duration", "flow.end - flow.start"),
                     seconds_between(flows["timestamp"], flows["flow.end"], context));
  if (flows["event_type"].categories().size() > 1) {
    context.note(
        "the log has flow and netflow events, which tell of the same flows twice; choose one kind by "
        "'event_type'");
  }
  return in_flow_order(flows);
}

inline JsonPlan eve_plan() {
  JsonPlan plan;
  plan.source = "suricata_eve";
  plan.complete = &complete_eve;
  for (const auto& [key, name] : eve_flow_columns) {
    plan.add(key, flow_field(name, key));
  }
  for (const EveField& field : eve_fields) {
    plan.add(field.key, {std::string(field.key), field.type, field.role});
  }
  plan.add("timestamp", {"logged_at", ColumnType::time, Role::identifier, "timestamp"});
  limit_flow_columns(plan.columns);
  for (ColumnPlan& column : plan.columns) {
    if (column.field.type == ColumnType::integer && !column.range) {
      column.range = from_zero;  // ages, counts, lifetimes and codes
    }
  }
  return plan;
}

class EveSource final : public JsonLinesSource {
 public:
  EveSource(LineWindow window, const JsonPlan& plan, const EvePlaces& places, ReadContext& context)
      : JsonLinesSource(std::move(window), plan, context), at_(places) {}

 private:
  /// A netflow event that waits for the one of the other direction.
  struct Waiting {
    std::uint64_t line;
    std::vector<std::string> texts;
  };

  static constexpr std::size_t most_waiting = 4096;  ///< the two are written one behind the other

  bool take_record(std::uint64_t line, const Record& record) override {
    const std::string_view type = record[at_.type];
    if (type == "flow") {
      Record row = record;
      if (row[at_.start].empty()) {
        row[at_.start] = row[at_.logged];
      }
      keep(line, row);
    } else if (type == "netflow") {
      take_netflow(line, record);
    } else {
      context_.skip(type.empty() ? "no event_type" : "event_type " + shown(type));
      return false;
    }
    return true;
  }

  void at_end() override {
    while (!order_.empty()) {
      release_oldest();
    }
  }

  void take_netflow(std::uint64_t line, const Record& record) {
    Waiting row{line, {record.begin(), record.end()}};
    const auto put = [&](std::size_t to, std::size_t from) { row.texts[to] = row.texts[from]; };
    put(at_.start, row.texts[at_.net_start].empty() ? at_.logged : at_.net_start);
    put(at_.end, at_.net_end);
    put(at_.age, at_.net_age);
    put(at_.bytes_out, at_.net_bytes);
    put(at_.packets_out, at_.net_packets);
    const std::string id = row.texts[at_.flow_id];
    const auto first = waiting_.find(id);
    if (first != waiting_.end() && first->second.texts[at_.source] == record[at_.target] && !id.empty()) {
      join(first->second, row);
      return;
    }
    if (first != waiting_.end()) {  // the same direction again
      keep(first->second);
      first->second = std::move(row);
      return;
    }
    waiting_.emplace(id, std::move(row));
    order_.push_back(id);
    if (order_.size() > most_waiting) {
      release_oldest();
    }
  }

  void join(Waiting& there, const Waiting& back) {
    there.texts[at_.bytes_back] = back.texts[at_.net_bytes];
    there.texts[at_.packets_back] = back.texts[at_.net_packets];
    there.texts[at_.back_flags] = back.texts[at_.flags];
    there.texts[at_.flags] = both_flags(there.texts[at_.flags], back.texts[at_.flags]);
    // texts of one clock and one form are in the order of their times
    there.texts[at_.start] = std::min(there.texts[at_.start], back.texts[at_.start]);
    there.texts[at_.end] = std::max(there.texts[at_.end], back.texts[at_.end]);
    keep(there);
    const std::string id = there.texts[at_.flow_id];
    waiting_.erase(id);
    order_.erase(std::prev(std::find(order_.rbegin(), order_.rend(), id).base()));  // mostly one of the last
  }

  void release_oldest() {
    const auto oldest = waiting_.find(order_.front());
    keep(oldest->second);
    waiting_.erase(oldest);
    order_.pop_front();
  }

  using JsonLinesSource::keep;
  void keep(const Waiting& row) { keep(row.line, Record(row.texts.begin(), row.texts.end())); }

  /// "1b" for "12" and "0b".
  static std::string both_flags(const std::string& a, const std::string& b) {
    unsigned first = 0;
    unsigned second = 0;
    if (std::from_chars(a.data(), a.data() + a.size(), first, 16).ec != std::errc() ||
        std::from_chars(b.data(), b.data() + b.size(), second, 16).ec != std::errc()) {
      return a.empty() ? b : a;
    }
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%02x", first | second);
    return text.data();
  }

  EvePlaces at_;
  std::unordered_map<std::string, Waiting> waiting_;
  std::deque<std::string> order_;
};

/// JSON that is no log of the formats before: nothing behind would read it better.
inline void refuse_other_json(const Head& head, const ReadContext& context) {
  const std::size_t begin = head.text().find_first_not_of(" \t\r\n");
  if (context.options.format != "auto" || begin == std::string_view::npos) {
    return;
  }
  if (head.text()[begin] == '[') {
    throw Error(ErrorCode::bad_file,
                context.name +
                    " is a JSON array or the like; nad reads logs of one JSON object a line, which "
                    "`jq -c '.[]'` makes of an array");
  }
  if (head.text()[begin] == '{') {
    throw Error(ErrorCode::bad_file, context.name +
                                         " is JSON, but neither Zeek's conn.log nor Suricata's EVE log with "
                                         "one object a line (first line: '" +
                                         shown(head.line(0)) + "')");
  }
}

inline std::unique_ptr<BatchSource> open_suricata_eve(const Head& head, LineWindow& window, ReadContext& context) {
  bool found = false;
  visit_head(head, [&](const std::vector<std::pair<std::string, JsonValue>>& members) {
    const auto has = [&](std::string_view wanted) {
      return std::any_of(members.begin(), members.end(), [&](const auto& one) { return one.first == wanted; });
    };
    found = found || (has("event_type") && has("timestamp"));
  });
  if (!found) {
    refuse_other_json(head, context);
    return nullptr;
  }
  JsonPlan plan = eve_plan();
  const EvePlaces places = eve_places(plan);
  return std::make_unique<EveSource>(std::move(window), plan, places, context);
}

}  // namespace nad::detail
