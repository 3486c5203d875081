#pragma once

// Frames and captures put together by hand for tests, with none of the library's own code.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "nad/flow/frame.hpp"

namespace tests {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::int64_t second = 1'000'000'000;

inline void put16(Bytes& to, unsigned value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8U));
  to.push_back(static_cast<std::uint8_t>(value));
}

inline void put32(Bytes& to, std::uint32_t value) {
  put16(to, value >> 16U);
  put16(to, value & 0xffffU);
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Bytes filler(std::size_t count) { return Bytes(count, std::uint8_t{0x61}); }

inline Bytes ethernet(unsigned type, const Bytes& content) {
  Bytes frame = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
  put16(frame, type);
  return frame + content;
}

inline Bytes tag(unsigned number, unsigned type, const Bytes& content) {
  Bytes bytes;
  put16(bytes, number);
  put16(bytes, type);
  return bytes + content;
}

struct Ipv4 {
  std::uint32_t source = 0xc0000201;       // 192.0.2.1
  std::uint32_t destination = 0xc6336402;  // 198.51.100.2
  unsigned protocol = 6;
  unsigned identification = 0;
  unsigned fragment = 0;  ///< flags and offset as they stand in the header
  Bytes options = {};     ///< a multiple of four
};

inline Bytes ipv4(const Ipv4& ip, const Bytes& payload) {
  const std::size_t header = 20 + ip.options.size();
  Bytes bytes = {static_cast<std::uint8_t>(0x40U | header / 4), 0};
  put16(bytes, static_cast<unsigned>(header + payload.size()));
  put16(bytes, ip.identification);
  put16(bytes, ip.fragment);
  bytes.push_back(64);
  bytes.push_back(static_cast<std::uint8_t>(ip.protocol));
  put16(bytes, 0);
  put32(bytes, ip.source);
  put32(bytes, ip.destination);
  return bytes + ip.options + payload;
}

/// From 2001:db8::`source` to 2001:db8::`destination`.
inline Bytes ipv6(unsigned source, unsigned destination, unsigned next, const Bytes& payload) {
  Bytes bytes = {0x60, 0, 0, 0};
  put16(bytes, static_cast<unsigned>(payload.size()));
  bytes.push_back(static_cast<std::uint8_t>(next));
  bytes.push_back(64);
  for (const unsigned last : {source, destination}) {
    put32(bytes, 0x20010db8);
    put32(bytes, 0);
    put32(bytes, 0);
    put32(bytes, last);
  }
  return bytes + payload;
}

struct Tcp {
  unsigned from = 40000;
  unsigned to = 80;
  unsigned flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  unsigned window = 8192;
};

inline Bytes tcp(const Tcp& fields, const Bytes& payload = {}) {
  Bytes bytes;
  put16(bytes, fields.from);
  put16(bytes, fields.to);
  put32(bytes, fields.sequence);
  put32(bytes, fields.acknowledgement);
  bytes.push_back(0x50);
  bytes.push_back(static_cast<std::uint8_t>(fields.flags));
  put16(bytes, fields.window);
  put32(bytes, 0);
  return bytes + payload;
}

inline Bytes udp(unsigned from, unsigned to, const Bytes& payload) {
  Bytes bytes;
  put16(bytes, from);
  put16(bytes, to);
  put16(bytes, static_cast<unsigned>(8 + payload.size()));
  put16(bytes, 0);
  return bytes + payload;
}

inline Bytes icmp(unsigned type, unsigned code, const Bytes& payload) {
  Bytes bytes = {static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code)};
  put16(bytes, 0);
  put32(bytes, 0);
  return bytes + payload;
}

inline nad::Frame frame_of(const Bytes& bytes, std::int64_t time = 0, nad::LinkType link = nad::LinkType::ethernet) {
  return {time, bytes, static_cast<std::uint32_t>(bytes.size()), link};
}

/// Files of captures, in one byte order or the other.
class CaptureBytes {
 public:
  explicit CaptureBytes(bool big_endian = false) : big_(big_endian) {}

  void word(unsigned value) {
    if (big_) {
      put16(bytes, value);
    } else {
      bytes.push_back(static_cast<std::uint8_t>(value));
      bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
    }
  }
  void number(std::uint32_t value) {
    word(big_ ? value >> 16U : value & 0xffffU);
    word(big_ ? value & 0xffffU : value >> 16U);
  }

  void pcap_header(bool nanoseconds, unsigned link = 1) {
    number(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
    word(2);
    word(4);
    number(0);
    number(0);
    number(262144);
    number(link);
  }
  void pcap_packet(std::uint32_t seconds, std::uint32_t fraction, const Bytes& frame, std::uint32_t length = 0) {
    number(seconds);
    number(fraction);
    number(static_cast<std::uint32_t>(frame.size()));
    number(length == 0 ? static_cast<std::uint32_t>(frame.size()) : length);
    bytes = bytes + frame;
  }

  /// A block of pcapng; the body is filled up to a multiple of four.
  void block(std::uint32_t type, Bytes body) {
    body.resize((body.size() + 3) / 4 * 4);
    number(type);
    number(static_cast<std::uint32_t>(body.size() + 12));
    bytes = bytes + body;
    number(static_cast<std::uint32_t>(body.size() + 12));
  }
  /// What `write` puts into a body of its own.
  template <class Write>
  void block_of(std::uint32_t type, const Write& write) {
    CaptureBytes body(big_);
    write(body);
    block(type, body.bytes);
  }
  void section() {
    block_of(0x0a0d0d0a, [](CaptureBytes& body) {
      body.number(0x1a2b3c4d);
      body.word(1);
      body.word(0);
      body.number(0xffffffff);
      body.number(0xffffffff);
    });
  }
  /// `resolution` as if_tsresol has it; `offset` in seconds.
  void interface(unsigned link, unsigned resolution = 6, std::uint32_t offset = 0) {
    block_of(1, [&](CaptureBytes& body) {
      body.word(link);
      body.word(0);
      body.number(0);
      body.word(9);
      body.word(1);
      body.bytes = body.bytes + Bytes{static_cast<std::uint8_t>(resolution), 0, 0, 0};
      if (offset != 0) {
        body.word(14);
        body.word(8);
        body.number(body.big_ ? 0 : offset);
        body.number(body.big_ ? offset : 0);
      }
      body.number(0);
    });
  }
  void enhanced(unsigned place, std::uint64_t ticks, const Bytes& frame, std::uint32_t length = 0) {
    block_of(6, [&](CaptureBytes& body) {
      body.number(place);
      body.number(static_cast<std::uint32_t>(ticks >> 32U));
      body.number(static_cast<std::uint32_t>(ticks));
      body.number(static_cast<std::uint32_t>(frame.size()));
      body.number(length == 0 ? static_cast<std::uint32_t>(frame.size()) : length);
      body.bytes = body.bytes + frame;
    });
  }

  std::string text() const { return {bytes.begin(), bytes.end()}; }

  Bytes bytes;

 private:
  bool big_;
};

}  // namespace tests
