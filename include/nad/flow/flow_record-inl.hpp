#pragma once

// What is kept of a flow while it goes on. A million of them must fit into half a gigabyte: see the assertion below.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "nad/detail/tcp_flags.hpp"
#include "nad/flow/community_id.hpp"
#include "nad/flow/packet.hpp"

namespace nad::detail {

/// What one end of a TCP connection has done so far.
enum class TcpEndState : std::uint8_t {
  inactive,
  syn_sent,
  syn_ack_sent,
  partial,  ///< sends, and its beginning was not seen
  established,
  closed,
  reset,
};

enum class FlowEnding : std::uint8_t { open, idle, closed, evicted, flushed };

constexpr std::string_view name(FlowEnding ending) noexcept {
  constexpr std::array<std::string_view, 5> names = {"open", "idle", "closed", "evicted", "flushed"};
  return names[static_cast<std::size_t>(ending)];
}

/// The packets of one direction.
struct FlowSide {
  std::uint64_t packets = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t ip_bytes = 0;
  std::uint64_t retransmitted_bytes = 0;
  std::int64_t last = 0;
  std::uint64_t gap_sum = 0;  ///< nanoseconds between packets
  double gap_squares = 0.0;
  std::int64_t gap_min = std::numeric_limits<std::int64_t>::max();
  std::int64_t gap_max = 0;
  double size_squares = 0.0;
  std::uint32_t size_min = std::numeric_limits<std::uint32_t>::max();  ///< of IP packets
  std::uint32_t size_max = 0;
  std::uint32_t retransmitted_packets = 0;
  std::uint32_t next_sequence = 0;          ///< behind the highest byte that came
  std::array<std::uint32_t, 8> flags = {};  ///< packets with each flag of TCP, from FIN on

  void count(const Packet& packet) noexcept {
    if (packets != 0) {
      const std::int64_t gap = std::max<std::int64_t>(packet.time - last, 0);  // clocks may step back
      gap_sum += static_cast<std::uint64_t>(gap);
      gap_squares += static_cast<double>(gap) * static_cast<double>(gap);
      gap_min = std::min(gap_min, gap);
      gap_max = std::max(gap_max, gap);
    }
    last = packets == 0 ? packet.time : std::max(last, packet.time);
    ++packets;
    payload_bytes += packet.payload_bytes;
    ip_bytes += packet.ip_bytes;
    size_squares += static_cast<double>(packet.ip_bytes) * static_cast<double>(packet.ip_bytes);
    size_min = std::min(size_min, packet.ip_bytes);
    size_max = std::max(size_max, packet.ip_bytes);
  }
};

/// What only TCP has of one direction.
struct TcpEnd {
  std::uint32_t hole_begin = 0;  ///< bytes that have not come although later ones have
  std::uint32_t hole_end = 0;
  std::uint32_t syn = 0;  ///< sequence numbers of the last packet with this flag
  std::uint32_t fin = 0;
  std::uint32_t rst = 0;
  std::uint32_t zero_windows = 0;
  std::uint16_t first_window = 0;
  TcpEndState state = TcpEndState::inactive;
  std::uint8_t seen = 0;  ///< bits of `TcpSeen`
  bool was_closed = false;
  bool has_sequence = false;
};

/// Zeek's letters: what happened, in its order, capitals for the source. What is longer is cut.
struct FlowHistory {
  static constexpr std::size_t most = 23;
  std::array<char, most> letters = {};
  std::uint8_t size = 0;

  void add(char letter) noexcept {
    if (size < most) {
      letters[size++] = letter;
    }
  }
  std::string_view text() const noexcept { return {letters.data(), size}; }
};

inline constexpr std::uint32_t no_flow = 0xffffffffU;

struct FlowRecord {
  FlowEnds ends = {};
  std::uint32_t hash = 0;
  std::uint32_t next = no_flow;
  std::uint32_t previous = no_flow;
  std::uint32_t wrong_fragments = 0;
  std::int64_t tick = 0;      ///< when the last packet came, by a clock that never goes back
  std::int64_t reported = 0;  ///< when the last interim record was made, by that clock
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::array<std::uint16_t, 2> vlan = {};
  std::uint8_t vlan_tags = 0;
  std::uint8_t wait = 0;
  FlowEnding ending = FlowEnding::open;
  bool one_way = false;  ///< of ICMP: what goes the other way is another flow
  FlowHistory history = {};
  std::array<TcpEnd, 2> tcp = {};
  std::array<FlowSide, 2> sides = {};  ///< that of the source first

  bool is_tcp() const noexcept { return ends.protocol == 6; }
};

using FlowSpan = std::span<const FlowRecord* const>;

static_assert(sizeof(FlowRecord) <= 448, "a million flows would not fit into half a gigabyte");

}  // namespace nad::detail
