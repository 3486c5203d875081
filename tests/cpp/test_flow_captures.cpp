#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/flow/capture.hpp"
#include "nad/source/read.hpp"
#include "packet_builder.hpp"
#include "shared_data.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::Bytes;
using tests::CaptureBytes;
using tests::filler;

struct Seen {
  std::vector<std::int64_t> times;
  std::vector<Bytes> frames;
  std::vector<std::uint32_t> lengths;
  nad::CaptureReport report;
};

Seen all_of(nad::Capture capture) {
  Seen seen;
  for (nad::Frame frame; capture.next(frame);) {
    seen.times.push_back(frame.time);
    seen.frames.emplace_back(frame.bytes.begin(), frame.bytes.end());
    seen.lengths.push_back(frame.length);
  }
  nad::Frame frame;
  CHECK_FALSE(capture.next(frame));
  seen.report = capture.report();
  CHECK(seen.report.packets == seen.times.size());
  return seen;
}

Seen capture_of(const std::string& text) {
  std::istringstream stream(text);
  return all_of(nad::Capture(stream));
}

std::string message_of(const std::string& text) {
  try {
    capture_of(text);
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "no error";
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  write_file(path, std::as_bytes(std::span(text)));
}

std::string three_packets(bool big_endian, bool nanoseconds) {
  CaptureBytes file(big_endian);
  file.pcap_header(nanoseconds);
  file.pcap_packet(1'600'000'000, 123'456, filler(60), 1514);
  file.pcap_packet(1'600'000'001, 7, filler(61));
  file.pcap_packet(1'600'000'002, 0, filler(0));
  return file.text();
}

/// Bytes as other programs pack them: a gzip member whose blocks are stored.
std::string stored_gzip(const std::string& text) {
  std::string packed = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, 3, 1};
  for (const unsigned value : {static_cast<unsigned>(text.size()), ~static_cast<unsigned>(text.size())}) {
    packed += static_cast<char>(value & 0xffU);
    packed += static_cast<char>(value >> 8U & 0xffU);
  }
  packed += text;
  std::uint32_t crc = 0xffffffffU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
  }
  for (const std::uint32_t value : {~crc, static_cast<std::uint32_t>(text.size())}) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      packed += static_cast<char>(value >> shift & 0xffU);
    }
  }
  return packed;
}

}  // namespace

TEST_CASE("pcap is read in both byte orders, with microseconds and nanoseconds") {
  for (const bool big_endian : {false, true}) {
    for (const bool nanoseconds : {false, true}) {
      const std::string text = three_packets(big_endian, nanoseconds);
      CHECK(nad::capture_format(text) == "pcap");
      const Seen seen = capture_of(text);
      REQUIRE(seen.times.size() == 3);
      CHECK(seen.times[0] == 1'600'000'000 * tests::second + (nanoseconds ? 123'456 : 123'456'000));
      CHECK(seen.times[1] == 1'600'000'001 * tests::second + (nanoseconds ? 7 : 7'000));
      CHECK(seen.frames[0] == filler(60));
      CHECK(seen.lengths[0] == 1514);
      CHECK(seen.frames[2].empty());
      CHECK(seen.report.notes.empty());
    }
  }
}

TEST_CASE("pcapng is read with sections of both byte orders, several interfaces and clocks") {
  CaptureBytes file;
  file.section();
  file.interface(1);               // microseconds
  file.interface(101, 9, 100);     // nanoseconds, 100 s later
  file.interface(1, 0x80U | 10U);  // 1/1024 s
  file.enhanced(0, 1'600'000'000'000'005, filler(60), 99);
  file.enhanced(1, 5'000'000'007, filler(21));
  file.enhanced(2, 3 * 1024 + 512, filler(22));
  file.block(0x12345678, filler(33));        // of a kind that nobody knows
  file.block_of(3, [](CaptureBytes& body) {  // simple: no time
    body.number(23);
    body.bytes.insert(body.bytes.end(), 23, 0x61);
  });
  file.block_of(2, [](CaptureBytes& body) {  // obsolete
    body.word(1);
    body.word(0);
    body.number(0);
    body.number(9);
    body.number(24);
    body.number(24);
    body.bytes.insert(body.bytes.end(), 24, 0x61);
  });
  CaptureBytes other(true);
  other.section();
  other.interface(228, 3);  // milliseconds
  other.enhanced(0, 4'321, filler(25));
  const std::string text = file.text() + other.text();
  CHECK(nad::capture_format(text) == "pcapng");
  const Seen seen = capture_of(text);
  REQUIRE(seen.times.size() == 6);
  CHECK(seen.times == std::vector<std::int64_t>{1'600'000'000'000'005'000, 105'000'000'007, 3'500'000'000,
                                                3'500'000'000, 100'000'000'009, 4'321'000'000});
  CHECK(seen.frames[3].size() == 23);
  CHECK(seen.frames[4].size() == 24);
  CHECK(seen.frames[5].size() == 25);
  CHECK(seen.lengths[0] == 99);
}

TEST_CASE("Interfaces that cannot be decoded are left out and counted, or refused where there is no other") {
  CaptureBytes file;
  file.section();
  file.interface(1);
  file.interface(105);
  file.enhanced(1, 1, filler(30));
  file.enhanced(0, 2, filler(31));
  const Seen seen = capture_of(file.text());
  CHECK(seen.times.size() == 1);
  CHECK(seen.report.left_out.at("IEEE 802.11 (wireless LAN)") == 1);

  CaptureBytes wireless;
  wireless.section();
  wireless.interface(127);
  wireless.enhanced(0, 1, filler(30));
  CHECK(message_of(wireless.text()).find("radiotap") != std::string::npos);
  CaptureBytes old;
  old.pcap_header(false, 127);
  CHECK(message_of(old.text()).find("radiotap") != std::string::npos);
}

TEST_CASE("pcapng tells how many packets the capturing program lost") {
  CaptureBytes file;
  file.section();
  file.interface(1);
  for (const std::uint32_t lost : {3U, 8U}) {  // counted from the beginning of the capture
    file.block_of(5, [lost](CaptureBytes& body) {
      body.number(0);
      body.number(0);
      body.number(0);
      body.word(7);
      body.word(8);
      body.number(lost);
      body.number(0);
      body.number(0);
    });
  }
  CHECK(capture_of(file.text()).report.dropped == 8);
}

TEST_CASE("What is whole of a file that was cut off is given, wherever it was cut") {
  CaptureBytes next;
  next.section();
  next.interface(1);
  next.enhanced(0, 1, filler(60));
  next.enhanced(0, 2, filler(60));
  for (const std::string& text : {three_packets(false, false), next.text()}) {
    const std::size_t whole = capture_of(text).times.size();
    std::size_t before = 0;
    for (std::size_t size = 28; size < text.size(); ++size) {
      const Seen seen = capture_of(text.substr(0, size));
      CHECK(seen.times.size() >= before);
      CHECK(seen.times.size() <= whole);
      before = seen.times.size();
      CHECK(seen.report.notes.size() <= 1);
    }
    const Seen last = capture_of(text.substr(0, text.size() - 1));
    REQUIRE(last.report.notes.size() == 1);
    CHECK(last.report.notes[0] ==
          "stream ends in the middle of a packet; the " + std::to_string(whole - 1) + " packets before were read");
  }
}

TEST_CASE("Damaged files give what stands before the damage, and ask for no memory that they claim to need") {
  CaptureBytes file;
  file.pcap_header(false);
  file.pcap_packet(1, 0, filler(60));
  file.number(2);
  file.number(0);
  file.number(0x7fffffff);
  file.number(0x7fffffff);
  const Seen seen = capture_of(file.text());
  CHECK(seen.times.size() == 1);
  REQUIRE(seen.report.notes.size() == 1);
  CHECK(seen.report.notes[0].find("stream is damaged at byte 100 (a packet of 2147483647 bytes)") == 0);

  CaptureBytes next;
  next.section();
  next.interface(1);
  next.enhanced(0, 1, filler(60));
  const std::string good = next.text();
  next.number(6);
  next.number(11);
  next.number(0);
  CHECK(capture_of(next.text()).report.notes.at(0).find("a block of 11 bytes") != std::string::npos);
  CaptureBytes unknown;
  unknown.section();
  unknown.interface(1);
  unknown.enhanced(4, 1, filler(60));
  CHECK(capture_of(unknown.text()).report.notes.at(0).find("interface 4, which was not announced") !=
        std::string::npos);
  CaptureBytes clock;
  clock.section();
  clock.interface(1, 99);
  CHECK(capture_of(clock.text()).report.notes.at(0).find("times cannot be counted") != std::string::npos);
  for (std::size_t at = 4; at < good.size(); ++at) {  // no byte can do harm
    for (const char value : {'\xff', '\x00', '\x7f'}) {
      std::string changed = good;
      changed[at] = value;
      message_of(changed);  // at most a link that nad does not know
    }
  }
}

TEST_CASE("What is no capture is refused in words") {
  CHECK(message_of("") == "stream is empty");
  CHECK(message_of("a,b,c\n1,2,3\n") == "stream is no capture: neither pcap nor pcapng");
  CHECK(message_of(three_packets(false, false).substr(0, 20)).find("within its header") != std::string::npos);
  CHECK_THROWS_AS(nad::Capture(std::vector<std::filesystem::path>{}), nad::Error);
  CHECK_THROWS_WITH_AS(nad::Capture("no-such.pcap"), doctest::Contains("no-such.pcap"), nad::Error);
}

TEST_CASE("Packed captures are read like others, and what is whole of them where they are cut off") {
  const std::string text = three_packets(false, false);
  const std::string packed = stored_gzip(text);
  CHECK(capture_of(packed).frames == capture_of(text).frames);
  const Seen cut = capture_of(packed.substr(0, packed.size() - 40));
  CHECK(cut.times.size() == 1);
  REQUIRE(cut.report.notes.size() == 1);
  CHECK(cut.report.notes[0].find("gzip") != std::string::npos);
}

TEST_CASE("Several files are merged by time") {
  const TemporaryFolder folder;
  std::vector<std::filesystem::path> paths;
  for (std::uint32_t i = 0; i < 3; ++i) {
    CaptureBytes file(i == 1);
    file.pcap_header(false);
    for (std::uint32_t packet = 0; packet < 5; ++packet) {
      file.pcap_packet(10 * packet + i, 0, filler(20 + 3 * packet + i));
    }
    paths.push_back(folder / ("part" + std::to_string(i)));
    write_text(paths.back(), file.text());
  }
  const Seen seen = all_of(nad::Capture(paths));
  REQUIRE(seen.times.size() == 15);
  for (std::size_t i = 0; i < seen.times.size(); ++i) {
    CHECK(seen.times[i] == static_cast<std::int64_t>(10 * (i / 3) + i % 3) * tests::second);
    CHECK(seen.frames[i].size() == 20 + i);
  }
  nad::Capture capture(paths);
  nad::Frame frame;
  while (capture.next(frame)) {
  }
  std::uintmax_t all = 0;
  for (const std::filesystem::path& path : paths) {
    all += std::filesystem::file_size(path);
  }
  CHECK(capture.bytes_total() == all);
  CHECK(capture.bytes_done() == capture.bytes_total());
}

TEST_CASE("Every prefix of every shared capture is read without an error") {
  for (const char* name : {"vlan_http.pcap", "frag_ipv6.pcapng", "link_sll_http2.pcapng", "bigendian_pptp.pcap"}) {
    const auto path = shared_data(std::string("pcap/") + name);
    if (!path) {
      return;
    }
    const std::vector<std::byte> bytes = read_file(*path);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::int64_t before = 0;
    for (std::size_t size = 28; size <= text.size(); size += size < 2000 ? 1 : 61) {
      std::istringstream stream(text.substr(0, size));
      nad::ReadReport report;
      const nad::Table flows = nad::read(stream, {}, &report);
      std::int64_t packets = 0;
      for (std::size_t row = 0; row < flows.rows(); ++row) {
        packets += flows["packets_sent"].integers()[row] + flows["packets_received"].integers()[row];
      }
      CHECK(packets >= before);
      before = packets;
    }
  }
}
