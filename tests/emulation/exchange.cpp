// Models from one processor to another, and back: the same decisions, and scores within what include/nad/README.md
// promises.
//
//   exchange write FOLDER        fits a detector of each kind and some models, and saves them with their scores
//   exchange check FOLDER        loads what another processor has saved: scores, decisions, and what it saves again

#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "../cpp/model_file_tools.hpp"
#include "../cpp/model_samples.hpp"
#include "../cpp/pipeline_samples.hpp"

namespace {

namespace fs = std::filesystem;

/// The largest difference of scores that another processor may give, as a share of the larger of 1 and the score:
/// products that are rounded once here and twice there. Trees, bins and distances of neighbours give the same bits.
constexpr double most_difference = 1e-4;

/// The same records everywhere: compilers order the random numbers of a sample as they like.
nad::Table judged_table(const fs::path& folder) { return nad::read(folder / "records.csv", {.format = "flow_csv"}); }

nad::Matrix judged_rows() {
  nad::Matrix rows(200, 3);
  nad::Random random(17);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      rows(row, column) = static_cast<float>(random.uniform() * 6.0);
    }
  }
  return rows;
}

template <class D>
void add(std::vector<std::unique_ptr<nad::Detector>>& detectors, D detector) {
  detector.fit(model_file::training_rows(3, 300));
  detectors.push_back(std::make_unique<D>(std::move(detector)));
}

std::vector<std::unique_ptr<nad::Detector>> fitted_detectors() {
  std::vector<std::unique_ptr<nad::Detector>> detectors;
  add(detectors, nad::IsolationForest({.n_estimators = 20, .ndim = 2}));
  add(detectors, nad::IsolationForest({.n_estimators = 20}));
  add(detectors, nad::LODA({.n_projections = 20}));
  add(detectors, nad::Histogram());
  add(detectors, nad::ECOD());
  add(detectors, nad::KMeans({.n_clusters = 3}));
  add(detectors, nad::Mahalanobis());
  add(detectors, nad::LocalGaussian());
  add(detectors, nad::PcaResidual());
  add(detectors, nad::NearestNeighbours());
  add(detectors, nad::OneClassSVM());
  add(detectors, nad::HalfSpaceTrees());
  add(detectors, nad::Autoencoder());
  return detectors;
}

/// One line a file: its name, the threshold, and the scores, as hexadecimal numbers that lose nothing.
void note_scores(std::ofstream& notes, const std::string& name, float threshold, const std::vector<float>& scores) {
  char text[48];
  std::snprintf(text, sizeof text, " %a", static_cast<double>(threshold));
  notes << name << text;
  for (const float score : scores) {
    std::snprintf(text, sizeof text, " %a", static_cast<double>(score));
    notes << text;
  }
  notes << '\n';
}

void write_all(const fs::path& folder) {
  fs::create_directories(folder);
  std::ofstream notes(folder / "scores.txt");
  nad::write_csv(pipeline_samples::flows(200, /*seed=*/21), folder / "records.csv");
  const nad::Table records = judged_table(folder);
  std::size_t number = 0;
  for (const std::unique_ptr<nad::Detector>& detector : fitted_detectors()) {
    const std::string name = std::string(detector->kind()) + "_" + std::to_string(++number) + ".nad";
    nad::save(*detector, folder / name);
    note_scores(notes, name, detector->threshold(), detector->anomaly_score(judged_rows()));
  }
  for (const nad::Model& model : model_samples::small_models()) {
    const std::string name = "model_" + std::to_string(++number) + ".nad";
    model.save(folder / name);
    note_scores(notes, name, model.threshold().score, model.anomaly_score(records));
  }
}

struct Comparison {
  double largest = 0.0;
  std::size_t other_bits = 0;
  std::size_t other_decisions = 0;
};

Comparison compare(const std::vector<float>& there, float limit_there, const std::vector<float>& here, float limit) {
  Comparison result;
  for (std::size_t row = 0; row < there.size(); ++row) {
    const double scale = std::max(1.0, std::abs(static_cast<double>(there[row])));
    const double difference = std::abs(static_cast<double>(there[row]) - static_cast<double>(here[row])) / scale;
    result.largest = std::max(result.largest, difference);
    result.other_bits += std::memcmp(&there[row], &here[row], sizeof(float)) != 0 ? 1U : 0U;
    result.other_decisions += (there[row] > limit_there) != (here[row] > limit) ? 1U : 0U;
  }
  return result;
}

int check_all(const fs::path& folder) {
  std::ifstream notes(folder / "scores.txt");
  const nad::Table records = judged_table(folder);
  int wrong = 0;
  std::size_t files = 0;
  for (std::string line; std::getline(notes, line); ++files) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    std::vector<float> there;
    for (std::string word; words >> word;) {
      there.push_back(std::strtof(word.c_str(), nullptr));
    }
    const float limit_there = there.front();
    there.erase(there.begin());
    std::vector<float> here;
    float limit = 0.0F;
    std::vector<std::byte> saved;
    if (name.starts_with("model_")) {
      const nad::Model model = nad::Model::load(folder / name);
      here = model.anomaly_score(records);
      limit = model.threshold().score;
      saved = model.save_bytes();
    } else {
      const std::unique_ptr<nad::Detector> detector = nad::load_detector(folder / name);
      here = detector->anomaly_score(judged_rows());
      limit = detector->threshold();
      saved = nad::save_bytes(*detector);
    }
    std::ifstream file(folder / name, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    const bool same_file = content.str() == std::string(reinterpret_cast<const char*>(saved.data()), saved.size());
    const Comparison found = compare(there, limit_there, here, limit);
    const bool is_sound = found.largest <= most_difference && found.other_decisions == 0 && same_file &&
                          there.size() == here.size() && !there.empty();
    std::printf("%-28s %zu scores, %zu of them with other bits, largest difference %.1e, %zu other decisions%s%s\n",
                name.c_str(), there.size(), found.other_bits, found.largest, found.other_decisions,
                same_file ? "" : ", SAVED OTHERWISE", is_sound ? "" : "  WRONG");
    wrong += is_sound ? 0 : 1;
  }
  std::printf("%zu files, %d wrong, by %s\n", files, wrong, std::string(nad::simd::active()).c_str());
  return wrong == 0 && files > 10 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || (std::strcmp(argv[1], "write") != 0 && std::strcmp(argv[1], "check") != 0)) {
    std::fprintf(stderr, "usage: exchange write|check FOLDER\n");
    return 2;
  }
  try {
    if (std::strcmp(argv[1], "check") == 0) {
      return check_all(argv[2]);
    }
    write_all(argv[2]);
    std::printf("saved by %s\n", std::string(nad::simd::active()).c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
