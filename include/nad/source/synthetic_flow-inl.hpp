#pragma once

// One flow as a meter would see it: what was said becomes packets, bytes, flags and a duration.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "nad/detail/synthetic_rhythm.hpp"
#include "nad/source/synthetic_network-inl.hpp"
#include "nad/table/address.hpp"

namespace nad::detail::synthetic {

enum class Protocol : std::uint8_t { tcp, udp, icmp };

// bits of `Flow::flags`, in the order of their letters
inline constexpr unsigned fin = 1;
inline constexpr unsigned syn = 2;
inline constexpr unsigned rst = 4;
inline constexpr unsigned psh = 8;
inline constexpr unsigned ack = 16;

struct Flow {
  std::int64_t time = 0;  ///< microseconds since the beginning of the table
  Address src;
  Address dst;
  std::int64_t src_port = 0;
  std::int64_t dst_port = 0;
  Protocol protocol = Protocol::tcp;
  unsigned flags = 0;
  std::int64_t duration = 0;  ///< microseconds
  std::int64_t bytes_sent = 0;
  std::int64_t bytes_received = 0;
  std::int64_t packets_sent = 0;
  std::int64_t packets_received = 0;
  std::int32_t label = 0;  ///< 0: normal

  std::int64_t end() const noexcept { return time + duration; }
};

/// "FSPA" for all but a reset.
inline std::string flag_letters(unsigned flags) {
  std::string text;
  for (unsigned bit = 0; bit < 5; ++bit) {
    if ((flags >> bit & 1U) != 0) {
      text += "FSRPA"[bit];
    }
  }
  return text;
}

enum class Ending : std::uint8_t {
  closed,     ///< both said that they were done
  reset,      ///< one side broke off
  abandoned,  ///< nothing more was heard
};

/// What two ends say to each other; payload in bytes.
struct Talk {
  double request = 400.0;
  double response = 2000.0;
  std::int64_t turns = 1;  ///< how often the answer must be awaited
  double pause = 0.0;      ///< seconds in which nobody says anything, or somebody thinks
  std::int64_t signs = 0;  ///< small packets of each side in between, that keep the connection
  Ending ending = Ending::closed;
};

// The order in which the arguments of a function are evaluated is the compiler's choice, and with it which of them gets
// which random number; inside braces it is from left to right. So functions take what may be drawn in braces.

/// Who speaks to whom, when, and at which door.
struct Ends {
  const Host& from;
  const Host& to;
  std::int64_t time;
  std::int64_t dst_port = 0;
  Protocol protocol = Protocol::tcp;
};

inline Flow begin_flow(Draw& draw, const Ends& ends) noexcept {
  Flow flow;
  const bool v6 = ends.from.has_v6 && ends.to.has_v6;
  flow.time = ends.time;
  flow.src = v6 ? ends.from.v6 : ends.from.v4;
  flow.dst = v6 ? ends.to.v6 : ends.to.v4;
  flow.src_port = ends.protocol == Protocol::icmp ? 0 : draw.between(ends.from.first_port, ends.from.last_port);
  flow.dst_port = ends.dst_port;
  flow.protocol = ends.protocol;
  return flow;
}

inline std::int64_t ip_header(const Flow& flow) noexcept { return flow.src.is_v4() ? 20 : 40; }

/// Packets that carry a payload, none where there is none.
inline std::int64_t carriers(std::int64_t payload, std::int64_t room, std::int64_t least) noexcept {
  return payload == 0 ? 0 : std::max((payload + room - 1) / room, std::min(least, payload));
}

/// A connection that was made.
struct Dialogue {
  Flow flow;
  Path path;
  Talk talk;
};

inline Flow converse(Draw& draw, const Dialogue& dialogue) noexcept {
  Flow flow = dialogue.flow;
  const Path& path = dialogue.path;
  const Talk& talk = dialogue.talk;
  const std::int64_t header = ip_header(flow) + 32;  // TCP with a time stamp
  const std::int64_t room = 1500 - header;
  const std::int64_t request = std::max<std::int64_t>(0, whole(talk.request));
  const std::int64_t response = std::max<std::int64_t>(0, whole(talk.response));
  const std::int64_t asked = carriers(request, room, talk.turns);
  const std::int64_t answered = carriers(response, room, talk.turns);
  // receivers confirm every second packet or fewer, and in passing where they have something to say
  const double patience = draw.uniform(0.2, 0.52);
  const auto confirmations = [&](std::int64_t heard, std::int64_t said) {
    return std::max<std::int64_t>(0, whole(static_cast<double>(heard) * patience) - said / 2) + (heard > 0 ? 1 : 0);
  };
  const auto again = [&](std::int64_t packets) {
    return path.loss == 0.0 ? std::int64_t{0}
                            : whole(static_cast<double>(packets) * path.loss * draw.uniform(0.3, 1.7));
  };
  const std::int64_t asked_again = again(asked);
  const std::int64_t answered_again = again(answered);
  flow.packets_sent = 2 + asked + asked_again + talk.signs + confirmations(answered, asked);
  flow.packets_received = 1 + answered + answered_again + talk.signs + confirmations(asked, answered);
  flow.flags = syn | ack | (request + response > 0 ? psh : 0);
  if (talk.ending == Ending::closed) {
    flow.packets_sent += draw.chance(0.3) ? 2 : 1;
    flow.packets_received += 1;
    flow.flags |= fin | (draw.chance(0.06) ? rst : 0);
  } else if (talk.ending == Ending::reset) {
    ++(draw.chance(0.6) ? flow.packets_sent : flow.packets_received);
    flow.flags |= rst | (draw.chance(0.4) ? fin : 0);
  }
  const std::int64_t sign = talk.signs * draw.between(0, 31);
  flow.bytes_sent = request + asked_again * (request / std::max<std::int64_t>(asked, 1)) + sign +
                    flow.packets_sent * header + 8;  // the first packet has more options
  flow.bytes_received = response + answered_again * (response / std::max<std::int64_t>(answered, 1)) + sign +
                        flow.packets_received * header + 8;
  const double payload = static_cast<double>(request + response);
  const double slow_start = portable_log1p(payload / 14600.0) / 0.6931471805599453;
  const double waiting = path.round_trip * (1.5 + static_cast<double>(talk.turns) + slow_start);
  const double stalls = static_cast<double>(asked_again + answered_again) * path.round_trip * 1.5;
  flow.duration = microseconds((waiting + stalls) * draw.uniform(0.95, 1.25) + payload / path.rate + talk.pause) + 1;
  return flow;
}

/// Asked, and asked again, up to six times, and nobody answered.
inline Flow unanswered(Flow flow, Draw& draw, std::int64_t wanted_tries) noexcept {
  const std::int64_t tries = std::min<std::int64_t>(wanted_tries, 6);
  flow.flags = syn;
  flow.packets_sent = tries;
  flow.bytes_sent = tries * (ip_header(flow) + 40);
  double waited = 0.0;
  double wait = 1.0;
  for (std::int64_t i = 1; i < tries; ++i, wait *= 2.0) {
    waited += wait * draw.uniform(1.0, 1.05);
  }
  flow.duration = microseconds(waited);
  return flow;
}

/// The other side exists but does not want to.
inline Flow refused(Flow flow, Draw& draw, const Path& path, std::int64_t tries = 1) noexcept {
  flow.flags = syn | rst | ack;
  flow.packets_sent = tries;
  flow.packets_received = tries;
  flow.bytes_sent = tries * (ip_header(flow) + 40);
  flow.bytes_received = tries * (ip_header(flow) + 20);
  flow.duration = microseconds(path.round_trip * draw.uniform(0.6, 1.2) + static_cast<double>(tries - 1) * 0.5) + 1;
  return flow;
}

/// The other side agrees, but the first never confirms: the answer is sent again and again.
inline Flow half_open(Flow flow, Draw& draw, std::int64_t tries, std::int64_t answers) noexcept {
  flow = unanswered(flow, draw, tries);
  flow.flags |= ack;
  flow.packets_received = answers;
  flow.bytes_received = answers * (ip_header(flow) + 40);
  for (std::int64_t i = 1; i < answers; ++i) {
    flow.duration = std::max(flow.duration, ((std::int64_t{1} << i) - 1) * second + draw.between(0, 40'000));
  }
  return flow;
}

/// Datagrams there and back; payload of all of them together.
struct Volley {
  Flow flow;
  std::int64_t packets_sent;
  double sent;
  std::int64_t packets_received;
  double received;
  double seconds;
};

inline Flow datagrams(const Volley& volley) noexcept {
  Flow flow = volley.flow;
  const std::int64_t header = ip_header(flow) + 8;
  flow.packets_sent = volley.packets_sent;
  flow.packets_received = volley.packets_received;
  flow.bytes_sent = whole(std::max(0.0, volley.sent)) + flow.packets_sent * header;
  if (flow.packets_received != 0) {
    flow.bytes_received = whole(std::max(0.0, volley.received)) + flow.packets_received * header;
  }
  flow.duration = flow.packets_sent + flow.packets_received > 1 ? microseconds(volley.seconds) + 1 : 0;
  return flow;
}

/// Echo requests, one a second.
struct Ping {
  const Host& from;
  const Host& to;
  std::int64_t time;
  std::int64_t packets;
  double round_trip;
  bool answered;
};

inline Flow ping(Draw& draw, const Ping& ping) noexcept {
  const double payload = 56.0 * static_cast<double>(ping.packets);
  const double last = ping.answered ? ping.round_trip * draw.uniform(0.9, 1.4) : 0.0;
  return datagrams({begin_flow(draw, {ping.from, ping.to, ping.time, 0, Protocol::icmp}), ping.packets, payload,
                    ping.answered ? ping.packets : 0, payload, static_cast<double>(ping.packets - 1) * 1.001 + last});
}

}  // namespace nad::detail::synthetic
