// Loading takes no more memory than a small multiple of what it is given, whatever the file claims.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cstdint>
#include <string>

#include "allocations.hpp"
#include "model_file_tools.hpp"
#include "temporary_folder.hpp"

namespace {

using model_file::Bytes;
using model_file::error_of;
using model_file::Parts;

/// What everything takes beside the bytes of the file: messages, names, the parser's first buffers.
constexpr std::size_t small_change = 32 * 1024;

template <class Action>
std::size_t bytes_taken(Action&& action) {
  const std::size_t before = tests::allocations().bytes;
  action();
  return tests::allocations().bytes - before;
}

nad::IsolationForest larger_forest() {
  nad::IsolationForest forest({.n_estimators = 100, .max_samples = 256});
  forest.fit(model_file::training_rows(10, 2000));
  return forest;
}

TEST_CASE("loading a sound file takes a small multiple of its size") {
  const TemporaryFolder folder;
  const nad::IsolationForest forest = larger_forest();
  const Bytes file = nad::save_bytes(forest);
  nad::save(forest, folder / "forest.nad");
  REQUIRE(file.size() > 200'000);
  REQUIRE(file.size() < 1'000'000);  // 100 trees of 256 rows
  const std::size_t from_memory = bytes_taken([&] { nad::load_detector_bytes(file); });
  CHECK(from_memory > file.size() / 2);  // the counter sees it
  CHECK(from_memory < 4 * file.size());
  CHECK(bytes_taken([&] { nad::load_detector(folder / "forest.nad"); }) < 5 * file.size());
  CHECK(bytes_taken([&] { nad::read_header(folder / "forest.nad"); }) < small_change);
  CHECK(bytes_taken([&] { nad::read_header_bytes(file); }) < small_change);
}

TEST_CASE("no length that a file announces makes loading take memory for it") {
  const TemporaryFolder folder;
  const Bytes sound = nad::save_bytes(model_file::small_forest());
  for (const std::size_t at : {model_file::header_length_at, model_file::payload_length_at}) {
    for (const unsigned bit : {16U, 24U, 26U, 30U, 40U, 62U, 63U}) {
      Bytes file = sound;
      model_file::put(file, at, std::uint64_t{1} << bit);
      write_file(folder / "damaged.nad", file);
      const auto load = [&] {
        CHECK(error_of([&] { nad::load_detector_bytes(file); }));
        CHECK(error_of([&] { nad::load_detector(folder / "damaged.nad"); }));
        CHECK(error_of([&] { nad::read_header(folder / "damaged.nad"); }));
      };
      CHECK(bytes_taken(load) < 3 * file.size() + small_change);
    }
  }
}

TEST_CASE("no size inside a signed payload makes loading take memory for it") {
  const Parts sound = model_file::split(nad::save_bytes(model_file::small_forest()));
  for (std::size_t at = 0; at + 8 <= sound.payload.size(); ++at) {
    for (const unsigned bit : {20U, 31U, 61U, 63U}) {
      Parts parts = sound;
      model_file::put(parts.payload, at, std::uint64_t{1} << bit);
      const Bytes file = model_file::join(parts);
      const std::size_t taken =
          bytes_taken([&] { static_cast<void>(error_of([&] { nad::load_detector_bytes(file); })); });
      REQUIRE_MESSAGE(taken < 4 * file.size() + small_change, "2^" << bit << " at byte " << at);
    }
  }
}

TEST_CASE("a signed header full of brackets, names or numbers takes a small multiple of its size") {
  const Parts sound = model_file::split(nad::save_bytes(model_file::small_forest()));
  std::string many_members = "{";
  std::string many_values = R"({"note": [)";
  for (int member = 0; member < 50'000; ++member) {
    many_members.append("\"").append(std::to_string(member)).append("\":{},");
    many_values += "[],";
  }
  const std::string long_name = "{\"" + std::string(500'000, 'k') + "\": 1}";
  for (const std::string& header : {many_members, many_values, long_name, std::string(500'000, '['),
                                    "{\"note\": \"" + std::string(500'000, 'n') + "\"}"}) {
    const Bytes file = model_file::join({header, sound.payload});
    CHECK(bytes_taken([&] { CHECK(error_of([&] { nad::load_detector_bytes(file); })); }) <
          8 * file.size() + small_change);
  }
}

}  // namespace
