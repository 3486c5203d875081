#pragma once

#include <string>
#include <utility>

#include "nad/alert/callback_channel.hpp"
#include "nad/alert/format.hpp"
#include "nad/core/error.hpp"

namespace nad {

namespace detail {

/// Messages are EVE, as in the spool, so that what was kept over a restart comes back as an alert.
class CallbackChannel final : public AlertChannel {
 public:
  explicit CallbackChannel(std::function<void(const Alert&)> callback) : callback_(std::move(callback)) {
    if (!callback_) {
      throw Error(ErrorCode::invalid_argument, "the callback is empty; give a function that takes an alert");
    }
  }

  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    for (const std::string& message : messages) {
      Alert alert;
      try {
        alert = alert_from_eve(message);
      } catch (const Error& error) {
        throw AlertRefused(error.what());
      }
      callback_(alert);
      ++delivered;
    }
  }

  std::string describe() const override { return "a callback"; }
  std::size_t most_at_once() const override { return 16; }
  std::size_t usual_attempts() const override { return 5; }
  bool runs_foreign_code() const override { return true; }

 private:
  std::function<void(const Alert&)> callback_;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<AlertChannel> callback_channel(std::function<void(const Alert&)> callback) {
  return std::make_unique<detail::CallbackChannel>(std::move(callback));
}

}  // namespace nad
