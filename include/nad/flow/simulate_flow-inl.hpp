#pragma once

// What the generator writes down about a flow while it sends it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "nad/flow/simulator.hpp"

namespace nad::detail::simulate {

using Ticks = std::int64_t;  ///< nanoseconds

inline constexpr Ticks millisecond = 1'000'000;
inline constexpr Ticks second = 1'000'000'000;
inline constexpr Ticks never = INT64_MAX;

inline Ticks ticks(double seconds) noexcept { return static_cast<Ticks>(seconds * 1e9); }

/// What a flow belongs to. The names live as long as the run.
struct Story {
  std::string_view label;
  std::string_view scenario;
};

/// The sides of a flow, as places in arrays of two.
enum Side : unsigned { client = 0, server = 1 };

constexpr Side other(Side side) noexcept { return side == client ? server : client; }

class FlowRecord {
 public:
  FlowRecord(const Story& story, std::uint8_t protocol) : label_(story.label), scenario_(story.scenario) {
    flow_.protocol = protocol;
  }

  void between(const Address& source, std::uint16_t source_port, const Address& destination,
               std::uint16_t destination_port) noexcept {
    flow_.source = source;
    flow_.source_port = source_port;
    flow_.destination = destination;
    flow_.destination_port = destination_port;
  }

  void state(std::string_view state) noexcept { flow_.state = state; }
  std::string_view state() const noexcept { return flow_.state; }

  /// A letter that may come again.
  void note(Side side, char letter) noexcept {
    if (size_ < history_.size()) {
      history_[size_++] = side == client ? letter : static_cast<char>(letter | 0x20);
    }
  }

  /// A letter that each side has once at most.
  void note_once(Side side, char letter) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(letter - 'A' + (side == client ? 0 : 32));
    if ((noted_ & bit) == 0) {
      noted_ |= bit;
      note(side, letter);
    }
  }

  /// Payload that was there before: the first, the tenth, the hundredth, ... time has a letter.
  void note_again(Side side, std::size_t bytes) noexcept {
    (side == client ? flow_.retransmitted_sent : flow_.retransmitted_received) += bytes;
    if (++repeats_[side] == next_repeat_[side]) {
      next_repeat_[side] *= 10;
      note(side, 'T');
    }
  }

  void count(Side side, Ticks time, std::size_t payload, std::size_t ip_bytes) noexcept {
    if (empty()) {
      flow_.first = time;
    }
    flow_.last = time;
    if (side == client) {
      ++flow_.packets_sent;
      flow_.bytes_sent += payload;
      flow_.ip_bytes_sent += ip_bytes;
    } else {
      ++flow_.packets_received;
      flow_.bytes_received += payload;
      flow_.ip_bytes_received += ip_bytes;
    }
  }

  bool empty() const noexcept { return flow_.packets_sent + flow_.packets_received == 0; }

  /// Valid as long as the record does not change.
  SimulatedFlow truth() noexcept {
    SimulatedFlow flow = flow_;
    flow.label = label_;
    flow.scenario = scenario_;
    flow.history = std::string_view(history_.data(), size_);
    if (begins_with_answer()) {
      turn(flow);
    }
    return flow;
  }

 private:
  /// Whether whoever sees the first packet takes it for an answer.
  bool begins_with_answer() const noexcept {
    constexpr std::uint16_t first_free_port = 1024;
    return flow_.protocol == 17 && flow_.source_port != 0 && flow_.source_port < first_free_port &&
           flow_.destination_port >= first_free_port;
  }

  void turn(SimulatedFlow& flow) noexcept {
    std::swap(flow.source, flow.destination);
    std::swap(flow.source_port, flow.destination_port);
    std::swap(flow.bytes_sent, flow.bytes_received);
    std::swap(flow.retransmitted_sent, flow.retransmitted_received);
    std::swap(flow.packets_sent, flow.packets_received);
    std::swap(flow.ip_bytes_sent, flow.ip_bytes_received);
    flow.state = flow.packets_sent != 0 ? flow.state : "SHR";
    const std::size_t size = std::min(size_, turned_history_.size() - 1);
    turned_history_.front() = '^';
    std::transform(history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(size), turned_history_.begin() + 1,
                   [](char letter) { return static_cast<char>(letter ^ 0x20); });
    flow.history = std::string_view(turned_history_.data(), size + 1);
  }

  SimulatedFlow flow_;
  std::string_view label_;
  std::string_view scenario_;
  std::array<char, 32> history_ = {};
  std::array<char, 32> turned_history_ = {};
  std::size_t size_ = 0;
  std::uint64_t noted_ = 0;
  std::array<std::uint64_t, 2> repeats_ = {};
  std::array<std::uint64_t, 2> next_repeat_ = {1, 1};
};

}  // namespace nad::detail::simulate
