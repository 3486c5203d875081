#pragma once

// A window over bytes that come in blocks: what is asked for lies in one piece.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/input-inl.hpp"

namespace nad::detail {

class ByteWindow {
 public:
  ByteWindow(std::unique_ptr<ByteInput> input, std::size_t size) : input_(std::move(input)), bytes_(size) {}

  /// Whether `count` bytes lie in the window; reads more where they do not.
  bool has(std::size_t count) { return end_ - begin_ >= count || fill(count); }
  const std::uint8_t* data() const noexcept { return bytes_.data() + begin_; }
  std::size_t size() const noexcept { return end_ - begin_; }
  /// Goes on behind bytes that `has` said are there.
  void skip(std::size_t count) noexcept {
    begin_ += count;
    position_ += count;
  }
  /// Goes on behind any number of bytes; false where the input ends before.
  bool skip_far(std::uint64_t count) {
    while (count > size()) {
      count -= size();
      skip(size());
      if (!has(1)) {
        return false;
      }
    }
    skip(static_cast<std::size_t>(count));
    return true;
  }

  /// Where the window begins in the unpacked input.
  std::uint64_t position() const noexcept { return position_; }
  const ByteInput& input() const noexcept { return *input_; }
  /// Why reading ended early, where it did: the words of the input.
  const std::string& trouble() const noexcept { return trouble_; }

 private:
  bool fill(std::size_t count) {
    while (size() < count && !at_end_) {
      make_room(count);
      std::size_t come = 0;
      try {
        come = input_->read(reinterpret_cast<char*>(bytes_.data() + end_), bytes_.size() - end_);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_file) {
          throw;
        }
        trouble_ = error.what();  // packed data that end early: what came before counts
      }
      end_ += come;
      at_end_ = come == 0;
    }
    return size() >= count;
  }

  /// Grows by doubling, as bytes really come, whatever a file says of its lengths.
  void make_room(std::size_t count) {
    if (begin_ == end_) {
      begin_ = end_ = 0;
    } else if (begin_ > 0 && begin_ + count > bytes_.size()) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == bytes_.size()) {
      bytes_.resize(2 * bytes_.size());
    }
  }

  std::unique_ptr<ByteInput> input_;
  std::vector<std::uint8_t> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t position_ = 0;
  bool at_end_ = false;
  std::string trouble_;
};

/// Numbers of a file that may have either byte order.
class FileNumbers {
 public:
  explicit FileNumbers(bool big_endian = false) : big_endian_(big_endian) {}

  std::uint16_t word(const std::uint8_t* at) const noexcept {
    return static_cast<std::uint16_t>(big_endian_ ? at[0] << 8U | at[1] : at[1] << 8U | at[0]);
  }
  std::uint32_t number(const std::uint8_t* at) const noexcept {
    const auto byte = [at](std::size_t place) { return std::uint32_t{at[place]}; };
    return big_endian_ ? byte(0) << 24U | byte(1) << 16U | byte(2) << 8U | byte(3)
                       : byte(3) << 24U | byte(2) << 16U | byte(1) << 8U | byte(0);
  }
  std::uint64_t long_number(const std::uint8_t* at) const noexcept {
    const std::uint64_t first = number(at);
    const std::uint64_t second = number(at + 4);
    return big_endian_ ? first << 32U | second : second << 32U | first;
  }

 private:
  bool big_endian_;
};

}  // namespace nad::detail
