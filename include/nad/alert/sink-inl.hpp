#pragma once

#include <cmath>
#include <utility>

#include "nad/alert/posix_io-inl.hpp"
#include "nad/alert/sink.hpp"
#include "nad/alert/sink_worker-inl.hpp"
#include "nad/core/error.hpp"

namespace nad {

namespace detail {

inline void check_wait(double seconds, const char* option, bool may_be_zero) {
  if (!(seconds >= 0.0 && seconds <= 1e6) || (seconds <= 0.0 && !may_be_zero)) {
    throw Error(ErrorCode::invalid_argument, std::string(option) + " is " + std::to_string(seconds) +
                                                 "; give seconds " + (may_be_zero ? "from 0" : "above 0") +
                                                 " to a million");
  }
}

}  // namespace detail

NAD_INLINE void SinkOptions::check() const {
  syslog.check();
  if (queue == 0) {
    throw Error(ErrorCode::invalid_argument, "queue is 0; give room for 1 message or more");
  }
  if (!spool.empty() && spool_bytes < 4096) {
    throw Error(ErrorCode::invalid_argument,
                "spool_bytes is " + std::to_string(spool_bytes) + "; give 4096 or more, or no spool");
  }
  detail::check_wait(retry_seconds, "retry_seconds", false);
  detail::check_wait(most_retry_seconds, "most_retry_seconds", false);
  if (most_retry_seconds < retry_seconds) {
    throw Error(ErrorCode::invalid_argument, "most_retry_seconds is less than retry_seconds");
  }
  if (collect_seconds) {
    detail::check_wait(*collect_seconds, "collect_seconds", true);
  }
  if (format && !is_known(*format)) {
    throw Error(ErrorCode::invalid_argument,
                "there is no such format; there are " + detail::quoted_words(AlertFormat{}));
  }
}

NAD_INLINE AlertSink::AlertSink(std::unique_ptr<AlertChannel> channel, SinkOptions options)
    : options_(std::move(options)), process_(detail::process_id()) {
  options_.check();
  if (!channel) {
    throw Error(ErrorCode::invalid_argument,
                "a sink needs a channel, such as nad::file_channel({.path = \"alerts.json\"})");
  }
  format_ = options_.format.value_or(channel->usual_format());
  worker_ = std::make_shared<detail::SinkWorker>(std::move(channel), options_);
  worker_->start(worker_);
}

NAD_INLINE AlertSink::~AlertSink() {
  if (detail::process_id() != process_) {
    return;
  }
  try {
    close();
  } catch (...) {  // NOLINT(bugprone-empty-catch): a destructor has nobody to tell
  }
}

NAD_INLINE void AlertSink::check_process() const {
  if (detail::process_id() != process_) {
    throw Error(ErrorCode::invalid_argument,
                "the sink for " + worker_->channel().describe() +
                    " belongs to the process that made it, and this is a fork; make one here");
  }
}

NAD_INLINE bool AlertSink::write(const Alert& alert) {
  return write_text(format_ == AlertFormat::syslog ? to_syslog(alert, options_.syslog) : format_alert(alert, format_));
}

NAD_INLINE bool AlertSink::write_text(std::string text) {
  check_process();
  return worker_->put(std::move(text));
}

NAD_INLINE bool AlertSink::flush(double seconds) {
  check_process();
  return worker_->flush(seconds);
}

NAD_INLINE void AlertSink::close(double seconds) {
  check_process();
  worker_->close(seconds);
}

NAD_INLINE void AlertSink::reopen() {
  check_process();
  worker_->reopen();
}

NAD_INLINE SinkStats AlertSink::stats() const {
  check_process();
  return worker_->stats();
}

NAD_INLINE std::string AlertSink::describe() const { return worker_->channel().describe(); }

}  // namespace nad
