#pragma once

// The new format: blocks, of which those are read that hold packets or tell how to read them.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nad/flow/capture_file-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// How the times of an interface are counted.
struct TickClock {
  bool decimal = true;        ///< else halves
  std::uint8_t exponent = 6;  ///< a tick is 10 or 2 to the power of minus this many seconds
  std::int64_t offset = 0;    ///< seconds that are added

  /// Nanoseconds since 1970; what those do not hold becomes the largest number.
  std::int64_t time(std::uint64_t ticks) const noexcept {
    std::uint64_t seconds = 0;
    std::uint64_t nanoseconds = 0;
    if (decimal) {
      const std::uint64_t second = power_of_ten(exponent);
      seconds = ticks / second;
      const std::uint64_t rest = ticks % second;
      nanoseconds = exponent <= 9 ? rest * power_of_ten(9U - exponent) : rest / power_of_ten(exponent - 9U);
    } else {
      seconds = exponent == 0 ? ticks : ticks >> exponent;
      const std::uint64_t rest = ticks - (seconds << exponent);
      const unsigned fine = std::min<unsigned>(exponent, 34);  // so that the product stays within 64 bits
      nanoseconds = ((rest >> (exponent - fine)) * 1'000'000'000ULL) >> fine;
    }
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / nanoseconds_per_second - 1;
    const std::int64_t whole =
        seconds > static_cast<std::uint64_t>(most) ? most : static_cast<std::int64_t>(seconds) + offset;
    return std::clamp<std::int64_t>(whole, -most, most) * nanoseconds_per_second +
           static_cast<std::int64_t>(nanoseconds);
  }

 private:
  static constexpr std::uint64_t power_of_ten(unsigned exponent) noexcept {
    std::uint64_t power = 1;
    for (unsigned i = 0; i < exponent; ++i) {
      power *= 10;
    }
    return power;
  }
};

class PcapngFile final : public CaptureFile {
 public:
  PcapngFile(ByteWindow bytes, std::string file_name, CaptureReport& report)
      : CaptureFile(std::move(bytes), std::move(file_name), report) {}

  bool next(Frame& frame) override {
    if (at_end_) {
      return false;
    }
    leave_last();
    for (;;) {
      const Step step = read_block(frame);
      if (step == Step::packet) {
        return true;
      }
      if (step == Step::end) {
        at_end_ = true;
        return false;
      }
    }
  }

 private:
  enum class Step : std::uint8_t { packet, other, end };

  static constexpr std::uint32_t section_block = 0x0a0d0d0a;
  static constexpr std::size_t most_interfaces = 65536;
  /// Of blocks that tell how to read: they are short.
  static constexpr std::uint32_t largest_block = std::uint32_t{1} << 20U;

  struct Interface {
    LinkType link = LinkType::ethernet;
    std::uint32_t snap_length = 0;
    TickClock clock = {};
    std::uint64_t dropped = 0;
  };

  static Step ended(bool /*told*/) { return Step::end; }

  Step read_block(Frame& frame) {
    if (!window().has(12)) {
      return window().size() == 0 && window().trouble().empty() ? Step::end : ended(cut_off("block"));
    }
    const std::uint8_t* at = window().data();
    if (numbers_.number(at) == section_block) {  // the same in both byte orders
      return begin_section();
    }
    const std::uint32_t type = numbers_.number(at);
    const std::uint32_t length = numbers_.number(at + 4);
    if (length < 12 || length % 4 != 0) {
      return ended(damaged("a block of " + std::to_string(length) + " bytes"));
    }
    switch (type) {
      case 2:
      case 3:
      case 6:
        return read_packet(frame, type, length);
      case 1:
        return read_small(length, &PcapngFile::read_interface);
      case 5:
        return read_small(length, &PcapngFile::read_statistics);
      default:
        return window().skip_far(length) ? Step::other : ended(cut_off("block"));
    }
  }

  Step begin_section() {
    if (!window().has(28)) {
      return ended(cut_off("block"));
    }
    const std::uint8_t* at = window().data();
    const bool big_endian = at[8] == 0x1a;
    numbers_ = FileNumbers(big_endian);
    if (numbers_.number(at + 8) != 0x1a2b3c4dU) {
      return ended(damaged("no byte order"));
    }
    const std::uint32_t length = numbers_.number(at + 4);
    if (length < 28 || length % 4 != 0) {
      return ended(damaged("a block of " + std::to_string(length) + " bytes"));
    }
    if (numbers_.word(at + 12) != 1) {
      return ended(damaged("version " + std::to_string(numbers_.word(at + 12)) + " of pcapng"));
    }
    interfaces_.clear();
    return window().skip_far(length) ? Step::other : ended(cut_off("block"));
  }

  /// A block that is read as a whole.
  Step read_small(std::uint32_t length, bool (PcapngFile::*read)(const std::uint8_t* body, std::uint32_t size)) {
    if (length > largest_block) {
      return ended(damaged("a block of " + std::to_string(length) + " bytes"));
    }
    if (!window().has(length)) {
      return ended(cut_off("block"));
    }
    if (!(this->*read)(window().data() + 8, length - 12)) {
      return Step::end;
    }
    window().skip(length);
    return Step::other;
  }

  /// Calls `take(code, value, size)` for each option.
  template <class Take>
  void for_each_option(const std::uint8_t* at, std::uint32_t size, const Take& take) const {
    while (size >= 4) {
      const std::uint16_t code = numbers_.word(at);
      const std::uint32_t length = numbers_.word(at + 2);
      const std::uint32_t padded = 4 + (length + 3) / 4 * 4;
      if (code == 0 || padded > size) {
        return;
      }
      take(code, at + 4, length);
      at += padded;
      size -= padded;
    }
  }

  bool read_interface(const std::uint8_t* body, std::uint32_t size) {
    if (size < 8 || interfaces_.size() == most_interfaces) {
      return damaged(size < 8 ? "an interface without its link" : "more than 65536 interfaces");
    }
    Interface interface;
    interface.link = static_cast<LinkType>(numbers_.word(body));
    interface.snap_length = numbers_.number(body + 4);
    bool sound = true;
    for_each_option(body + 8, size - 8, [&](std::uint16_t code, const std::uint8_t* value, std::uint32_t length) {
      if (code == 9 && length >= 1) {
        interface.clock.decimal = (value[0] & 0x80U) == 0;
        interface.clock.exponent = value[0] & 0x7fU;
        sound = sound && interface.clock.exponent <= (interface.clock.decimal ? 19U : 63U);
      } else if (code == 14 && length == 8) {
        const auto offset = static_cast<std::int64_t>(numbers_.long_number(value));
        constexpr std::int64_t age = std::int64_t{1} << 33U;  // 272 years
        sound = sound && offset > -age && offset < age;
        interface.clock.offset = offset;
      }
    });
    if (!sound) {
      return damaged("an interface whose times cannot be counted");
    }
    interfaces_.push_back(interface);
    some_link_ = some_link_ || can_decode(interface.link);
    return true;
  }

  bool read_statistics(const std::uint8_t* body, std::uint32_t size) {
    if (size < 12 || numbers_.number(body) >= interfaces_.size()) {
      return true;
    }
    Interface& interface = interfaces_[numbers_.number(body)];
    std::uint64_t dropped = 0;  // by the interface and by the system, since the capture began
    for_each_option(body + 12, size - 12, [&](std::uint16_t code, const std::uint8_t* value, std::uint32_t length) {
      dropped += (code == 5 || code == 7) && length == 8 ? numbers_.long_number(value) : 0;
    });
    if (dropped > interface.dropped) {
      report().dropped += dropped - interface.dropped;
      interface.dropped = dropped;
    }
    return true;
  }

  /// Enhanced, simple and obsolete packet blocks.
  Step read_packet(Frame& frame, std::uint32_t type, std::uint32_t block) {
    const std::uint32_t head = type == 3 ? 12U : 28U;  // bytes before those of the packet
    if (block < head + 4) {
      return ended(damaged("a packet block of " + std::to_string(block) + " bytes"));
    }
    if (!window().has(head)) {
      return ended(cut_off("packet"));
    }
    const std::uint8_t* at = window().data();
    const std::uint32_t place = type == 6 ? numbers_.number(at + 8) : type == 2 ? numbers_.word(at + 8) : 0U;
    if (place >= interfaces_.size()) {
      return ended(damaged("a packet of interface " + std::to_string(place) + ", which was not announced"));
    }
    const Interface& interface = interfaces_[place];
    const std::uint32_t room = block - head - 4;
    std::uint32_t captured = 0;
    std::uint32_t on_wire = 0;
    std::int64_t time = last_time_;
    if (type == 3) {  // has no time and no captured length of its own
      on_wire = numbers_.number(at + 8);
      captured = std::min(on_wire, room);
      captured = interface.snap_length != 0 ? std::min(captured, interface.snap_length) : captured;
    } else {
      time = interface.clock.time(std::uint64_t{numbers_.number(at + 12)} << 32U | numbers_.number(at + 16));
      captured = numbers_.number(at + 20);
      on_wire = numbers_.number(at + 24);
    }
    if (captured > room || captured > largest_frame) {
      return ended(
          damaged("a packet of " + std::to_string(captured) + " bytes in a block of " + std::to_string(block)));
    }
    if (!can_decode(interface.link)) {
      return leave_out(interface.link, block);
    }
    if (block > largest_frame + 65536U || !window().has(block)) {
      return ended(block > largest_frame + 65536U ? damaged("a block of " + std::to_string(block) + " bytes")
                                                  : cut_off("packet"));
    }
    last_time_ = time;
    give(frame, time, head, captured, on_wire, interface.link, block);
    return Step::packet;
  }

  Step leave_out(LinkType link, std::uint32_t length) {
    if (!some_link_ && packets() == 0) {
      refuse_link(link);
    }
    ++report().left_out[nad::name(link)];
    return window().skip_far(length) ? Step::other : ended(cut_off("packet"));
  }

  FileNumbers numbers_;
  std::vector<Interface> interfaces_;
  bool some_link_ = false;  ///< of an interface of any section
  std::int64_t last_time_ = 0;
  bool at_end_ = false;
};

}  // namespace nad::detail
