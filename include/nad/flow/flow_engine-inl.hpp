#pragma once

// The meter itself: packets go to their flows, and flows end by time, by what TCP says, or because there are too many.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "nad/detail/prefetch.hpp"
#include "nad/detail/ring.hpp"
#include "nad/flow/flow_options.hpp"
#include "nad/flow/flow_table-inl.hpp"
#include "nad/flow/icmp_types-inl.hpp"
#include "nad/flow/tcp_flow-inl.hpp"
#include "nad/flow/window_clock-inl.hpp"
#include "nad/table/record_key-inl.hpp"
#include "nad/table/time.hpp"

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

class FlowEngine {
 public:
  explicit FlowEngine(const FlowOptions& options)
      : options_(options),
        clock_(10 * nanoseconds_per_second),
        active_(static_cast<std::int64_t>(options.active * 1e9)),
        each_icmp_(options.schema == FlowSchema::kdd28) {
    const std::array<double, flow_waits> seconds = {
        options.tcp_attempt, options.tcp_idle, options.udp_idle, options.icmp_idle, options.other_idle,
        options.tcp_close,   options.tcp_idle, options.udp_idle, options.icmp_idle, options.other_idle};
    for (std::size_t wait = 0; wait < flow_waits; ++wait) {
      idle_[wait] = static_cast<std::int64_t>(seconds[wait] * 1e9);
    }
  }

  struct Counts {
    std::uint64_t flows = 0;
    std::uint64_t interim = 0;
    std::uint64_t evicted = 0;
    std::uint64_t evicted_half_open = 0;
    std::uint64_t late = 0;  ///< packets with an earlier time than the one before
  };

  void add(const Packet& packet) {
    const std::int64_t moment = std::max(packet.time, std::numeric_limits<std::int64_t>::min() + 1);
    const std::int64_t tick = clock_.advance(moment);
    counts_.late += packet.time < last_time_ ? 1U : 0U;
    last_time_ = packet.time;
    if (tick > next_end_) {
      end_idle(tick);
    }
    bool one_way = false;
    const FlowEnds ends = ends_of(packet, one_way);
    if (each_icmp_ && is_icmp(packet.protocol)) {
      add_alone(packet, ends, tick);
      return;
    }
    const std::uint32_t hash = hash_ends(ends, seed_);
    std::size_t side = 0;
    std::uint32_t place = index_.find(hash, [&](std::uint32_t found) {
      side = side_of(pool_[found].ends, ends, one_way);
      return side != neither;
    });
    if (place != no_flow && packet.protocol == protocol_tcp && begins_anew(pool_[place], side, packet)) {
      end(place, FlowEnding::closed);
      place = no_flow;
    }
    const bool fresh = place == no_flow;
    if (fresh) {
      if (index_.size() >= options_.max_flows) {
        evict();
      }
      place = begin(packet, ends, one_way, hash, tick);
      side = side_of(pool_[place].ends, ends, one_way);
    }
    FlowRecord& flow = pool_[place];
    count(flow, side, packet);
    requeue(place, flow, wait_of(flow), tick, fresh);
    if (active_ != 0 && tick - flow.reported >= active_) {
      flow.reported = tick;
      report(place);
    }
  }

  /// Ends all flows, those whose last packet is the oldest first.
  void end_all() {
    while (index_.size() != 0) {
      std::size_t oldest = flow_waits;
      std::int64_t earliest = 0;
      for (std::size_t wait = 0; wait < flow_waits; ++wait) {
        const std::uint32_t place = queues_[wait].first;
        if (place != no_flow && (oldest == flow_waits || pool_[place].tick < earliest)) {
          oldest = wait;
          earliest = pool_[place].tick;
        }
      }
      end(queues_[oldest].first, FlowEnding::flushed);
    }
  }

  /// Hands on up to `most` flows that ended, in their order and some at a time, and forgets them.
  template <class Take>
  void take(std::size_t most, const Take& hand_on) {
    constexpr std::size_t at_once = 128;  // such that they stay in the cache
    std::array<const FlowRecord*, at_once> flows = {};
    std::array<std::uint32_t, at_once> places = {};
    while (most > 0 && !ended_.empty()) {
      std::size_t count = 0;
      for (; count < at_once && count < most && !ended_.empty(); ++count) {
        places[count] = ended_.front();
        flows[count] = &pool_[places[count]];
        fetch_early(flows[count], sizeof(FlowRecord));
        ended_.pop_front();
      }
      hand_on(std::span<const FlowRecord* const>(flows).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        pool_.give_back(places[i]);
      }
      most -= count;
    }
  }

  std::size_t ended() const noexcept { return ended_.size(); }
  std::size_t open() const noexcept { return index_.size(); }
  std::size_t bytes() const noexcept { return pool_.bytes() + index_.bytes(); }
  const Counts& counts() const noexcept { return counts_; }

 private:
  static bool is_icmp(std::uint8_t protocol) noexcept {
    return protocol == protocol_icmp || protocol == protocol_icmpv6;
  }

  static FlowEnds ends_of(const Packet& packet, bool& one_way) noexcept {
    FlowEnds ends{packet.source, packet.destination, packet.source_port, packet.destination_port, packet.protocol};
    if (is_icmp(packet.protocol)) {
      const std::optional<std::uint8_t> counterpart = icmp_counterpart(packet.protocol, packet.icmp_type);
      one_way = !counterpart.has_value();
      ends.source_port = packet.icmp_type;
      ends.destination_port = counterpart.value_or(packet.icmp_code);
    }
    return ends;
  }

  static constexpr std::size_t neither = 2;

  /// Addresses in two numbers are compared sooner than byte by byte.
  static bool is_same(const Address& a, const Address& b) noexcept {
    std::array<std::uint64_t, 2> left = {};
    std::array<std::uint64_t, 2> right = {};
    std::memcpy(left.data(), a.bytes().data(), sizeof left);
    std::memcpy(right.data(), b.bytes().data(), sizeof right);
    return ((left[0] ^ right[0]) | (left[1] ^ right[1])) == 0;
  }

  /// Which side of a flow sends from `ends.source`; `neither` where it is another flow.
  static std::size_t side_of(const FlowEnds& flow, const FlowEnds& ends, bool one_way) noexcept {
    if (flow.protocol != ends.protocol) {
      return neither;
    }
    if (flow.source_port == ends.source_port && flow.destination_port == ends.destination_port &&
        is_same(flow.source, ends.source) && is_same(flow.destination, ends.destination)) {
      return 0;
    }
    const bool turned = !one_way && flow.source_port == ends.destination_port &&
                        flow.destination_port == ends.source_port && is_same(flow.source, ends.destination) &&
                        is_same(flow.destination, ends.source);
    return turned ? 1 : neither;
  }

  /// Whether the first packet that was seen is an answer.
  static bool looks_like_answer(const Packet& packet) noexcept {
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

  std::uint32_t begin(const Packet& packet, const FlowEnds& ends, bool one_way, std::uint32_t hash, std::int64_t tick) {
    const std::uint32_t place = pool_.take();
    FlowRecord& flow = pool_[place];
    flow.ends = ends;
    if (options_.turn_answers && looks_like_answer(packet)) {
      std::swap(flow.ends.source, flow.ends.destination);
      std::swap(flow.ends.source_port, flow.ends.destination_port);
      flow.history.add('^');
    }
    flow.one_way = one_way;
    flow.hash = hash;
    flow.reported = tick;
    flow.first = flow.last = packet.time;
    flow.serial = counts_.flows++;
    flow.vlan = packet.vlan;
    flow.vlan_tags = packet.vlan_tags;
    index_.add(hash, place);
    return place;
  }

  static void count(FlowRecord& flow, std::size_t side, const Packet& packet) noexcept {
    flow.first = std::min(flow.first, packet.time);
    flow.last = std::max(flow.last, packet.time);
    flow.wrong_fragments += packet.wrong_fragment ? 1U : 0U;
    flow.sides[side].count(packet);
    if (packet.is_later_fragment) {
      return;
    }
    if (packet.protocol == protocol_tcp) {
      follow_tcp(flow, side, packet);
    } else if (packet.protocol == protocol_udp && flow.sides[side].packets == 1) {
      flow.history.add(side == 0 ? 'D' : 'd');
    }
  }

  static FlowWait wait_of(const FlowRecord& flow) noexcept {
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

  /// To the end of the queue that the flow belongs into now.
  void requeue(std::uint32_t place, FlowRecord& flow, FlowWait wait, std::int64_t tick, bool fresh) noexcept {
    const auto number = static_cast<std::uint8_t>(wait);
    flow.tick = tick;
    if (!fresh) {
      if (flow.wait == number && queues_[number].last == place) {
        return;
      }
      queues_[flow.wait].remove(pool_, place);
    }
    flow.wait = number;
    if (queues_[number].empty()) {
      next_end_ = std::min(next_end_, add_saturated(tick, idle_[number]));
    }
    queues_[number].push(pool_, place);
  }

  void end(std::uint32_t place, FlowEnding ending) {
    FlowRecord& flow = pool_[place];
    index_.erase(flow.hash, place);
    queues_[flow.wait].remove(pool_, place);
    flow.ending = ending;
    ended_.push_back(place);
  }

  /// Ends what was silent for too long, in the order in which it became so.
  void end_idle(std::int64_t tick) {
    for (;;) {
      std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
      std::size_t queue = 0;
      for (std::size_t wait = 0; wait < flow_waits; ++wait) {
        if (!queues_[wait].empty()) {
          const std::int64_t due = add_saturated(pool_[queues_[wait].first].tick, idle_[wait]);
          queue = due < earliest ? wait : queue;
          earliest = std::min(earliest, due);
        }
      }
      if (earliest >= tick) {
        next_end_ = earliest;
        return;
      }
      end(queues_[queue].first,
          queue == static_cast<std::size_t>(FlowWait::closing) ? FlowEnding::closed : FlowEnding::idle);
    }
  }

  /// Of too many flows one ends that tells the least: first what was begun and never agreed upon, then what nobody
  /// answers, what is over, and what was silent for the longest.
  void evict() {
    constexpr std::array<std::pair<std::size_t, std::size_t>, 4> groups = {{{0, 1}, {1, 5}, {5, 6}, {6, 10}}};
    for (const auto& [first, last] : groups) {
      std::uint32_t oldest = no_flow;
      for (std::size_t wait = first; wait < last; ++wait) {
        const std::uint32_t place = queues_[wait].first;
        if (place != no_flow && (oldest == no_flow || pool_[place].tick < pool_[oldest].tick)) {
          oldest = place;
        }
      }
      if (oldest != no_flow) {
        ++counts_.evicted;
        counts_.evicted_half_open += first == 0 ? 1U : 0U;
        end(oldest, FlowEnding::evicted);
        return;
      }
    }
  }

  /// A record of a flow that goes on.
  void report(std::uint32_t place) {
    const std::uint32_t copy = pool_.take();
    pool_[copy] = pool_[place];
    pool_[copy].ending = FlowEnding::open;
    ended_.push_back(copy);
    ++counts_.interim;
  }

  /// A packet of ICMP that is a record of its own, with all bytes behind IP.
  void add_alone(const Packet& packet, const FlowEnds& ends, std::int64_t tick) {
    const std::uint32_t place = pool_.take();
    FlowRecord& flow = pool_[place];
    flow.ends = ends;
    flow.tick = tick;
    flow.first = flow.last = packet.time;
    flow.serial = counts_.flows++;
    flow.vlan = packet.vlan;
    flow.vlan_tags = packet.vlan_tags;
    flow.ending = FlowEnding::closed;
    count(flow, 0, packet);
    constexpr std::uint64_t icmp_header = 8;
    flow.sides[0].payload_bytes += packet.is_later_fragment ? 0 : icmp_header;
    ended_.push_back(place);
  }

  FlowOptions options_;
  WindowClock clock_;
  std::int64_t active_;
  bool each_icmp_;
  std::array<std::int64_t, flow_waits> idle_ = {};
  std::uint64_t seed_ = process_seed();
  FlowPool pool_;
  FlowIndex index_;
  std::array<FlowQueue, flow_waits> queues_ = {};
  Ring<std::uint32_t> ended_;
  std::int64_t next_end_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_time_ = std::numeric_limits<std::int64_t>::min();
  Counts counts_;
};

}  // namespace nad::detail
