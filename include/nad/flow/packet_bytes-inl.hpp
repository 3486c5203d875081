#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "nad/core/error.hpp"
#include "nad/flow/packet_bytes.hpp"

namespace nad {

namespace detail::packets {

inline constexpr std::uint8_t icmp_protocol = 1;
inline constexpr std::uint8_t tcp_protocol = 6;
inline constexpr std::uint8_t udp_protocol = 17;
inline constexpr std::uint8_t fragment_header = 44;
inline constexpr std::uint8_t icmpv6_protocol = 58;

inline constexpr std::array<std::string_view, 6> encapsulation_names = {
    "ethernet", "vlan", "qinq", "linux_cooked", "linux_cooked_v2", "raw_ip"};

inline std::uint8_t* put16(std::uint8_t* to, std::uint32_t value) noexcept {
  to[0] = static_cast<std::uint8_t>(value >> 8U);
  to[1] = static_cast<std::uint8_t>(value);
  return to + 2;
}

inline std::uint8_t* put32(std::uint8_t* to, std::uint32_t value) noexcept {
  return put16(put16(to, value >> 16U), value & 0xffffU);
}

template <class Bytes>
std::uint8_t* put_bytes(std::uint8_t* to, const Bytes& bytes) noexcept {
  return std::copy(std::begin(bytes), std::end(bytes), to);
}

/// The sum of RFC 1071, not yet folded. It is the same in either byte order, but for the order of the result's bytes.
inline std::uint64_t checksum_add(const std::uint8_t* bytes, std::size_t size, std::uint64_t sum = 0) noexcept {
  for (; size >= 4; size -= 4, bytes += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes, 4);
    sum += word;
  }
  std::array<std::uint8_t, 4> rest = {};
  std::copy_n(bytes, size, rest.begin());
  std::uint32_t word = 0;
  std::memcpy(&word, rest.data(), 4);
  return sum + word;
}

/// Ready to be stored with `put16`.
inline std::uint16_t checksum_end(std::uint64_t sum) noexcept {
  while (sum >> 16U != 0) {
    sum = (sum & 0xffffU) + (sum >> 16U);
  }
  auto folded = static_cast<std::uint16_t>(~sum);
  if constexpr (std::endian::native == std::endian::little) {
    folded = static_cast<std::uint16_t>(folded << 8U | folded >> 8U);
  }
  return folded;
}

inline std::size_t address_bytes(const Address& address) noexcept { return address.is_v4() ? 4 : 16; }

/// What a transport checksum covers beside the transport's own bytes.
inline std::uint64_t pseudo_header(const IpFields& ip, std::uint8_t protocol, std::size_t content) noexcept {
  std::array<std::uint8_t, 40> bytes = {};
  const std::size_t size = address_bytes(ip.source);
  std::uint8_t* to =
      std::copy(ip.source.bytes().end() - static_cast<std::ptrdiff_t>(size), ip.source.bytes().end(), bytes.begin());
  to = std::copy(ip.destination.bytes().end() - static_cast<std::ptrdiff_t>(size), ip.destination.bytes().end(), to);
  to = put32(to, static_cast<std::uint32_t>(content));
  put32(to, protocol);
  return checksum_add(bytes.data(), 2 * size + 8);
}

/// Writes the checksum of `content` bytes, which are there but for it.
inline void put_transport_checksum(const IpFields& ip, std::uint8_t protocol, std::uint8_t* content, std::size_t size,
                                   std::size_t place, bool right) noexcept {
  const std::uint64_t pseudo = protocol == icmp_protocol ? 0 : pseudo_header(ip, protocol, size);
  std::uint16_t sum = checksum_end(checksum_add(content, size, pseudo));
  if (!right) {
    sum = static_cast<std::uint16_t>(sum ^ 0x0100U);
  }
  if (protocol == udp_protocol && sum == 0) {  // 0 would say that there is none
    sum = 0xffff;
  }
  put16(content + place, sum);
}

inline std::size_t tcp_option_bytes(const TcpOptions& options) noexcept {
  const std::size_t size = (options.maximum_segment != 0 ? 4U : 0U) + (options.selective_acknowledgements ? 2U : 0U) +
                           (options.timestamps ? 10U : 0U) + (options.window_scale >= 0 ? 3U : 0U);
  return (size + 3) / 4 * 4;
}

inline void put_tcp_options(std::uint8_t* to, const TcpOptions& options) noexcept {
  std::uint8_t* const end = to + tcp_option_bytes(options);
  std::fill(to, end, std::uint8_t{1});  // no operation
  if (options.maximum_segment != 0) {
    to = put_bytes(to, std::array<std::uint8_t, 2>{2, 4});
    to = put16(to, options.maximum_segment);
  }
  if (options.selective_acknowledgements) {
    to = put_bytes(to, std::array<std::uint8_t, 2>{4, 2});
  }
  if (options.timestamps) {
    to = put_bytes(to, std::array<std::uint8_t, 2>{8, 10});
    to = put32(put32(to, options.timestamps->value), options.timestamps->echo);
  }
  if (options.window_scale >= 0) {
    put_bytes(to, std::array<std::uint8_t, 3>{3, 3, static_cast<std::uint8_t>(options.window_scale)});
  }
}

/// Where the payload of a datagram goes, behind the header that is written here.
inline void put_udp(const IpFields& ip, const UdpFields& fields, std::span<const std::uint8_t> payload,
                    std::uint8_t* to) noexcept {
  const std::size_t size = 8 + payload.size();
  put16(to, fields.source_port);
  put16(to + 2, fields.destination_port);
  put32(to + 4, static_cast<std::uint32_t>(size) << 16U);
  put_bytes(to + 8, payload);
  put_transport_checksum(ip, udp_protocol, to, size, 6, fields.right_checksum);
}

inline std::size_t link_header_bytes(Encapsulation encapsulation) noexcept {
  static constexpr std::array<std::size_t, 6> sizes = {14, 18, 22, 16, 20, 0};
  return sizes.at(static_cast<std::size_t>(encapsulation));
}

inline void put_link(const PacketBytesOptions& options, const IpFields& ip, std::uint8_t* to) noexcept {
  const std::uint32_t ether_type = ip.source.is_v4() ? 0x0800 : 0x86dd;
  switch (options.encapsulation) {
    case Encapsulation::ethernet:
    case Encapsulation::vlan:
    case Encapsulation::qinq:
      to = put_bytes(to, ip.destination_hardware);
      to = put_bytes(to, ip.source_hardware);
      if (options.encapsulation == Encapsulation::qinq) {
        to = put16(put16(to, 0x88a8), options.outer_vlan);
      }
      if (options.encapsulation != Encapsulation::ethernet) {
        to = put16(put16(to, 0x8100), options.vlan);
      }
      put16(to, ether_type);
      break;
    case Encapsulation::linux_cooked:
      to = put16(put16(put16(to, 0), 1), 6);  // to us, Ethernet, six bytes of an address
      to = put_bytes(to, ip.source_hardware);
      put16(put16(to, 0), ether_type);
      break;
    case Encapsulation::linux_cooked_v2:
      to = put16(put16(to, ether_type), 0);
      to = put16(put32(to, 2), 1);  // the second interface, Ethernet
      to = put_bytes(to, std::array<std::uint8_t, 2>{0, 6});
      to = put_bytes(to, ip.source_hardware);
      put16(to, 0);
      break;
    case Encapsulation::raw_ip:
      break;
  }
}

inline bool is_fragment(const IpFields& ip) noexcept { return ip.more_fragments || ip.fragment_offset != 0; }

inline std::size_t ip_header_bytes(const IpFields& ip) noexcept {
  return ip.source.is_v4() ? 20 : is_fragment(ip) ? 48 : 40;
}

inline void put_v4(const IpFields& ip, std::uint8_t protocol, std::size_t total, std::uint8_t* to) noexcept {
  const bool whole = !is_fragment(ip);
  put32(to, 0x45000000U | static_cast<std::uint32_t>(total));
  put16(to + 4, ip.identification);
  put16(to + 6,
        (whole && ip.dont_fragment ? 0x4000U : 0U) | (ip.more_fragments ? 0x2000U : 0U) | ip.fragment_offset / 8U);
  to[8] = ip.time_to_live;
  to[9] = protocol;
  put16(to + 10, 0);
  put32(to + 12, ip.source.v4_value());
  put32(to + 16, ip.destination.v4_value());
  const std::uint16_t sum = checksum_end(checksum_add(to, 20));
  put16(to + 10, ip.right_checksum ? sum : sum ^ 0x0100U);
}

inline void put_v6(const IpFields& ip, std::uint8_t protocol, std::size_t total, std::uint8_t* to) noexcept {
  put32(to, 0x60000000U);
  put16(to + 4, static_cast<std::uint32_t>(total - 40));
  to[6] = is_fragment(ip) ? fragment_header : protocol;
  to[7] = ip.time_to_live;
  to = put_bytes(to + 8, ip.source.bytes());
  to = put_bytes(to, ip.destination.bytes());
  if (is_fragment(ip)) {
    to[0] = protocol;
    to[1] = 0;
    put16(to + 2, ip.fragment_offset | (ip.more_fragments ? 1U : 0U));
    put32(to + 4, ip.identification);
  }
}

[[noreturn]] inline void refuse_packet(const std::string& what) { throw Error(ErrorCode::invalid_argument, what); }

}  // namespace detail::packets

NAD_INLINE std::string_view name(Encapsulation encapsulation) noexcept {
  return detail::packets::encapsulation_names[static_cast<std::size_t>(encapsulation)];
}

NAD_INLINE Encapsulation parse_encapsulation(std::string_view name) {
  const auto& names = detail::packets::encapsulation_names;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    std::string message = "there is no encapsulation '" + std::string(name) + "'; there are:";
    for (const std::string_view known : names) {
      message.append(" ").append(known);
    }
    detail::packets::refuse_packet(message);
  }
  return static_cast<Encapsulation>(found - names.begin());
}

NAD_INLINE std::uint16_t link_type(Encapsulation encapsulation) noexcept {
  switch (encapsulation) {
    case Encapsulation::linux_cooked:
      return 113;
    case Encapsulation::linux_cooked_v2:
      return 276;
    case Encapsulation::raw_ip:
      return 101;
    default:
      return 1;
  }
}

NAD_INLINE PacketBytes::PacketBytes(const PacketBytesOptions& options)
    : options_(options), bytes_(65'536 + 64), link_bytes_(detail::packets::link_header_bytes(options.encapsulation)) {
  if (options.vlan > 4094 || options.outer_vlan > 4094) {
    detail::packets::refuse_packet("the number of a VLAN is " +
                                   std::to_string(std::max(options.vlan, options.outer_vlan)) +
                                   "; it must be at most 4094");
  }
}

NAD_INLINE std::uint8_t* PacketBytes::begin(const IpFields& ip, std::size_t content) {
  if (ip.source.is_v4() != ip.destination.is_v4()) {
    detail::packets::refuse_packet("a packet goes from " + ip.source.to_string() + " to " + ip.destination.to_string() +
                                   "; both must be IPv4 or both IPv6");
  }
  if (ip.fragment_offset % 8 != 0) {
    detail::packets::refuse_packet("a fragment begins at byte " + std::to_string(ip.fragment_offset) +
                                   "; that must be a multiple of 8");
  }
  const std::size_t header = detail::packets::ip_header_bytes(ip);
  ip_bytes_ = header + content;
  if (ip_bytes_ > 65'535) {
    detail::packets::refuse_packet("a packet of " + std::to_string(ip_bytes_) + " bytes; IP holds 65535 at most");
  }
  return bytes_.data() + link_bytes_ + header;
}

NAD_INLINE std::span<const std::uint8_t> PacketBytes::end(const IpFields& ip, std::uint8_t protocol,
                                                          std::size_t content) {
  detail::packets::put_link(options_, ip, bytes_.data());
  std::uint8_t* const at = bytes_.data() + link_bytes_;
  if (ip.source.is_v4()) {
    detail::packets::put_v4(ip, protocol, ip_bytes_, at);
  } else {
    detail::packets::put_v6(ip, protocol, ip_bytes_, at);
  }
  std::size_t size = link_bytes_ + detail::packets::ip_header_bytes(ip) + content;
  const bool is_ethernet = options_.encapsulation <= Encapsulation::qinq;
  if (options_.pad && is_ethernet && size < 60) {
    std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(size), 60 - size, std::uint8_t{0});
    size = 60;
  }
  return {bytes_.data(), size};
}

NAD_INLINE std::span<const std::uint8_t> PacketBytes::tcp(const IpFields& ip, const TcpFields& fields,
                                                          std::span<const std::uint8_t> payload) {
  using namespace detail::packets;
  const std::size_t header = 20 + tcp_option_bytes(fields.options);
  const std::size_t size = header + payload.size();
  std::uint8_t* const to = begin(ip, size);
  put16(to, fields.source_port);
  put16(to + 2, fields.destination_port);
  put32(to + 4, fields.sequence);
  put32(to + 8, fields.acknowledgement);
  to[12] = static_cast<std::uint8_t>(header / 4 << 4U);
  to[13] = fields.flags;
  put16(to + 14, fields.window);
  put32(to + 16, fields.urgent);
  put_tcp_options(to + 20, fields.options);
  put_bytes(to + header, payload);
  put_transport_checksum(ip, tcp_protocol, to, size, 16, fields.right_checksum);
  return end(ip, tcp_protocol, size);
}

NAD_INLINE std::span<const std::uint8_t> PacketBytes::udp(const IpFields& ip, const UdpFields& fields,
                                                          std::span<const std::uint8_t> payload) {
  const std::size_t size = 8 + payload.size();
  detail::packets::put_udp(ip, fields, payload, begin(ip, size));
  return end(ip, detail::packets::udp_protocol, size);
}

NAD_INLINE std::span<const std::uint8_t> PacketBytes::icmp(const IpFields& ip, const IcmpFields& fields,
                                                           std::span<const std::uint8_t> payload) {
  using namespace detail::packets;
  const std::uint8_t protocol = ip.source.is_v4() ? icmp_protocol : icmpv6_protocol;
  const std::size_t size = 8 + payload.size();
  std::uint8_t* const to = begin(ip, size);
  to[0] = fields.type;
  to[1] = fields.code;
  put16(to + 2, 0);
  put16(to + 4, fields.identifier);
  put16(to + 6, fields.sequence);
  put_bytes(to + 8, payload);
  put_transport_checksum(ip, protocol, to, size, 2, fields.right_checksum);
  return end(ip, protocol, size);
}

NAD_INLINE std::span<const std::uint8_t> PacketBytes::ip(const IpFields& ip, std::uint8_t protocol,
                                                         std::span<const std::uint8_t> content) {
  detail::packets::put_bytes(begin(ip, content.size()), content);
  return end(ip, protocol, content.size());
}

NAD_INLINE std::vector<std::uint8_t> udp_datagram(const IpFields& ip, const UdpFields& fields,
                                                  std::span<const std::uint8_t> payload) {
  std::vector<std::uint8_t> bytes(8 + payload.size());
  if (bytes.size() > 65'535) {
    detail::packets::refuse_packet("a datagram of " + std::to_string(bytes.size()) + " bytes; UDP holds 65535 at most");
  }
  detail::packets::put_udp(ip, fields, payload, bytes.data());
  return bytes;
}

}  // namespace nad
