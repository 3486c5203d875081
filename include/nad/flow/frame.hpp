#pragma once

/// What a capture holds: the bytes of a packet as they were on the wire, and when.
///
///   nad::Frame frame{.time = 1'600'000'000'000'000'000, .bytes = bytes, .length = 1514};
///   nad::name(frame.link);                                // "Ethernet"
///
/// The bytes belong to whoever gave the frame. `length` is how long the packet was; a capture may have kept less of it.

#include <cstdint>
#include <span>
#include <string>

#include "nad/config.hpp"

namespace nad {

/// What packets begin with, by the numbers of capture files. Any number may stand in a file; those that have a name
/// here can be decoded.
enum class LinkType : std::uint16_t {
  null = 0,      ///< the loopback of BSD: four bytes say whether IPv4 or IPv6 follows
  ethernet = 1,  ///< also with VLAN tags, MPLS labels and PPPoE
  raw_bsd = 12,  ///< IPv4 or IPv6 alone, in files of some systems
  raw_openbsd = 14,
  raw = 101,           ///< IPv4 or IPv6 alone
  loop = 108,          ///< as `null`, in network byte order
  linux_cooked = 113,  ///< of Linux's interface "any"
  ipv4 = 228,
  ipv6 = 229,
  linux_cooked_v2 = 276,
};

/// "Ethernet"; for a type that nad does not decode its name or its number.
NAD_API std::string name(LinkType link);

constexpr bool can_decode(LinkType link) noexcept {
  switch (link) {
    case LinkType::null:
    case LinkType::ethernet:
    case LinkType::raw_bsd:
    case LinkType::raw_openbsd:
    case LinkType::raw:
    case LinkType::loop:
    case LinkType::linux_cooked:
    case LinkType::ipv4:
    case LinkType::ipv6:
    case LinkType::linux_cooked_v2:
      return true;
  }
  return false;
}

struct Frame {
  std::int64_t time = 0;  ///< nanoseconds since 1970
  std::span<const std::uint8_t> bytes = {};
  std::uint32_t length = 0;  ///< on the wire; 0: as many as there are bytes
  LinkType link = LinkType::ethernet;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/frame-inl.hpp"
#endif
