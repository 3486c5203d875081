#pragma once

// Packet lists of Wireshark: what "Export Packet Dissections as CSV" writes, and what tshark writes with -T fields:
//
//   tshark -r f.pcap -T fields -E header=y -E separator=, -E quote=d -E occurrence=f -e frame.time_epoch -e ip.src
//     -e ip.dst -e ipv6.src -e ipv6.dst -e ip.proto -e tcp.srcport -e tcp.dstport -e udp.srcport -e udp.dstport
//     -e tcp.flags -e frame.len -e _ws.col.Protocol
//
// Prefer the second: the first has ports and flags only in "Info", and only for packets without a higher protocol.
// Flows in which any had to be guessed are marked in the column "degraded". Rows are flows, in the order of their ends.
// Bytes are those of frames.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/source/named_columns-inl.hpp"
#include "nad/source/packet_flows-inl.hpp"
#include "nad/table/column_builder.hpp"

namespace nad::detail {

/// "May  4, 2021 12:33:59.123456000 CEST": the name of the zone says no offset, so it is left out.
inline std::optional<std::int64_t> parse_named_month(std::string_view text) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t month = text.size() > 12 ? months.find(text.substr(0, 3)) : std::string_view::npos;
  const std::size_t comma = std::min(text.find(','), text.size());
  if (month == std::string_view::npos || month % 3 != 0 || comma + 2 > text.size()) {
    return std::nullopt;
  }
  const std::string_view day = trimmed(text.substr(3, comma - 3));
  const std::string_view rest = trimmed(text.substr(comma + 1));
  const std::size_t clock = rest.find(' ');
  if (clock == std::string_view::npos || day.empty() || day.size() > 2) {
    return std::nullopt;
  }
  const std::size_t end = std::min(rest.find(' ', clock + 1), rest.size());
  const auto two = [](std::string_view digits) { return (digits.size() == 1 ? "0" : "") + std::string(digits); };
  return parse_time(std::string(rest.substr(0, clock)) + "-" + two(std::to_string(month / 3 + 1)) + "-" + two(day) +
                    " " + std::string(rest.substr(clock + 1, end - clock - 1)));
}

/// Relative or absolute seconds, a date with a time of day, or a time of day alone.
inline bool parse_list_time(std::string_view text, ColumnBuilder& to) {
  constexpr std::int64_t latest = 4'000'000'000 * nanoseconds_per_second;  // leaves room for differences
  text = trimmed(text);
  std::int64_t value = 0;
  if (text.size() > 5 && text[2] == ':' && text[5] == ':') {
    const std::optional<std::int64_t> time = parse_time("1970-01-01 " + std::string(text));
    if (!time) {
      return false;
    }
    value = *time;
  } else if (const auto named = parse_named_month(text)) {
    value = *named;
  } else if (text.empty() || !parse_moment(text, value)) {
    return false;
  }
  if (value > latest || value < -latest) {
    return false;
  }
  to.add_time(value);
  return true;
}

/// Fields that a packet has several times come joined by commas; the first is that of the outermost header.
inline std::string_view first_value(std::string_view text) noexcept { return trimmed(text.substr(0, text.find(','))); }

/// A whole number between 0 and `most`.
template <std::int64_t most>
bool parse_first_integer(std::string_view text, ColumnBuilder& to) {
  std::int64_t value = 0;
  const std::string_view first = first_value(text);
  if (first.empty()) {
    to.add_missing();
    return true;
  }
  if (!parse_integer(first, value) || value < 0 || value > most) {
    return false;
  }
  to.add_integer(value);
  return true;
}

/// "0x0018", or letters among dots: "·······A··S·".
inline bool parse_flag_field(std::string_view text, ColumnBuilder& to) {
  std::int64_t value = 0;
  const std::string_view first = first_value(text);
  if (first.empty()) {
    to.add_missing();
    return true;
  }
  if (parse_integer(first, value) && value >= 0 && value < 65536) {
    to.add_integer(value & 0xff);
    return true;
  }
  for (const auto& [letter, bit] : {std::pair{'F', tcp_fin},
                                    {'S', tcp_syn},
                                    {'R', tcp_rst},
                                    {'P', tcp_psh},
                                    {'A', tcp_ack},
                                    {'U', tcp_urg},
                                    {'E', tcp_ece},
                                    {'C', tcp_cwr}}) {
    value |= first.find(letter) == std::string_view::npos ? 0 : static_cast<std::int64_t>(bit);
  }
  to.add_integer(value);
  return true;
}

/// Fields of a packet and the names under which lists have them.
inline constexpr std::array packet_fields = {
    NamedColumn{"time", "time"},
    NamedColumn{"frametimeepoch", "time"},
    NamedColumn{"frametime", "time"},
    NamedColumn{"frametimerelative", "time"},
    NamedColumn{"wscoltime", "time"},
    NamedColumn{"source", "source"},
    NamedColumn{"wscolsource", "source"},
    NamedColumn{"wscoldefsrc", "source"},
    NamedColumn{"ipsrc", "source"},
    NamedColumn{"ipv6src", "source_v6"},
    NamedColumn{"ethsrc", "source_mac"},
    NamedColumn{"destination", "target"},
    NamedColumn{"wscoldestination", "target"},
    NamedColumn{"wscoldefdst", "target"},
    NamedColumn{"ipdst", "target"},
    NamedColumn{"ipv6dst", "target_v6"},
    NamedColumn{"ethdst", "target_mac"},
    NamedColumn{"tcpsrcport", "tcp_source"},
    NamedColumn{"tcpdstport", "tcp_target"},
    NamedColumn{"udpsrcport", "udp_source"},
    NamedColumn{"udpdstport", "udp_target"},
    NamedColumn{"ipproto", "number"},
    NamedColumn{"ipv6nxt", "number_v6"},
    NamedColumn{"tcpflags", "flags"},
    NamedColumn{"tcpflagsstr", "flags"},
    NamedColumn{"protocol", "protocol"},
    NamedColumn{"wscolprotocol", "protocol"},
    NamedColumn{"length", "length"},
    NamedColumn{"framelen", "length"},
    NamedColumn{"wscollength", "length"},
    NamedColumn{"info", "info"},
    NamedColumn{"wscolinfo", "info"},
};

/// The columns of a packet list that can be used, as a plan; fields of tshark have their full names.
inline DelimitedPlan packet_list_plan(const Head& head, const NameLine& line) {
  DelimitedPlan plan;
  plan.missing = {};  // a packet without a time cannot be used; the others see to it themselves
  plan.dialect.separator = line.separator;
  plan.fields = line.names.size();
  plan.header = line.names;
  plan.header_lines = 1;
  plan.header_bytes = head.line_end(0);
  for (std::size_t place = 0; place < line.plain.size(); ++place) {
    const auto found = std::find_if(packet_fields.begin(), packet_fields.end(),
                                    [&](const NamedColumn& one) { return one.plain == line.plain[place]; });
    if (found == packet_fields.end() || find_column(plan, found->name) != nullptr) {
      continue;
    }
    ColumnPlan column{{std::string(found->name), ColumnType::text}, place};
    if (found->name == "time") {
      column.field.type = ColumnType::time;
      column.parse = &parse_list_time;
    } else if (found->name == "length" || found->name.starts_with("number")) {
      column.field.type = ColumnType::integer;
      column.parse = &parse_first_integer<0xffffffff>;
    } else if (found->name == "flags") {
      column.field.type = ColumnType::integer;
      column.parse = &parse_flag_field;
    } else if (found->name.starts_with("tcp_") || found->name.starts_with("udp_")) {
      column.field.type = ColumnType::integer;
      column.parse = &parse_first_integer<65535>;
    }
    plan.columns.push_back(std::move(column));
  }
  return plan;
}

/// Takes packets out of a table of the plan above.
class PacketRows {
 public:
  explicit PacketRows(const Table& table) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto place = table.schema().find(names.at(i));
      columns_.at(i) = place ? &table.column(*place) : nullptr;
    }
  }

  ListedPacket packet(std::size_t row) const {
    ListedPacket packet;
    packet.time = columns_[0]->times()[row];
    packet.source = end_of(row, 1);
    packet.target = end_of(row, 4);
    packet.length = integer(row, 14).value_or(0);
    const std::string lower = lower_case(first_value(text(row, 15)));
    const std::string_view info = text(row, 16);
    const ListedProtocol* listed = find_listed_protocol(lower);
    set_transport(packet, row, lower, listed);
    packet.has_ports = packet.protocol == "tcp" || packet.protocol == "udp" || packet.protocol == "sctp" ||
                       packet.protocol == unknown_transport;
    if (listed != nullptr && !listed->service.empty() && packet.has_ports) {
      packet.service = listed->service;
    }
    set_ports(packet, row, info);
    if (packet.has_ports && !packet.ports_known()) {
      packet.source_port = -1;
      packet.target_port = -1;
      packet.server_port = listed == nullptr ? -1 : listed->port;
      packet.answer = is_answer(info);
    }
    return packet;
  }

 private:
  static constexpr std::array<std::string_view, 17> names = {
      "time",       "source",     "source_v6",  "source_mac", "target",     "target_v6",
      "target_mac", "tcp_source", "tcp_target", "udp_source", "udp_target", "number",
      "number_v6",  "flags",      "length",     "protocol",   "info"};

  std::string_view text(std::size_t row, std::size_t which) const {
    const Column* column = columns_.at(which);
    return column == nullptr || column->is_missing(row) ? std::string_view() : column->text(row);
  }

  std::optional<std::int64_t> integer(std::size_t row, std::size_t which) const {
    const Column* column = columns_.at(which);
    return column == nullptr || column->is_missing(row) ? std::nullopt : std::optional(column->integers()[row]);
  }

  /// The first of an IPv4 address, an IPv6 address and a hardware address that is there.
  std::string_view end_of(std::size_t row, std::size_t which) const {
    for (const std::size_t one : {which, which + 1, which + 2}) {
      if (const std::string_view value = first_value(text(row, one)); !value.empty()) {
        return value;
      }
    }
    return {};
  }

  void set_transport(ListedPacket& packet, std::size_t row, const std::string& lower,
                     const ListedProtocol* listed) const {
    if (integer(row, 7)) {
      packet.protocol = "tcp";
    } else if (integer(row, 9)) {
      packet.protocol = "udp";
    } else if (const auto number = integer(row, 11) ? integer(row, 11) : integer(row, 12)) {
      packet.protocol = protocol_name(std::to_string(*number));
    } else if (listed != nullptr) {
      packet.protocol = listed->transport;
    } else {
      packet.protocol = unknown_transport;
      packet.service = lower;
    }
  }

  void set_ports(ListedPacket& packet, std::size_t row, std::string_view info) const {
    const std::size_t which = packet.protocol == "udp" ? 9 : 7;
    packet.source_port = integer(row, which).value_or(-1);
    packet.target_port = integer(row, which + 1).value_or(-1);
    if (const auto flags = integer(row, 13)) {
      packet.flags = static_cast<unsigned>(*flags);
      packet.flags_known = true;
    }
    if (!packet.has_ports || packet.ports_known()) {
      return;
    }
    if (const std::optional<PortLine> line = parse_port_line(info)) {
      packet.source_port = line->source_port;
      packet.target_port = line->target_port;
      packet.flags = line->flags.value_or(packet.flags);
      packet.flags_known = packet.flags_known || line->flags.has_value();
    }
  }

  std::array<const Column*, names.size()> columns_{};
};

class PacketListSource final : public BatchSource {
 public:
  PacketListSource(LineWindow window, DelimitedPlan plan, ReadContext& context)
      : packets_(std::move(window), std::move(plan), context), context_(context) {
    std::vector<Field> fields;
    for (const char* name :
         {"timestamp", "src_ip", "src_port", "dst_ip", "dst_port", "src_mac", "dst_mac", "protocol", "service",
          "duration", "bytes_sent", "bytes_received", "packets_sent", "packets_received", "flags"}) {
      fields.push_back(flow_field(name));
    }
    fields.push_back({"src_name", ColumnType::text, Role::identifier, "Source"});
    fields.push_back({"dst_name", ColumnType::text, Role::identifier, "Destination"});
    fields.push_back({"degraded", ColumnType::boolean, Role::identifier});
    schema_ = Schema(std::move(fields), "wireshark_csv");
  }

  const Schema& schema() const override { return schema_; }

  std::optional<Table> next(std::size_t most) override {
    std::vector<ColumnBuilder> builders;
    for (const Field& field : schema_) {
      builders.emplace_back(field.type);
    }
    std::size_t rows = 0;
    while (rows < most && (!flows_.ended().empty() || more_packets())) {
      for (; rows < most && !flows_.ended().empty(); ++rows) {
        add_row(builders, flows_.ended().front());
        flows_.ended().pop_front();
      }
    }
    if (rows == 0) {
      return std::nullopt;
    }
    std::vector<Column> columns;
    columns.reserve(builders.size());
    for (ColumnBuilder& builder : builders) {
      columns.push_back(builder.finish());
    }
    context_.report.rows += rows;
    return Table(schema_, std::move(columns));
  }

 private:
  static constexpr std::size_t packets_at_once = 8192;

  /// Reads some packets; false when all flows have ended.
  bool more_packets() {
    if (at_end_) {
      return false;
    }
    const std::optional<Table> table = packets_.next(packets_at_once);
    if (!table) {
      at_end_ = true;
      flows_.end_all();
      context_.note(std::to_string(packets_read_) + " packets were joined into flows");
      if (flows_.crowded()) {
        context_.note("there were more than " + std::to_string(PacketFlows::most_flows) +
                      " flows at a time: those silent for longest were ended early");
      }
      return !flows_.ended().empty();
    }
    context_.report.rows -= table->rows();  // rows are flows
    if (packets_read_ == 0) {
      note_relative_times(table->rename("time", "timestamp"), context_);
    }
    packets_read_ += table->rows();
    const PacketRows packets(*table);
    for (std::size_t row = 0; row < table->rows(); ++row) {
      flows_.add(packets.packet(row));
    }
    return true;
  }

  static void add_end(ColumnBuilder& address, ColumnBuilder& hardware, ColumnBuilder& name, const std::string& text) {
    const std::optional<Address> parsed = Address::parse(text);
    const bool is_hardware = !parsed && is_hardware_address(text);
    parsed ? address.add_address(*parsed) : address.add_missing();
    is_hardware ? hardware.add_text(text) : hardware.add_missing();
    parsed || is_hardware || text.empty() ? name.add_missing() : name.add_text(text);
  }

  static void add_port(ColumnBuilder& builder, std::int64_t port) {
    port < 0 ? builder.add_missing() : builder.add_integer(port);
  }

  static void add_text(ColumnBuilder& builder, const std::string& text) {
    text.empty() ? builder.add_missing() : builder.add_text(text);
  }

  /// "SAPF": the flags of both sides.
  static std::string flag_letters(unsigned flags) {
    std::string letters;
    for (const auto& [letter, bit] : {std::pair{'S', tcp_syn},
                                      {'A', tcp_ack},
                                      {'P', tcp_psh},
                                      {'F', tcp_fin},
                                      {'R', tcp_rst},
                                      {'U', tcp_urg},
                                      {'E', tcp_ece},
                                      {'C', tcp_cwr}}) {
      letters += (flags & bit) != 0 ? std::string(1, letter) : "";
    }
    return letters.empty() ? "none" : letters;
  }

  static void add_row(std::vector<ColumnBuilder>& to, const ListedFlow& flow) {
    to[0].add_time(flow.first);
    add_end(to[1], to[5], to[15], flow.source);
    add_port(to[2], flow.source_port);
    add_end(to[3], to[6], to[16], flow.target);
    add_port(to[4], flow.target_port);
    add_text(to[7], flow.protocol);
    add_text(to[8], flow.service);
    to[9].add_number(static_cast<double>(flow.last - flow.first) / 1e9);
    to[10].add_integer(flow.bytes_sent);
    to[11].add_integer(flow.bytes_received);
    to[12].add_integer(flow.packets_sent);
    to[13].add_integer(flow.packets_received);
    add_text(to[14], flow.protocol == "tcp" && flow.flags_known ? flag_letters(flow.flags) : "");
    to[17].add_boolean(flow.degraded);
  }

  DelimitedSource packets_;
  ReadContext& context_;
  PacketFlows flows_;
  Schema schema_;
  std::uint64_t packets_read_ = 0;
  bool at_end_ = false;
};

inline std::unique_ptr<BatchSource> open_wireshark_csv(const Head& head, LineWindow& window, ReadContext& context) {
  const NameLine line(head.line(0), likely_separator(head.line(0)));
  const bool list = line.has_all({"time", "source", "destination", "protocol", "info"});
  const bool fields = (line.has("ipsrc") || line.has("ipv6src")) &&
                      std::any_of(line.names.begin(), line.names.end(),
                                  [](const std::string& name) { return bare_name(name).starts_with("frame."); });
  if (!list && !fields) {
    return nullptr;
  }
  DelimitedPlan plan = packet_list_plan(head, line);
  if (find_column(plan, "time") == nullptr) {
    throw Error(ErrorCode::invalid_data,
                context.name + " is a packet list without times; export it with frame.time_epoch");
  }
  return std::make_unique<PacketListSource>(std::move(window), std::move(plan), context);
}

}  // namespace nad::detail
