#pragma once

/// Takes alerts from the thread that detects and sees to it that they arrive.
///
///   nad::AlertSink sink(nad::tcp_channel({.host = "siem.example.org"}),
///                       {.format = nad::AlertFormat::syslog, .spool = "spool/siem"});
///   sink.write(alert);            // returns at once
///   sink.stats().written;         // so many have arrived
///   sink.close();                 // or the destructor: waits five seconds for the rest
///
/// `write` puts the text of the alert into a queue; a thread of the sink takes it out and gives it to the channel. When
/// that fails it is tried again, later and later, and meanwhile everything that comes goes to the spool, a folder,
/// where it survives the end of the program; it is delivered before anything newer. Nothing is lost silently:
///
///   stats.given + stats.recovered == stats.written + stats.lost() + stats.waiting + stats.spooled
///
/// Delivery is at least once: after an interruption some messages may come again, with the same alert_id. What a killed
/// program had in its queue is gone; what was in its spool is not.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nad/alert/alert.hpp"
#include "nad/alert/channel.hpp"
#include "nad/alert/format.hpp"
#include "nad/config.hpp"
#include "nad/detail/words.hpp"

namespace nad {

/// What `write` does when the queue is full.
enum class WhenFull : std::uint8_t {
  lose,   ///< the alert, and counts it
  block,  ///< until there is room
};

constexpr std::array<std::string_view, 2> words_of(WhenFull) noexcept { return {"lose", "block"}; }

struct SinkOptions {
  std::optional<AlertFormat> format = {};  ///< nothing: what the channel usually carries
  SyslogOptions syslog = {};               ///< where the format is syslog
  std::size_t queue = 10'000;              ///< messages
  WhenFull when_full = WhenFull::lose;
  std::filesystem::path spool = {};                      ///< a folder for this sink alone; empty: none
  std::uint64_t spool_bytes = std::uint64_t{64} << 20U;  ///< then the queue fills
  bool durable_spool = false;        ///< each message is on the disk, not only with the system, before the next
  double retry_seconds = 1.0;        ///< after the first failure; then twice as long each time
  double most_retry_seconds = 60.0;  ///< but no longer
  std::optional<std::size_t> attempts =
      {};  ///< to deliver one message, then it is lost; 0: for ever; nothing: the channel's
  std::optional<double> collect_seconds = {};  ///< how long messages wait for others; nothing: the channel's

  /// An error where one of them makes no sense.
  NAD_API void check() const;
};

struct SinkStats {
  std::uint64_t given = 0;      ///< to `write`
  std::uint64_t recovered = 0;  ///< found in the spool at the beginning
  std::uint64_t written = 0;    ///< delivered
  std::uint64_t waiting = 0;    ///< in the queue or on the way
  std::uint64_t spooled = 0;    ///< in the spool now
  std::uint64_t spool_bytes = 0;

  std::uint64_t retried = 0;        ///< deliveries that failed and were or will be tried again
  std::uint64_t went_to_spool = 0;  ///< messages, since the beginning

  std::uint64_t lost_queue_full = 0;
  std::uint64_t lost_refused = 0;   ///< by the receiver, for good
  std::uint64_t lost_given_up = 0;  ///< after so many attempts
  std::uint64_t lost_damaged = 0;   ///< in the spool
  std::uint64_t lost_at_close = 0;  ///< there was no spool, or no room in it

  bool is_failing = false;  ///< the last delivery failed
  std::string last_error = {};

  std::uint64_t lost() const noexcept {
    return lost_queue_full + lost_refused + lost_given_up + lost_damaged + lost_at_close;
  }
};

namespace detail {
class SinkWorker;
}

class NAD_API AlertSink {
 public:
  explicit AlertSink(std::unique_ptr<AlertChannel> channel, SinkOptions options = {});
  /// Closes, as `close` does.
  ~AlertSink();
  AlertSink(const AlertSink&) = delete;
  AlertSink& operator=(const AlertSink&) = delete;

  /// Any number of threads may write. False when the alert was lost because the queue was full.
  bool write(const Alert& alert);
  /// Text of the caller's own, in whatever format the receiver expects.
  bool write_text(std::string text);

  /// Delivers what waits at once, and waits for that; false when it takes longer or cannot be delivered now.
  bool flush(double seconds = 5.0);
  /// As `flush`; what is left goes to the spool, or is lost and counted. Nothing can be written afterwards.
  void close(double seconds = 5.0);
  /// A file was moved away by another program: goes on with a new one.
  void reopen();

  SinkStats stats() const;
  /// "the file 'alerts.json'".
  std::string describe() const;

 private:
  void check_process() const;

  SinkOptions options_;
  AlertFormat format_ = AlertFormat::eve;
  std::shared_ptr<detail::SinkWorker> worker_;
  std::int64_t process_ = 0;  ///< that made it: a forked child has no thread of the sink
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/sink-inl.hpp"
#endif
