#pragma once

// The meter itself: packets go to their flows, and flows end by time, by what TCP says, or because there are too many.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "nad/detail/prefetch.hpp"
#include "nad/detail/ring.hpp"
#include "nad/flow/flow_ends-inl.hpp"
#include "nad/flow/flow_options.hpp"
#include "nad/flow/flow_table-inl.hpp"
#include "nad/flow/flow_waits-inl.hpp"
#include "nad/flow/tcp_flow-inl.hpp"
#include "nad/flow/window_clock-inl.hpp"
#include "nad/table/record_key-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

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
    add_at(packet, tick);
  }

  /// For engines that share the packets of one capture: the time by a clock that has seen all of them and never goes
  /// back, and the number of the packet among all. Flows have a `FlowOrder` then.
  void add_numbered(const Packet& packet, std::int64_t tick, std::uint64_t number) {
    numbered_ = true;
    number_ = number;
    now_ = tick;
    add_at(packet, tick);
  }

  /// A time at which no packet comes.
  void pass_time(std::int64_t moment) {
    advance(clock_.advance(std::max(moment, std::numeric_limits<std::int64_t>::min() + 1)));
  }

  /// Ends what became due before a time, as a packet of that time would.
  void advance(std::int64_t tick) {
    if (tick > next_end_) {
      end_idle(tick);
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
      const std::uint32_t place = queues_[oldest].first;
      end(place, FlowEnding::flushed);
      if (numbered_) [[unlikely]] {
        orders_[place].ended = {earliest, 0, static_cast<std::uint8_t>(oldest), orders_[place].last_number};
      }
    }
  }

  /// Hands on up to `most` flows that ended, in their order and some at a time, and forgets them.
  template <class Take>
  void take(std::size_t most, const Take& hand_on) {
    take_places(most, [&](FlowSpan flows, std::span<const std::uint32_t> /*places*/) { hand_on(flows); });
  }

  /// As `take` of all, where packets are numbered; `hand_on` gets the order of each, too.
  template <class Take>
  void take_ordered(const Take& hand_on) {
    std::vector<FlowOrder> orders;
    take_places(ended(), [&](FlowSpan flows, std::span<const std::uint32_t> places) {
      orders.clear();
      orders.reserve(places.size());
      for (const std::uint32_t place : places) {
        orders.push_back(orders_[place].ended);
      }
      hand_on(flows, std::span<const FlowOrder>(orders));
    });
  }

  std::size_t ended() const noexcept { return ended_.size(); }
  std::size_t open() const noexcept { return index_.size(); }

  /// When the first packet came of the flow that is open the longest.
  std::optional<std::int64_t> oldest_open() {
    std::optional<std::int64_t> oldest;
    for (const FlowQueue& queue : queues_) {
      for (std::uint32_t place = queue.first; place != no_flow; place = pool_[place].next) {
        oldest = std::min(oldest.value_or(pool_[place].first), pool_[place].first);
      }
    }
    return oldest;
  }
  std::size_t bytes() const noexcept { return pool_.bytes() + index_.bytes() + orders_.capacity() * sizeof(Order); }
  const Counts& counts() const noexcept { return counts_; }

 private:
  struct Order {
    std::uint64_t last_number = 0;
    FlowOrder ended;
  };

  template <class Take>
  void take_places(std::size_t most, const Take& hand_on) {
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
      hand_on(FlowSpan(flows).first(count), std::span<const std::uint32_t>(places).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        pool_.give_back(places[i]);
      }
      most -= count;
    }
  }

  void add_at(const Packet& packet, std::int64_t tick) {
    advance(tick);
    bool one_way = false;
    const FlowEnds ends = flow_ends_of(packet, one_way);
    if (each_icmp_ && is_icmp_protocol(packet.protocol)) {
      add_alone(packet, ends, tick);
      return;
    }
    const std::uint32_t hash = hash_ends(ends, seed_);
    std::size_t side = 0;
    std::uint32_t place = index_.find(hash, [&](std::uint32_t found) {
      side = flow_side_of(pool_[found].ends, ends, one_way);
      return side != neither_side;
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
      side = flow_side_of(pool_[place].ends, ends, one_way);
    }
    FlowRecord& flow = pool_[place];
    count(flow, side, packet);
    requeue(place, flow, flow_wait_of(flow), tick, fresh);
    if (numbered_) [[unlikely]] {
      order_of(place).last_number = number_;
    }
    if (active_ != 0 && tick - flow.reported >= active_) {
      flow.reported = tick;
      report(place);
    }
  }

  Order& order_of(std::uint32_t place) {
    if (place >= orders_.size()) {
      orders_.resize(std::max<std::size_t>(place + 1, 2 * orders_.size()));
    }
    return orders_[place];
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
    ++counts_.flows;
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
    if (numbered_) [[unlikely]] {
      orders_[place].ended = {now_, 0, 0, number_};  // it is there since the first packet
    }
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
      const std::uint32_t place = queues_[queue].first;
      end(place, queue == static_cast<std::size_t>(FlowWait::closing) ? FlowEnding::closed : FlowEnding::idle);
      if (numbered_) [[unlikely]] {
        orders_[place].ended = {earliest, 1, static_cast<std::uint8_t>(queue), orders_[place].last_number};
      }
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
    if (numbered_) [[unlikely]] {
      order_of(copy).ended = {now_, 0, 0, number_};
    }
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
    ++counts_.flows;
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
  bool numbered_ = false;
  std::uint64_t number_ = 0;
  std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
  std::vector<Order> orders_;  ///< by place, where packets are numbered
};

}  // namespace nad::detail
