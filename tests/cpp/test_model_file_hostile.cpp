// Files whose checksums are right because somebody computed them anew: between such a file and memory stand only the
// checks of each value that is read.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model_file_tools.hpp"
#include "watched.hpp"

namespace {

using namespace std::string_view_literals;
using model_file::Bytes;
using model_file::error_of;
using model_file::Parts;

TEST_CASE("a signed file with any byte of the payload changed is refused or can be used [long]") {
  for (const nad::IsolationForest& forest : model_file::small_forests()) {
    const Parts sound = model_file::split(nad::save_bytes(forest));
    Parts parts = sound;
    std::size_t refused = 0;
    std::size_t used = 0;
    for (std::size_t at = 0; at < parts.payload.size(); at += tests::byte_step) {
      const auto original = static_cast<unsigned>(sound.payload[at]);
      std::set<unsigned> values = {0, 0x7f, 0x80, 0xff};
      for (unsigned bit = 1; bit < 256; bit *= 2) {
        values.insert(original ^ bit);
      }
      values.erase(original);
      for (const unsigned value : values) {
        parts.payload[at] = static_cast<std::byte>(value);
        std::unique_ptr<nad::Detector> loaded;
        const auto error = error_of([&] { loaded = nad::load_detector_bytes(model_file::join(parts)); });
        if (error) {
          ++refused;
          REQUIRE(error->code() == nad::ErrorCode::bad_file);
        } else {
          ++used;
          model_file::use(*loaded);
        }
      }
      parts.payload[at] = sound.payload[at];
    }
    CHECK(refused > used / 2);  // thresholds and leaf values may change; indices, sizes and counts hardly
    CHECK(used > 0);
  }
}

TEST_CASE("a signed file with a payload that is cut or goes on is refused") {
  for (const nad::IsolationForest& forest : model_file::small_forests()) {
    const Parts sound = model_file::split(nad::save_bytes(forest));
    for (std::size_t length = 0; length < sound.payload.size(); ++length) {
      Parts parts = sound;
      parts.payload.resize(length);
      const auto error = error_of([&] { nad::load_detector_bytes(model_file::join(parts)); });
      REQUIRE(error.has_value());
      CHECK(error->code() == nad::ErrorCode::bad_file);
    }
    Parts parts = sound;
    parts.payload.push_back(std::byte{0});
    CHECK_THROWS_WITH_AS(nad::load_detector_bytes(model_file::join(parts)),
                         doctest::Contains("the payload is damaged: 1 bytes are left over"), nad::Error);
  }
}

TEST_CASE("a signed file with an absurd size of any array is refused before memory is taken") {
  const Parts sound = model_file::split(nad::save_bytes(model_file::small_forest()));
  const std::vector<std::size_t> places = model_file::ForestPayload(sound.payload).array_at;
  REQUIRE(places.size() == 10);
  for (const std::size_t at : places) {
    const std::uint64_t right = model_file::get(sound.payload, at);
    for (const std::uint64_t size :
         {std::uint64_t{1} << 63U, (std::uint64_t{1} << 63U) - 1, ~std::uint64_t{0}, std::uint64_t{1} << 62U,
          std::uint64_t{1} << 61U, std::uint64_t{1} << 32U, std::uint64_t{sound.payload.size()}, right + 1}) {
      Parts parts = sound;
      model_file::put(parts.payload, at, size);
      const auto error = error_of([&] { nad::load_detector_bytes(model_file::join(parts)); });
      REQUIRE(error.has_value());
      CHECK(error->code() == nad::ErrorCode::bad_file);
      if (size >= std::uint64_t{1} << 32U) {
        CHECK_MESSAGE(
            std::string(error->what()).find("it announces " + std::to_string(size) + " values") != std::string::npos,
            error->what());
      }
    }
  }
}

struct BadValue {
  std::size_t at;
  std::size_t width;
  std::uint64_t value;
  const char* message;
};

TEST_CASE("a signed payload with a value that makes no sense is refused, and the message names the value") {
  const nad::IsolationForest forest = model_file::small_forest();  // without max_depth and contamination
  const Parts sound = model_file::split(nad::save_bytes(forest));
  const model_file::ForestPayload stored(sound.payload);
  const auto value_at = [&](std::size_t array, std::size_t index) { return stored.array_at[array] + 8 + 4 * index; };
  const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  constexpr std::uint32_t quiet_nan = 0x7fc00000;
  constexpr std::uint32_t infinity = 0x7f800000;
  const std::vector<std::uint32_t>& columns = stored.arrays[2];
  REQUIRE(static_cast<std::int32_t>(columns[0]) >= 0);  // the first node is no leaf
  const auto first_leaf =
      static_cast<std::size_t>(std::find(columns.begin(), columns.end(), 0xffffffffU) - columns.begin());

  const std::vector<BadValue> values = {
      {0, 8, 0, "n_estimators is 0"},
      {0, 8, ~std::uint64_t{0}, "n_estimators is 18446744073709551615"},
      {8, 1, 3, "max_samples is neither automatic, nor a number, nor a fraction"},
      {8, 1, 0, "max_samples is neither"},  // automatic, but with a number
      {9, 8, bits(2.5), "max_samples is neither"},
      {9, 8, bits(0.0), "max_samples is neither"},
      {9, 8, bits(-1.0), "max_samples is neither"},
      {9, 8, bits(1e300), "max_samples is neither"},
      {9, 8, 0x7ff8000000000000, "max_samples is neither"},
      {18, 8, bits(1.5), "max_features is neither"},
      {18, 8, bits(0.0), "max_features is neither"},
      {26, 1, 2, "max_depth is 2 where 0 (no) or 1 (yes) belongs"},
      {27, 1, 0x80, "bootstrap is 128 where 0 (no) or 1 (yes) belongs"},
      {28, 1, 255, "contamination is 255 where"},
      {37, 1, 2, "warm_start is 2 where"},
      {38, 8, 0, "ndim is 0"},
      {46, 1, 2, "split is not one"},
      {47, 8, 0, "ntry is 0"},
      {55, 1, 3, "unique_rows is not one"},
      {56, 1, 3, "missing is not one"},
      {56, 1, 1, "do not say where missing values go"},
      {56, 1, 2, "values for missing ones do not match"},
      {57, 8, 0, "it has 0 columns"},
      {57, 8, 1, "splits on a column that does not exist"},
      {57, 8, 4, "its header says 3 columns, its payload 4"},
      {57, 8, ~std::uint64_t{0}, "it has 18446744073709551615 columns"},
      {65, 8, 1, "and 1 rows a tree"},
      {73, 4, quiet_nan, "the threshold is NaN"},
      {value_at(1, 0), 4, 1, "it has no first tree"},
      {value_at(1, 1), 4, 0, "tree 0 has no nodes"},
      {value_at(1, 1), 4, 0xffffffff, "tree 0 has no nodes"},
      {value_at(1, 2), 4, stored.arrays[1][2] + 1, "the isolation forest in this file is damaged"},
      {value_at(2, 0), 4, 3, "node 0 splits on a column that does not exist"},
      {value_at(2, 0), 4, 0x7fffffff, "node 0 splits on a column that does not exist"},
      {value_at(2, 0), 4, 0x80000000, "node 0 splits on a column that does not exist"},
      {value_at(2, 0), 4, 0xfffffffe, "node 0 splits on a column that does not exist"},  // the first of no hyperplanes
      {value_at(2, 0), 4, 0xffffffff, "belong to nothing"},
      {value_at(2, first_leaf), 4, 0, "the isolation forest in this file is damaged"},
      {value_at(3, 0), 4, quiet_nan, "node 0 has no finite value"},
      {value_at(3, 0), 4, infinity, "node 0 has no finite value"},
      {value_at(3, first_leaf), 4, 0xbf800000, "a value that makes no sense"},
      {value_at(4, 0), 4, 0, "right child of node 0 lies outside its tree"},
      {value_at(4, 0), 4, 1, "right child of node 0 lies outside its tree"},
      {value_at(4, 0), 4, stored.arrays[1][1], "right child of node 0 lies outside its tree"},
      {value_at(4, 0), 4, 0xffffffff, "right child of node 0 lies outside its tree"},
      {value_at(4, 0), 4, stored.arrays[4][0] + 1, "the isolation forest in this file is damaged"},
      {value_at(4, first_leaf), 4, 0, "holds no rows"},
  };
  for (const BadValue& bad : values) {
    Parts parts = sound;
    model_file::put(parts.payload, bad.at, bad.value, bad.width);
    const auto error = error_of([&] { nad::load_detector_bytes(model_file::join(parts)); });
    REQUIRE_MESSAGE(error.has_value(), bad.message);
    CHECK(error->code() == nad::ErrorCode::bad_file);
    CHECK_MESSAGE(std::string(error->what()).find(bad.message) != std::string::npos, std::string(error->what()));
  }
}

TEST_CASE("a signed payload that puts no finite number where one is missing is refused") {
  const Parts sound = model_file::split(nad::save_bytes(model_file::small_forest({.missing = nad::Missing::impute})));
  const model_file::ForestPayload stored(sound.payload);
  REQUIRE(stored.arrays[0].size() == 3);  // a value for each column
  for (std::size_t column = 0; column < 3; ++column) {
    for (const std::uint32_t value : {0x7fc00000U, 0x7f800000U, 0xff800000U}) {  // NaN, infinity, -infinity
      Parts parts = sound;
      model_file::put(parts.payload, stored.array_at[0] + 8 + 4 * column, value, 4);
      CHECK_THROWS_WITH_AS(nad::load_detector_bytes(model_file::join(parts)),
                           doctest::Contains("a value for missing ones is not finite"), nad::Error);
    }
  }
}

struct BadHeader {
  std::string header;
  const char* message;
};

TEST_CASE("a signed header that makes no sense is refused") {
  const Parts sound = model_file::split(nad::save_bytes(model_file::small_forest()));
  const std::string kind = R"("kind": "isolation_forest")";
  const std::vector<BadHeader> headers = {
      {"", "it is not JSON"},
      {"{", "it is not JSON"},
      {"null", "it is not a JSON object"},
      {"[]", "it is not a JSON object"},
      {"\"kind\"", "it is not a JSON object"},
      {"{}", "'kind' is missing"},
      {"{" + kind + "}", "'n_features' is missing"},
      {R"({"n_features": 3})", "'kind' is missing"},
      {R"({"deeper": {)" + kind + R"(}, "n_features": 3})", "'kind' is missing"},
      {R"({"kind": 3, "n_features": 3})", "'kind' is of the wrong type"},
      {R"({"kind": ["isolation_forest"], "n_features": 3})", "'kind' is of the wrong type"},
      {"{" + kind + R"(, "n_features": "3"})", "'n_features' is of the wrong type"},
      {"{" + kind + R"(, "n_features": -3})", "'n_features' is of the wrong type"},
      {"{" + kind + R"(, "n_features": 3.0})", "'n_features' is of the wrong type"},
      {"{" + kind + R"(, "n_features": {}})", "'n_features' is of the wrong type"},
      {"{" + kind + R"(, "n_features": 18446744073709551616})", "'n_features' is of the wrong type"},
      {"{" + kind + R"(, "n_features": 4})", "contradicts itself: its header says 4 columns, its payload 3"},
      {"{" + kind + ", " + kind + R"(, "n_features": 3})", "'kind' stands there twice"},
      {"{" + kind + R"(, "n_features": 3, "feature_names": "abc"})", "'feature_names' is of the wrong type"},
      {"{" + kind + R"(, "n_features": 3, "feature_names": {}})", "'feature_names' is of the wrong type"},
      {"{" + kind + R"(, "n_features": 3, "feature_names": ["a", "b"]})", "2 feature names for 3 columns"},
      {"{" + kind + R"(, "n_features": 3, "feature_names": []})", "0 feature names for 3 columns"},
      {"{" + kind + R"(, "n_features": 3, "feature_names": ["a", "b", 3]})", "a feature name is not text"},
      {"{" + kind + R"(, "n_features": 3, "feature_names": ["a", "b", ["c"]]})", "a feature name is not text"},
      {"{" + kind + R"(, "n_features": 3} and more)", "it is not JSON"},
      {"{" + kind + R"(, "n_features": 3, "note": ")" + "\xff" + "\"}", "it is not JSON"},
      {"{" + kind + R"(, "n_features": 3, "note": 1e999})", "it is not JSON"},
      {std::string(100'000, '['), "it is not a JSON object"},
      {"{" + kind + R"(, "n_features": 3, "note": )" + std::string(100'000, '['), "it is nested too deeply"},
      {R"({"kind": ")" + std::string(1000, 'k') + R"(\u0007", "n_features": 3})", "kkk...', but nad"},
      {R"({"kind": "tab\there", "n_features": 3})", "of kind 'tab?here', but nad"},
  };
  for (const BadHeader& bad : headers) {
    const Bytes file = model_file::join({bad.header, sound.payload});
    const auto error = error_of([&] { nad::load_detector_bytes(file); });
    REQUIRE_MESSAGE(error.has_value(), bad.message);
    CHECK(error->code() == nad::ErrorCode::bad_file);
    CHECK_MESSAGE(std::string(error->what()).find(bad.message) != std::string::npos, std::string(error->what()));
  }
  // what a later version may add to a header does no harm
  const std::string later = "{" + kind + R"(, "n_features": 3, "schema": {"kind": [1, {"n_features": null}]}})";
  CHECK(!error_of([&] { nad::load_detector_bytes(model_file::join({later, sound.payload})); }));
}

TEST_CASE("a signed file with any byte of the header changed is refused or still says what it holds [long]") {
  const Parts sound =
      model_file::split(nad::save_bytes(model_file::small_forest(), {.feature_names = {"a", "b", "c"}}));
  Parts parts = sound;
  for (std::size_t at = 0; at < parts.header.size(); at += tests::byte_step) {
    for (const char value : "\0\x1f \"\\{}[],:-09.eu\x7f\x80\xc3\xff"sv) {
      parts.header[at] = value;
      const Bytes file = model_file::join(parts);
      const auto error = error_of([&] {
        const auto loaded = nad::load_detector_bytes(file);
        REQUIRE(loaded->n_features() == 3);
        REQUIRE(nad::read_header_bytes(file) == parts.header);
      });
      REQUIRE((!error || error->code() == nad::ErrorCode::bad_file));
    }
    parts.header[at] = sound.header[at];
  }
}

TEST_CASE("a failed load leaves the detector of the caller as it was") {
  nad::IsolationForest forest = model_file::small_forest();
  const Bytes before = nad::save_bytes(forest);
  Parts parts = model_file::split(nad::save_bytes(model_file::small_forest({.contamination = 0.25})));
  parts.payload.resize(parts.payload.size() / 2);
  CHECK_THROWS_AS(forest = nad::load_bytes<nad::IsolationForest>(model_file::join(parts)), nad::Error);
  CHECK(nad::save_bytes(forest) == before);
}

}  // namespace
