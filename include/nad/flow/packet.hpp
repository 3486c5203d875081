#pragma once

/// One IP packet, decoded: what its headers say, and no byte of its content.
///
///   nad::Packet packet;
///   nad::Decoder decoder;
///   if (decoder.decode(frame, packet) == nad::Decoded::packet && packet.protocol == 6) {
///     std::cout << packet.source.to_string() << " sends " << packet.payload_bytes << " bytes\n";
///   }
///
/// Amounts of bytes follow from the lengths that the headers give, not from what was captured, so the padding of short
/// Ethernet frames does not count and a short snap length does not matter.

#include <array>
#include <cstdint>

#include "nad/table/address.hpp"

namespace nad {

struct Packet {
  std::int64_t time = 0;  ///< nanoseconds since 1970
  Address source;
  Address destination;
  std::uint16_t source_port = 0;  ///< TCP, UDP and SCTP; else 0
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;   ///< what follows IP and its extension headers, by its number: 6 is TCP
  std::uint8_t tcp_flags = 0;  ///< FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint8_t time_to_live = 0;  ///< of IPv6 the hop limit
  std::uint8_t tunnels = 0;       ///< how many outer packets were opened
  std::uint16_t window = 0;       ///< TCP, as it stands in the header
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;

  std::uint32_t payload_bytes = 0;  ///< behind the transport header, of a later fragment behind IP
  std::uint32_t ip_bytes = 0;       ///< IP header and all behind it
  std::uint32_t wire_bytes = 0;     ///< the frame
  std::uint32_t captured_bytes = 0;

  std::array<std::uint16_t, 2> vlan = {};  ///< numbers of the outer tags
  std::uint8_t vlan_tags = 0;              ///< how many there are, also more than two

  bool is_fragment = false;        ///< a piece of a datagram
  bool is_later_fragment = false;  ///< not the first piece: ports come from the first, or are 0 where it was not seen
  bool wrong_fragment = false;     ///< overlaps another piece, reaches beyond 65,535 bytes, or is cut at an odd place
  std::uint32_t fragment_id = 0;   ///< of the datagram
  std::uint32_t fragment_offset = 0;  ///< in bytes
};

}  // namespace nad
