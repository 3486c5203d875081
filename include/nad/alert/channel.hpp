#pragma once

/// Ways that messages leave: files, sockets, mail, commands. An AlertSink (sink.hpp) drives one of them.
///
///   nad::AlertSink sink(nad::file_channel({.path = "alerts.json"}));
///   nad::AlertSink siem(nad::tcp_channel({.host = "siem.example.org", .port = 601}), {.format =
///   nad::AlertFormat::syslog});
///
/// A channel is called by one thread at a time, and may take its time: it waits for nobody but the receiver.

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "nad/alert/format.hpp"
#include "nad/config.hpp"
#include "nad/core/error.hpp"

namespace nad {

/// The receiver will never take these messages, so there is no use in trying again.
class NAD_API AlertRefused : public Error {
 public:
  explicit AlertRefused(const std::string& message, std::size_t messages = 1);
  ~AlertRefused() override;

  /// How many, behind those that were delivered.
  std::size_t messages() const noexcept { return messages_; }

 private:
  std::size_t messages_;
};

class NAD_API AlertChannel {
 public:
  AlertChannel() = default;
  virtual ~AlertChannel();
  AlertChannel(const AlertChannel&) = delete;
  AlertChannel& operator=(const AlertChannel&) = delete;

  /// Delivers messages in their order and counts up `delivered` for each that need not be given again. Throws Error for
  /// what may work later and AlertRefused for what never will, both about what is behind the delivered ones.
  virtual void deliver(std::span<const std::string> messages, std::size_t& delivered) = 0;
  /// For messages: "the file 'alerts.json'".
  virtual std::string describe() const = 0;

  /// How many messages one call gets at most.
  virtual std::size_t most_at_once() const { return 64; }
  /// How long messages are collected before a call, in seconds.
  virtual double usual_collect_seconds() const { return 0.0; }
  /// How often one message is tried; 0: for ever.
  virtual std::size_t usual_attempts() const { return 0; }
  virtual AlertFormat usual_format() const { return AlertFormat::eve; }
  /// It calls code of the host, for which the thread must be like any other; else the thread of a sink takes no
  /// signals.
  virtual bool runs_foreign_code() const { return false; }
  /// Somebody has moved the file away, or the like.
  virtual void reopen() {}

  /// From any thread: a call that waits for the receiver gives up soon.
  void stop() noexcept { stopped_ = true; }

 protected:
  const std::atomic<bool>& stopped() const noexcept { return stopped_; }

 private:
  std::atomic<bool> stopped_{false};
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/channel-inl.hpp"
#endif
