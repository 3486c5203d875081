#pragma once

// Text in other encodings than UTF-8, turned into it.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/input-inl.hpp"

namespace nad::detail {

/// What Windows-1252 has where Latin-1 has control characters, 0x80 to 0x9f; 0: nothing.
inline constexpr std::array<std::uint16_t, 32> windows_1252 = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

/// Hands on what another input gives, each byte above 127 as the UTF-8 of the character that it means.
class TranscodingInput final : public ByteInput {
 public:
  TranscodingInput(std::unique_ptr<ByteInput> input, std::string name, bool windows)
      : input_(std::move(input)), name_(std::move(name)), windows_(windows) {
    while (end_ < 3 && fill()) {
    }
    const std::string_view begin(waiting_.data(), end_);
    if (begin.starts_with("\xef\xbb\xbf") || begin.starts_with("\xff\xfe") || begin.starts_with("\xfe\xff")) {
      throw Error(ErrorCode::invalid_argument,
                  name_ + " begins with the mark of a Unicode encoding; leave the option encoding out");
    }
  }

  std::size_t read(char* to, std::size_t room) override {
    std::size_t count = 0;
    while (room - count >= 3 && (begin_ != end_ || fill())) {  // no character needs more
      for (; begin_ != end_ && room - count >= 3; ++begin_) {
        const auto byte = static_cast<unsigned char>(waiting_[begin_]);
        if (byte < 0x80) {
          to[count++] = waiting_[begin_];
        } else {
          count += put(byte, to + count);
        }
      }
    }
    return count;
  }

  std::uint64_t total() const override { return input_->total(); }
  std::uint64_t done() const override { return input_->done(); }

 private:
  bool fill() {
    if (begin_ == end_) {
      begin_ = end_ = 0;
    }
    const std::size_t count = input_->read(waiting_.data() + end_, waiting_.size() - end_);
    end_ += count;
    return count != 0;
  }

  std::size_t put(unsigned char byte, char* to) const {
    unsigned character = byte;
    if (windows_ && byte < 0xa0 && windows_1252[byte - 0x80U] != 0) {
      character = windows_1252[byte - 0x80U];
    }
    const auto tail = [&](unsigned shift) { return static_cast<char>(0x80U | (character >> shift & 0x3fU)); };
    if (character < 0x800) {
      to[0] = static_cast<char>(0xc0U | character >> 6U);
      to[1] = tail(0);
      return 2;
    }
    to[0] = static_cast<char>(0xe0U | character >> 12U);
    to[1] = tail(6);
    to[2] = tail(0);
    return 3;
  }

  std::unique_ptr<ByteInput> input_;
  std::string name_;
  bool windows_;
  std::array<char, 16384> waiting_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// `input` as UTF-8, when it is in this encoding.
inline std::unique_ptr<ByteInput> as_utf8(std::unique_ptr<ByteInput> input, const std::string& encoding,
                                          const std::string& name) {
  if (encoding == "utf-8") {
    return input;
  }
  if (encoding != "latin-1" && encoding != "windows-1252") {
    throw Error(ErrorCode::invalid_argument,
                "there is no encoding '" + encoding + "'; there are: 'utf-8', 'latin-1', 'windows-1252'");
  }
  return std::make_unique<TranscodingInput>(std::move(input), name, encoding == "windows-1252");
}

}  // namespace nad::detail
