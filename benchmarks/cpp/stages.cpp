// Does the work of one stage, once, for a profiler that counts instructions: nothing is timed here. What is measured
// happens in `counted_stage`, all that it needs is made before.
//
//   valgrind --tool=callgrind --toggle-collect='counted_stage*' --collect-atstart=no nad_benchmark_stages reading
//   FOLDER nad_benchmark_stages --list
//
// FOLDER holds flows.csv (features without labels) and traffic.pcap; `python -m benchmarks profile` makes them, runs
// every stage and prints its three slowest places.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "nad/nad.hpp"

/// A name of its own, with C linkage, that a profiler can be told.
extern "C" void counted_stage(const std::function<void()>& work);
extern "C" [[gnu::noinline]] void counted_stage(const std::function<void()>& work) { work(); }

namespace {

constexpr std::uint64_t seed = 1'000'003;
constexpr std::size_t learnt_from = 1000;  ///< records of whole models: they fit some dozens of detectors

/// Keeps the compiler from dropping work whose result nobody reads.
volatile double sink = 0.0;

struct Data {
  explicit Data(std::filesystem::path files) : folder(std::move(files)) {}

  nad::Table table() const { return nad::read(folder / "flows.csv"); }

  nad::Matrix matrix() const {
    const nad::Table all = table();
    nad::FeaturePipeline pipeline = nad::FeaturePipeline::automatic(all);
    return pipeline.fit_transform(all);
  }

  std::filesystem::path folder;
};

nad::Model small_model(const nad::Table& table) {
  nad::ModelOptions options;
  options.training = nad::Training::mixed;
  options.threshold = nad::ThresholdRule::contamination(0.01);
  options.random_state = seed;
  nad::Model model(options);
  model.fit(table);
  return model;
}

template <class Detector>
void fit(const Data& data, Detector detector) {
  const nad::Matrix x = data.matrix();
  counted_stage([&] { detector.fit(x); });
}

template <class Detector>
void score(const Data& data, Detector detector) {
  const nad::Matrix x = data.matrix();
  detector.fit(x);
  counted_stage([&] { sink = static_cast<double>(detector.anomaly_score(x)[0]); });
}

void packets(const Data& data) {
  counted_stage([&] { sink = static_cast<double>(nad::read(data.folder / "traffic.pcap").rows()); });
}

void reading(const Data& data) {
  counted_stage([&] { sink = static_cast<double>(data.table().rows()); });
}

void features_learnt(const Data& data) {
  const nad::Table table = data.table();
  counted_stage([&] {
    nad::FeaturePipeline pipeline = nad::FeaturePipeline::automatic(table);
    pipeline.fit(table);
  });
}

void features_computed(const Data& data) {
  const nad::Table table = data.table();
  nad::FeaturePipeline pipeline = nad::FeaturePipeline::automatic(table);
  pipeline.fit(table);
  counted_stage([&] { sink = static_cast<double>(pipeline.transform(table)(0, 0)); });
}

void model_fit(const Data& data) {
  const nad::Table table = data.table().head(learnt_from);
  counted_stage([&] { sink = small_model(table).threshold().score; });
}

void model_detect(const Data& data) {
  const nad::Table table = data.table();
  const nad::Model model = small_model(table.head(learnt_from));
  counted_stage([&] { sink = static_cast<double>(model.detect(table).reported.size()); });
}

void judging(const Data& data) {
  nad::Random random(seed);
  const std::size_t rows = 20 * data.table().rows();
  std::vector<float> scores(rows);
  std::vector<std::uint8_t> labels(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    labels[row] = random.uniform() < 0.1 ? 1 : 0;
    scores[row] = static_cast<float>(random.normal() + 1.5 * labels[row]);
  }
  nad::EvaluationOptions options;
  options.replicates = 20;
  counted_stage([&] { sink = nad::evaluate(scores, labels, options).roc_auc.value; });
}

void files(const Data& data) {
  const nad::Model model = small_model(data.table().head(learnt_from));
  const std::filesystem::path path = data.folder / "model.nad";
  counted_stage([&] {
    model.save(path);
    sink = nad::Model::load(path).threshold().score;
  });
}

const std::map<std::string, std::function<void(const Data&)>>& stages() {
  static const std::map<std::string, std::function<void(const Data&)>> all = {
      {"packets", packets},
      {"reading", reading},
      {"features, learn", features_learnt},
      {"features, compute", features_computed},
      {"isolation forest, fit", [](const Data& data) { fit(data, nad::IsolationForest({.random_state = seed})); }},
      {"isolation forest, score", [](const Data& data) { score(data, nad::IsolationForest({.random_state = seed})); }},
      {"k-means, fit", [](const Data& data) { fit(data, nad::KMeans({.random_state = seed})); }},
      {"k-means, score", [](const Data& data) { score(data, nad::KMeans({.random_state = seed})); }},
      {"one-class SVM, fit", [](const Data& data) { fit(data, nad::OneClassSVM({.nu = 0.05})); }},
      {"autoencoder, fit", [](const Data& data) { fit(data, nad::Autoencoder({.epochs = 2, .random_state = seed})); }},
      {"half-space trees, fit", [](const Data& data) { fit(data, nad::HalfSpaceTrees({.random_state = seed})); }},
      {"nearest neighbours, fit",
       [](const Data& data) { fit(data, nad::NearestNeighbours({.max_samples = 1000, .random_state = seed})); }},
      {"model, fit", model_fit},
      {"model, detect", model_detect},
      {"evaluate", judging},
      {"files", files},
  };
  return all;
}

void run(std::span<char*> words) {
  if (words.size() == 2 && std::string(words[1]) == "--list") {
    for (const auto& [name, work] : stages()) {
      std::printf("%s\n", name.c_str());
    }
    return;
  }
  if (words.size() != 3) {
    throw std::runtime_error("usage: nad_benchmark_stages STAGE FOLDER, or --list");
  }
  const auto stage = stages().find(words[1]);
  if (stage == stages().end()) {
    throw std::runtime_error(std::string("no stage is called ") + words[1] + "; --list names them");
  }
  stage->second(Data(words[2]));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(std::span(argv, static_cast<std::size_t>(argc)));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nad_benchmark_stages: %s\n", error.what());
    return 1;
  }
}
