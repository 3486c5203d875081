// What is exported to ONNX, read by a reader of its own. Whether a runtime computes the same scores is asked in
// tests/python/test_export.py.
#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "model_file_tools.hpp"
#include "pipeline_samples.hpp"
#include "proto_reader.hpp"
#include "samples.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::contains;
using tests::message_of;
using Bytes = std::vector<std::byte>;

std::string_view text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Name and width of each tensor in a list of the graph.
std::map<std::string, std::int64_t> tensors_in(std::string_view graph, unsigned list) {
  std::map<std::string, std::int64_t> found;
  for (const proto::Field& value : proto::all(graph, list)) {
    const std::string_view tensor = proto::one(proto::one(value.bytes, 2).bytes, 1).bytes;
    const auto dimensions = proto::all(proto::one(tensor, 2).bytes, 1);
    REQUIRE(dimensions.size() == 2);
    CHECK(proto::one(dimensions[0].bytes, 2).bytes == "rows");
    found.emplace(proto::one(value.bytes, 1).bytes,
                  static_cast<std::int64_t>(proto::one(dimensions[1].bytes, 1).value));
  }
  return found;
}

/// Versions, and that every value is made once, before it is used; gives the graph.
std::string_view checked_graph(const Bytes& file) {
  const std::string_view model = text_of(file);
  CHECK(proto::one(model, 1).value == 7);
  std::map<std::string_view, std::uint64_t> versions;
  for (const proto::Field& operators : proto::all(model, 8)) {
    versions[proto::one(operators.bytes, 1).bytes] = proto::one(operators.bytes, 2).value;
  }
  CHECK(versions == std::map<std::string_view, std::uint64_t>{{"", 13}, {"ai.onnx.ml", 2}});
  const std::string_view graph = proto::one(model, 7).bytes;
  std::set<std::string, std::less<>> known;
  for (const auto& [name, width] : tensors_in(graph, 11)) {
    CHECK(known.insert(name).second);
  }
  for (const proto::Field& constant : proto::all(graph, 5)) {
    std::size_t size = proto::one(constant.bytes, 2).value == 1 ? 4 : 8;
    for (const proto::Field& dimension : proto::all(constant.bytes, 1)) {
      size *= dimension.value;
    }
    CHECK(proto::one(constant.bytes, 9).bytes.size() == size);
    CHECK(known.emplace(proto::one(constant.bytes, 8).bytes).second);
  }
  std::set<std::string, std::less<>> unused = known;
  for (const proto::Field& node : proto::all(graph, 1)) {
    for (const proto::Field& input : proto::all(node.bytes, 1)) {
      CHECK_MESSAGE(known.contains(input.bytes), std::string(input.bytes));
      unused.erase(std::string(input.bytes));
    }
    CHECK(known.emplace(proto::one(node.bytes, 2).bytes).second);
  }
  for (const auto& [name, width] : tensors_in(graph, 12)) {
    CHECK(known.contains(name));
  }
  CHECK(unused.empty());
  return graph;
}

std::string_view attribute(std::string_view node, std::string_view name, unsigned field) {
  for (const proto::Field& given : proto::all(node, 5)) {
    if (proto::one(given.bytes, 1).bytes == name) {
      return proto::one(given.bytes, field).bytes;
    }
  }
  FAIL("no attribute ", std::string(name));
  return {};
}

/// The trees of the tree operator of a graph, and a walk down them.
struct ReadTrees {
  std::vector<std::int64_t> tree, feature, below, above, leaf_tree, leaf_node;
  std::vector<float> value, leaf_value;
  std::vector<std::size_t> first;

  explicit ReadTrees(std::string_view graph) {
    for (const proto::Field& node : proto::all(graph, 1)) {
      if (proto::one(node.bytes, 4).bytes == "TreeEnsembleRegressor") {
        tree = proto::numbers_in(attribute(node.bytes, "nodes_treeids", 8));
        feature = proto::numbers_in(attribute(node.bytes, "nodes_featureids", 8));
        below = proto::numbers_in(attribute(node.bytes, "nodes_truenodeids", 8));
        above = proto::numbers_in(attribute(node.bytes, "nodes_falsenodeids", 8));
        value = proto::floats_in(attribute(node.bytes, "nodes_values", 7));
        leaf_tree = proto::numbers_in(attribute(node.bytes, "target_treeids", 8));
        leaf_node = proto::numbers_in(attribute(node.bytes, "target_nodeids", 8));
        leaf_value = proto::floats_in(attribute(node.bytes, "target_weights", 7));
      }
    }
    for (std::size_t place = 0; place < tree.size(); ++place) {
      if (static_cast<std::size_t>(tree[place]) == first.size()) {
        first.push_back(place);
      }
    }
  }

  double sum(std::span<const float> row) const {
    double total = 0.0;
    for (std::size_t number = 0; number < first.size(); ++number) {
      std::int64_t node = 0;
      for (std::size_t at = first[number]; below[at] != 0; at = first[number] + static_cast<std::size_t>(node)) {
        node = row[static_cast<std::size_t>(feature[at])] <= value[at] ? below[at] : above[at];
      }
      for (std::size_t leaf = 0; leaf < leaf_value.size(); ++leaf) {
        if (leaf_tree[leaf] == static_cast<std::int64_t>(number) && leaf_node[leaf] == node) {
          total += static_cast<double>(leaf_value[leaf]);
        }
      }
    }
    return total;
  }
};

std::string refusal(const nad::Detector& detector) {
  return message_of([&] { static_cast<void>(nad::to_onnx(detector)); });
}

std::string refusal(const nad::FeaturePipeline& pipeline, const nad::OnnxOptions& options = {}) {
  return message_of([&] { static_cast<void>(nad::to_onnx(pipeline, options)); });
}

TEST_CASE("onnx: the trees of a forest lead every row to the path length that the forest gives it") {
  const nad::Matrix x = tests::traffic_rows(300, 5, 3);
  nad::IsolationForest forest({.n_estimators = 7, .max_samples = std::uint64_t{64}, .random_state = 2});
  forest.fit(x);
  const Bytes file = nad::to_onnx(forest);
  const std::string_view graph = checked_graph(file);
  CHECK(tensors_in(graph, 11) == std::map<std::string, std::int64_t>{{"features", 5}});
  CHECK(tensors_in(graph, 12) == std::map<std::string, std::int64_t>{{"anomaly_score", 1}});
  const ReadTrees trees(graph);
  REQUIRE(trees.first.size() == 7);
  const std::vector<float> lengths = forest.path_length(x);
  for (std::size_t row = 0; row < 60; ++row) {
    CHECK(trees.sum(x.row(row)) / 7.0 == doctest::Approx(static_cast<double>(lengths[row])).epsilon(1e-6));
  }
}

TEST_CASE("onnx: every kind is either a sound graph or an error that names it and those that can be exported") {
  const std::set<std::string> exported = {"autoencoder",   "boosted_trees",  "ensemble", "isolation_forest",
                                          "kmeans",        "local_gaussian", "loda",     "mahalanobis",
                                          "one_class_svm", "pca_residual"};
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::directory_iterator(NAD_TEST_DATA)) {
    const std::string file_name = entry.path().filename().string();
    if (entry.path().extension() != ".nad" || file_name.starts_with("feature_pipeline") ||
        file_name.starts_with("model")) {
      continue;
    }
    const std::unique_ptr<nad::Detector> detector = nad::load_detector(entry.path());
    const std::string kind(detector->kind());
    seen.insert(kind);
    CAPTURE(file_name);
    const std::string why = refusal(*detector);
    if (why == "no error") {
      CHECK(exported.contains(kind));
      const Bytes file = nad::to_onnx(*detector);
      const std::string_view graph = checked_graph(file);
      CHECK(tensors_in(graph, 11).at("features") == static_cast<std::int64_t>(detector->n_features()));
      CHECK(nad::to_onnx(*detector) == file);  // the same bytes
    } else if (exported.contains(kind)) {
      CHECK(((contains(why, "ndim") && contains(why, "isolation_forest")) || contains(why, "cannot be exported")));
    } else {
      CHECK(contains(why, "'" + kind + "' cannot be exported"));
      CHECK(contains(why, "isolation_forest, kmeans"));
    }
  }
  CHECK(seen.size() >= 14);
}

TEST_CASE("onnx: what has not learnt, or cannot be written, says so") {
  CHECK(contains(refusal(nad::KMeans()), "this kmeans has not learnt anything yet"));
  CHECK(contains(refusal(nad::FeaturePipeline()), "this feature pipeline has not learnt anything yet"));
  CHECK(contains(message_of([] { static_cast<void>(nad::to_onnx(nad::Model())); }), "this model has not learnt"));
  const nad::Matrix x = tests::normal_rows(100, 4, 1);
  nad::IsolationForest planes({.n_estimators = 2, .ndim = 2});
  planes.fit(x);
  CHECK(contains(refusal(planes), "fit one with ndim 1"));
  nad::Ensemble ensemble({.combination = nad::Combination::median, .calibration = 0.0});
  ensemble.add(nad::KMeans({.n_clusters = 2})).add(nad::Mahalanobis());
  ensemble.fit(x);
  CHECK(contains(refusal(ensemble), "'median'"));
}

TEST_CASE("onnx: a pipeline takes its columns by name and gives its features") {
  const nad::Table flows = pipeline_samples::flows();
  nad::FeaturePipeline pipeline(
      {nad::LeaveOut{.columns = nad::ColumnChoice::all_but({"bytes_sent", "duration", "protocol"})}, nad::Impute{},
       nad::OneHot{}, nad::Novelty{}, nad::Log1p{}, nad::Standardise{.clip = 10.0}});
  pipeline.fit(flows);
  const Bytes file = nad::to_onnx(pipeline);
  const std::string_view graph = checked_graph(file);
  CHECK(tensors_in(graph, 11) ==
        std::map<std::string, std::int64_t>{{"bytes_sent", 1}, {"duration", 1}, {"protocol", 1}});
  CHECK(tensors_in(graph, 12) ==
        std::map<std::string, std::int64_t>{{"features", static_cast<std::int64_t>(pipeline.features().size())}});
  const TemporaryFolder folder;
  nad::save_onnx(pipeline, folder / "features.onnx");
  CHECK(read_file(folder / "features.onnx") == file);
}

TEST_CASE("onnx: a pipeline with steps that have no counterpart names them") {
  const nad::Table flows = pipeline_samples::flows();
  const auto columns = nad::LeaveOut{.columns = nad::ColumnChoice::all_but({"bytes_sent", "protocol"})};
  nad::FeaturePipeline hashing({columns, nad::Impute{}, nad::Hashing{.features = 3}, nad::Standardise{}});
  hashing.fit(flows);
  CHECK(contains(refusal(hashing), "'hashing' of column 'protocol'"));
  const auto with_service =
      nad::LeaveOut{.columns = nad::ColumnChoice::all_but({"bytes_sent", "protocol", "dst_port.service"})};
  nad::FeaturePipeline derived({with_service, nad::PortFeatures{}, nad::Impute{}, nad::OneHot{}, nad::Standardise{}});
  derived.fit(flows);
  const std::string why = refusal(derived);
  CHECK(contains(why, "'port_features'"));
  CHECK(contains(why, "derived_as_inputs"));
  const Bytes file = nad::to_onnx(derived, {.derived_as_inputs = true});
  const std::map<std::string, std::int64_t> inputs = tensors_in(checked_graph(file), 11);
  CHECK(inputs.contains("dst_port.service"));
  CHECK(inputs.contains("bytes_sent"));
}

TEST_CASE("onnx: every layer and scaling between the sample pipelines is a sound graph") {
  for (const nad::FeaturePipeline& pipeline : pipeline_samples::small_pipelines()) {
    if (!contains(refusal(pipeline, {.derived_as_inputs = true}), "hashing")) {
      const Bytes file = nad::to_onnx(pipeline, {.derived_as_inputs = true});
      CHECK(tensors_in(checked_graph(file), 12).at("features") ==
            static_cast<std::int64_t>(pipeline.features().size()));
    }
  }
}

TEST_CASE("onnx: a column must not be called what the graph's output is called") {
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (int row = 0; row < 30; ++row) {
    builder.add_number(row * row);
  }
  const nad::Table table(nad::Schema({{"features", nad::ColumnType::number}}), {builder.finish()});
  nad::FeaturePipeline pipeline({nad::Standardise{}});
  pipeline.fit(table);
  CHECK(contains(refusal(pipeline), "a column is called 'features'"));
}

}  // namespace
