#pragma once

// Tables on the way from one thread to another, never more than a few.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "nad/table/table.hpp"

namespace nad::detail {

inline std::chrono::nanoseconds waiting_time(double seconds) {
  constexpr double longest = 3600.0;
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(1e9 * (seconds > 0.0 ? (seconds < longest ? seconds : longest) : 0.0)));
}

class TableQueue {
 public:
  TableQueue(std::size_t most, bool can_wait) : most_(most == 0 ? 1 : most), can_wait_(can_wait) {}

  /// False where the records were lost.
  bool push(Table table) {
    std::unique_lock lock(mutex_);
    records_ += table.rows();
    if (can_wait_) {
      has_room_.wait(lock, [this] { return tables_.size() < most_ || closed_; });
    }
    if (closed_ || tables_.size() >= most_) {
      lost_ += table.rows();
      return false;
    }
    tables_.push_back(std::move(table));
    has_come_.notify_one();
    return true;
  }

  /// Nothing is lost any more: whoever takes the tables will take all of them.
  void wait_from_now_on() {
    const std::lock_guard lock(mutex_);
    can_wait_ = true;
  }

  std::optional<Table> pop(double seconds) {
    std::unique_lock lock(mutex_);
    has_come_.wait_for(lock, waiting_time(seconds), [this] { return !tables_.empty() || closed_; });
    if (tables_.empty()) {
      return std::nullopt;
    }
    Table table = std::move(tables_.front());
    tables_.pop_front();
    has_room_.notify_one();
    return table;
  }

  /// Nothing more can be pushed; what waits can be taken.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    has_come_.notify_all();
    has_room_.notify_all();
  }

  bool ended() const {
    const std::lock_guard lock(mutex_);
    return closed_ && tables_.empty();
  }
  std::uint64_t records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }
  std::uint64_t lost() const {
    const std::lock_guard lock(mutex_);
    return lost_;
  }

 private:
  std::size_t most_;
  bool can_wait_;
  mutable std::mutex mutex_;
  std::condition_variable has_come_;
  std::condition_variable has_room_;
  std::deque<Table> tables_;
  bool closed_ = false;
  std::uint64_t records_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace nad::detail
