// Feature pipelines saved and loaded: the same features afterwards, and no file that harms.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <bit>
#include <cereal/archives/portable_binary.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "model_file_tools.hpp"
#include "pipeline_samples.hpp"
#include "temporary_folder.hpp"
#include "watched.hpp"

namespace {

using model_file::Bytes;
using model_file::error_of;
using model_file::Parts;
using pipeline_samples::flows;
using pipeline_samples::small_pipelines;

std::vector<std::uint32_t> features_of(const nad::FeaturePipeline& pipeline, const nad::Table& table) {
  const nad::Matrix x = pipeline.transform(table);
  return model_file::bits({x.data(), x.rows() * x.columns()});
}

TEST_CASE("the samples have every kind of step") {
  std::set<std::string_view> kinds;
  for (const auto& steps : pipeline_samples::steps()) {
    for (const nad::FeatureStep& step : steps) {
      kinds.insert(nad::kind(step));
    }
  }
  for (const std::string_view kind : nad::step_kinds()) {
    CHECK_MESSAGE(kinds.contains(kind), std::string(kind));
  }
}

TEST_CASE("a pipeline from a file gives the same features, names and words, and the same file again") {
  const TemporaryFolder folder;
  const nad::Table later = flows(300, 6);  // with categories, hosts and amounts that training did not have
  for (const nad::FeaturePipeline& pipeline : small_pipelines()) {
    const std::filesystem::path path = folder.path() / "features.nad";
    nad::save(pipeline, path, "of a test");
    const auto loaded = nad::load<nad::FeaturePipeline>(path);
    CHECK(loaded.is_fitted());
    CHECK(loaded.features() == pipeline.features());
    CHECK(loaded.inputs() == pipeline.inputs());
    CHECK(loaded.left_out() == pipeline.left_out());
    CHECK(loaded.steps() == pipeline.steps());
    CHECK(loaded.to_string() == pipeline.to_string());
    CHECK(features_of(loaded, later) == features_of(pipeline, later));
    CHECK(nad::save_bytes(loaded, "of a test") == nad::save_bytes(pipeline, "of a test"));

    nad::FeatureStream stream(loaded);
    const nad::Matrix streamed = stream.push(later);
    CHECK(model_file::bits({streamed.data(), streamed.rows() * streamed.columns()}) == features_of(pipeline, later));

    nad::FeaturePipeline again = loaded;  // what was loaded can learn anew
    again.fit(later);
    nad::FeaturePipeline fresh(pipeline.steps());
    fresh.fit(later);
    CHECK(features_of(again, flows()) == features_of(fresh, flows()));
  }
}

TEST_CASE("the header says what goes in and what comes out") {
  const nad::FeaturePipeline pipeline = small_pipelines()[0];
  const auto header = nlohmann::json::parse(nad::read_header_bytes(nad::save_bytes(pipeline, "why")));
  CHECK(header["kind"] == "feature_pipeline");
  CHECK(header["n_features"] == pipeline.features().size());
  CHECK(header["feature_names"][0] == pipeline.features()[0].name);
  CHECK(header["source"] == "flow_csv");
  CHECK(header["note"] == "why");
  CHECK(header["steps"] == nlohmann::json::parse(nad::to_json(pipeline.steps())));
  CHECK(header["inputs"][0] == nlohmann::json{{"name", "timestamp"}, {"type", "time"}});
  CHECK(header["left_out"].size() == pipeline.left_out().size());
}

TEST_CASE("a pipeline that has learnt nothing cannot be saved") {
  CHECK_THROWS_WITH_AS(nad::save_bytes(nad::FeaturePipeline({nad::OneHot{}})),
                       doctest::Contains("call fit() before saving it, or keep its steps with to_json()"), nad::Error);
}

TEST_CASE("a detector's file is no pipeline, and the other way round") {
  const nad::FeaturePipeline pipeline = small_pipelines()[1];
  CHECK_THROWS_WITH_AS(
      nad::load_bytes<nad::FeaturePipeline>(nad::save_bytes(model_file::small_forest())),
      doctest::Contains("holds a detector of kind 'isolation_forest', but a feature pipeline was asked for"),
      nad::Error);
  for (const auto& load : std::vector<std::function<void(const Bytes&)>>{
           [](const Bytes& file) { nad::load_detector_bytes(file); },
           [](const Bytes& file) { nad::load_bytes<nad::IsolationForest>(file); }}) {
    const auto error = error_of([&] { load(nad::save_bytes(pipeline)); });
    REQUIRE(error.has_value());
    CHECK(std::string(error->what()).find("holds a feature pipeline, no detector") != std::string::npos);
  }
  Parts parts = model_file::split(nad::save_bytes(pipeline));
  parts.header = R"({"kind": "feature_pipeline", "n_features": 7})";
  CHECK_THROWS_WITH_AS(nad::load_bytes<nad::FeaturePipeline>(model_file::join(parts)),
                       doctest::Contains("its header says 7 features, its payload 2"), nad::Error);
  CHECK_THROWS_WITH_AS(nad::load<nad::FeaturePipeline>("nowhere.nad"), doctest::Contains("'nowhere.nad'"), nad::Error);
}

/// With a header as short as can be, because each damaged file is signed and read anew.
Parts short_parts(const nad::FeaturePipeline& pipeline) {
  Parts parts = model_file::split(nad::save_bytes(pipeline));
  parts.header = R"({"kind": "feature_pipeline", "n_features": )" + std::to_string(pipeline.features().size()) + "}";
  return parts;
}

TEST_CASE("a signed file with a byte of the payload changed is refused or can be used [long]") {
  for (const nad::FeaturePipeline& pipeline : small_pipelines()) {
    const Parts sound = short_parts(pipeline);
    Parts parts = sound;
    std::size_t refused = 0;
    std::size_t used = 0;
    for (std::size_t at = 0; at < parts.payload.size(); at += tests::watched ? 13 : 3) {
      const auto original = static_cast<unsigned>(sound.payload[at]);
      parts.payload[at] = static_cast<std::byte>(original ^ (at % 2 == 0 ? 1U << (at % 8) : 0xffU));
      std::optional<nad::FeaturePipeline> loaded;
      const auto error = error_of([&] { loaded = nad::load_bytes<nad::FeaturePipeline>(model_file::join(parts)); });
      if (error) {
        ++refused;
        REQUIRE_MESSAGE(error->code() == nad::ErrorCode::bad_file, error->what());
      } else if (++used % 8 == 0) {
        pipeline_samples::use(*loaded);
      }
      parts.payload[at] = sound.payload[at];
    }
    CHECK(refused > 20);
    CHECK(used > 20);
  }
}

TEST_CASE("a signed file with a payload that is cut or goes on is refused") {
  const nad::FeaturePipeline pipeline = small_pipelines()[1];
  const Parts sound = short_parts(pipeline);
  for (std::size_t length = 0; length < sound.payload.size(); length += 5) {
    Parts parts = sound;
    parts.payload.resize(length);
    const auto error = error_of([&] { nad::load_bytes<nad::FeaturePipeline>(model_file::join(parts)); });
    REQUIRE(error.has_value());
    CHECK(error->code() == nad::ErrorCode::bad_file);
  }
  Parts parts = sound;
  parts.payload.push_back(std::byte{0});
  CHECK_THROWS_WITH_AS(nad::load_bytes<nad::FeaturePipeline>(model_file::join(parts)),
                       doctest::Contains("1 bytes are left over"), nad::Error);
}

TEST_CASE("a plan that does not fit together is refused") {
  struct Damage {
    const char* message;
    std::function<void(nad::detail::FeaturePlan&)> make;
  };
  const std::vector<Damage> damages = {
      {"a column that is not there", [](auto& plan) { plan.numbers[0].input = 1000; }},
      {"a column that holds none", [](auto& plan) { plan.numbers[0].input = plan.categories[0].input; }},
      {"categories are asked of a column", [](auto& plan) { plan.categories[0].input = plan.numbers[0].input; }},
      {"two features have the same place", [](auto& plan) { plan.numbers[0].output = plan.numbers[1].output; }},
      {"beyond the last", [](auto& plan) { plan.numbers[0].output = ~std::size_t{0}; }},
      {"too few or too many features", [](auto& plan) { plan.first_width += 1; }},
      {"too few or too many numbers", [](auto& plan) { plan.categories[0].map.missing += 1; }},
      {"a category has a place beyond", [](auto& plan) { plan.categories[0].map.slots[0] = 99; }},
      {"a category has a place beyond", [](auto& plan) { plan.categories[0].map.unseen = 99; }},
      {"a category has a place beyond", [](auto& plan) { plan.categories[0].map.slots.clear(); }},
      {"a number is not finite", [](auto& plan) { plan.categories[0].values[0] = std::bit_cast<float>(0x7f800000U); }},
      {"its novelty makes no sense", [](auto& plan) { plan.novelties[0].known.clear(); }},
      {"a scaling makes no sense", [](auto& plan) { plan.numbers[0].maps[0].knots = {1.0}; }},
      {"a scaling makes no sense", [](auto& plan) { plan.numbers[0].maps[0].kind = nad::detail::ScalarKind::normal; }},
      {"quantiles are not in order",
       [](auto& plan) {
         plan.numbers[0].maps[0] = {.kind = nad::detail::ScalarKind::quantile, .knots = {2.0, 1.0}};
       }},
      {"principal components do not fit",
       [](auto& plan) { plan.layers.push_back({.width = 1, .mean = {0.0}, .components = {1.0}}); }},
      {"a unit length makes no sense", [](auto& plan) { plan.layers.push_back({.width = 1}); }},
      {"too few or too many names", [](auto& plan) { plan.features.pop_back(); }},
      {"another type",
       [](auto& plan) {
         std::vector<nad::Field> fields(plan.columns.begin(), plan.columns.end());
         fields[plan.numbers[0].input].type = nad::ColumnType::boolean;
         plan.columns = nad::Schema(fields);
       }},
      {"cannot", [](auto& plan) { plan.derived.emplace_back(nad::OneHot{}); }},
      {"does not fit together",
       [](auto& plan) { std::get<nad::AddressFeatures>(plan.derived[1]).learned.ends.clear(); }},
      {"'duration'", [](auto& plan) {
         std::vector<nad::Field> fields;
         for (const nad::Field& field : plan.inputs) {
           if (field.name != "duration") {
             fields.push_back(field);
           }
         }
         plan.inputs = nad::Schema(fields);
       }}};
  const nad::FeaturePipeline pipeline = small_pipelines()[0];
  CHECK_NOTHROW(nad::detail::check_plan(*pipeline.plan()));
  for (const Damage& damage : damages) {
    nad::detail::FeaturePlan plan = *pipeline.plan();
    damage.make(plan);
    const auto error = error_of([&] { nad::detail::check_plan(plan); });
    REQUIRE_MESSAGE(error.has_value(), damage.message);
    CHECK_MESSAGE(std::string(error->what()).find(damage.message) != std::string::npos, error->what());
  }
}

TEST_CASE("a pipeline in an archive of a host") {
  for (const nad::FeaturePipeline& pipeline : small_pipelines()) {
    std::stringstream stream;
    cereal::PortableBinaryOutputArchive{stream}(pipeline);
    const std::string text = stream.str();
    nad::FeaturePipeline loaded({nad::OneHot{}});
    std::stringstream cut(text.substr(0, text.size() - 1));
    cereal::PortableBinaryInputArchive damaged(cut);
    CHECK_THROWS_AS(damaged(loaded), cereal::Exception);
    CHECK(!loaded.is_fitted());
    CHECK(loaded.steps() == std::vector<nad::FeatureStep>{nad::OneHot{}});
    cereal::PortableBinaryInputArchive{stream}(loaded);
    CHECK(nad::save_bytes(loaded) == nad::save_bytes(pipeline));
  }
}

// What tests/data/make_golden.cpp wrote: flows, what earlier versions saved, and the features that it gave for them.
TEST_CASE("pipelines that earlier versions of nad saved still load, and give the same features") {
  const std::filesystem::path folder = NAD_TEST_DATA;
  const nad::Table table = nad::read((folder / "feature_pipeline_flows.csv").string());
  for (std::size_t number = 0; number < pipeline_samples::steps().size(); ++number) {
    const std::string name = "feature_pipeline_" + std::to_string(number) + "_v1";
    CAPTURE(name);
    const auto pipeline = nad::load<nad::FeaturePipeline>(folder / (name + ".nad"));
    const nad::Matrix x = pipeline.transform(table);
    std::ifstream expected(folder / (name + ".txt"));
    REQUIRE(expected.good());
    for (std::size_t i = 0; i < x.rows() * x.columns(); ++i) {
      std::string text;
      REQUIRE(static_cast<bool>(expected >> text));  // strtod knows hexadecimal numbers, streams do not
      const double wanted = std::strtod(text.c_str(), nullptr);
      // sines and logarithms may differ in the last bits from one C library to the next
      REQUIRE(std::abs(static_cast<double>(x.data()[i]) - wanted) <= 1e-6 * std::max(1.0, std::abs(wanted)));
    }
    // and the format is written as it was
    std::ifstream file(folder / (name + ".nad"), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    CHECK(model_file::split(nad::save_bytes(pipeline)).payload ==
          model_file::split(model_file::to_bytes(bytes)).payload);
  }
}

}  // namespace
