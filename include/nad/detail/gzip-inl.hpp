#pragma once

// Gzip, read as if it were not there. The only place that knows zlib.

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "nad/core/error.hpp"
#include "nad/detail/input-inl.hpp"

namespace nad::detail {

/// Hands on what another input gives, unpacked where it begins like gzip. Files of several packed parts are joined.
class UnpackingInput final : public ByteInput {
 public:
  UnpackingInput(std::unique_ptr<ByteInput> packed, std::string name)
      : packed_(std::move(packed)), name_(std::move(name)), waiting_(std::size_t{1} << 16U) {
    while (end_ < 2 && fill()) {
    }
    is_gzip_ = begins_with_gzip();
    if (is_gzip_) {
      start();
    }
  }

  ~UnpackingInput() override {
    if (is_gzip_) {
      inflateEnd(&inflater_);
    }
  }
  UnpackingInput(const UnpackingInput&) = delete;
  UnpackingInput& operator=(const UnpackingInput&) = delete;

  std::size_t read(char* to, std::size_t room) override { return is_gzip_ ? unpack(to, room) : pass_on(to, room); }

  std::uint64_t total() const override { return packed_->total(); }
  std::uint64_t done() const override { return packed_->done(); }
  bool is_gzip() const noexcept { return is_gzip_; }

 private:
  bool begins_with_gzip() const noexcept {
    return end_ - begin_ >= 2 && static_cast<unsigned char>(waiting_[begin_]) == 0x1f &&
           static_cast<unsigned char>(waiting_[begin_ + 1]) == 0x8b;
  }

  /// Gets more bytes behind those that wait.
  bool fill() {
    if (begin_ == end_) {
      begin_ = end_ = 0;
    } else if (end_ == waiting_.size()) {
      std::copy(waiting_.begin() + static_cast<std::ptrdiff_t>(begin_), waiting_.end(), waiting_.begin());
      end_ -= begin_;
      begin_ = 0;
    }
    const std::size_t count = packed_->read(waiting_.data() + end_, waiting_.size() - end_);
    end_ += count;
    return count != 0;
  }

  std::size_t pass_on(char* to, std::size_t room) {
    if (begin_ == end_) {
      return packed_->read(to, room);
    }
    const std::size_t count = std::min(room, end_ - begin_);
    std::copy_n(waiting_.begin() + static_cast<std::ptrdiff_t>(begin_), count, to);
    begin_ += count;
    return count;
  }

  void start() {
    inflater_ = {};
    if (inflateInit2(&inflater_, 15 + 16) != Z_OK) {  // 15: the largest window, 16: a gzip header
      throw Error(ErrorCode::io, "no memory to unpack " + name_);
    }
  }

  std::size_t unpack(char* to, std::size_t room) {
    room = std::min<std::size_t>(room, std::numeric_limits<uInt>::max());
    inflater_.next_out = reinterpret_cast<Bytef*>(to);
    inflater_.avail_out = static_cast<uInt>(room);
    while (inflater_.avail_out == room && !at_end_) {
      if (begin_ == end_ && !fill()) {
        throw Error(ErrorCode::bad_file, name_ + " ends in the middle of its gzip data; it was cut off");
      }
      inflater_.next_in = reinterpret_cast<Bytef*>(waiting_.data() + begin_);
      inflater_.avail_in = static_cast<uInt>(end_ - begin_);
      const int result = inflate(&inflater_, Z_NO_FLUSH);
      begin_ = end_ - inflater_.avail_in;
      if (result == Z_STREAM_END) {
        next_part();
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw Error(ErrorCode::bad_file, "the gzip data of " + name_ + " are damaged at byte " +
                                             std::to_string(packed_->done() - inflater_.avail_in));
      }
    }
    return room - inflater_.avail_out;
  }

  /// Another packed part may follow; zeros behind the last one pad it.
  void next_part() {
    while (end_ - begin_ < 2 && fill()) {
    }
    if (begins_with_gzip()) {
      inflateReset(&inflater_);
      return;
    }
    const auto here = waiting_.begin() + static_cast<std::ptrdiff_t>(begin_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(end_);
    if (std::any_of(here, end, [](char c) { return c != 0; })) {
      throw Error(ErrorCode::bad_file, "something that is not gzip follows the gzip data of " + name_);
    }
    at_end_ = true;
  }

  std::unique_ptr<ByteInput> packed_;
  std::string name_;
  std::vector<char> waiting_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  z_stream inflater_ = {};
  bool is_gzip_ = false;
  bool at_end_ = false;
};

}  // namespace nad::detail
