#pragma once

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "nad/core/error.hpp"
#include "nad/flow/decoder.hpp"
#include "nad/flow/fragment_table-inl.hpp"
#include "nad/flow/frame-inl.hpp"
#include "nad/flow/ip_headers-inl.hpp"
#include "nad/flow/link_headers-inl.hpp"
#include "nad/flow/transport_headers-inl.hpp"

namespace nad {

namespace detail {

struct DecodedName {
  std::string_view name;
  std::string_view description;
};

inline constexpr std::array<DecodedName, decoded_kinds> decoded_names = {{
    {"packet", "an IP packet"},
    {"not_ip", "no IP packet"},
    {"snapped", "packet that the capture cut off within its headers"},
    {"link_header", "packet that ends within its link header"},
    {"nesting", "packet with too many tags, labels or extension headers"},
    {"ip_version", "packet of another IP version than announced"},
    {"ip_header", "packet that ends within its IP header, or gives it a wrong length"},
    {"ip_length", "packet whose IP length does not fit the frame"},
    {"ipv6_extension", "packet that ends within an IPv6 extension header"},
    {"transport_header", "packet that ends within its transport header"},
    {"tcp_header", "packet whose TCP header has a wrong length"},
    {"udp_length", "packet whose UDP length is less than its header"},
}};

}  // namespace detail

NAD_INLINE std::string_view name(Decoded kind) noexcept {
  return detail::decoded_names[static_cast<std::size_t>(kind)].name;
}

NAD_INLINE std::string_view describe(Decoded kind) noexcept {
  return detail::decoded_names[static_cast<std::size_t>(kind)].description;
}

NAD_INLINE Decoder::Decoder(const DecoderOptions& options) : options_(options) {}
NAD_INLINE Decoder::Decoder(Decoder&& other) noexcept = default;
NAD_INLINE Decoder& Decoder::operator=(Decoder&& other) noexcept = default;
NAD_INLINE Decoder::~Decoder() = default;

NAD_INLINE std::uint64_t Decoder::frames() const noexcept {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

NAD_INLINE std::uint64_t Decoder::malformed() const noexcept {
  return frames() - count(Decoded::packet) - count(Decoded::not_ip);
}

NAD_INLINE void Decoder::place_fragment(Packet& packet, bool more, std::uint32_t length, std::uint32_t header) {
  if (!fragments_) {
    fragments_ = std::make_unique<detail::FragmentTable>();
  }
  const detail::FragmentTable::Answer answer = fragments_->add(packet, more, length, header);
  packet.wrong_fragment = answer.wrong;
  if (packet.is_later_fragment) {
    packet.source_port = answer.source_port;
    packet.destination_port = answer.destination_port;
    packet.icmp_type = answer.icmp_type;
    packet.icmp_code = answer.icmp_code;
    lone_fragments_ += answer.ports_known ? 0U : 1U;
  }
}

NAD_INLINE Decoded Decoder::decode(const Frame& frame, Packet& packet) {
  constexpr unsigned most_tunnels = 4;
  const std::size_t captured = std::min<std::size_t>(frame.bytes.size(), std::numeric_limits<std::uint32_t>::max());
  packet = Packet();
  packet.time = frame.time;
  packet.captured_bytes = static_cast<std::uint32_t>(captured);
  packet.wire_bytes = std::max(frame.length, packet.captured_bytes);
  detail::HeaderBytes bytes{frame.bytes.data(), packet.captured_bytes, packet.wire_bytes};
  LinkType link = frame.link;
  if (!can_decode(link)) {
    throw Error(ErrorCode::invalid_argument,
                "packets of " + name(link) + " cannot be decoded; capture Ethernet, raw IP or Linux cooked packets");
  }
  Packet outer;
  Decoded kind = Decoded::packet;
  for (unsigned depth = 0;; ++depth) {
    const detail::LinkAnswer at_ip = detail::skip_link(link, bytes, packet);
    kind = at_ip.kind;
    if (kind == Decoded::packet) {
      const detail::IpAnswer ip = detail::skip_ip(at_ip.version, bytes, packet);
      kind = ip.kind;
      const std::uint32_t length = bytes.length;
      if (kind == Decoded::packet) {
        kind = detail::read_transport(bytes, packet);
      }
      if (kind == Decoded::packet && packet.is_fragment) {
        place_fragment(packet, ip.more_fragments, length, ip.header);
      }
    }
    if (kind != Decoded::packet && depth > 0) {
      packet = outer;  // what the tunnel carries is of another kind: the tunnel itself counts
      kind = Decoded::packet;
      break;
    }
    if (kind != Decoded::packet || !options_.tunnels || depth == most_tunnels) {
      break;
    }
    const detail::Inner inner = detail::open_tunnel(bytes, packet);
    if (inner == detail::Inner::unknown) {
      break;
    }
    outer = packet;
    link = inner == detail::Inner::ethernet ? LinkType::ethernet : LinkType::raw;
    packet = Packet();
    packet.time = outer.time;
    packet.captured_bytes = outer.captured_bytes;
    packet.wire_bytes = outer.wire_bytes;
    packet.vlan = outer.vlan;
    packet.vlan_tags = outer.vlan_tags;
    packet.tunnels = static_cast<std::uint8_t>(outer.tunnels + 1);
  }
  ++counts_[static_cast<std::size_t>(kind)];
  return kind;
}

}  // namespace nad
