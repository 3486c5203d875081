#pragma once

// Protocols above IP: their numbers and what people call them.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace nad::detail {

inline constexpr std::uint8_t protocol_icmp = 1;
inline constexpr std::uint8_t protocol_ipip = 4;
inline constexpr std::uint8_t protocol_tcp = 6;
inline constexpr std::uint8_t protocol_udp = 17;
inline constexpr std::uint8_t protocol_ipv6 = 41;
inline constexpr std::uint8_t protocol_gre = 47;
inline constexpr std::uint8_t protocol_ah = 51;
inline constexpr std::uint8_t protocol_icmpv6 = 58;
inline constexpr std::uint8_t protocol_sctp = 132;
inline constexpr std::uint8_t protocol_udplite = 136;

struct NumberedProtocol {
  std::uint8_t number;
  std::string_view name;
};

inline constexpr std::array<NumberedProtocol, 21> numbered_protocols = {{
    {0, "hopopt"}, {1, "icmp"},  {2, "igmp"},  {4, "ipip"},   {6, "tcp"},    {17, "udp"},   {27, "rdp"},
    {33, "dccp"},  {41, "ipv6"}, {46, "rsvp"}, {47, "gre"},   {50, "esp"},   {51, "ah"},    {58, "ipv6-icmp"},
    {88, "eigrp"}, {89, "ospf"}, {103, "pim"}, {112, "vrrp"}, {115, "l2tp"}, {132, "sctp"}, {136, "udplite"},
}};

/// Other words for some of them.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 3> protocol_spellings = {{
    {"icmp6", "ipv6-icmp"},
    {"icmpv6", "ipv6-icmp"},
    {"icmp-v6", "ipv6-icmp"},
}};

/// "tcp" for 6; what has no name keeps its number.
inline std::string name_of_protocol(std::uint8_t number) {
  for (const NumberedProtocol& protocol : numbered_protocols) {
    if (protocol.number == number) {
      return std::string(protocol.name);
    }
  }
  return std::to_string(number);
}

}  // namespace nad::detail
