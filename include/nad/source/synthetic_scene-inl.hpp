#pragma once

// What an activity of the network is given: who there is, when things happen, chance, and where its flows go.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nad/source/synthetic_flow-inl.hpp"

namespace nad::detail::synthetic {

/// Takes the flows of one activity, so many and no more, and none that begins outside the table or that nobody could
/// see because a host speaks to itself.
class Sink {
 public:
  Sink(std::vector<Flow>& flows, std::size_t room, std::int64_t length, std::int32_t label)
      : flows_(flows), room_(room), length_(length), label_(label) {}

  bool full() const noexcept { return room_ == 0; }
  std::size_t room() const noexcept { return room_; }

  void add(Flow flow) {
    if (room_ != 0 && flow.time >= 0 && flow.time < length_ && flow.src != flow.dst) {
      flow.label = label_;
      flows_.push_back(flow);
      --room_;
    }
  }

 private:
  std::vector<Flow>& flows_;
  std::size_t room_;
  std::int64_t length_;
  std::int32_t label_;
};

struct Scene {
  const Network& network;
  const Calendar& calendar;
  Draw draw;
  Sink sink;
};

/// How far apart things happen that happen all the time: a period that people would set, with at most `room` flows in
/// `length`.
inline std::int64_t usual_period(std::int64_t length, double room) noexcept {
  constexpr std::int64_t periods[] = {second,      2 * second,  5 * second, 10 * second, 15 * second, 20 * second,
                                      30 * second, minute,      2 * minute, 5 * minute,  10 * minute, 15 * minute,
                                      20 * minute, 30 * minute, hour,       2 * hour,    3 * hour,    4 * hour,
                                      6 * hour,    12 * hour,   day};
  for (const std::int64_t period : periods) {
    if (static_cast<double>(length) / static_cast<double>(period) <= room) {
      return period;
    }
  }
  return 7 * day;
}

}  // namespace nad::detail::synthetic
