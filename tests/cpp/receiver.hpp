#pragma once

// A receiver that tests can hold up, let fail and read; and numbered messages for it.

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nad/alert/channel.hpp"
#include "nad/alert/sink.hpp"

namespace tests {

/// What a receiver has, and how it behaves; shared by a test and the channel that its sink owns.
struct Receiver {
  std::mutex mutex;
  std::vector<std::string> received;
  int failures_left = 0;        ///< deliveries that fail before one succeeds; -1: all
  std::size_t fails_after = 0;  ///< messages of a failing delivery that arrive nevertheless
  std::string refuses = {};     ///< this message, for good
  std::atomic<int> calls{0};
  std::atomic<bool> is_held{false};  ///< a delivery waits as long as it is true

  std::vector<std::string> texts() {
    const std::lock_guard lock(mutex);
    return received;
  }
  void mend() {
    const std::lock_guard lock(mutex);
    failures_left = 0;
  }
};

class TestChannel final : public nad::AlertChannel {
 public:
  explicit TestChannel(std::shared_ptr<Receiver> receiver) : receiver_(std::move(receiver)) {}

  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    ++receiver_->calls;
    while (receiver_->is_held && !stopped()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const std::lock_guard lock(receiver_->mutex);
    for (const std::string& message : messages) {
      if (receiver_->failures_left != 0 && delivered == receiver_->fails_after) {
        receiver_->failures_left -= receiver_->failures_left > 0 ? 1 : 0;
        throw nad::Error(nad::ErrorCode::io, "the receiver is away");
      }
      if (message == receiver_->refuses) {
        throw nad::AlertRefused("it does not like that");
      }
      receiver_->received.push_back(message);
      ++delivered;
    }
  }
  std::string describe() const override { return "a test"; }

 private:
  std::shared_ptr<Receiver> receiver_;
};

inline std::unique_ptr<nad::AlertChannel> to(const std::shared_ptr<Receiver>& receiver) {
  return std::make_unique<TestChannel>(receiver);
}

inline void check_sum(const nad::SinkStats& stats) {
  CHECK(stats.given + stats.recovered == stats.written + stats.lost() + stats.waiting + stats.spooled);
}

inline std::vector<std::string> numbered(int from, int to) {
  std::vector<std::string> texts;
  for (int i = from; i < to; ++i) {
    texts.push_back("message " + std::to_string(i));
  }
  return texts;
}

inline void write_numbered(nad::AlertSink& sink, int from, int to) {
  for (const std::string& text : numbered(from, to)) {
    sink.write_text(text);
  }
}

inline nad::SinkOptions fast(std::filesystem::path spool = {}) {
  return {.spool = std::move(spool), .retry_seconds = 0.002, .most_retry_seconds = 0.01};
}

}  // namespace tests
