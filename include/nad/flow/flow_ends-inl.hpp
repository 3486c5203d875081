#pragma once

// Which flow a packet belongs to, and on which side of it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "nad/flow/flow_record-inl.hpp"
#include "nad/flow/icmp_types-inl.hpp"
#include "nad/flow/tcp_flow-inl.hpp"

namespace nad::detail {

inline bool is_icmp_protocol(std::uint8_t protocol) noexcept {
  return protocol == protocol_icmp || protocol == protocol_icmpv6;
}

inline FlowEnds flow_ends_of(const Packet& packet, bool& one_way) noexcept {
  FlowEnds ends{packet.source, packet.destination, packet.source_port, packet.destination_port, packet.protocol};
  if (is_icmp_protocol(packet.protocol)) {
    const std::optional<std::uint8_t> counterpart = icmp_counterpart(packet.protocol, packet.icmp_type);
    one_way = !counterpart.has_value();
    ends.source_port = packet.icmp_type;
    ends.destination_port = counterpart.value_or(packet.icmp_code);
  }
  return ends;
}

inline constexpr std::size_t neither_side = 2;

/// Addresses in two numbers are compared sooner than byte by byte.
inline bool is_same_address(const Address& a, const Address& b) noexcept {
  std::array<std::uint64_t, 2> left = {};
  std::array<std::uint64_t, 2> right = {};
  std::memcpy(left.data(), a.bytes().data(), sizeof left);
  std::memcpy(right.data(), b.bytes().data(), sizeof right);
  return ((left[0] ^ right[0]) | (left[1] ^ right[1])) == 0;
}

/// Which side of a flow sends from `ends.source`; `neither_side` where it is another flow.
inline std::size_t flow_side_of(const FlowEnds& flow, const FlowEnds& ends, bool one_way) noexcept {
  if (flow.protocol != ends.protocol) {
    return neither_side;
  }
  if (flow.source_port == ends.source_port && flow.destination_port == ends.destination_port &&
      is_same_address(flow.source, ends.source) && is_same_address(flow.destination, ends.destination)) {
    return 0;
  }
  const bool turned = !one_way && flow.source_port == ends.destination_port &&
                      flow.destination_port == ends.source_port && is_same_address(flow.source, ends.destination) &&
                      is_same_address(flow.destination, ends.source);
  return turned ? 1 : neither_side;
}

/// Whether the first packet that was seen is an answer.
inline bool looks_like_answer(const Packet& packet) noexcept {
  constexpr std::uint16_t first_free_port = 1024;
  const bool from_server =
      packet.source_port != 0 && packet.source_port < first_free_port && packet.destination_port >= first_free_port;
  if (packet.is_later_fragment) {
    return false;
  }
  if (packet.protocol == protocol_tcp) {
    const bool syn = (packet.tcp_flags & tcp_syn) != 0;
    return syn ? (packet.tcp_flags & tcp_ack) != 0 : from_server;
  }
  return packet.protocol == protocol_udp && from_server;
}

}  // namespace nad::detail
