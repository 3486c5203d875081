#pragma once

// Who does something next: a queue of actors in the order of time. Memory goes with the actors that wait in it.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "nad/detail/synthetic_draw.hpp"
#include "nad/flow/packet_bytes.hpp"
#include "nad/flow/simulate_flow-inl.hpp"
#include "nad/flow/simulate_hosts-inl.hpp"

namespace nad::detail::simulate {

class Engine;

/// Something that sends packets or starts others, again and again until it is done.
class Actor {
 public:
  Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;
  virtual ~Actor() = default;

  /// Acts at `engine.now()`; the time of its next turn, or `never`.
  virtual Ticks act(Engine& engine) = 0;
  /// The capture ends, or the actor is done: what it knows of its flows goes to the truth.
  virtual void end(Engine& /*engine*/) {}
};

class Engine {
 public:
  Engine(const SimulatorOptions& options, Network& network, Ticks tick, const Simulator::PacketCallback& on_packet,
         const Simulator::FlowCallback& on_flow)
      : network_(network),
        packets_(options.packets),
        tick_(tick),
        begin_(options.begin),
        end_(options.begin + ticks(options.hours * 3600.0)),
        now_(options.begin),
        seed_(options.random_state),
        on_packet_(on_packet),
        on_flow_(on_flow) {}

  Ticks begin() const noexcept { return begin_; }
  Ticks end() const noexcept { return end_; }
  Ticks now() const noexcept { return now_; }
  Network& network() const noexcept { return network_; }
  PacketBytes& packets() noexcept { return packets_; }
  const SimulationSummary& summary() const noexcept { return summary_; }
  /// For a payload that is sent before somebody else asks.
  std::span<std::uint8_t> room(std::size_t size) noexcept { return {room_.data(), size}; }

  /// Random numbers of its own for each who asks; who asks when is the same in every run.
  synthetic::Draw draw() noexcept { return {seed_, ++streams_}; }

  void start(Ticks time, std::unique_ptr<Actor> actor) {
    if (time < end_) {
      queue_.push_back({std::max(time, now_), ++turns_, std::move(actor)});
      std::push_heap(queue_.begin(), queue_.end(), later);
      summary_.most_flows = std::max(summary_.most_flows, queue_.size());
    }
  }

  /// Lets the next one act; false when the capture is over.
  bool step() {
    if (queue_.empty()) {
      return false;
    }
    std::pop_heap(queue_.begin(), queue_.end(), later);
    Turn turn = std::move(queue_.back());
    queue_.pop_back();
    now_ = turn.time;
    const Ticks next = turn.actor->act(*this);
    if (next < end_) {
      turn.time = std::max(next, now_);
      turn.order = ++turns_;
      queue_.push_back(std::move(turn));
      std::push_heap(queue_.begin(), queue_.end(), later);
    } else if (next == never) {
      turn.actor->end(*this);
    } else {
      cut_.push_back(std::move(turn.actor));
    }
    return true;
  }

  void end_all() {
    now_ = end_;
    for (const std::unique_ptr<Actor>& actor : cut_) {
      actor->end(*this);
    }
  }

  /// When a packet that is sent now was seen.
  Ticks stamp() const noexcept { return now_ / tick_ * tick_; }

  void send(FlowRecord& record, Side side, std::span<const std::uint8_t> packet, std::size_t payload) {
    const Ticks time = stamp();
    record.count(side, time, payload, packets_.ip_bytes());
    ++summary_.packets;
    summary_.bytes += packet.size();
    on_packet_({time, packet});
  }

  void tell(FlowRecord& record) {
    if (!record.empty()) {
      ++summary_.flows;
      if (on_flow_) {
        on_flow_(record.truth());
      }
    }
  }

 private:
  struct Turn {
    Ticks time;
    std::uint64_t order;  ///< who asked first has the first turn
    std::unique_ptr<Actor> actor;
  };

  static bool later(const Turn& a, const Turn& b) noexcept {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  }

  Network& network_;
  PacketBytes packets_;
  Ticks tick_;
  Ticks begin_;
  Ticks end_;
  Ticks now_;
  std::uint64_t seed_;
  std::uint64_t streams_ = 0;
  std::uint64_t turns_ = 0;
  const Simulator::PacketCallback& on_packet_;
  const Simulator::FlowCallback& on_flow_;
  std::vector<Turn> queue_;
  std::vector<std::unique_ptr<Actor>> cut_;  ///< those whose next turn would be behind the end
  SimulationSummary summary_;
  std::array<std::uint8_t, 2048> room_ = {};
};

}  // namespace nad::detail::simulate
