#pragma once

// What open flows wait for, and in which order they end.

#include <cstddef>
#include <cstdint>
#include <tuple>

#include "nad/flow/flow_record-inl.hpp"
#include "nad/flow/tcp_flow-inl.hpp"

namespace nad::detail {

/// What a flow waits for. Each kind has its own time and its own queue, with the longest silent flow first.
enum class FlowWait : std::uint8_t {
  half_open,   ///< TCP whose handshake is not finished
  tcp_silent,  ///< one side of these was never heard
  udp_silent,
  icmp_silent,
  other_silent,
  closing,  ///< TCP that is over; late packets may come
  tcp,
  udp,
  icmp,
  other,
};

inline constexpr std::size_t flow_waits = 10;

inline FlowWait flow_wait_of(const FlowRecord& flow) noexcept {
  const bool silent = flow.sides[0].packets == 0 || flow.sides[1].packets == 0;
  switch (flow.ends.protocol) {
    case protocol_tcp:
      return is_finished(flow)    ? FlowWait::closing
             : is_half_open(flow) ? FlowWait::half_open
             : silent             ? FlowWait::tcp_silent
                                  : FlowWait::tcp;
    case protocol_udp:
      return silent ? FlowWait::udp_silent : FlowWait::udp;
    case protocol_icmp:
    case protocol_icmpv6:
      return silent ? FlowWait::icmp_silent : FlowWait::icmp;
    default:
      return silent ? FlowWait::other_silent : FlowWait::other;
  }
}

/// Where a flow that ended stands among those that other engines ended, which share the packets of one capture with
/// this one. In the order of one engine that gets all packets; of those that were flushed, in theirs.
struct FlowOrder {
  std::int64_t time = 0;     ///< of the packet that ended it, or when it became due
  std::uint8_t is_due = 0;   ///< of the same time, what a packet ended comes first
  std::uint8_t wait = 0;     ///< of what became due at the same time
  std::uint64_t number = 0;  ///< of that packet; of what became due, of its last one

  friend bool operator<(const FlowOrder& a, const FlowOrder& b) noexcept {
    return std::tie(a.time, a.is_due, a.wait, a.number) < std::tie(b.time, b.is_due, b.wait, b.number);
  }
};

}  // namespace nad::detail
