// Models as files: damaged ones are refused or can be used, and those of earlier versions still find the same.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "model_file_tools.hpp"
#include "model_samples.hpp"
#include "watched.hpp"

namespace {

using model_file::error_of;
using model_file::Parts;

/// With a header as short as can be, because each damaged file is signed and read anew.
Parts short_parts(const nad::Model& model) {
  Parts parts = model_file::split(model.save_bytes());
  parts.header = R"({"kind": "model", "n_features": )" + std::to_string(model.pipeline().features().size()) + "}";
  return parts;
}

TEST_CASE("model file: a signed file with a byte of the payload changed is refused or can be used [long]") {
  const nad::Table table = pipeline_samples::flows(6, /*seed=*/3);
  for (const nad::Model& model : model_samples::small_models()) {
    const Parts sound = short_parts(model);
    Parts parts = sound;
    std::size_t refused = 0;
    std::size_t used = 0;
    for (std::size_t at = 0; at < parts.payload.size(); at += tests::watched ? 41 : 11) {
      const auto original = static_cast<unsigned>(sound.payload[at]);
      parts.payload[at] = static_cast<std::byte>(original ^ (at % 2 == 0 ? 1U << (at % 8) : 0xffU));
      std::optional<nad::Model> loaded;
      const auto error = error_of([&] { loaded = nad::Model::load_bytes(model_file::join(parts)); });
      if (error) {
        ++refused;
        REQUIRE_MESSAGE(error->code() == nad::ErrorCode::bad_file, error->what());
      } else if (++used % 8 == 0) {
        model_samples::use(*loaded, table);
      }
      parts.payload[at] = sound.payload[at];
    }
    CHECK(refused > 20);
    CHECK(used > 20);
  }
}

TEST_CASE("model file: a signed file with a payload that is cut or goes on is refused") {
  const nad::Model model = model_samples::small_models()[1];
  const Parts sound = short_parts(model);
  for (std::size_t length = 0; length < sound.payload.size(); length += tests::watched ? 61 : 17) {
    Parts parts = sound;
    parts.payload.resize(length);
    const auto error = error_of([&] { nad::Model::load_bytes(model_file::join(parts)); });
    REQUIRE(error.has_value());
    CHECK(error->code() == nad::ErrorCode::bad_file);
  }
  Parts longer = sound;
  longer.payload.push_back(std::byte{0});
  CHECK_THROWS_WITH_AS(nad::Model::load_bytes(model_file::join(longer)), doctest::Contains("1 bytes are left over"),
                       nad::Error);
}

TEST_CASE("model file: what is no model is refused by what it is") {
  const nad::Model model = model_samples::small_models()[1];
  CHECK_THROWS_WITH_AS(nad::load_detector_bytes(model.save_bytes()), doctest::Contains("model"), nad::Error);
  CHECK_THROWS_WITH_AS(nad::Model::load_bytes(nad::save_bytes(model.detector())), doctest::Contains("histogram"),
                       nad::Error);
  CHECK_THROWS_WITH_AS(nad::Model::load_bytes(nad::save_bytes(model.pipeline())), doctest::Contains("feature pipeline"),
                       nad::Error);
  CHECK_THROWS_WITH_AS(nad::Model::load("nowhere.nad"), doctest::Contains("'nowhere.nad'"), nad::Error);
}

// What tests/data/make_golden.cpp wrote: flows, what earlier versions saved, and what they found among them.
TEST_CASE("model file: models that earlier versions of nad saved still load, and find the same") {
  const std::filesystem::path folder = NAD_TEST_DATA;
  const nad::Table table = nad::read((folder / "feature_pipeline_flows.csv").string());
  std::vector<std::size_t> rows(table.rows());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows[row] = row;
  }
  for (std::size_t number = 0; number < model_samples::small_models().size(); ++number) {
    const std::string name = "model_" + std::to_string(number) + "_v1";
    CAPTURE(name);
    const nad::Model model = nad::Model::load(folder / (name + ".nad"));
    std::ifstream expected(folder / (name + ".txt"));
    REQUIRE(expected.good());
    const auto next = [&] {
      std::string text;
      REQUIRE(static_cast<bool>(expected >> text));  // strtod knows hexadecimal numbers, streams do not
      return text;
    };
    const auto same = [&](double found) {
      const double wanted = std::strtod(next().c_str(), nullptr);
      // logarithms may differ in the last bits from one C library to the next
      return std::abs(found - wanted) <= 1e-6 * std::max(1.0, std::abs(wanted));
    };
    CHECK(same(static_cast<double>(model.threshold().score)));
    for (const nad::Finding& finding : model.explain(table, rows)) {
      REQUIRE(same(static_cast<double>(finding.score)));
      REQUIRE(same(finding.p.value));
      REQUIRE(next() == std::to_string(finding.reasons.size()));
      for (const nad::Reason& reason : finding.reasons) {
        REQUIRE(next() == reason.column);
        REQUIRE(same(reason.contribution));
      }
    }
    // and the format is written as it was
    std::ifstream file(folder / (name + ".nad"), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    CHECK(model_file::split(model.save_bytes()).payload == model_file::split(model_file::to_bytes(bytes)).payload);
  }
}

}  // namespace
