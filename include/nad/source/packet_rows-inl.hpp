#pragma once

// The rows of a packet list, as packets: what columns a list has is bound by their names.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nad/source/named_columns-inl.hpp"
#include "nad/source/packet_flows-inl.hpp"
#include "nad/table/time.hpp"

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
    const std::string origin(bare_name(line.names[place]));
    ColumnPlan column{
        {std::string(found->name), ColumnType::text, Role::feature, origin == found->name ? std::string() : origin},
        place};
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

}  // namespace nad::detail
