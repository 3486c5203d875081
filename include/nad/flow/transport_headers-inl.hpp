#pragma once

// TCP, UDP, ICMP and SCTP, and the tunnels that some of them are.

#include <algorithm>
#include <cstdint>

#include "nad/flow/header_bytes-inl.hpp"
#include "nad/flow/link_headers-inl.hpp"
#include "nad/flow/protocol_names-inl.hpp"

namespace nad::detail {

inline void read_ports(const HeaderBytes& bytes, Packet& packet) noexcept {
  packet.source_port = bytes.word(0);
  packet.destination_port = bytes.word(2);
}

inline Decoded read_tcp(HeaderBytes& bytes, Packet& packet) noexcept {
  if (!bytes.has(20)) {
    return bytes.missing(20, Decoded::transport_header);
  }
  const std::uint32_t header = (bytes.byte(12) >> 4U) * 4U;
  if (header < 20 || header > bytes.length) {
    return Decoded::tcp_header;
  }
  read_ports(bytes, packet);
  packet.sequence = bytes.number(4);
  packet.acknowledgement = bytes.number(8);
  packet.tcp_flags = bytes.byte(13);
  packet.window = bytes.word(14);
  packet.payload_bytes = bytes.length - header;
  return Decoded::packet;
}

inline Decoded read_udp(HeaderBytes& bytes, Packet& packet) noexcept {
  if (!bytes.has(8)) {
    return bytes.missing(8, Decoded::transport_header);
  }
  const std::uint32_t length = bytes.word(4);
  if (packet.protocol == protocol_udp && length != 0 && length < 8) {
    return Decoded::udp_length;
  }
  read_ports(bytes, packet);
  // of a fragment, UDP gives the length of the whole; 0 stands for more than 65,535 bytes
  const bool own = packet.protocol == protocol_udp && !packet.is_fragment && length != 0;
  packet.payload_bytes = (own ? std::min(length, bytes.length) : bytes.length) - 8;
  bytes.cut(8 + packet.payload_bytes);
  bytes.skip(8);
  return Decoded::packet;
}

inline Decoded read_icmp(HeaderBytes& bytes, Packet& packet) noexcept {
  if (!bytes.has(8)) {
    return bytes.missing(8, Decoded::transport_header);
  }
  packet.icmp_type = bytes.byte(0);
  packet.icmp_code = bytes.byte(1);
  packet.payload_bytes = bytes.length - 8;
  return Decoded::packet;
}

inline Decoded read_sctp(HeaderBytes& bytes, Packet& packet) noexcept {
  if (!bytes.has(12)) {
    return bytes.missing(12, Decoded::transport_header);
  }
  read_ports(bytes, packet);
  packet.payload_bytes = bytes.length - 12;
  return Decoded::packet;
}

/// What the payload of IP begins with; of a later fragment it is only payload.
inline Decoded read_transport(HeaderBytes& bytes, Packet& packet) noexcept {
  packet.payload_bytes = bytes.length;
  if (packet.is_later_fragment) {
    return Decoded::packet;
  }
  switch (packet.protocol) {
    case protocol_tcp:
      return read_tcp(bytes, packet);
    case protocol_udp:
    case protocol_udplite:
      return read_udp(bytes, packet);
    case protocol_icmp:
    case protocol_icmpv6:
      return read_icmp(bytes, packet);
    case protocol_sctp:
      return read_sctp(bytes, packet);
    default:
      return Decoded::packet;
  }
}

/// What a tunnel carries: the type of the link that `bytes` begin with then. `unknown`: nothing that can be opened.
enum class Inner : std::uint8_t { unknown, ethernet, ip };

/// GRE of version 0 without routing: flags, a type, and what the flags announce.
inline Inner open_gre(HeaderBytes& bytes) noexcept {
  if (!bytes.has(4)) {
    return Inner::unknown;
  }
  const std::uint16_t flags = bytes.word(0);
  const std::uint16_t type = bytes.word(2);
  const std::uint32_t header =
      4U + ((flags & 0x8000U) != 0 ? 4U : 0U) + ((flags & 0x2000U) != 0 ? 4U : 0U) + ((flags & 0x1000U) != 0 ? 4U : 0U);
  if ((flags & 0x4007U) != 0 || !bytes.has(header)) {
    return Inner::unknown;
  }
  bytes.skip(header);
  return type == 0x0800 || type == 0x86dd ? Inner::ip : type == 0x6558 ? Inner::ethernet : Inner::unknown;
}

/// `bytes` stand at the payload of IP, or behind the header of UDP.
inline Inner open_tunnel(HeaderBytes& bytes, const Packet& packet) noexcept {
  constexpr std::uint16_t vxlan_port = 4789;
  if (packet.is_fragment) {
    return Inner::unknown;
  }
  switch (packet.protocol) {
    case protocol_ipip:
    case protocol_ipv6:
      return Inner::ip;
    case protocol_gre:
      return open_gre(bytes);
    case protocol_udp:
      if (packet.destination_port == vxlan_port && bytes.has(8) && (bytes.byte(0) & 8U) != 0) {
        bytes.skip(8);
        return Inner::ethernet;
      }
      return Inner::unknown;
    default:
      return Inner::unknown;
  }
}

}  // namespace nad::detail
