#pragma once

// One file of packets, whatever its format, and what it tells of itself.

#include <cstdint>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/flow/byte_window-inl.hpp"
#include "nad/flow/capture.hpp"

namespace nad::detail {

/// Larger packets do not exist: what says so is damaged.
inline constexpr std::uint32_t largest_frame = std::uint32_t{1} << 24U;

class CaptureFile {
 public:
  CaptureFile(ByteWindow window, std::string name, CaptureReport& report)
      : window_(std::move(window)), name_(std::move(name)), report_(&report) {}
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;
  virtual ~CaptureFile() = default;

  /// The next packet that can be decoded; false at the end.
  virtual bool next(Frame& frame) = 0;

  const ByteInput& input() const noexcept { return window_.input(); }

 protected:
  ByteWindow& window() noexcept { return window_; }
  CaptureReport& report() noexcept { return *report_; }
  const std::string& name() const noexcept { return name_; }

  void note(const std::string& text) { report_->notes.push_back(text); }

  /// The rest of a packet, or of a block, is not there.
  bool cut_off(const char* what) {
    const std::string why = window_.trouble().empty() ? name_ + " ends in the middle of a " + what : window_.trouble();
    note(why + "; the " + std::to_string(packets_) + " packets before were read");
    return false;
  }
  /// The bytes make no sense from here on.
  bool damaged(const std::string& what) {
    note(name_ + " is damaged at byte " + std::to_string(window_.position()) + " (" + what + "); the " +
         std::to_string(packets_) + " packets before were read, and nothing behind");
    return false;
  }

  /// Leaves the bytes of the packet given last, which nobody looks at any more.
  void leave_last() {
    if (waiting_ != 0) {
      window_.skip(waiting_);
      waiting_ = 0;
    }
  }
  /// Gives a packet that begins `from` bytes into the window and goes on with the next `size` bytes behind the window's
  /// beginning when it is left.
  void give(Frame& frame, std::int64_t time, std::size_t from, std::uint32_t captured, std::uint32_t length,
            LinkType link, std::size_t size) {
    frame = {time, {window_.data() + from, captured}, length, link};
    waiting_ = size;
    ++packets_;
  }

  [[noreturn]] void refuse_link(LinkType link) const {
    throw Error(ErrorCode::bad_file,
                name_ + " holds packets of " + nad::name(link) +
                    ", which nad does not decode; capture Ethernet, raw IP or Linux cooked packets");
  }

  std::uint64_t packets() const noexcept { return packets_; }

 private:
  ByteWindow window_;
  std::string name_;
  CaptureReport* report_;
  std::uint64_t packets_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace nad::detail
