// Everything that was learnt, as JSON: complete, by name, and with the digits that it has.
#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "messages.hpp"
#include "pipeline_samples.hpp"
#include "samples.hpp"
#include "temporary_folder.hpp"

namespace {

using nlohmann::json;
using tests::contains;
using tests::message_of;

std::vector<float> floats(const json& list) {
  std::vector<float> values;
  for (const json& value : list) {
    values.push_back(value.get<float>());
  }
  return values;
}

TEST_CASE("json: every kind tells its header and all that it learnt") {
  for (const auto& entry : std::filesystem::directory_iterator(NAD_TEST_DATA)) {
    const std::string file_name = entry.path().filename().string();
    if (entry.path().extension() != ".nad" || file_name.starts_with("feature_pipeline") ||
        file_name.starts_with("model")) {
      continue;
    }
    CAPTURE(file_name);
    const std::unique_ptr<nad::Detector> detector = nad::load_detector(entry.path());
    json shown = json::parse(nad::to_json(*detector));
    const json header = json::parse(nad::read_header_bytes(nad::save_bytes(*detector)));
    CHECK(shown.at("learnt").size() >= 1);
    CHECK_FALSE(shown.at("learnt").contains("options"));
    shown.erase("learnt");
    CHECK(shown == header);
  }
}

TEST_CASE("json: the numbers are those of the detector, float for float") {
  const nad::Matrix x = tests::traffic_rows(200, 5, 4);
  nad::IsolationForest forest({.n_estimators = 5, .random_state = 1});
  forest.fit(x);
  const json of_forest = json::parse(nad::to_json(forest, {.feature_names = {"a", "b", "c", "d", "e"}, .note = "n"}));
  CHECK(of_forest["feature_names"][4] == "e");
  CHECK(of_forest["note"] == "n");
  CHECK(of_forest["kind"] == "isolation_forest");
  const json& nodes = of_forest["learnt"]["nodes"];
  CHECK(floats(nodes["value"]) == forest.nodes().value);
  CHECK(nodes["feature"].get<std::vector<std::int32_t>>() == forest.nodes().feature);
  CHECK(nodes["right"].get<std::vector<std::uint32_t>>() == forest.nodes().right);

  nad::KMeans kmeans({.n_clusters = 3});
  kmeans.fit(x);
  const json of_kmeans = json::parse(nad::to_json(kmeans))["learnt"];
  REQUIRE(of_kmeans["centres"].size() == 3);
  for (std::size_t row = 0; row < 3; ++row) {
    CHECK(floats(of_kmeans["centres"][row]) ==
          std::vector<float>(kmeans.centres().row(row), kmeans.centres().row(row) + 5));
  }
  CHECK(of_kmeans["weights"].get<std::vector<double>>() ==
        std::vector<double>(kmeans.weights().begin(), kmeans.weights().end()));
}

TEST_CASE("json: a float has no more digits than it needs") {
  nad::Matrix x(4, 1);
  for (std::size_t row = 0; row < 4; ++row) {
    x(row, 0) = row % 2 == 0 ? 0.1F : 0.7F;
  }
  nad::NearestNeighbours neighbours({.n_neighbors = 1});
  neighbours.fit(x);
  CHECK(contains(nad::to_json(neighbours), "[0.1]"));
}

TEST_CASE("json: members of an ensemble stand in it whole, with their calibration") {
  const nad::Matrix x = tests::normal_rows(300, 3, 2);
  nad::Ensemble ensemble;
  ensemble.add(nad::KMeans({.n_clusters = 2}))
      .add(nad::LocalGaussian({.n_clusters = 2}), {.weight = 2.0, .name = "two"});
  ensemble.fit(x);
  const json members = json::parse(nad::to_json(ensemble))["learnt"]["members"];
  REQUIRE(members.size() == 2);
  CHECK(members[1]["name"] == "two");
  CHECK(members[1]["weight"] == 2.0);
  CHECK(members[1]["detector"] == json::parse(nad::to_json(ensemble.member(1))));
  CHECK(members[1]["detector"]["learnt"]["shapes"].size() == 2);
  CHECK(members[0]["calibration"]["scores"].size() == members[0]["calibration"]["ranks"].size());
}

TEST_CASE("json: a pipeline tells what becomes of each column") {
  const nad::Table flows = pipeline_samples::flows();
  nad::FeaturePipeline pipeline({nad::LeaveOut{.columns = nad::ColumnChoice::all_but({"bytes_sent", "protocol"})},
                                 nad::Impute{}, nad::OneHot{}, nad::Novelty{}, nad::Standardise{.clip = 10.0}});
  pipeline.fit(flows);
  const json shown = json::parse(nad::to_json(pipeline));
  CHECK(shown["kind"] == "feature_pipeline");
  CHECK(shown["steps"].size() == 5);
  const json& number = shown["learnt"]["numbers"][0];
  CHECK(number["column"] == "bytes_sent");
  CHECK(number["functions"][0]["kind"] == "fill");
  CHECK(number["functions"][1]["kind"] == "affine");
  CHECK(number["functions"][2] == json({{"kind", "clip"}, {"low", -10.0}, {"high", 10.0}}));
  const json& category = shown["learnt"]["categories"][0];
  CHECK(category["column"] == "protocol");
  CHECK(category["features"].size() == category["known"]["tcp"].size());
  const nad::Matrix x = pipeline.transform(flows);
  const auto place = static_cast<std::size_t>(
      std::find_if(pipeline.features().begin(), pipeline.features().end(),
                   [](const nad::FeatureInfo& feature) { return feature.name == "protocol=tcp"; }) -
      pipeline.features().begin());
  const std::size_t of_tcp =
      static_cast<std::size_t>(std::find(category["features"].begin(), category["features"].end(), "protocol=tcp") -
                               category["features"].begin());
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    const std::string protocol(flows["protocol"].text(row));
    CHECK(category["known"][protocol][of_tcp].get<float>() == x(row, place));
  }
}

TEST_CASE("json: every step, layer and learnt value of the sample pipelines is readable") {
  for (const nad::FeaturePipeline& pipeline : pipeline_samples::small_pipelines()) {
    const json shown = json::parse(nad::to_json(pipeline));
    CHECK(shown["learnt"]["layers"].size() == pipeline.plan()->layers.size());
    CHECK(shown["learnt"]["derived"].size() == pipeline.plan()->derived.size());
  }
}

TEST_CASE("json: a model tells pipeline, detector, calibration and what is usual") {
  const nad::Table flows = pipeline_samples::flows(200);
  nad::Model model{nad::Mahalanobis()};
  model.set_pipeline(
      nad::FeaturePipeline({nad::LeaveOut{.columns = nad::ColumnChoice::all_but({"bytes_sent", "protocol"})},
                            nad::Impute{}, nad::OneHot{}, nad::Standardise{.clip = 10.0}}));
  model.fit(flows);
  const std::string text = nad::to_json(model, "office");
  const json shown = json::parse(text);
  CHECK(shown["kind"] == "model");
  CHECK(shown["note"] == "office");
  CHECK(shown["learnt"]["calibration"]["scores"].size() > 0);
  CHECK(shown["learnt"]["usual_values"].size() == 2);
  CHECK(shown["learnt"]["importance"].size() == 2);
  CHECK(shown["learnt"]["detector"] == json::parse(nad::to_json(model.detector())));
  CHECK(shown["learnt"]["pipeline"] == json::parse(nad::to_json(model.pipeline()))["learnt"]);
  const TemporaryFolder folder;
  nad::save_json(model, folder / "model.json", "office");
  const std::vector<std::byte> saved = read_file(folder / "model.json");
  CHECK(std::string(reinterpret_cast<const char*>(saved.data()), saved.size()) == text);
}

TEST_CASE("json: what has not learnt anything says so") {
  CHECK(contains(message_of([] { static_cast<void>(nad::to_json(nad::LODA())); }), "this loda has not learnt"));
  CHECK(contains(message_of([] { static_cast<void>(nad::to_json(nad::FeaturePipeline())); }), "pipeline.steps()"));
  CHECK(contains(message_of([] { static_cast<void>(nad::to_json(nad::Model())); }), "has not learnt"));
}

}  // namespace
