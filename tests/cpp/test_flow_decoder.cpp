#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/flow/decoder.hpp"
#include "packet_builder.hpp"

namespace {

using nad::Decoded;
using nad::LinkType;
using tests::operator+;  // NOLINT(misc-unused-using-decls): used by its sign
using tests::Bytes;
using tests::ethernet;
using tests::filler;
using tests::frame_of;
using tests::ipv4;
using tests::ipv6;
using tests::tag;

struct Result {
  Decoded kind = Decoded::packet;
  nad::Packet packet;
};

Result decode(const Bytes& bytes, LinkType link = LinkType::ethernet, nad::DecoderOptions options = {}) {
  nad::Decoder decoder(options);
  Result result;
  result.kind = decoder.decode(frame_of(bytes, 7, link), result.packet);
  return result;
}

Bytes web_packet() { return ipv4({}, tests::tcp({.flags = 0x18, .sequence = 5, .acknowledgement = 6}, filler(10))); }

void check_web(const Result& result) {
  REQUIRE(result.kind == Decoded::packet);
  const nad::Packet& packet = result.packet;
  CHECK(packet.time == 7);
  CHECK(packet.source.to_string() == "192.0.2.1");
  CHECK(packet.destination.to_string() == "198.51.100.2");
  CHECK(packet.source_port == 40000);
  CHECK(packet.destination_port == 80);
  CHECK(packet.protocol == 6);
  CHECK(packet.tcp_flags == 0x18);
  CHECK(packet.sequence == 5);
  CHECK(packet.acknowledgement == 6);
  CHECK(packet.window == 8192);
  CHECK(packet.payload_bytes == 10);
  CHECK(packet.ip_bytes == 50);
  CHECK(packet.time_to_live == 64);
}

}  // namespace

TEST_CASE("Every link that is known leads to the same packet") {
  check_web(decode(ethernet(0x0800, web_packet())));
  check_web(decode(web_packet(), LinkType::raw));
  check_web(decode(web_packet(), LinkType::raw_bsd));
  check_web(decode(web_packet(), LinkType::raw_openbsd));
  check_web(decode(web_packet(), LinkType::ipv4));
  check_web(decode(Bytes{2, 0, 0, 0} + web_packet(), LinkType::null));
  check_web(decode(Bytes{0, 0, 0, 2} + web_packet(), LinkType::null));
  check_web(decode(Bytes{0, 0, 0, 2} + web_packet(), LinkType::loop));
  check_web(decode(Bytes{0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0} + web_packet(), LinkType::linux_cooked));
  check_web(decode(Bytes{8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0} + web_packet(),
                   LinkType::linux_cooked_v2));
  const Bytes snap = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
  check_web(decode(ethernet(static_cast<unsigned>(8 + web_packet().size()), snap + web_packet())));
  check_web(decode(ethernet(0x8864, Bytes{0x11, 0, 0, 1, 0, 52, 0, 0x21} + web_packet())));
  check_web(decode(ethernet(0x8847, Bytes{0, 1, 0, 64, 0, 2, 1, 64} + web_packet())));
}

TEST_CASE("Tags of VLANs are told and passed") {
  const Result one = decode(ethernet(0x8100, tag(0x6007, 0x0800, web_packet())));
  check_web(one);
  CHECK(one.packet.vlan_tags == 1);
  CHECK(one.packet.vlan[0] == 7);
  const Result two = decode(ethernet(0x88a8, tag(200, 0x8100, tag(100, 0x0800, web_packet()))));
  check_web(two);
  CHECK(two.packet.vlan_tags == 2);
  CHECK(two.packet.vlan == std::array<std::uint16_t, 2>{200, 100});
  Bytes deep = web_packet();
  unsigned type = 0x0800;
  for (int i = 0; i < 40; ++i) {
    deep = tag(1, type, deep);
    type = 0x8100;
  }
  CHECK(decode(ethernet(type, deep)).kind == Decoded::nesting);
}

TEST_CASE("Padding behind a packet does not count") {
  const Result result = decode(ethernet(0x0800, ipv4({}, tests::tcp({.flags = 2})) + filler(6)));
  REQUIRE(result.kind == Decoded::packet);
  CHECK(result.packet.payload_bytes == 0);
  CHECK(result.packet.ip_bytes == 40);
  CHECK(result.packet.wire_bytes == 60);
}

TEST_CASE("A short snap length leaves all amounts as they were on the wire") {
  const Bytes whole = ethernet(0x0800, ipv4({}, tests::tcp({.flags = 0x10}, filler(1000))));
  nad::Decoder decoder;
  nad::Packet packet;
  const Bytes kept(whole.begin(), whole.begin() + 14 + 20 + 20);
  CHECK(decoder.decode({0, kept, static_cast<std::uint32_t>(whole.size()), LinkType::ethernet}, packet) ==
        Decoded::packet);
  CHECK(packet.payload_bytes == 1000);
  CHECK(packet.captured_bytes == 54);
  CHECK(packet.wire_bytes == whole.size());
  const Bytes less(whole.begin(), whole.begin() + 53);
  CHECK(decoder.decode({0, less, static_cast<std::uint32_t>(whole.size()), LinkType::ethernet}, packet) ==
        Decoded::snapped);
  CHECK(decoder.count(Decoded::snapped) == 1);
  CHECK(decoder.frames() == 2);
}

TEST_CASE("IPv4 with options, UDP, ICMP and SCTP") {
  const Result options = decode(ipv4({.options = Bytes(8, 1)}, tests::tcp({.flags = 2}, filler(3))), LinkType::raw);
  REQUIRE(options.kind == Decoded::packet);
  CHECK(options.packet.payload_bytes == 3);
  CHECK(options.packet.ip_bytes == 51);

  const Result udp = decode(ipv4({.protocol = 17}, tests::udp(53, 9000, filler(21))), LinkType::raw);
  REQUIRE(udp.kind == Decoded::packet);
  CHECK(udp.packet.payload_bytes == 21);
  CHECK(udp.packet.source_port == 53);
  CHECK(udp.packet.destination_port == 9000);

  const Result echo = decode(ipv4({.protocol = 1}, tests::icmp(8, 0, filler(56))), LinkType::raw);
  REQUIRE(echo.kind == Decoded::packet);
  CHECK(echo.packet.icmp_type == 8);
  CHECK(echo.packet.payload_bytes == 56);
  CHECK(echo.packet.source_port == 0);

  const Result sctp =
      decode(ipv4({.protocol = 132}, Bytes{0, 7, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0} + filler(16)), LinkType::raw);
  REQUIRE(sctp.kind == Decoded::packet);
  CHECK(sctp.packet.destination_port == 9);
  CHECK(sctp.packet.payload_bytes == 16);

  const Result other = decode(ipv4({.protocol = 89}, filler(44)), LinkType::raw);
  REQUIRE(other.kind == Decoded::packet);
  CHECK(other.packet.payload_bytes == 44);
}

TEST_CASE("Extension headers of IPv6 are passed") {
  const Bytes segment = tests::tcp({.flags = 2}, filler(4));
  const Bytes hop = {60, 0, 0, 0, 0, 0, 0, 0};
  const Bytes destination = {43, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const Bytes routing = {51, 0, 0, 0, 0, 0, 0, 0};
  const Bytes authentication = {6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const Result result = decode(ethernet(0x86dd, ipv6(1, 2, 0, hop + destination + routing + authentication + segment)));
  REQUIRE(result.kind == Decoded::packet);
  CHECK(result.packet.source.to_string() == "2001:db8::1");
  CHECK(result.packet.protocol == 6);
  CHECK(result.packet.destination_port == 80);
  CHECK(result.packet.payload_bytes == 4);
  CHECK(result.packet.ip_bytes == 40 + 8 + 16 + 8 + 12 + 24);
  Bytes many;
  for (int i = 0; i < 20; ++i) {
    many = many + Bytes{60, 0, 0, 0, 0, 0, 0, 0};
  }
  CHECK(decode(ipv6(1, 2, 60, many), LinkType::raw).kind == Decoded::nesting);
  CHECK(decode(ipv6(1, 2, 60, {6, 9, 0, 0, 0, 0, 0, 0}), LinkType::raw).kind == Decoded::ipv6_extension);
}

TEST_CASE("Later fragments get the ports of the first") {
  nad::Decoder decoder;
  nad::Packet packet;
  const Bytes datagram = tests::udp(5000, 6000, filler(40));  // 48 bytes in three pieces
  const auto piece = [&](std::size_t from, std::size_t to, bool more) {
    return ipv4(
        {.protocol = 17, .identification = 9, .fragment = static_cast<unsigned>((more ? 0x2000 : 0) + from / 8)},
        Bytes(datagram.begin() + static_cast<std::ptrdiff_t>(from),
              datagram.begin() + static_cast<std::ptrdiff_t>(to)));
  };
  const auto give = [&](const Bytes& bytes, std::int64_t time = 0) {
    REQUIRE(decoder.decode(frame_of(bytes, time, LinkType::raw), packet) == Decoded::packet);
  };
  give(piece(0, 16, true));
  CHECK(packet.is_fragment);
  CHECK_FALSE(packet.is_later_fragment);
  CHECK(packet.payload_bytes == 8);
  give(piece(16, 32, true));
  CHECK(packet.is_later_fragment);
  CHECK(packet.source_port == 5000);
  CHECK(packet.destination_port == 6000);
  CHECK(packet.payload_bytes == 16);
  CHECK_FALSE(packet.wrong_fragment);
  give(piece(16, 32, true));  // the same once more is a copy, not an attack
  CHECK_FALSE(packet.wrong_fragment);
  give(piece(24, 40, true));
  CHECK(packet.wrong_fragment);
  give(piece(32, 48, false));
  CHECK(packet.destination_port == 6000);
  CHECK(decoder.lone_fragments() == 0);

  give(ipv4({.protocol = 17, .identification = 10, .fragment = 2}, filler(8)));
  CHECK(packet.source_port == 0);
  CHECK(decoder.lone_fragments() == 1);
  // the first piece of another datagram with the same number, a minute and more later
  give(piece(0, 16, true), 100 * tests::second);
  CHECK_FALSE(packet.wrong_fragment);
  give(ipv4({.protocol = 1, .identification = 11, .fragment = 0x1fff}, filler(600)));
  CHECK(packet.wrong_fragment);  // the ping of death
}

TEST_CASE("Any number of unfinished datagrams takes bounded memory") {
  nad::Decoder decoder;
  nad::Packet packet;
  for (unsigned i = 0; i < 50'000; ++i) {
    const Bytes bytes = ipv4({.source = i, .protocol = 17, .identification = i & 0xffffU, .fragment = 0x2000},
                             tests::udp(1, 2, filler(8)));
    decoder.decode(frame_of(bytes, i, LinkType::raw), packet);
  }
  CHECK(decoder.count(Decoded::packet) == 50'000);
  const Bytes recent = ipv4({.source = 49'999, .protocol = 17, .identification = 49'999, .fragment = 2}, filler(8));
  CHECK(decoder.decode(frame_of(recent, 50'000, LinkType::raw), packet) == Decoded::packet);
  CHECK(packet.destination_port == 2);
}

TEST_CASE("What is malformed is counted by its kind") {
  const auto kind = [](const Bytes& bytes, LinkType link = LinkType::raw) { return decode(bytes, link).kind; };
  CHECK(kind(ethernet(0x0806, filler(28)), LinkType::ethernet) == Decoded::not_ip);
  CHECK(kind({1, 2, 3}, LinkType::ethernet) == Decoded::link_header);
  CHECK(kind({}, LinkType::ethernet) == Decoded::link_header);
  CHECK(kind({}) == Decoded::ip_header);
  CHECK(kind(ethernet(0x86dd, web_packet()), LinkType::ethernet) == Decoded::ip_version);
  CHECK(kind(Bytes(20, 0x55)) == Decoded::ip_version);
  CHECK(kind(Bytes(19, 0x45)) == Decoded::ip_header);
  Bytes bytes = web_packet();
  bytes[0] = 0x44;
  CHECK(kind(bytes) == Decoded::ip_header);
  bytes = web_packet();
  bytes[3] = 19;
  CHECK(kind(bytes) == Decoded::ip_length);
  bytes[3] = 51;
  CHECK(kind(bytes) == Decoded::ip_length);
  bytes = web_packet();
  bytes[32] = 0x40;
  CHECK(kind(bytes) == Decoded::tcp_header);
  bytes[32] = 0xf0;
  CHECK(kind(bytes) == Decoded::tcp_header);
  CHECK(kind(ipv4({}, filler(19))) == Decoded::transport_header);
  CHECK(kind(ipv4({.protocol = 17}, filler(7))) == Decoded::transport_header);
  Bytes datagram = tests::udp(1, 2, {});
  datagram[5] = 7;
  CHECK(kind(ipv4({.protocol = 17}, datagram)) == Decoded::udp_length);
  for (std::size_t i = 0; i < nad::decoded_kinds; ++i) {
    CHECK_FALSE(nad::name(static_cast<Decoded>(i)).empty());
    CHECK_FALSE(nad::describe(static_cast<Decoded>(i)).empty());
  }
}

TEST_CASE("Tunnels are opened where that is asked for") {
  const Bytes inner = ipv4({.source = 0x0a000001, .destination = 0x0a000002}, tests::tcp({.from = 1, .to = 2}));
  const Bytes gre = ipv4({.protocol = 47}, Bytes{0xb0, 0, 8, 0} + Bytes(12, 0) + inner);
  const Bytes vxlan =
      ipv4({.protocol = 17}, tests::udp(9999, 4789, Bytes{8, 0, 0, 0, 0, 0, 5, 0} + ethernet(0x0800, inner)));
  const Bytes twice = ipv4({.protocol = 4}, ipv4({.protocol = 4}, inner));
  for (const Bytes& bytes : {gre, vxlan, twice}) {
    CHECK(decode(bytes, LinkType::raw).packet.source.to_string() == "192.0.2.1");
    const Result opened = decode(bytes, LinkType::raw, {.tunnels = true});
    REQUIRE(opened.kind == Decoded::packet);
    CHECK(opened.packet.source.to_string() == "10.0.0.1");
    CHECK(opened.packet.destination_port == 2);
  }
  CHECK(decode(twice, LinkType::raw, {.tunnels = true}).packet.tunnels == 2);
  // what cannot be opened stays what it is
  const Bytes damaged = ipv4({.protocol = 47}, Bytes{0, 0, 8, 0} + filler(30));
  const Result outer = decode(damaged, LinkType::raw, {.tunnels = true});
  CHECK(outer.kind == Decoded::packet);
  CHECK(outer.packet.protocol == 47);
}

TEST_CASE("No byte behind those captured is ever read") {
  // the bytes lie at the end of memory of their own, where AddressSanitizer looks
  nad::Random random(3);
  const std::vector<Bytes> samples = {
      ethernet(0x88a8, tag(200, 0x8100, tag(100, 0x0800, web_packet()))),
      ethernet(0x86dd,
               ipv6(1, 2, 0, Bytes{44, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 9} + tests::udp(1, 2, filler(8)))),
      ethernet(0x0800,
               ipv4({.protocol = 47}, Bytes{0xb0, 0, 0x65, 0x58} + Bytes(12, 0) + ethernet(0x0800, web_packet()))),
      ethernet(0x8864, Bytes{0x11, 0, 0, 1, 0, 52, 0, 0x21} + web_packet()),
  };
  for (const bool tunnels : {false, true}) {
    nad::Decoder decoder({.tunnels = tunnels});
    nad::Packet packet;
    std::uint64_t given = 0;
    for (const Bytes& sample : samples) {
      for (std::size_t size = 0; size <= sample.size(); ++size) {
        const Bytes cut(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(size));
        decoder.decode({0, cut, static_cast<std::uint32_t>(sample.size()), LinkType::ethernet}, packet);
        decoder.decode({0, cut, 0, LinkType::ethernet}, packet);
        given += 2;
      }
      for (int i = 0; i < 1000; ++i) {
        Bytes changed = sample;
        for (int change = 0; change < 3; ++change) {
          changed[random.below(changed.size())] = static_cast<std::uint8_t>(random.next());
        }
        for (const LinkType link : {LinkType::ethernet, LinkType::raw, LinkType::null, LinkType::linux_cooked_v2}) {
          decoder.decode(frame_of(changed, i, link), packet);
          ++given;
        }
      }
    }
    CHECK(decoder.frames() == given);
  }
}

TEST_CASE("Links that cannot be decoded are refused by name") {
  CHECK_THROWS_WITH_AS(decode({}, static_cast<LinkType>(127)), doctest::Contains("radiotap"), nad::Error);
  CHECK(nad::name(static_cast<LinkType>(9999)) == "link type 9999");
  CHECK_FALSE(nad::can_decode(static_cast<LinkType>(105)));
}
