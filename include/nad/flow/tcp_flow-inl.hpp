#pragma once

// What the packets of a TCP connection say of its state, in Zeek's words, and which of them came before.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "nad/flow/flow_record-inl.hpp"

namespace nad::detail {

enum TcpSeen : std::uint8_t {
  seen_syn = 1U,
  seen_fin = 2U,
  seen_rst = 4U,
  seen_data = 8U,
  seen_ack = 16U,
  seen_multi = 32U,
  seen_odd = 64U,
};

/// Whether a count is 1, 10, 100, ...: what happens often gets a letter each time it happened ten times as often.
inline bool is_power_of_ten(std::uint32_t count) noexcept {
  while (count >= 10 && count % 10 == 0) {
    count /= 10;
  }
  return count == 1;
}

/// How the two ends of a connection get along.
inline void change_state(FlowRecord& flow, std::size_t side, unsigned flags) noexcept {
  TcpEnd& own = flow.tcp[side];
  TcpEnd& peer = flow.tcp[1 - side];
  using enum TcpEndState;
  if ((flags & tcp_rst) != 0) {
    const bool over = own.state == closed && peer.state == closed;
    // a source that was never heard of and resets: an answer to something that came before the capture began
    if (!over && !(side == 0 && own.state == inactive)) {
      own.was_closed = own.was_closed || own.state == closed;
      own.state = reset;
    }
    return;
  }
  const bool ack = (flags & tcp_ack) != 0;
  if ((flags & tcp_syn) != 0) {
    if (!ack) {
      own.state = own.state == inactive ? syn_sent : own.state;
    } else if (own.state == inactive || own.state == syn_sent || own.state == syn_ack_sent) {
      own.state = peer.state == inactive ? syn_ack_sent : established;
      peer.state =
          peer.state == syn_sent || peer.state == syn_ack_sent || peer.state == partial ? established : peer.state;
    }
  } else if (own.state == inactive) {
    const bool agreed = peer.state == established || peer.state == syn_ack_sent;
    own.state = agreed ? established : partial;
    peer.state = peer.state == syn_ack_sent ? established : peer.state;
  } else if (own.state == syn_sent && ack) {
    own.state = established;  // it had an answer, which the capture does not have
  }
  if ((flags & tcp_fin) != 0 && own.state != reset) {
    own.state = closed;
    if (peer.state == reset && peer.was_closed) {
      peer.state = closed;  // it closed before it reset: this is the orderly end
    }
  }
}

/// Which bytes came again. A piece that fills the last hole was late, not sent again.
inline bool follow_sequence(FlowSide& side, TcpEnd& end, const Packet& packet) noexcept {
  const unsigned flags = packet.tcp_flags;
  const std::uint32_t begin = packet.sequence + ((flags & tcp_syn) != 0 ? 1U : 0U);
  const std::uint32_t length = packet.payload_bytes;
  const std::uint32_t behind = begin + length + ((flags & tcp_fin) != 0 ? 1U : 0U);
  if ((flags & tcp_rst) != 0 || (length == 0 && (flags & (tcp_syn | tcp_fin)) == 0)) {
    return false;
  }
  constexpr std::int32_t far = 1 << 30;
  const auto ahead = static_cast<std::int32_t>(begin - side.next_sequence);
  if (!end.has_sequence || ahead >= 0 || ahead < -far) {
    if (end.has_sequence && ahead > 0 && ahead < far) {
      end.hole_begin = side.next_sequence;
      end.hole_end = begin;
    }
    end.has_sequence = true;
    side.next_sequence = behind;
    return false;
  }
  std::uint32_t again = std::min(length, side.next_sequence - begin);
  const auto from_hole = static_cast<std::int32_t>(begin - end.hole_begin);
  const auto to_hole = static_cast<std::int32_t>(end.hole_end - begin);
  if (from_hole >= 0 && to_hole > 0) {
    const std::uint32_t filled = std::min(length, static_cast<std::uint32_t>(to_hole));
    again -= std::min(again, filled);
    if (from_hole == 0) {
      end.hole_begin = begin + filled;
    } else {
      end.hole_end = begin;
    }
  }
  side.next_sequence = static_cast<std::int32_t>(behind - side.next_sequence) > 0 ? behind : side.next_sequence;
  if (again == 0) {
    return false;
  }
  side.retransmitted_bytes += again;
  ++side.retransmitted_packets;
  return true;
}

/// The letters of a packet.
class TcpLetters {
 public:
  TcpLetters(FlowRecord& flow, std::size_t side) : history_(flow.history), end_(flow.tcp[side]), small_(side != 0) {}

  void add(const Packet& packet) noexcept {
    const unsigned flags = packet.tcp_flags;
    const unsigned turns = flags & (tcp_syn | tcp_fin | tcp_rst);
    if ((turns & (turns - 1U)) != 0) {
      once(turns == (tcp_fin | tcp_rst) ? seen_odd : seen_multi, turns == (tcp_fin | tcp_rst) ? 'I' : 'Q');
      end_.syn = (turns & tcp_syn) != 0 ? packet.sequence : end_.syn;
    } else if (turns == tcp_syn) {
      again(seen_syn, end_.syn, packet.sequence, (flags & tcp_ack) != 0 ? 'H' : 'S');
    } else if (turns == tcp_fin) {
      again(seen_fin, end_.fin, packet.sequence + packet.payload_bytes, 'F');
    } else if (turns == tcp_rst) {
      again(seen_rst, end_.rst, packet.sequence, 'R');
    } else if (packet.payload_bytes != 0) {
      once(seen_data, 'D');
    } else if ((flags & tcp_ack) != 0) {
      once(seen_ack, 'A');
    }
    if (packet.window == 0 && (flags & tcp_ack) != 0 && turns == 0) {
      counted(++end_.zero_windows, 'W');
    }
  }

  void counted(std::uint32_t count, char letter) noexcept {
    if (is_power_of_ten(count)) {
      put(letter);
    }
  }

 private:
  void put(char letter) noexcept { history_.add(static_cast<char>(small_ ? letter | 0x20 : letter)); }

  void once(std::uint8_t what, char letter) noexcept {
    if ((end_.seen & what) == 0) {
      put(letter);
    }
    end_.seen = static_cast<std::uint8_t>(end_.seen | what);
  }

  /// Again where the sequence number is another than that of the last.
  void again(std::uint8_t what, std::uint32_t& last, std::uint32_t sequence, char letter) noexcept {
    if ((end_.seen & what) == 0 || last != sequence) {
      put(letter);
    }
    end_.seen = static_cast<std::uint8_t>(end_.seen | what);
    last = sequence;
  }

  FlowHistory& history_;
  TcpEnd& end_;
  bool small_;
};

inline void follow_tcp(FlowRecord& flow, std::size_t side, const Packet& packet) noexcept {
  FlowSide& counts = flow.sides[side];
  TcpEnd& end = flow.tcp[side];
  if (counts.packets == 1) {
    end.first_window = packet.window;
  }
  for (std::size_t flag = 0; flag < counts.flags.size(); ++flag) {
    counts.flags[flag] += packet.tcp_flags >> flag & 1U;
  }
  change_state(flow, side, packet.tcp_flags);
  TcpLetters letters(flow, side);
  letters.add(packet);
  if (follow_sequence(counts, end, packet)) {
    letters.counted(counts.retransmitted_packets, 'T');
  }
}

/// Whether the connection is over, as far as it can be.
inline bool is_finished(const FlowRecord& flow) noexcept {
  constexpr std::size_t rst = 2;
  const TcpEndState a = flow.tcp[0].state;
  const TcpEndState b = flow.tcp[1].state;
  using enum TcpEndState;
  return flow.sides[0].flags[rst] != 0 || flow.sides[1].flags[rst] != 0 || (a == closed && b == closed) ||
         (a == closed && b == inactive) || (a == inactive && b == closed);
}

/// Whether nothing but the handshake has come, and not all of that.
inline bool is_half_open(const FlowRecord& flow) noexcept {
  constexpr std::size_t syn = 1;
  return flow.sides[0].packets == flow.sides[0].flags[syn] && flow.sides[1].packets == flow.sides[1].flags[syn];
}

/// Whether a packet begins another connection between the same ports.
inline bool begins_anew(const FlowRecord& flow, std::size_t side, const Packet& packet) noexcept {
  const TcpEnd& end = flow.tcp[side];
  const bool known = (end.seen & (seen_syn | seen_multi)) != 0 && end.syn == packet.sequence;
  return (packet.tcp_flags & (tcp_syn | tcp_ack | tcp_rst)) == tcp_syn && !packet.is_later_fragment && !known &&
         is_finished(flow);
}

/// Zeek's conn_state.
inline std::string_view connection_word(const FlowRecord& flow) noexcept {
  using enum TcpEndState;
  if (flow.ends.protocol == 17) {
    return flow.sides[0].packets == 0 ? "SHR" : flow.sides[1].packets == 0 ? "S0" : "SF";
  }
  if (!flow.is_tcp()) {
    return "OTH";
  }
  const TcpEndState a = flow.tcp[0].state;
  const TcpEndState b = flow.tcp[1].state;
  const bool silent_source = a == inactive || a == partial;
  const bool silent_answer = b == inactive || b == partial;
  const bool empty = flow.sides[0].payload_bytes == 0 && flow.sides[1].payload_bytes == 0;
  if (b == reset) {
    return a == syn_sent || a == syn_ack_sent || (a == reset && empty) ? "REJ" : silent_source ? "RSTRH" : "RSTR";
  }
  if (a == reset) {
    return silent_answer ? "RSTOS0" : "RSTO";
  }
  if (a == closed && b == closed) {
    return "SF";
  }
  if (a == closed) {
    return silent_answer ? "SH" : "S2";
  }
  if (b == closed) {
    return silent_source ? "SHR" : "S3";
  }
  if (a == syn_sent && b == inactive) {
    return "S0";
  }
  return a == established && b == established ? "S1" : "OTH";
}

}  // namespace nad::detail
