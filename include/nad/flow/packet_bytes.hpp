#pragma once

/// Packets as they lie on the wire, put together byte by byte with right lengths and checksums.
///
///   nad::PacketBytes packets({.encapsulation = nad::Encapsulation::vlan, .vlan = 7});
///   nad::IpFields ip{.source = nad::Address::v4(0xc0000201), .destination = nad::Address::v4(0xc0000202)};
///   std::span<const std::uint8_t> syn = packets.tcp(ip, {.source_port = 40000, .destination_port = 80, .flags = 2});
///   writer.write(time, syn);                               // a nad::CaptureWriter; valid until the next packet is
///   made
///
/// IPv4 or IPv6 follows from the addresses, ICMP or ICMPv6 too. A checksum is wrong where `right_checksum` is false:
/// one bit of it is turned, as of a packet that was damaged on its way.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/table/address.hpp"

namespace nad {

/// What stands in front of the IP header.
enum class Encapsulation : std::uint8_t {
  ethernet,
  vlan,             ///< Ethernet with an 802.1Q tag
  qinq,             ///< Ethernet with two tags, 802.1ad and 802.1Q
  linux_cooked,     ///< what captures on Linux's "any" have
  linux_cooked_v2,  ///< the same with the number of the interface
  raw_ip,           ///< nothing
};

/// "ethernet", "vlan", ...
NAD_API std::string_view name(Encapsulation encapsulation) noexcept;
/// The other way; an error that lists the names for anything else.
NAD_API Encapsulation parse_encapsulation(std::string_view name);
/// The number that capture files have for it: 1, 113, 276 or 101.
NAD_API std::uint16_t link_type(Encapsulation encapsulation) noexcept;

using HardwareAddress = std::array<std::uint8_t, 6>;

struct PacketBytesOptions {
  Encapsulation encapsulation = Encapsulation::ethernet;
  std::uint16_t vlan = 100;        ///< of `vlan`, and the inner one of `qinq`; at most 4094
  std::uint16_t outer_vlan = 200;  ///< of `qinq`
  bool pad = true;                 ///< short Ethernet frames to 60 bytes, as network cards do
};

struct IpFields {
  Address source;  ///< of the same family as the other
  Address destination;
  HardwareAddress source_hardware = {2, 0, 0, 0, 0, 1};  ///< cooked packets have this one only, raw ones none
  HardwareAddress destination_hardware = {2, 0, 0, 0, 0, 2};
  std::uint8_t time_to_live = 64;
  std::uint16_t identification = 0;  ///< of IPv6 only where it is a fragment
  bool dont_fragment = true;         ///< of IPv4; fragments never have it
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;  ///< in bytes, a multiple of 8
  bool right_checksum = true;         ///< of the IPv4 header
};

struct TcpOptions {
  std::uint16_t maximum_segment = 0;  ///< 0: not there
  int window_scale = -1;              ///< below 0: not there
  bool selective_acknowledgements = false;
  struct Timestamps {
    std::uint32_t value = 0;
    std::uint32_t echo = 0;
  };
  std::optional<Timestamps> timestamps = {};
};

struct TcpFields {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint8_t flags = 0;  ///< FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128
  std::uint16_t window = 64240;
  std::uint16_t urgent = 0;
  TcpOptions options = {};
  bool right_checksum = true;
};

struct UdpFields {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  bool right_checksum = true;
};

struct IcmpFields {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t identifier = 0;  ///< of echoes; other messages have something else in these four bytes
  std::uint16_t sequence = 0;
  bool right_checksum = true;
};

/// Makes packets in memory of its own, which is used again: what a call gives is valid until the next.
class NAD_API PacketBytes {
 public:
  explicit PacketBytes(const PacketBytesOptions& options = {});

  std::span<const std::uint8_t> tcp(const IpFields& ip, const TcpFields& fields,
                                    std::span<const std::uint8_t> payload = {});
  std::span<const std::uint8_t> udp(const IpFields& ip, const UdpFields& fields,
                                    std::span<const std::uint8_t> payload = {});
  std::span<const std::uint8_t> icmp(const IpFields& ip, const IcmpFields& fields,
                                     std::span<const std::uint8_t> payload = {});
  /// Any protocol, or a piece of a datagram: `content` follows the IP header as it is.
  std::span<const std::uint8_t> ip(const IpFields& ip, std::uint8_t protocol, std::span<const std::uint8_t> content);

  /// Of the packet that was made last: its IP header and all behind, without padding.
  std::size_t ip_bytes() const noexcept { return ip_bytes_; }

 private:
  std::uint8_t* begin(const IpFields& ip, std::size_t content);
  std::span<const std::uint8_t> end(const IpFields& ip, std::uint8_t protocol, std::size_t content);

  PacketBytesOptions options_;
  std::vector<std::uint8_t> bytes_;
  std::size_t link_bytes_ = 0;
  std::size_t ip_bytes_ = 0;
};

/// A whole UDP datagram without an IP header, to be cut into fragments.
NAD_API std::vector<std::uint8_t> udp_datagram(const IpFields& ip, const UdpFields& fields,
                                               std::span<const std::uint8_t> payload);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/packet_bytes-inl.hpp"
#endif
