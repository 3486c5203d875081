#pragma once

// From the link to IP.

#include <cstdint>

#include "nad/flow/header_bytes-inl.hpp"

namespace nad::detail {

/// Which version of IP was announced; `any`: the packet itself says it.
enum class IpVersion : std::uint8_t { any, four, six };

inline constexpr unsigned most_tags = 16;

struct LinkAnswer {
  Decoded kind = Decoded::packet;
  IpVersion version = IpVersion::any;
};

/// Behind MPLS labels there is IP, or something else that the first four bits give away.
inline LinkAnswer skip_labels(HeaderBytes& bytes) noexcept {
  for (unsigned labels = 0; labels < most_tags; ++labels) {
    if (!bytes.has(4)) {
      return {bytes.missing(4, Decoded::link_header)};
    }
    const bool last = (bytes.byte(2) & 1U) != 0;
    bytes.skip(4);
    if (last) {
      if (!bytes.has(1)) {
        return {bytes.missing(1, Decoded::ip_header)};
      }
      const unsigned version = bytes.byte(0) >> 4U;
      return {version == 4 || version == 6 ? Decoded::packet : Decoded::not_ip, IpVersion::any};
    }
  }
  return {Decoded::nesting};
}

inline LinkAnswer skip_pppoe(HeaderBytes& bytes) noexcept {
  if (!bytes.has(8)) {
    return {bytes.missing(8, Decoded::link_header)};
  }
  const std::uint16_t protocol = bytes.word(6);
  bytes.skip(8);
  return protocol == 0x0021   ? LinkAnswer{Decoded::packet, IpVersion::four}
         : protocol == 0x0057 ? LinkAnswer{Decoded::packet, IpVersion::six}
                              : LinkAnswer{Decoded::not_ip};
}

/// `type` is an EtherType, which `bytes` follow.
inline LinkAnswer skip_ether_type(std::uint16_t type, HeaderBytes& bytes, Packet& packet) noexcept {
  for (unsigned tags = 0; tags <= most_tags; ++tags) {
    switch (type) {
      case 0x0800:
        return {Decoded::packet, IpVersion::four};
      case 0x86dd:
        return {Decoded::packet, IpVersion::six};
      case 0x8847:
      case 0x8848:
        return skip_labels(bytes);
      case 0x8864:
        return skip_pppoe(bytes);
      case 0x8100:  // 802.1Q
      case 0x88a8:  // 802.1ad
      case 0x9100:  // what 802.1ad was before it was a standard
      case 0x9200:
        if (!bytes.has(4)) {
          return {bytes.missing(4, Decoded::link_header)};
        }
        if (packet.vlan_tags < packet.vlan.size()) {
          packet.vlan.at(packet.vlan_tags) = bytes.word(0) & 0x0fffU;
        }
        ++packet.vlan_tags;
        type = bytes.word(2);
        bytes.skip(4);
        break;
      default:
        if (type >= 0x0600) {
          return {Decoded::not_ip};
        }
        // a length: LLC follows, with an EtherType behind the head of SNAP
        if (!bytes.has(8) || bytes.word(0) != 0xaaaa || bytes.byte(2) != 3 || bytes.byte(3) != 0 ||
            bytes.word(4) != 0) {
          return {Decoded::not_ip};
        }
        type = bytes.word(6);
        bytes.skip(8);
        if (type < 0x0600) {
          return {Decoded::not_ip};
        }
    }
  }
  return {Decoded::nesting};
}

/// The header of a link, and the EtherType that stands in it.
inline LinkAnswer skip_typed(std::uint32_t header, std::uint32_t type_at, HeaderBytes& bytes, Packet& packet) noexcept {
  if (!bytes.has(header)) {
    return {bytes.missing(header, Decoded::link_header)};
  }
  const std::uint16_t type = bytes.word(type_at);
  bytes.skip(header);
  return skip_ether_type(type, bytes, packet);
}

/// BSD's number for IPv6 differs between systems, and its order of bytes is that of the machine.
inline LinkAnswer skip_family(HeaderBytes& bytes) noexcept {
  if (!bytes.has(4)) {
    return {bytes.missing(4, Decoded::link_header)};
  }
  const std::uint32_t number = bytes.number(0);
  const std::uint32_t family = number > 0xffffU ? number >> 24U : number;
  bytes.skip(4);
  return family == 2                                                    ? LinkAnswer{Decoded::packet, IpVersion::four}
         : family == 24 || family == 28 || family == 30 || family == 10 ? LinkAnswer{Decoded::packet, IpVersion::six}
                                                                        : LinkAnswer{Decoded::not_ip};
}

/// Leaves `bytes` at the IP header.
inline LinkAnswer skip_link(LinkType link, HeaderBytes& bytes, Packet& packet) noexcept {
  switch (link) {
    case LinkType::ethernet:
      return skip_typed(14, 12, bytes, packet);
    case LinkType::linux_cooked:
      return skip_typed(16, 14, bytes, packet);
    case LinkType::linux_cooked_v2:
      return skip_typed(20, 0, bytes, packet);
    case LinkType::null:
    case LinkType::loop:
      return skip_family(bytes);
    case LinkType::ipv4:
      return {Decoded::packet, IpVersion::four};
    case LinkType::ipv6:
      return {Decoded::packet, IpVersion::six};
    default:
      return {Decoded::packet, IpVersion::any};
  }
}

}  // namespace nad::detail
