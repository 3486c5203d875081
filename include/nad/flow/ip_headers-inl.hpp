#pragma once

// IPv4 and IPv6, with all that stands before the transport header.

#include <array>
#include <cstdint>
#include <cstring>

#include "nad/flow/header_bytes-inl.hpp"
#include "nad/flow/link_headers-inl.hpp"
#include "nad/flow/protocol_names-inl.hpp"

namespace nad::detail {

struct IpAnswer {
  Decoded kind = Decoded::packet;
  bool more_fragments = false;
  std::uint32_t header = 0;  ///< bytes that count for the largest size of a datagram beside its payload
};

inline IpAnswer skip_ipv4(HeaderBytes& bytes, Packet& packet) noexcept {
  if (!bytes.has(20)) {
    return {bytes.missing(20, Decoded::ip_header)};
  }
  const std::uint32_t header = (bytes.byte(0) & 15U) * 4U;
  // the network card cuts large packets only after they were captured; their length is 0 then
  const std::uint32_t total = bytes.word(2) == 0 ? bytes.length : bytes.word(2);
  if (header < 20) {
    return {Decoded::ip_header};
  }
  if (total < header || total > bytes.length) {
    return {Decoded::ip_length};
  }
  if (!bytes.has(header)) {
    return {bytes.missing(header, Decoded::ip_header)};
  }
  packet.ip_bytes = total;
  packet.time_to_live = bytes.byte(8);
  packet.protocol = bytes.byte(9);
  packet.source = Address::v4(bytes.number(12));
  packet.destination = Address::v4(bytes.number(16));
  const std::uint16_t fragment = bytes.word(6);
  const bool more = (fragment & 0x2000U) != 0;
  packet.fragment_offset = (fragment & 0x1fffU) * 8U;
  packet.is_later_fragment = packet.fragment_offset != 0;
  packet.is_fragment = more || packet.is_later_fragment;
  packet.fragment_id = bytes.word(4);
  bytes.cut(total);
  bytes.skip(header);
  return {Decoded::packet, more, header};
}

inline bool is_ipv6_extension(std::uint8_t protocol) noexcept {
  switch (protocol) {
    case 0:    // for every hop
    case 43:   // routing
    case 44:   // fragment
    case 51:   // authentication
    case 60:   // for the destination
    case 135:  // mobility
    case 139:  // host identity
    case 140:  // shim6
      return true;
    default:
      return false;
  }
}

inline IpAnswer skip_ipv6(HeaderBytes& bytes, Packet& packet) noexcept {
  if (!bytes.has(40)) {
    return {bytes.missing(40, Decoded::ip_header)};
  }
  const std::uint32_t payload = bytes.word(4);
  std::uint8_t next = bytes.byte(6);
  // as with IPv4; and packets beyond 65,535 bytes give their length elsewhere
  const std::uint32_t total = payload == 0 && next != 59 ? bytes.length : 40 + payload;
  if (total > bytes.length) {
    return {Decoded::ip_length};
  }
  packet.ip_bytes = total;
  packet.time_to_live = bytes.byte(7);
  std::array<std::uint8_t, 16> address = {};
  std::memcpy(address.data(), bytes.at + 8, address.size());
  packet.source = Address(address);
  std::memcpy(address.data(), bytes.at + 24, address.size());
  packet.destination = Address(address);
  bytes.cut(total);
  bytes.skip(40);
  IpAnswer answer;  // what is limited to 65,535 bytes is the payload of IPv6, without its header
  for (unsigned headers = 0; is_ipv6_extension(next) && !packet.is_later_fragment; ++headers) {
    if (headers == most_tags) {
      return {Decoded::nesting};
    }
    if (!bytes.has(8)) {
      return {bytes.missing(8, Decoded::ipv6_extension)};
    }
    const std::uint32_t length = next == 44            ? 8U
                                 : next == protocol_ah ? (bytes.byte(1) + 2U) * 4U
                                                       : (bytes.byte(1) + 1U) * 8U;
    if (!bytes.has(length)) {
      return {bytes.missing(length, Decoded::ipv6_extension)};
    }
    if (next == 44) {
      packet.fragment_offset = bytes.word(2) & 0xfff8U;
      answer.more_fragments = (bytes.byte(3) & 1U) != 0;
      packet.is_later_fragment = packet.fragment_offset != 0;
      packet.is_fragment = answer.more_fragments || packet.is_later_fragment;
      packet.fragment_id = bytes.number(4);
    }
    next = bytes.byte(0);
    bytes.skip(length);
  }
  packet.protocol = next;
  return answer;
}

/// Leaves `bytes` at the payload of IP, which ends where IP says.
inline IpAnswer skip_ip(IpVersion version, HeaderBytes& bytes, Packet& packet) noexcept {
  if (!bytes.has(1)) {
    return {bytes.missing(1, Decoded::ip_header)};
  }
  const unsigned written = bytes.byte(0) >> 4U;
  if (written == 4 && version != IpVersion::six) {
    return skip_ipv4(bytes, packet);
  }
  if (written == 6 && version != IpVersion::four) {
    return skip_ipv6(bytes, packet);
  }
  return {Decoded::ip_version};
}

}  // namespace nad::detail
