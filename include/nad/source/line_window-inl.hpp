#pragma once

// A moving window over a text: whole lines, as many as fit, and what comes next on request.

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/input-inl.hpp"

namespace nad::detail {

class LineWindow {
 public:
  static constexpr std::size_t usual_size = std::size_t{1} << 18U;
  static constexpr std::size_t slack = 16;  ///< bytes behind the text that can be read, though they mean nothing
  static constexpr std::size_t longest_record = std::size_t{1} << 27U;

  LineWindow(std::unique_ptr<ByteInput> input, std::string name)
      : input_(std::move(input)), name_(std::move(name)), buffer_(usual_size) {
    more();
    drop_byte_order_mark();
  }

  const std::string& name() const noexcept { return name_; }
  const ByteInput& input() const noexcept { return *input_; }
  /// The number of the window's first line, from 1.
  std::uint64_t line() const noexcept { return line_; }
  bool at_end() const noexcept { return begin_ == end_ && ended_; }

  /// The lines that are here whole; each ends with a newline, the last of the text too.
  std::string_view lines() const noexcept { return {buffer_.data() + begin_, whole_ - begin_}; }
  /// All that is here, also the beginning of a line.
  std::string_view all() const noexcept { return {buffer_.data() + begin_, end_ - begin_}; }

  /// The next whole lines; empty only at the end of the text.
  std::string_view next_lines() {
    while (whole_ == begin_ && more()) {
    }
    return lines();
  }

  /// Leaves out bytes at the front, of so many lines.
  void consume(std::size_t bytes, std::uint64_t lines) noexcept {
    begin_ += bytes;
    line_ += lines;
  }

  /// Brings more text into the window; false at the end. The window moves in memory.
  bool more() {
    if (ended_) {
      return false;
    }
    if (begin_ != 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      whole_ -= begin_;
      begin_ = 0;
    }
    if (buffer_.size() - end_ < usual_size / 2) {
      if (end_ >= longest_record) {
        throw Error(ErrorCode::invalid_data, name_ + ", line " + std::to_string(line_) +
                                                 ": one record is longer than 128 MB; is a quote never closed, or is "
                                                 "this not a text file?");
      }
      buffer_.resize(2 * buffer_.size());
    }
    const std::size_t count = input_->read(buffer_.data() + end_, buffer_.size() - end_ - slack - 1);
    if (count == 0) {
      ended_ = true;
      if (end_ != 0 && buffer_[end_ - 1] != '\n') {
        buffer_[end_++] = '\n';
      }
      whole_ = end_;
      return false;
    }
    const std::size_t newline = std::string_view(buffer_.data() + end_, count).rfind('\n');
    if (newline != std::string_view::npos) {
      whole_ = end_ + newline + 1;
    }
    end_ += count;
    return true;
  }

 private:
  void drop_byte_order_mark() {
    while (end_ < 4 && more()) {
    }
    const std::string_view begin = all();
    if (begin.substr(0, 3) == "\xef\xbb\xbf") {
      begin_ = 3;
    } else if (begin.substr(0, 2) == "\xff\xfe" || begin.substr(0, 2) == "\xfe\xff") {
      throw Error(ErrorCode::bad_file, name_ +
                                           " is written in UTF-16; save it as UTF-8, for example with "
                                           "`iconv -f UTF-16 -t UTF-8`");
    }
  }

  std::unique_ptr<ByteInput> input_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t whole_ = 0;  ///< where the last whole line ends
  std::size_t end_ = 0;
  std::uint64_t line_ = 1;
  bool ended_ = false;
};

}  // namespace nad::detail
