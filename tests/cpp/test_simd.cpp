#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/simd/active_kernels.hpp"
#include "nad/simd/kernels.hpp"

namespace {

/// Goes back to what ran before, also when a check fails.
class KeepKernels {
 public:
  ~KeepKernels() { nad::simd::force(before_); }

 private:
  std::string before_{nad::simd::active()};
};

/// Room on a boundary of 64 bytes.
struct Room {
  explicit Room(std::size_t size) : memory(size + 16) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    start = memory.data() + (64 - address % 64) % 64 / sizeof(float);
  }
  std::vector<float> memory;
  float* start;
};

}  // namespace

TEST_CASE("kernels can be listed and one of them runs") {
  const auto compiled = nad::simd::compiled();
  const auto supported = nad::simd::supported();
  REQUIRE(!supported.empty());
  const std::set<std::string_view> all(compiled.begin(), compiled.end());
  CHECK(all.size() == compiled.size());
  for (const std::string_view name : supported) {
    CHECK(all.count(name) == 1);
  }
  CHECK(std::set<std::string_view>(supported.begin(), supported.end()).count(nad::simd::active()) == 1);
}

TEST_CASE("the environment variable NAD_SIMD chooses the kernel") {
  const char* wanted = std::getenv("NAD_SIMD");
  if (wanted == nullptr || *wanted == '\0') {
    MESSAGE("NAD_SIMD is not set: the test run sets it to every kernel in turn");
    return;
  }
  const KeepKernels keep;
  nad::simd::force("auto");
  CHECK(nad::simd::active() == wanted);
}

TEST_CASE("a forced kernel is the one that runs") {
  const KeepKernels keep;
  std::set<decltype(nad::simd::KernelTable::forest_block)> functions;
  for (const std::string_view name : nad::simd::supported()) {
    nad::simd::force(name);
    CHECK(nad::simd::active() == name);
    CHECK(nad::simd::active_kernels().name == name);
    functions.insert(nad::simd::active_kernels().forest_block);
  }
  CHECK(functions.size() == nad::simd::supported().size());  // each name has code of its own
  try {
    nad::simd::force("mmx");
    FAIL("there is no kernel of that name");
  } catch (const nad::Error& error) {
    CHECK(error.code() == nad::ErrorCode::invalid_argument);
    const std::string message = error.what();
    CHECK(message.find("'mmx'") != std::string::npos);
    CHECK(message.find(std::string(nad::simd::supported().back())) != std::string::npos);
  }
}

TEST_CASE("all_finite finds one bad value at any place of any length, on every kernel") {
  const KeepKernels keep;
  const std::vector<float> bad = {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                                  std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::signaling_NaN()};
  for (const std::string_view name : nad::simd::supported()) {
    nad::simd::force(name);
    const auto& kernels = nad::simd::active_kernels();
    for (std::size_t size = 0; size < 150; size += size < 10 ? 1 : 13) {
      std::vector<float> values(size + 1, std::numeric_limits<float>::max());  // starts off any boundary
      CHECK(kernels.all_finite(values.data() + 1, size));
      for (std::size_t place = 0; place < size; ++place) {
        values[1 + place] = bad[place % bad.size()];
        CHECK_FALSE(kernels.all_finite(values.data() + 1, size));
        values[1 + place] = std::numeric_limits<float>::denorm_min();
      }
    }
  }
}

TEST_CASE("all_finite finds one bad value among very many, which it reads as several streams, on every kernel") {
  const KeepKernels keep;
  for (const std::string_view name : nad::simd::supported()) {
    nad::simd::force(name);
    const auto& kernels = nad::simd::active_kernels();
    for (const std::size_t size : {std::size_t{262143}, std::size_t{262144}, std::size_t{263001}}) {
      std::vector<float> values(size + 1, -std::numeric_limits<float>::max());
      CHECK(kernels.all_finite(values.data() + 1, size));
      for (std::size_t place = 0; place < size; place += place + 800 < size ? 2003 : 1) {
        values[1 + place] = std::numeric_limits<float>::quiet_NaN();
        CHECK_FALSE(kernels.all_finite(values.data() + 1, size));
        values[1 + place] = 0.0F;
      }
    }
  }
}

TEST_CASE("transpose agrees with two loops for odd shapes, on every kernel") {
  const KeepKernels keep;
  for (const std::string_view name : nad::simd::supported()) {
    nad::simd::force(name);
    for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 31U, 64U, 255U, 256U}) {
      for (const std::size_t columns : {1U, 2U, 3U, 4U, 5U, 7U, 41U}) {
        const std::size_t stride = columns + 3;
        const std::size_t out_stride = nad::simd::block_stride;
        std::vector<float> from(rows * stride);
        for (std::size_t i = 0; i < from.size(); ++i) {
          from[i] = static_cast<float>(i);
        }
        Room to(columns * out_stride);
        nad::simd::active_kernels().transpose(from.data(), stride, rows, columns, to.start, out_stride);
        bool same = true;
        for (std::size_t row = 0; row < rows; ++row) {
          for (std::size_t column = 0; column < columns; ++column) {
            same = same && to.start[column * out_stride + row] == from[row * stride + column];
          }
        }
        CHECK(same);
      }
    }
  }
}

TEST_CASE("the forest kernel agrees with a plain walk for every number of rows, on every kernel") {
  // two trees by hand: one axis-parallel, one with a hyperplane over both columns
  const std::vector<std::uint32_t> root = {0, 5};
  const std::vector<std::int32_t> feature = {0, -1, 1, -1, -1, -2, -1, -1};
  const std::vector<float> value = {0.25F, 1.5F, -0.5F, 2.25F, 3.125F, 0.1F, 1.0F, 7.5F};
  const std::vector<std::uint32_t> right = {2, 1, 4, 1, 1, 7, 1, 1};
  const std::vector<std::uint32_t> plane_begin = {0, 2};
  const std::vector<std::uint32_t> term_feature = {0, 1};
  const std::vector<float> term_weight = {0.7F, -1.3F};
  const nad::simd::ForestArrays forest{root.data(),  root.size(),        feature.data(),      value.data(),
                                       right.data(), plane_begin.data(), term_feature.data(), term_weight.data()};
  const auto plain = [&](float a, float b) {
    const float first = a > 0.25F ? (b > -0.5F ? 3.125F : 2.25F) : 1.5F;
    const double plane = static_cast<double>(0.7F) * a + static_cast<double>(-1.3F) * b;
    return first + (plane > static_cast<double>(0.1F) ? 7.5F : 1.0F);
  };
  const KeepKernels keep;
  nad::Random random(3);
  for (const std::string_view name : nad::simd::supported()) {
    nad::simd::force(name);
    for (std::size_t rows = 1; rows <= nad::simd::block_rows; rows += rows < 70 ? 1 : 31) {
      Room block(2 * nad::simd::block_stride);
      Room sums(nad::simd::block_rows);
      for (std::size_t row = 0; row < rows; ++row) {
        block.start[row] = static_cast<float>(random.normal());
        block.start[nad::simd::block_stride + row] = static_cast<float>(random.normal());
      }
      nad::simd::active_kernels().forest_block(forest, block.start, nullptr, rows, sums.start);
      bool same = true;
      for (std::size_t row = 0; row < rows; ++row) {
        same = same && sums.start[row] == plain(block.start[row], block.start[nad::simd::block_stride + row]);
      }
      CHECK(same);
    }
  }
}

TEST_CASE("add_to_bins agrees with a loop, for rows of equal and of different numbers of bins, on every kernel") {
  constexpr std::size_t rows = 50;
  constexpr std::size_t bins = 9;
  struct alignas(16) Sums {
    std::int64_t of[2 * rows];
  };
  Sums values{};
  nad::Random random(11);
  for (std::int64_t& value : values.of) {
    value = static_cast<std::int64_t>(random.next() >> 20U) - (std::int64_t{1} << 43U);
  }
  std::vector<std::uint16_t> of_row;
  std::vector<std::size_t> begin = {0};
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = random.below(6); i != 0; --i) {
      of_row.push_back(static_cast<std::uint16_t>(random.below(bins)));
    }
    begin.push_back(of_row.size());
  }
  of_row.resize(std::max(of_row.size(), 2 * rows));
  const std::vector<std::uint32_t> node = {3, 4, 7, 8, 9, 20, 21, 22, 23, 24, 25, 40, 49};
  const KeepKernels keep;
  for (const std::string_view name : nad::simd::supported()) {
    nad::simd::force(name);
    for (const bool equal : {false, true}) {
      Sums sums{};
      std::vector<std::int64_t> expected(2 * bins);
      for (const std::size_t row : node) {
        for (std::size_t i = equal ? 2 * row : begin[row]; i < (equal ? 2 * row + 2 : begin[row + 1]); ++i) {
          const std::size_t bin = of_row[i];
          expected[2 * bin] += values.of[2 * row];
          expected[2 * bin + 1] += values.of[2 * row + 1];
        }
      }
      nad::simd::active_kernels().add_to_bins({.rows = node.data(),
                                               .count = node.size(),
                                               .begin = equal ? nullptr : begin.data(),
                                               .width = 2,
                                               .bins = of_row.data(),
                                               .values = values.of,
                                               .sums = sums.of});
      CHECK(std::equal(expected.begin(), expected.end(), sums.of));
    }
  }
}

TEST_CASE("find_bytes agrees with a loop for dense and sparse text of any length, on every kernel") {
  const KeepKernels keep;
  for (const std::string_view name : nad::simd::supported()) {
    nad::simd::force(name);
    const auto& kernels = nad::simd::active_kernels();
    nad::Random random(3);
    for (std::size_t size = 0; size < 400; size += size < 130 ? 1 : 37) {
      for (const std::size_t kinds : {1U, 2U, 3U, 40U}) {  // of 1: nothing but separators
        std::string text;
        for (std::size_t i = 0; i < size; ++i) {
          text +=
              ",\n\xff"
              "0123456789abcdefghijklmnopqrstuvwxyz+"[random.below(kinds)];
        }
        std::vector<std::uint32_t> expected;
        std::size_t newlines = 0;
        for (std::size_t i = 0; i < size; ++i) {
          newlines += text[i] == '\n' ? 1U : 0U;
          if (text[i] == ',' || text[i] == '\n') {
            expected.push_back(static_cast<std::uint32_t>(i));
          }
        }
        std::vector<std::uint32_t> places(size + 8);
        const nad::simd::ByteCounts counts = kernels.find_bytes(text.data(), size, ',', '\n', places.data());
        CHECK(counts.both == expected.size());
        CHECK(counts.b == newlines);
        places.resize(expected.size());
        CHECK(places == expected);
      }
    }
  }
}

TEST_CASE("find_unquoted agrees with a walk over the text, on every kernel") {
  const KeepKernels keep;
  for (const std::string_view name : nad::simd::supported()) {
    nad::simd::force(name);
    const auto& kernels = nad::simd::active_kernels();
    nad::Random random(5);
    std::size_t sound = 0;
    std::size_t open = 0;
    for (std::size_t round = 0; round < 3000; ++round) {
      std::string text;
      const std::size_t pieces = random.below(60);
      for (std::size_t i = 0; i < pieces; ++i) {  // mostly whole fields
        constexpr std::string_view parts[] = {"12",         ",", "\n", "\"a,\n\",", "\"\",", "\"say \"\"x\"\"\"\n",
                                              "long text,", "\""};
        text += parts[random.below(round % 3 == 0 ? 8 : 7)];
      }
      std::vector<std::uint32_t> expected;
      nad::simd::QuotedCounts wanted = {0, 0, 0, 0, false, true};
      for (std::size_t i = 0; i < text.size(); ++i) {
        const char before = i == 0 ? '\n' : text[i - 1];
        if (text[i] == '"') {
          if (!wanted.open) {
            const bool doubled = before == '"';  // a quote that closed: an open one would have been closed by this one
            wanted.doubled += doubled ? 1U : 0U;
            wanted.sound = wanted.sound && (doubled || before == ',' || before == '\n');
          }
          wanted.open = !wanted.open;
        } else if (wanted.open) {
          wanted.b_inside += text[i] == '\n' ? 1U : 0U;
        } else if (text[i] == ',' || text[i] == '\n') {
          wanted.b += text[i] == '\n' ? 1U : 0U;
          expected.push_back(static_cast<std::uint32_t>(i));
        }
      }
      std::vector<std::uint32_t> places(text.size() + 8);
      const nad::simd::QuotedCounts counts =
          kernels.find_unquoted(text.data(), text.size(), ',', '\n', '"', places.data());
      places.resize(expected.size());
      const bool same = counts.both == expected.size() && places == expected && counts.b == wanted.b &&
                        counts.b_inside == wanted.b_inside && counts.doubled == wanted.doubled &&
                        counts.open == wanted.open && counts.sound == wanted.sound;
      CHECK(same);
      sound += counts.sound ? 1U : 0U;
      open += counts.open ? 1U : 0U;
    }
    CHECK(sound > 500);
    CHECK(sound < 2500);
    CHECK(open > 100);
  }
}
