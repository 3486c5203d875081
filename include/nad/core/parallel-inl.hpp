#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"

namespace nad {

NAD_INLINE std::size_t resolve_jobs(int n_jobs) {
  if (n_jobs > 0) {
    return static_cast<std::size_t>(n_jobs);
  }
  if (n_jobs == 0) {
    throw Error(ErrorCode::invalid_argument, "n_jobs is 0; give a number of threads, or -1 for one per core");
  }
  const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return static_cast<std::size_t>(std::max(1, cores + 1 + n_jobs));
}

namespace detail {

/// The state that the threads of one loop share.
class ChunkQueue {
 public:
  ChunkQueue(std::size_t count, std::size_t grain, RangeBody body) : count_(count), grain_(grain), body_(body) {}

  /// Takes and runs one chunk; false when none is left or the loop was stopped.
  bool run_one() {
    if (stopped_.load(std::memory_order_relaxed)) {
      return false;
    }
    const std::size_t begin = next_.fetch_add(1, std::memory_order_relaxed) * grain_;
    if (begin >= count_) {
      return false;
    }
    const std::size_t end = begin + std::min(grain_, count_ - begin);
    try {
      body_(begin, end);
    } catch (...) {
      stop(std::current_exception());
      return false;
    }
    done_.fetch_add(end - begin, std::memory_order_relaxed);
    return true;
  }

  void stop(const std::exception_ptr& reason) {
    const std::lock_guard lock(mutex_);
    if (!reason_) {
      reason_ = reason;
    }
    stopped_.store(true, std::memory_order_relaxed);
  }

  std::size_t done() const { return done_.load(std::memory_order_relaxed); }

  void rethrow() const {
    if (reason_) {
      std::rethrow_exception(reason_);
    }
  }

 private:
  std::size_t count_;
  std::size_t grain_;
  RangeBody body_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> done_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::exception_ptr reason_;
};

/// Tells the callback how far the work is; throws when the callback asks to stop.
NAD_INLINE void report(const FitControl& control, const char* stage, std::size_t done, std::size_t total) {
  if (control.progress && !control.progress({stage, done, total})) {
    throw Error(ErrorCode::cancelled, std::string("cancelled while ") + stage + ", " + std::to_string(done) + " of " +
                                          std::to_string(total) + " done");
  }
}

NAD_INLINE void run_chunks(std::size_t count, const FitControl& control, const LoopShape& shape, RangeBody body) {
  const std::size_t grain = std::max<std::size_t>(1, shape.grain);
  const std::size_t chunks = count / grain + (count % grain != 0 ? 1 : 0);
  const std::size_t jobs = std::min(resolve_jobs(control.n_jobs), std::max<std::size_t>(chunks, 1));

  if (jobs == 1) {
    for (std::size_t begin = 0; begin < count; begin += grain) {
      const std::size_t end = begin + std::min(grain, count - begin);
      body(begin, end);
      report(control, shape.stage, end, count);
    }
    return;
  }

  ChunkQueue queue(count, grain, body);
  {
    std::vector<std::jthread> helpers;
    helpers.reserve(jobs - 1);
    for (std::size_t i = 1; i < jobs; ++i) {
      try {
        helpers.emplace_back([&queue] {
          while (queue.run_one()) {
          }
        });
      } catch (const std::system_error&) {
        break;  // the system grants no more threads: those that run, at least the caller's, do all the work
      }
    }
    // the caller works too, and alone speaks to the callback
    try {
      while (queue.run_one()) {
        report(control, shape.stage, queue.done(), count);
      }
    } catch (...) {
      queue.stop(std::current_exception());
    }
  }
  queue.rethrow();
  report(control, shape.stage, count, count);
}

}  // namespace detail

}  // namespace nad
