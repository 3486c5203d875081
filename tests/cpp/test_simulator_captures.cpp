#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "messages.hpp"
#include "nad/nad.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::contains;
using tests::message_of;

using Bytes = std::vector<std::uint8_t>;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

constexpr std::int64_t moment = 1'700'000'000'123'456'789;  // 0x6553f100 seconds
const Bytes packet = {0xaa, 0xbb, 0xcc, 0xdd, 0xee};

std::string written(const nad::CaptureWriterOptions& options) {
  std::ostringstream stream;
  nad::CaptureWriter writer(stream, options);
  writer.write(moment, packet);
  writer.write(moment + 1000, packet, 1000);
  writer.close();
  return stream.str();
}

}  // namespace

TEST_CASE("pcap files of both byte orders and both units of time") {
  using nad::CaptureByteOrder;
  CHECK(hex(written({})) ==
        "4d3cb2a1"
        "02000400"
        "00000000"
        "00000000"
        "00000400"
        "01000000"
        "00f15365"
        "15cd5b07"
        "05000000"
        "05000000"
        "aabbccddee"
        "00f15365"
        "fdd05b07"
        "05000000"
        "e8030000"
        "aabbccddee");
  CHECK(hex(written({.byte_order = CaptureByteOrder::big_endian, .nanoseconds = false, .link_type = 113})) ==
        "a1b2c3d4"
        "00020004"
        "00000000"
        "00000000"
        "00040000"
        "00000071"
        "6553f100"
        "0001e240"
        "00000005"
        "00000005"
        "aabbccddee"
        "6553f100"
        "0001e241"
        "00000005"
        "000003e8"
        "aabbccddee");
}

TEST_CASE("pcapng files say what a unit of time is") {
  using nad::CaptureFormat;
  CHECK(hex(written(
            {.format = CaptureFormat::pcapng, .byte_order = nad::CaptureByteOrder::big_endian, .snap_length = 4})) ==
        "0a0d0d0a"
        "0000001c"
        "1a2b3c4d"
        "00010000"
        "ffffffffffffffff"
        "0000001c"
        "00000001"
        "00000020"
        "00010000"
        "00000004"
        "00090001"
        "09000000"
        "00000000"
        "00000020"
        "00000006"
        "00000024"
        "00000000"
        "17979cfe"
        "3d85cd15"
        "00000004"
        "00000005"
        "aabbccdd"
        "00000024"
        "00000006"
        "00000024"
        "00000000"
        "17979cfe"
        "3d85d0fd"
        "00000004"
        "000003e8"
        "aabbccdd"
        "00000024");
  const std::string little = hex(written({.format = CaptureFormat::pcapng, .nanoseconds = false}));
  CHECK(contains(little,
                 "0900010006000000"
                 "00000000"
                 "20000000"));
  CHECK(contains(little,
                 "06000000"
                 "28000000"
                 "00000000"));
  CHECK(contains(little,
                 "aabbccddee000000"
                 "28000000"));
}

TEST_CASE("a capture is packed where its name says so") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "day.pcap.gz";
  nad::CaptureWriter writer(path);
  for (int i = 0; i < 100'000; ++i) {
    writer.write(moment + i, packet);
  }
  writer.close();
  CHECK(writer.packets() == 100'000);
  CHECK(writer.bytes() == 24 + 100'000 * 21);
  CHECK(std::filesystem::file_size(path) < 1'000'000);
  CHECK(hex(text_of(path).substr(0, 3)) == "1f8b08");
  nad::CaptureWriter named(folder / "plain.gz", {.gzip = false});
  named.close();
  CHECK(text_of(folder / "plain.gz").size() == 24);
}

TEST_CASE("a capture appears under its name when it is whole") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "day.pcap";
  {
    nad::CaptureWriter writer(path);
    writer.write(moment, packet);
    CHECK(!std::filesystem::exists(path));
  }
  CHECK(folder.is_empty());
  {
    nad::CaptureWriter writer(path);
    writer.write(moment, packet);
    writer.close();
    writer.close();
    CHECK(contains(message_of([&] { writer.write(moment, packet); }), "closed"));
  }
  CHECK(text_of(path).size() == 24 + 16 + 5);
  {
    nad::CaptureWriter writer(path);  // what is there stays until another is whole
    writer.write(moment, packet);
  }
  CHECK(text_of(path).size() == 24 + 16 + 5);
  std::filesystem::create_symlink(path, folder / "link.pcap");
  nad::CaptureWriter writer(folder / "link.pcap");
  writer.close();
  CHECK(std::filesystem::is_symlink(folder / "link.pcap"));
  CHECK(text_of(path).size() == 24);
}

TEST_CASE("what a capture cannot hold, and disks that cannot hold the capture") {
  const TemporaryFolder folder;
  CHECK(contains(message_of([&] { nad::CaptureWriter writer(folder.path()); }), "it is a folder"));
  CHECK(contains(message_of([&] { nad::CaptureWriter writer(folder / "no" / "day.pcap"); }), "create it first"));
  std::ostringstream stream;
  CHECK(contains(message_of([&] { nad::CaptureWriter(stream).write(-1, packet); }), "before 1970"));
  CHECK(contains(message_of([&] { nad::CaptureWriter(stream).write(5'000'000'000'000'000'000, packet); }),
                 "write pcapng"));
  CHECK(contains(message_of([&] { nad::CaptureWriter(stream).write(moment, packet, 4); }), "cannot be less"));
  CHECK(contains(message_of([&] { nad::CaptureWriter(stream, {.snap_length = 0}).close(); }), "snap_length"));
  CHECK(contains(message_of([&] { nad::parse_capture_format("erf"); }), "pcap pcapng"));
  if (std::filesystem::exists("/dev/full")) {
    CHECK(contains(message_of([&] {
                     nad::CaptureWriter writer("/dev/full");
                     writer.write(moment, packet);
                     writer.close();
                   }),
                   "No space left"));
  }
  stream.setstate(std::ios::badbit);
  CHECK(contains(message_of([&] { nad::CaptureWriter(stream).close(); }), "stream"));
}
