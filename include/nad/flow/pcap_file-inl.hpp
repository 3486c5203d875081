#pragma once

// The old format: a header of 24 bytes, then packets behind headers of 16.

#include <cstdint>
#include <string>
#include <utility>

#include "nad/flow/capture_file-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

class PcapFile final : public CaptureFile {
 public:
  static constexpr std::size_t file_header = 24;
  static constexpr std::size_t packet_header = 16;

  PcapFile(ByteWindow bytes, std::string file_name, CaptureReport& report)
      : CaptureFile(std::move(bytes), std::move(file_name), report) {
    if (!window().has(file_header)) {
      throw Error(ErrorCode::bad_file,
                  name() + " begins as a packet capture and ends within its header; it was cut off");
    }
    const std::uint8_t* at = window().data();
    const bool big_endian = at[0] == 0xa1;
    numbers_ = FileNumbers(big_endian);
    nanoseconds_ = at[big_endian ? 3 : 0] == 0x4d;
    const unsigned version = numbers_.word(at + 4);
    if (version != 2) {
      throw Error(ErrorCode::bad_file, name() + " is a pcap file of version " + std::to_string(version) +
                                           ", which nobody writes; it is damaged");
    }
    link_ = static_cast<LinkType>(static_cast<std::uint16_t>(numbers_.number(at + 20) & 0xffffU));  // flags stand above
    if (!can_decode(link_)) {
      refuse_link(link_);
    }
    window().skip(file_header);
  }

  bool next(Frame& frame) override {
    if (at_end_) {
      return false;
    }
    leave_last();
    if (!window().has(packet_header)) {
      at_end_ = true;
      return window().size() != 0 || !window().trouble().empty() ? cut_off("packet") : false;
    }
    const std::uint8_t* at = window().data();
    const std::uint32_t captured = numbers_.number(at + 8);
    const std::uint32_t length = numbers_.number(at + 12);
    if (captured > largest_frame) {
      at_end_ = true;
      return damaged("a packet of " + std::to_string(captured) + " bytes");
    }
    const std::size_t whole = packet_header + captured;
    const std::int64_t fraction = numbers_.number(at + 4);
    const std::int64_t time =
        std::int64_t{numbers_.number(at)} * nanoseconds_per_second + (nanoseconds_ ? fraction : 1000 * fraction);
    if (!window().has(whole)) {
      at_end_ = true;
      return cut_off("packet");
    }
    give(frame, time, packet_header, captured, length, link_, whole);
    return true;
  }

 private:
  FileNumbers numbers_;
  bool nanoseconds_ = false;
  LinkType link_ = LinkType::ethernet;
  bool at_end_ = false;
};

}  // namespace nad::detail
