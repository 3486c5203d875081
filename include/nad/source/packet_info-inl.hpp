#pragma once

// What a line of a packet list says about a packet: the columns "Protocol" and "Info" are written for people, so ports
// and flags stand in them only for packets that show nothing higher than TCP or UDP.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nad/detail/tcp_flags.hpp"
#include "nad/source/field_values-inl.hpp"
#include "nad/source/flow_columns-inl.hpp"

namespace nad::detail {

/// What "Info" says about TCP or UDP.
struct PortLine {
  std::int64_t source_port = -1;
  std::int64_t target_port = -1;
  std::optional<unsigned> flags = {};
};

/// "443", "https(443)"; -1 for anything else.
inline std::int64_t port_number(std::string_view text) noexcept {
  if (text.ends_with(')') && text.find('(') != std::string_view::npos) {
    text.remove_suffix(1);
    text.remove_prefix(text.find('(') + 1);
  }
  std::int64_t port = 0;
  return !text.empty() && is_digit(text.front()) && parse_integer(text, port) && port <= 65535 ? port : -1;
}

/// "SYN, ACK" as bits.
inline std::optional<unsigned> flag_bits(std::string_view names) noexcept {
  static constexpr std::array<std::pair<std::string_view, unsigned>, 10> known = {{{"FIN", tcp_fin},
                                                                                   {"SYN", tcp_syn},
                                                                                   {"RST", tcp_rst},
                                                                                   {"PSH", tcp_psh},
                                                                                   {"ACK", tcp_ack},
                                                                                   {"URG", tcp_urg},
                                                                                   {"ECE", tcp_ece},
                                                                                   {"ECN", tcp_ece},
                                                                                   {"CWR", tcp_cwr},
                                                                                   {"<None>", 0U}}};
  unsigned bits = 0;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(','), names.size());
    const std::string_view name = trimmed(names.substr(0, end));
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.first == name; });
    if (found == known.end() && name != "NS" && name != "AE" && name != "Reserved") {
      return std::nullopt;
    }
    bits |= found == known.end() ? 0U : found->second;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return bits;
}

/// Reads "51544  >  443 [SYN] Seq=0 ..." with any arrow and with remarks such as "[TCP Retransmission]" before it, and
/// "Source port: 137  Destination port: 137".
inline std::optional<PortLine> parse_port_line(std::string_view info) {
  PortLine line;
  info = trimmed(info);
  while (info.starts_with('[') && info.find(']') != std::string_view::npos) {
    info = trimmed(info.substr(info.find(']') + 1));
  }
  std::string_view rest;
  if (info.starts_with("Source port: ")) {
    const std::size_t second = info.find("Destination port: ");
    if (second == std::string_view::npos) {
      return std::nullopt;
    }
    line.source_port = port_number(trimmed(info.substr(13, second - 13)));
    rest = info.substr(second + 18);
  } else {
    std::size_t arrow = std::string_view::npos;
    std::size_t length = 0;
    for (const std::string_view sign : {"\xe2\x86\x92", ">"}) {
      if (arrow == std::string_view::npos) {
        arrow = info.find(sign);
        length = sign.size();
      }
    }
    if (arrow == std::string_view::npos) {
      return std::nullopt;
    }
    std::string_view before = trimmed(info.substr(0, arrow));
    if (before.ends_with('-')) {  // "->"
      before = trimmed(before.substr(0, before.size() - 1));
    }
    line.source_port = port_number(before);
    rest = trimmed(info.substr(arrow + length));
  }
  const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  line.target_port = port_number(rest.substr(0, end));
  if (line.source_port < 0 || line.target_port < 0) {
    return std::nullopt;
  }
  rest = trimmed(rest.substr(end));
  if (rest.starts_with('[') && rest.find(']') != std::string_view::npos) {
    line.flags = flag_bits(rest.substr(1, rest.find(']') - 1));
  }
  return line;
}

/// What usually lies below a protocol, and the port of its server; -1: there are no ports, or no usual one.
struct ListedProtocol {
  std::string_view name;  ///< in lower case, what begins so
  std::string_view transport;
  std::string_view service = {};
  std::int64_t port = -1;
};

inline const ListedProtocol* find_listed_protocol(std::string_view lower) noexcept {
  static constexpr std::array known = {
      ListedProtocol{"tcp", "tcp"},
      ListedProtocol{"udp", "udp"},
      ListedProtocol{"tls", "tcp", "tls", 443},
      ListedProtocol{"ssl", "tcp", "tls", 443},
      ListedProtocol{"http", "tcp", "http", 80},
      ListedProtocol{"ocsp", "tcp", "http", 80},
      ListedProtocol{"ssh", "tcp", "ssh", 22},
      ListedProtocol{"ftp-data", "tcp", "ftp-data", 20},
      ListedProtocol{"ftp", "tcp", "ftp", 21},
      ListedProtocol{"telnet", "tcp", "telnet", 23},
      ListedProtocol{"smtp", "tcp", "smtp", 25},
      ListedProtocol{"pop", "tcp", "pop3", 110},
      ListedProtocol{"imap", "tcp", "imap", 143},
      ListedProtocol{"smb", "tcp", "smb", 445},
      ListedProtocol{"nbss", "tcp", "smb", 139},
      ListedProtocol{"dcerpc", "tcp", "dcerpc", 135},
      ListedProtocol{"ldap", "tcp", "ldap", 389},
      ListedProtocol{"rdp", "tcp", "rdp", 3389},
      ListedProtocol{"mysql", "tcp", "mysql", 3306},
      ListedProtocol{"pgsql", "tcp", "postgresql", 5432},
      ListedProtocol{"mqtt", "tcp", "mqtt", 1883},
      ListedProtocol{"bgp", "tcp", "bgp", 179},
      ListedProtocol{"dns", "udp", "dns", 53},
      ListedProtocol{"mdns", "udp", "dns", 5353},
      ListedProtocol{"llmnr", "udp", "dns", 5355},
      ListedProtocol{"nbns", "udp", "nbns", 137},
      ListedProtocol{"dhcpv6", "udp", "dhcp", 547},
      ListedProtocol{"dhcp", "udp", "dhcp", 67},
      ListedProtocol{"bootp", "udp", "dhcp", 67},
      ListedProtocol{"ntp", "udp", "ntp", 123},
      ListedProtocol{"snmp", "udp", "snmp", 161},
      ListedProtocol{"ssdp", "udp", "ssdp", 1900},
      ListedProtocol{"quic", "udp", "quic", 443},
      ListedProtocol{"gquic", "udp", "quic", 443},
      ListedProtocol{"tftp", "udp", "tftp", 69},
      ListedProtocol{"syslog", "udp", "syslog", 514},
      ListedProtocol{"radius", "udp", "radius", 1812},
      ListedProtocol{"stun", "udp", "stun", 3478},
      ListedProtocol{"sip", "udp", "sip", 5060},
      ListedProtocol{"icmpv6", "ipv6-icmp"},
      ListedProtocol{"icmp", "icmp"},
      ListedProtocol{"igmp", "igmp"},
      ListedProtocol{"arp", "arp"},
      ListedProtocol{"ospf", "ospf"},
      ListedProtocol{"pim", "pim"},
      ListedProtocol{"vrrp", "vrrp"},
      ListedProtocol{"gre", "gre"},
      ListedProtocol{"esp", "esp"},
      ListedProtocol{"sctp", "sctp"},
      ListedProtocol{"stp", "stp"},
      ListedProtocol{"lldp", "lldp"},
      ListedProtocol{"cdp", "cdp"},
      ListedProtocol{"eapol", "eapol"},
  };
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const ListedProtocol& one) { return lower.starts_with(one.name); });
  return found == known.end() ? nullptr : &*found;
}

/// Whether the sender of the packet answers: then the usual port is the sender's.
inline bool is_answer(std::string_view info) noexcept {
  for (const std::string_view begin : {"Standard query response", "HTTP/1.", "Server Hello", "Response", "DHCP Offer",
                                       "DHCP ACK", "DHCP NAK", "Server: ", "S: ", "NTP Version 4, server"}) {
    if (info.starts_with(begin)) {
      return true;
    }
  }
  return false;
}

}  // namespace nad::detail
