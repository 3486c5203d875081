#pragma once

// The standard input, which may fall silent for long while somebody wants to stop.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "nad/detail/gzip-inl.hpp"
#include "nad/detail/input-inl.hpp"
#include "nad/source/capture_format-inl.hpp"
#include "nad/source/follow_lines-inl.hpp"
#include "nad/source/record_source_captures.hpp"
#include "nad/source/record_source_queue-inl.hpp"

namespace nad::detail {

/// Whether bytes, or the end, can be read from the standard input within some time.
inline bool standard_input_is_ready(std::chrono::nanoseconds wait) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return ::poll(&input, 1, static_cast<int>(milliseconds)) > 0;
}

/// Bytes that were read before, then the standard input until it ends or `stopped` says so.
class StoppableInput final : public ByteInput {
 public:
  StoppableInput(std::string begin, std::shared_ptr<const std::atomic<bool>> stopped)
      : begin_(std::move(begin)), stopped_(std::move(stopped)) {}

  std::size_t read(char* to, std::size_t room) override {
    if (given_ < begin_.size()) {
      const std::size_t count = begin_.copy(to, room, given_);
      given_ += count;
      return count;
    }
    while (!*stopped_) {
      if (standard_input_is_ready(std::chrono::milliseconds(100))) {
        return input_.read(to, room);
      }
    }
    return 0;
  }
  std::uint64_t done() const override { return input_.done(); }

 private:
  std::string begin_;
  std::size_t given_ = 0;
  std::shared_ptr<const std::atomic<bool>> stopped_;
  StandardInput input_;
};

class InputRecords final : public RecordSource {
 public:
  explicit InputRecords(const SourceOptions& options)
      : options_(options), lines_(describe(), options, stats_), stopped_(std::make_shared<std::atomic<bool>>(false)) {}
  ~InputRecords() override { *stopped_ = true; }

  void expect(const Schema& inputs) override {
    expected_ = inputs;
    lines_.expect(inputs);
  }
  bool ended() const override { return capture_ ? capture_->ended() : ended_; }
  SourceStats stats() const override {
    const std::lock_guard lock(capture_mutex_);
    return capture_ ? capture_->stats() : stats_.get();
  }
  std::string describe() const override { return "the standard input"; }
  bool wind_up() override {
    *stopped_ = true;  // as if it had ended
    return capture_ != nullptr;
  }

  std::optional<Table> next(double seconds) override {
    const auto deadline = std::chrono::steady_clock::now() + waiting_time(seconds);
    while (!ended()) {
      if (capture_) {
        return capture_->next(std::chrono::duration<double>(deadline - std::chrono::steady_clock::now()).count());
      }
      const auto left =
          std::max<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now(), std::chrono::nanoseconds(0));
      const bool is_ready = standard_input_is_ready(left);
      if (is_ready) {
        fetch();
      }
      if (is_text_ || at_end_) {
        if (std::optional<Table> table = take_lines()) {
          return table;
        }
        ended_ = at_end_;
      } else if (text_.size() >= 4) {
        look();
        continue;
      }
      if (!is_ready && std::chrono::steady_clock::now() >= deadline) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

 private:
  void fetch() {
    constexpr std::size_t at_once = std::size_t{1} << 18U;
    if (at_end_ || text_.size() > 16 * at_once) {
      return;
    }
    const std::size_t before = text_.size();
    text_.resize(before + at_once);
    const std::size_t count = input_.read(text_.data() + before, at_once);
    text_.resize(before + count);
    at_end_ = count == 0;
  }

  /// A capture, also a packed one, or text?
  void look() {
    if (!capture_format(text_).empty()) {
      open_capture(std::make_unique<StoppableInput>(std::exchange(text_, {}), stopped_));
    } else if (text_.starts_with("\x1f\x8b")) {
      open_capture(std::make_unique<UnpackingInput>(
          std::make_unique<StoppableInput>(std::exchange(text_, {}), stopped_), describe()));
    } else {
      is_text_ = true;
    }
  }

  void open_capture(std::unique_ptr<ByteInput> bytes) {
    std::unique_ptr<RecordSource> capture = capture_source(std::move(bytes), describe(), {.source = options_});
    capture->expect(expected_);
    const std::lock_guard lock(capture_mutex_);
    capture_ = std::move(capture);
  }

  std::optional<Table> take_lines() {
    std::optional<Table> table;
    while (!table && !text_.empty()) {
      if (at_end_ && text_.back() != '\n') {
        text_ += '\n';
      }
      const std::size_t whole = text_.rfind('\n') + 1;
      const std::size_t used = whole == 0 ? 0 : lines_.take(std::string_view(text_).substr(0, whole), at_end_, table);
      if (used == 0) {
        break;
      }
      text_.erase(0, used);
      if (table && table->rows() == 0) {
        table.reset();
      }
    }
    stats_.came(table ? table->rows() : 0);
    return table;
  }

  SourceOptions options_;
  SharedSourceStats stats_;
  LogLines lines_;
  Schema expected_;
  std::shared_ptr<std::atomic<bool>> stopped_;
  StandardInput input_;
  mutable std::mutex capture_mutex_;
  std::unique_ptr<RecordSource> capture_;
  std::string text_;
  bool is_text_ = false;
  bool at_end_ = false;
  bool ended_ = false;
};

}  // namespace nad::detail
