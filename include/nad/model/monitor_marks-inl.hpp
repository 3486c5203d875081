#pragma once

// Where a monitor that starts again would begin to read.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "nad/flow/window_clock-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// Positions of a source, from as far back as windows that look back need on, and not many of them.
class ReplayMarks {
 public:
  struct Mark {
    std::string position;
    std::uint64_t records = 0;  ///< that were judged before
    std::int64_t time = 0;      ///< of the latest of them
  };

  /// At least so many records, and so much time, lie between the first mark and now.
  ReplayMarks(std::uint64_t records, std::int64_t time) : records_(records), time_(time) {}

  bool empty() const noexcept { return marks_.empty(); }
  std::size_t size() const noexcept { return marks_.size(); }
  const Mark& first() const { return marks_.front(); }
  void clear() { marks_.clear(); }

  /// Whether the last mark lies so far back that another one is worth its room.
  bool is_due(std::uint64_t records, std::int64_t time) const {
    constexpr std::uint64_t least = 256;
    return marks_.empty() || (records >= marks_.back().records + std::max(least, records_ / parts) &&
                              time >= add_saturated(marks_.back().time, time_ / parts));
  }

  void add(Mark mark) { marks_.push_back(std::move(mark)); }

  /// Forgets what lies further back than it has to.
  void forget(std::uint64_t records, std::int64_t time) {
    while (marks_.size() > 1 && records >= marks_[1].records + records_ &&
           time >= add_saturated(marks_[1].time, time_)) {
      marks_.pop_front();
    }
  }

 private:
  static constexpr int parts = 64;  ///< of what lies between the first mark and now

  std::uint64_t records_;
  std::int64_t time_;
  std::deque<Mark> marks_;
};

}  // namespace nad::detail
