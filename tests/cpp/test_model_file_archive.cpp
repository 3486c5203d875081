// The pieces below the model file: checksum, byte order, archives. They are internal headers, the same in both builds.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "model_file_tools.hpp"
#include "nad/persist/archive-inl.hpp"
#include "nad/persist/checksum-inl.hpp"

namespace {

using model_file::Bytes;
using nad::detail::checksum;
using nad::detail::PayloadReader;
using nad::detail::PayloadWriter;

TEST_CASE("the checksum is CRC-64/XZ") {
  CHECK(checksum(model_file::to_bytes("123456789")) == 0x995dc9bbdf1939faULL);  // the published check value
  CHECK(checksum({}) == 0);
  CHECK(checksum(Bytes(32, std::byte{0})) == model_file::crc(Bytes(32, std::byte{0})));
  nad::Random random(3);
  for (std::size_t length = 0; length < 100; ++length) {
    Bytes bytes(length);
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(random.below(256));
    }
    CHECK(checksum(bytes) == model_file::crc(bytes));
  }
}

TEST_CASE("numbers are written with the lowest byte first, whatever the machine") {
  Bytes out;
  PayloadWriter writer(out);
  writer(std::uint32_t{0x01020304}, std::int16_t{-2}, std::uint8_t{7}, 1.0F, -2.0, std::vector<std::uint16_t>{0x0a0b});
  const Bytes expected =
      model_file::to_bytes(std::string("\x04\x03\x02\x01"
                                       "\xfe\xff"
                                       "\x07"
                                       "\x00\x00\x80\x3f"
                                       "\x00\x00\x00\x00\x00\x00\x00\xc0"
                                       "\x01\x00\x00\x00\x00\x00\x00\x00\x0b\x0a",
                                       29));
  CHECK(out == expected);
}

struct Point {
  float x = 0.0F;
  std::vector<std::int32_t> marks;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, marks);
  }
};

TEST_CASE("a payload comes back, and every size in it is compared with what is left") {
  const std::vector<Point> points = {{1.5F, {1, -2}}, {-0.0F, {}}, {3.0F, {std::numeric_limits<std::int32_t>::min()}}};
  Bytes out;
  PayloadWriter{out}(points, std::int64_t{-1});

  std::vector<Point> loaded;
  std::int64_t last = 0;
  PayloadReader reader(out);
  reader(loaded, last);
  CHECK(reader.left() == 0);
  CHECK(last == -1);
  REQUIRE(loaded.size() == 3);
  CHECK(loaded[0].marks == points[0].marks);
  CHECK(std::signbit(loaded[1].x));
  CHECK(loaded[2].marks == points[2].marks);

  for (std::size_t length = 0; length < out.size(); ++length) {
    PayloadReader cut{std::span(out).first(length)};
    CHECK_THROWS_AS(cut(loaded, last), nad::Error);
  }
  for (const std::uint64_t size : {std::uint64_t{1} << 63U, ~std::uint64_t{0}, std::uint64_t{1} << 62U}) {
    Bytes damaged = out;
    model_file::put(damaged, 0, size);
    PayloadReader outer(damaged);
    CHECK_THROWS_WITH_AS(outer(loaded), doctest::Contains("values of 1 bytes, but only 56 bytes are left"), nad::Error);
    damaged = out;
    model_file::put(damaged, 12, size);
    PayloadReader inner(damaged);
    CHECK_THROWS_WITH_AS(inner(loaded), doctest::Contains("at its byte 12 it announces"), nad::Error);
  }
}

}  // namespace
