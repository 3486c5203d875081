#pragma once

/// Community ids, version 1: the same text for the same flow in every tool that knows them (Zeek, Suricata, Wireshark).
///
///   nad::FlowEnds ends{nad::Address::parse("128.232.110.120").value(), nad::Address::parse("66.35.250.204").value(),
///                      34855, 80, 6};
///   nad::community_id(ends);                              // "1:LQU9qZlK+B5F3KDmev6m5PMibrg="
///
/// Both directions have the same id. Ports of ICMP are the type of the message and, where it is a question or an
/// answer, the type of its counterpart (8 and 0 for an echo), else its code: such a message has a direction. Other
/// protocols than TCP, UDP, SCTP and the two ICMP have no ports. Tools agree where they were given the same seed.

#include <cstdint>
#include <string>

#include "nad/config.hpp"
#include "nad/table/address.hpp"

namespace nad {

/// Who talks to whom.
struct FlowEnds {
  Address source;
  Address destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;

  friend bool operator==(const FlowEnds&, const FlowEnds&) noexcept = default;
};

NAD_API std::string community_id(const FlowEnds& ends, std::uint16_t seed = 0);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/community_id-inl.hpp"
#endif
