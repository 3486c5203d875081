#pragma once

// The time of a stream whose records come more or less in order.

#include <cstdint>
#include <limits>

namespace nad::detail {

constexpr std::int64_t add_saturated(std::int64_t a, std::int64_t b) noexcept {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  return b > 0 && a > most - b ? most : b < 0 && a < least - b ? least : a + b;
}

/// Never goes back: a record that is older than the newest counts as of that one's time. After `patience` records in a
/// row that are older by more than the window, the clock was set back (or one record came from the future), and time
/// goes on from where it stood.
class WindowClock {
 public:
  static constexpr std::uint32_t patience = 1000;

  explicit WindowClock(std::int64_t window) noexcept : window_(window) {}

  /// The time of a record; `moment` is not the least number.
  std::int64_t advance(std::int64_t moment) noexcept {
    const std::int64_t time = add_saturated(moment, offset_);
    if (time >= now_) {
      now_ = time;
      late_ = 0;
    } else if (time >= oldest()) {
      late_ = 0;
    } else if (++late_ == patience) {
      offset_ = add_saturated(now_, -moment);
      late_ = 0;
    }
    return now_;
  }

  /// What happened at this time or before is out of the window.
  std::int64_t oldest() const noexcept { return add_saturated(now_, -window_); }

 private:
  std::int64_t window_;
  std::int64_t offset_ = 0;
  std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
  std::uint32_t late_ = 0;
};

}  // namespace nad::detail
