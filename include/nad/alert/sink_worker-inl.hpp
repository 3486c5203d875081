#pragma once

// The thread of a sink: queue, delivery, retries, spool.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nad/alert/channel.hpp"
#include "nad/alert/posix_io-inl.hpp"
#include "nad/alert/sink.hpp"
#include "nad/alert/spool-inl.hpp"
#include "nad/detail/start_thread.hpp"

namespace nad::detail {

class SinkWorker {
 public:
  SinkWorker(std::unique_ptr<AlertChannel> channel, const SinkOptions& options)
      : channel_(std::move(channel)),
        options_(options),
        attempts_(options.attempts.value_or(channel_->usual_attempts())),
        collect_(duration_of(options.collect_seconds.value_or(channel_->usual_collect_seconds()))),
        pause_(duration_of(options.retry_seconds)) {
    if (!options_.spool.empty()) {
      spool_.emplace(options_.spool, options_.spool_bytes, options_.durable_spool);
      stats_.recovered = spool_->count() + spool_->damaged();
      count_spool();
    }
  }

  /// `self` keeps the worker alive as long as its thread runs; in a forked child, for ever.
  void start(std::shared_ptr<SinkWorker> self) {
    thread_ = start_thread("the sink of " + channel_->describe(), [kept = std::move(self)] {
      if (!kept->channel_->runs_foreign_code()) {
        block_signals();
      }
      kept->run();
    });
  }

  bool put(std::string text) {
    std::unique_lock lock(mutex_);
    if (closing_) {
      throw Error(ErrorCode::invalid_argument, "the sink for " + channel_->describe() + " is closed");
    }
    if (options_.when_full == WhenFull::block &&
        std::this_thread::get_id() != thread_id_) {  // it would wait for itself
      room_.wait(lock, [&] { return queue_.size() < options_.queue || closing_; });
    }
    if (queue_.size() >= options_.queue || closing_) {
      ++stats_.given;
      ++stats_.lost_queue_full;
      return false;
    }
    if (queue_.empty()) {
      oldest_ = std::chrono::steady_clock::now();
    }
    queue_.push_back(std::move(text));
    ++stats_.given;  // where there was no memory for it, it was not
    work_.notify_one();
    return true;
  }

  bool flush(double seconds) {
    const SteadyTime end = std::chrono::steady_clock::now() + duration_of(seconds);
    std::unique_lock lock(mutex_);
    hurry_ = true;
    next_attempt_ = {};
    work_.notify_one();
    return done_.wait_until(lock, end, [&] { return is_idle() || finished_; }) && is_idle();
  }

  void close(double seconds) {
    const SteadyTime end = std::chrono::steady_clock::now() + duration_of(seconds);
    Lock lock(mutex_);
    if (std::this_thread::get_id() == thread_id_) {
      throw Error(ErrorCode::invalid_argument, "a sink cannot be closed by its own callback: it would wait for itself");
    }
    closing_ = true;
    next_attempt_ = {};
    room_.notify_all();
    work_.notify_all();
    done_.wait_until(lock, end, [&] { return finished_; });
    stopping_ = true;
    channel_->stop();
    work_.notify_all();
    if (!std::exchange(joining_, true)) {
      lock.unlock();
      thread_.join();
    } else {
      done_.wait(lock, [&] { return finished_; });
    }
  }

  void reopen() {
    const std::lock_guard lock(mutex_);
    reopen_ = true;
    work_.notify_one();
  }

  SinkStats stats() const {
    const std::lock_guard lock(mutex_);
    SinkStats stats = stats_;
    stats.waiting = queue_.size() + in_hand_;
    return stats;
  }

  const AlertChannel& channel() const noexcept { return *channel_; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Duration = std::chrono::steady_clock::duration;

  static Duration duration_of(double seconds) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::clamp(seconds, 0.0, 1e8)));
  }

  bool is_idle() const noexcept { return queue_.empty() && in_hand_ == 0 && stats_.spooled == 0; }
  bool is_spooling() const noexcept { return stats_.is_failing && spool_ && !spool_full_; }

  void count_spool() {
    stats_.spooled = spool_->count();
    stats_.spool_bytes = spool_->bytes();
    stats_.lost_damaged = spool_->damaged();
  }

  /// When there is something to do without anybody saying so.
  SteadyTime next_time() const {
    if (stopping_ || reopen_ || (closing_ && !stats_.is_failing) || (is_spooling() && !queue_.empty())) {
      return {};
    }
    if (in_hand_ != 0 || stats_.spooled != 0) {
      return next_attempt_;
    }
    if (queue_.empty()) {
      return closing_ ? SteadyTime() : SteadyTime::max();
    }
    const bool is_ripe = hurry_ || closing_ || queue_.size() >= channel_->most_at_once();
    return std::max(next_attempt_, is_ripe ? SteadyTime() : oldest_ + collect_);
  }

  void wait(Lock& lock) {
    while (true) {
      const SteadyTime next = next_time();
      if (next <= std::chrono::steady_clock::now()) {
        return;
      }
      if (next == SteadyTime::max()) {
        work_.wait(lock);
      } else {
        work_.wait_until(lock, next);
      }
    }
  }

  void run() {
    Lock lock(mutex_);
    thread_id_ = std::this_thread::get_id();
    for (bool ended = false; !ended;) {
      try {
        work(lock);
        put_away(lock);
        ended = true;
      } catch (const std::exception& error) {  // no memory: what is in hand stays there, and is tried again
        if (!lock.owns_lock()) {
          lock.lock();
        }
        say(stats_.last_error, error.what());
        ended = stopping_;
        if (ended) {
          lose_the_rest();
        } else {
          go_on_later(lock);
        }
      }
    }
    finished_ = true;
    done_.notify_all();
  }

  /// Where there is not even memory for the words, there are none.
  static void say(std::string& place, const char* what) noexcept {
    try {
      place = what;
    } catch (const std::exception&) {
      place.clear();
    }
  }

  void go_on_later(Lock& lock) {
    if (std::exchange(from_spool_, false)) {
      batch_.clear();  // which are in the spool still
      count_spool();
    }
    in_hand_ = batch_.size();
    work_.wait_for(lock, std::min<Duration>(pause_, std::chrono::milliseconds(100)));
  }

  void lose_the_rest() {
    stats_.lost_at_close += queue_.size() + (from_spool_ ? 0 : batch_.size());
    queue_.clear();
    batch_.clear();
    in_hand_ = 0;
    room_.notify_all();
  }

  /// Does what may need memory and must not stop half way: again and again until there is some.
  template <class Action>
  void insist(Lock& lock, const Action& action) {
    for (;;) {
      try {
        action();
        return;
      } catch (const std::bad_alloc&) {
        if (stopping_) {
          throw;
        }
        work_.wait_for(lock, std::chrono::milliseconds(10));
      }
    }
  }

  void work(Lock& lock) {
    while (!stopping_) {
      wait(lock);
      if (stopping_) {
        break;
      }
      if (std::exchange(reopen_, false)) {
        lock.unlock();
        channel_->reopen();
        lock.lock();
      } else if (is_spooling() && !queue_.empty()) {
        take_from_queue(64);
        spool_batch(lock);
      } else if (is_idle()) {
        rest();
        if (closing_) {
          break;
        }
      } else {
        step(lock);
        if (closing_ && stats_.is_failing && spool_ && queue_.empty()) {
          break;  // the next program delivers it
        }
      }
    }
  }

  void rest() {
    hurry_ = false;
    done_.notify_all();
  }

  /// One delivery, of what is oldest.
  void step(Lock& lock) {
    const std::size_t most = std::max<std::size_t>(channel_->most_at_once(), 1);
    from_spool_ = stats_.spooled != 0;
    if (batch_.empty() && !from_spool_) {
      take_from_queue(most);
    }
    lock.unlock();
    if (from_spool_) {
      batch_ = spool_->peek(most);
    }
    const Outcome outcome = batch_.empty() ? Outcome() : deliver();
    lock.lock();
    account(outcome);
    if (from_spool_) {
      batch_.clear();
      count_spool();
    }
    in_hand_ = batch_.size();
    if (outcome.failed && spool_ && !batch_.empty()) {
      spool_batch(lock);
    }
    if (is_idle()) {
      rest();
    }
  }

  struct Outcome {
    std::size_t delivered = 0;
    bool failed = false;
    std::size_t refused = 0;
    std::string why = {};
  };

  Outcome deliver() {
    Outcome outcome;
    try {
      channel_->deliver(batch_, outcome.delivered);
    } catch (const AlertRefused& error) {
      outcome.refused = std::min(error.messages(), batch_.size() - outcome.delivered);
      say(outcome.why, error.what());
    } catch (const std::exception& error) {
      outcome.failed = true;
      say(outcome.why, error.what());
    }
    std::size_t gone = outcome.delivered;
    first_attempts_ = gone == 0 && outcome.failed ? first_attempts_ + 1 : outcome.failed ? 1 : 0;
    const bool gives_up = outcome.failed && attempts_ != 0 && first_attempts_ >= attempts_;
    if (gives_up) {
      first_attempts_ = 0;
      given_up_ = true;
    }
    gone += outcome.refused + (gives_up ? 1 : 0);
    batch_.erase(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(gone));
    if (from_spool_) {
      spool_->pop(gone);
    }
    return outcome;
  }

  void account(const Outcome& outcome) {
    stats_.written += outcome.delivered;
    stats_.lost_refused += outcome.refused;
    const bool gave_up = std::exchange(given_up_, false);
    stats_.lost_given_up += gave_up ? 1 : 0;
    stats_.is_failing = outcome.failed;
    if (!outcome.why.empty()) {
      say(stats_.last_error, outcome.why.c_str());
    }
    if (outcome.delivered != 0 || outcome.refused != 0) {
      pause_ = duration_of(options_.retry_seconds);
    }
    if (outcome.failed) {
      stats_.retried += gave_up ? 0 : 1;
      const Duration pause = closing_ ? std::min<Duration>(pause_, std::chrono::milliseconds(100)) : pause_;
      next_attempt_ = std::chrono::steady_clock::now() + pause;
      pause_ = std::min(pause_ * 2, duration_of(options_.most_retry_seconds));
      hurry_ = false;
    }
    spool_full_ = false;  // try it again
  }

  void take_from_queue(std::size_t most) {
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(most, queue_.size()));
    batch_.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    in_hand_ = batch_.size();
    oldest_ = std::chrono::steady_clock::now();
    room_.notify_all();
  }

  /// What is in hand goes behind all that is in the spool; what has no room there is the first of the queue again.
  void spool_batch(Lock& lock) {
    lock.unlock();
    std::string why;
    std::size_t kept = 0;
    try {
      while (kept < batch_.size() && spool_->append(batch_[kept], why)) {
        ++kept;
      }
    } catch (const std::bad_alloc& error) {
      say(why, error.what());
    }
    lock.lock();
    batch_.erase(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(kept));
    stats_.went_to_spool += kept;
    count_spool();
    insist(lock, [&] {
      queue_.insert(queue_.begin(), std::make_move_iterator(batch_.begin()), std::make_move_iterator(batch_.end()));
    });
    batch_.clear();
    in_hand_ = 0;
    if (!why.empty()) {
      spool_full_ = true;
      say(stats_.last_error, why.c_str());
    }
  }

  /// The end: what is left goes to the spool or is lost.
  void put_away(Lock& lock) {
    spool_full_ = false;
    if (!batch_.empty()) {
      queue_.insert(queue_.begin(), std::make_move_iterator(batch_.begin()), std::make_move_iterator(batch_.end()));
      batch_.clear();
      in_hand_ = 0;
    }
    while (spool_ && !spool_full_ && !queue_.empty()) {
      take_from_queue(queue_.size());
      spool_batch(lock);
    }
    stats_.lost_at_close += queue_.size();
    queue_.clear();
    spool_.reset();  // its folder is free for the next
  }

  std::unique_ptr<AlertChannel> channel_;
  SinkOptions options_;
  std::size_t attempts_;
  Duration collect_;
  std::thread thread_;
  std::thread::id thread_id_;  ///< as the thread itself says

  // of the thread alone:
  std::vector<std::string> batch_;
  bool from_spool_ = false;
  bool given_up_ = false;
  std::size_t first_attempts_ = 0;  ///< of the first message of the batch
  std::optional<AlertSpool> spool_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable room_;
  std::condition_variable done_;
  std::deque<std::string> queue_;
  std::size_t in_hand_ = 0;
  SinkStats stats_;
  SteadyTime oldest_{};
  SteadyTime next_attempt_{};
  Duration pause_;
  bool spool_full_ = false;
  bool hurry_ = false;
  bool reopen_ = false;
  bool closing_ = false;
  bool stopping_ = false;
  bool joining_ = false;
  bool finished_ = false;
};

}  // namespace nad::detail
