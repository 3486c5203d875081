#pragma once

#include <chrono>
#include <cmath>
#include <string>
#include <system_error>
#include <utility>

#include "nad/alert/file_channel.hpp"
#include "nad/alert/posix_io-inl.hpp"
#include "nad/core/error.hpp"

namespace nad {

namespace detail {

class FileChannel final : public AlertChannel {
 public:
  explicit FileChannel(FileChannelOptions options) : options_(std::move(options)) {
    if (options_.path.empty() || options_.path.filename().empty()) {
      throw Error(ErrorCode::invalid_argument,
                  "path is '" + options_.path.string() + "'; give the name of a file, such as alerts.json");
    }
    if (!(options_.rotate_seconds >= 0.0 && options_.rotate_seconds <= 1e9)) {
      throw Error(ErrorCode::invalid_argument,
                  "rotate_seconds is " + std::to_string(options_.rotate_seconds) + "; give seconds, or 0 for never");
    }
    if (options_.keep == 0 && (options_.rotate_bytes != 0 || options_.rotate_seconds > 0.0)) {
      throw Error(ErrorCode::invalid_argument, "keep is 0, so that alerts would be deleted at once; give 1 or more");
    }
    open();  // a path that cannot be written is an error here, not later
  }

  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    if (!file_.is_open() || was_moved_away(file_.get(), options_.path)) {
      open();
    }
    const std::size_t begin = delivered;
    for (const std::string& message : messages) {
      write_line(message + "\n");
      ++delivered;
    }
    if (options_.sync && !sync_descriptor(file_.get())) {
      const int error = errno;
      delivered = begin;
      throw_io("the disk does not confirm what was written to " + describe(), error);
    }
  }

  std::string describe() const override { return "the file '" + options_.path.string() + "'"; }
  void reopen() override { file_.reset(); }

 private:
  void open() {
    file_ = open_to_append(options_.path);
    const FileState state = file_state(file_.get());
    is_regular_ = state.is_regular;
    size_ = state.size;
    period_ = period_of(size_ == 0 ? now() : state.modified);
    // whoever wrote before may have been killed inside a line
    needs_end_ = is_regular_ && !ends_a_line(options_.path, size_);
  }

  void write_line(const std::string& line) {
    rotate_if_due(line.size());
    const std::string text = needs_end_ ? "\n" + line : line;
    int error = 0;
    const std::size_t written = write_bytes(file_.get(), text, error);
    if (written != text.size()) {
      if (written != 0 && is_regular_) {
        shorten_file(file_.get(), file_state(file_.get()).size - written);
      }
      throw_io("writing to " + describe() + " failed", error);
    }
    needs_end_ = false;
    size_ += text.size();
  }

  void rotate_if_due(std::size_t next) {
    const bool is_long = options_.rotate_bytes != 0 && size_ + next > options_.rotate_bytes;
    const bool is_old = options_.rotate_seconds > 0.0 && period_of(now()) != period_;
    if (!is_regular_ || size_ == 0 || !(is_long || is_old)) {
      return;
    }
    for (std::size_t number = options_.keep; number > 0; --number) {
      const std::filesystem::path from = number == 1 ? options_.path : numbered(number - 1);
      std::error_code error;
      if (std::filesystem::exists(from, error)) {
        std::filesystem::rename(from, numbered(number), error);
      }
      if (error) {
        throw Error(ErrorCode::io, "'" + from.string() + "' cannot be renamed: " + error.message());
      }
    }
    open();
  }

  std::filesystem::path numbered(std::size_t number) const {
    std::filesystem::path path = options_.path;
    return path += "." + std::to_string(number);
  }

  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  std::int64_t period_of(std::int64_t seconds) const {
    return options_.rotate_seconds > 0.0
               ? static_cast<std::int64_t>(std::floor(static_cast<double>(seconds) / options_.rotate_seconds))
               : 0;
  }

  FileChannelOptions options_;
  Descriptor file_;
  std::uint64_t size_ = 0;
  std::int64_t period_ = 0;
  bool is_regular_ = true;
  bool needs_end_ = false;
};

class StandardOutputChannel final : public AlertChannel {
 public:
  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    for (const std::string& message : messages) {
      const std::string line = message + "\n";
      while (sent_ < line.size()) {  // what a reader has seen cannot be taken back: the rest of the line comes first
        int error = 0;
        sent_ += write_bytes(1, std::string_view(line).substr(sent_), error);
        if (error == EAGAIN || error == EWOULDBLOCK) {
          if (!Patience(5.0, stopped()).wait(1, POLLOUT)) {
            throw_io("nobody reads the standard output", ETIMEDOUT);
          }
        } else if (error != 0) {
          throw_io("writing to the standard output failed", error);
        }
      }
      sent_ = 0;
      ++delivered;
    }
  }

  std::string describe() const override { return "the standard output"; }

 private:
  std::size_t sent_ = 0;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<AlertChannel> file_channel(const FileChannelOptions& options) {
  return std::make_unique<detail::FileChannel>(options);
}

NAD_INLINE std::unique_ptr<AlertChannel> standard_output_channel() {
  return std::make_unique<detail::StandardOutputChannel>();
}

}  // namespace nad
