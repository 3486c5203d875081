#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "messages.hpp"
#include "nad/nad.hpp"

namespace {

using tests::contains;
using tests::message_of;
using Bytes = std::vector<std::uint8_t>;

const nad::IpFields v4{.source = nad::Address::v4(0xc0000201), .destination = nad::Address::v4(0xc6336402)};
const nad::IpFields v6{.source = *nad::Address::parse("2001:db8::1"),
                       .destination = *nad::Address::parse("2001:db8::2")};

std::uint32_t word(std::span<const std::uint8_t> bytes, std::size_t at) { return bytes[at] * 256U + bytes[at + 1]; }

/// The sum that RFC 1071 wants to be 0xffff, word by word.
std::uint32_t sum(const Bytes& bytes) {
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    total += bytes[i] * 256U + (i + 1 < bytes.size() ? bytes[i + 1] : 0U);
  }
  while (total > 0xffff) {
    total = (total & 0xffffU) + (total >> 16U);
  }
  return total;
}

/// Addresses, length and protocol, and the content of an IP packet that begins at `at`.
Bytes with_pseudo_header(std::span<const std::uint8_t> packet, std::size_t at) {
  const bool is_v4 = packet[at] >> 4U == 4;
  const std::size_t header = is_v4 ? 20 : 40;
  const std::size_t content = is_v4 ? word(packet, at + 2) - 20 : word(packet, at + 4);
  const std::size_t first = at + (is_v4 ? 12 : 8);
  Bytes bytes(packet.begin() + static_cast<std::ptrdiff_t>(first),
              packet.begin() + static_cast<std::ptrdiff_t>(first + (is_v4 ? 8 : 32)));
  bytes.insert(bytes.end(), {0, packet[at + (is_v4 ? 9 : 6)], static_cast<std::uint8_t>(content >> 8U),
                             static_cast<std::uint8_t>(content)});
  const auto begin = packet.begin() + static_cast<std::ptrdiff_t>(at + header);
  bytes.insert(bytes.end(), begin, begin + static_cast<std::ptrdiff_t>(content));
  return bytes;
}

Bytes range(std::size_t size) {
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(i * 7 + 3));
  }
  return bytes;
}

}  // namespace

TEST_CASE("a packet made by hand has the bytes that the RFCs say") {
  nad::PacketBytes packets;
  nad::IpFields ip = v4;
  ip.identification = 0x1234;
  const auto packet = packets.udp(ip, {.source_port = 1025, .destination_port = 53}, Bytes{1, 2, 3});
  // Ethernet, IPv4, UDP, three bytes; the sums were computed by hand
  Bytes expected = {2,  0,    0,    0,   0, 2, 2, 0,   0,  0,   0, 1, 8, 0, 0x45, 0, 0,  31,   0x12, 0x34, 0x40, 0, 64,
                    17, 0x3c, 0x63, 192, 0, 2, 1, 198, 51, 100, 2, 4, 1, 0, 53,   0, 11, 0x0b, 0x69, 1,    2,    3};
  expected.resize(60);
  CHECK(Bytes(packet.begin(), packet.end()) == expected);
  CHECK(packets.ip_bytes() == 31);
}

TEST_CASE("checksums are right for every length, protocol and family, and wrong where that is wanted") {
  nad::PacketBytes packets({.encapsulation = nad::Encapsulation::raw_ip});
  for (const nad::IpFields& ip : {v4, v6}) {
    for (std::size_t size = 0; size < 70; ++size) {
      for (const bool right : {true, false}) {
        const std::uint32_t wanted = right ? 0xffff : 0;
        const auto check = [&](std::span<const std::uint8_t> packet) {
          const std::uint32_t found = sum(with_pseudo_header(packet, 0));
          CHECK((right ? found == wanted : found != 0xffff));
        };
        const Bytes payload = range(size);
        nad::TcpFields tcp{.source_port = 40'000, .destination_port = 80, .sequence = 0xfffffff0U, .flags = 0x18};
        tcp.right_checksum = right;
        tcp.options = {.maximum_segment = 1460, .window_scale = 7, .timestamps = nad::TcpOptions::Timestamps{5, 6}};
        check(packets.tcp(ip, tcp, payload));
        check(packets.udp(ip, {.source_port = 1, .destination_port = 2, .right_checksum = right}, payload));
        const auto icmp = packets.icmp(ip, {.type = 8, .identifier = 1, .right_checksum = right}, payload);
        if (ip.source.is_v4()) {  // without a pseudo header
          CHECK((sum(Bytes(icmp.begin() + 20, icmp.end())) == 0xffff) == right);
        } else {
          check(icmp);
        }
      }
    }
  }
}

TEST_CASE("a header of IPv4 can have a wrong checksum") {
  nad::PacketBytes packets({.encapsulation = nad::Encapsulation::raw_ip});
  nad::IpFields ip = v4;
  ip.right_checksum = false;
  const auto packet = packets.udp(ip, {.source_port = 1, .destination_port = 2});
  CHECK(sum(Bytes(packet.begin(), packet.begin() + 20)) != 0xffff);
  CHECK(sum(with_pseudo_header(packet, 0)) == 0xffff);
}

TEST_CASE("a datagram whose checksum comes out as 0 says so with ones") {
  nad::PacketBytes packets({.encapsulation = nad::Encapsulation::raw_ip});
  bool seen = false;
  for (std::uint32_t value = 0; value < 65'536 && !seen; ++value) {
    const Bytes payload = {static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
    const auto packet = packets.udp(v4, {.source_port = 1, .destination_port = 2}, payload);
    CHECK_MESSAGE(word(packet, 26) != 0, value);
    seen = word(packet, 26) == 0xffff;
  }
  CHECK(seen);
}

TEST_CASE("what stands in front of the IP header") {
  using nad::Encapsulation;
  struct Case {
    Encapsulation encapsulation;
    Bytes header;
    std::uint16_t link_type;
  };
  const std::vector<Case> cases = {
      {Encapsulation::ethernet, {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0}, 1},
      {Encapsulation::vlan, {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 7, 8, 0}, 1},
      {Encapsulation::qinq, {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xa8, 1, 1, 0x81, 0, 0, 7, 8, 0}, 1},
      {Encapsulation::linux_cooked, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0}, 113},
      {Encapsulation::linux_cooked_v2, {8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}, 276},
      {Encapsulation::raw_ip, {}, 101},
  };
  for (const Case& sample : cases) {
    CAPTURE(nad::name(sample.encapsulation));
    nad::PacketBytes packets({.encapsulation = sample.encapsulation, .vlan = 7, .outer_vlan = 257, .pad = false});
    const auto packet = packets.udp(v4, {.source_port = 1, .destination_port = 2}, range(5));
    REQUIRE(packet.size() == sample.header.size() + 20 + 8 + 5);
    CHECK(Bytes(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(sample.header.size())) == sample.header);
    CHECK(packet[sample.header.size()] == 0x45);
    CHECK(nad::link_type(sample.encapsulation) == sample.link_type);
    CHECK(nad::parse_encapsulation(nad::name(sample.encapsulation)) == sample.encapsulation);
  }
}

TEST_CASE("fragments of both families hold the datagram's pieces") {
  nad::PacketBytes packets({.encapsulation = nad::Encapsulation::raw_ip});
  for (nad::IpFields ip : {v4, v6}) {
    const Bytes datagram = nad::udp_datagram(ip, {.source_port = 9, .destination_port = 10}, range(100));
    REQUIRE(datagram.size() == 108);
    ip.identification = 77;
    ip.more_fragments = true;
    const auto first = packets.ip(ip, 17, std::span(datagram).first(64));
    const Bytes whole(first.begin(), first.end());
    ip.more_fragments = false;
    ip.fragment_offset = 64;
    const auto rest = packets.ip(ip, 17, std::span(datagram).subspan(64));
    if (ip.source.is_v4()) {
      CHECK(whole.size() == 84);
      CHECK(word(whole, 6) == 0x2000);
      CHECK(word(rest, 6) == 8);
      CHECK(sum(Bytes(rest.begin(), rest.begin() + 20)) == 0xffff);
    } else {
      CHECK(whole.size() == 40 + 8 + 64);
      CHECK(whole[6] == 44);
      CHECK(whole[40] == 17);
      CHECK(word(whole, 42) == 1);
      CHECK(word(rest, 42) == 64);
      CHECK(word(rest, 46) == 77);
    }
    Bytes joined(whole.end() - 64, whole.end());
    joined.insert(joined.end(), rest.end() - 44, rest.end());
    CHECK(joined == datagram);
  }
}

TEST_CASE("the options of TCP stand in the header, which is as long as it says") {
  nad::PacketBytes packets({.encapsulation = nad::Encapsulation::raw_ip});
  nad::TcpFields tcp{.source_port = 1, .destination_port = 2, .flags = 2, .urgent = 3};
  tcp.options = {.maximum_segment = 1460,
                 .window_scale = 7,
                 .selective_acknowledgements = true,
                 .timestamps = nad::TcpOptions::Timestamps{0x01020304, 0x05060708}};
  const auto packet = packets.tcp(v4, tcp);
  CHECK(packet.size() == 60);
  CHECK(packet[32] == 0xa0);
  CHECK(word(packet, 38) == 3);
  CHECK(Bytes(packet.begin() + 40, packet.end()) ==
        Bytes{2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 3, 3, 7, 1});
}

TEST_CASE("packets that cannot be are refused") {
  nad::PacketBytes packets;
  nad::IpFields mixed = v4;
  mixed.destination = v6.destination;
  CHECK(contains(message_of([&] { packets.udp(mixed, {}); }), "both must be IPv4 or both IPv6"));
  CHECK(contains(message_of([&] { packets.udp(v4, {}, range(65'536)); }), "65535 at most"));
  nad::IpFields odd = v4;
  odd.fragment_offset = 12;
  CHECK(contains(message_of([&] { packets.ip(odd, 17, {}); }), "multiple of 8"));
  CHECK(contains(message_of([] { nad::PacketBytes wrong({.vlan = 4095}); }), "at most 4094"));
  CHECK(contains(message_of([] { nad::parse_encapsulation("token_ring"); }), "linux_cooked"));
  CHECK(contains(message_of([] { nad::udp_datagram(v4, {}, range(65'536)); }), "65535 at most"));
}
