// Models that earlier versions of nad saved still load, with the same scores bit for bit. tests/data/make_golden.cpp
// wrote them.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "model_file_tools.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;

struct Expected {
  float threshold = 0.0F;
  double baseline = 0.0;
  std::vector<std::vector<float>> rows;
  std::vector<float> scores;
  std::vector<std::vector<float>> reasons;
};

Expected read_expected(const fs::path& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), path.string());
  Expected expected;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string what;
    std::string word;
    words >> what;
    std::vector<float> values;
    while (words >> word) {
      values.push_back(std::strtof(word.c_str(), nullptr));
    }
    if (what == "threshold") {
      expected.threshold = values.at(0);
    } else if (what == "baseline") {
      expected.baseline = std::strtod(word.c_str(), nullptr);
    } else if (what == "row") {
      expected.rows.push_back(values);
    } else if (what == "score") {
      expected.scores.push_back(values.at(0));
    } else if (what == "reasons") {
      expected.reasons.push_back(values);
    }
  }
  return expected;
}

std::set<std::string> golden_models() {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(NAD_TEST_DATA)) {
    if (entry.path().extension() == ".nad" && !entry.path().stem().string().starts_with("feature_pipeline") &&
        !entry.path().stem().string().starts_with("model_")) {
      names.insert(entry.path().stem().string());
    }
  }
  return names;
}

/// Kinds whose scores go through products, which some processors round once and others twice.
bool fuses_products(std::string_view kind) {
  return kind == "autoencoder" || kind == "local_gaussian" || kind == "mahalanobis" || kind == "one_class_svm" ||
         kind == "pca_residual";
}

TEST_CASE("every golden model loads and scores as it did when it was saved") {
  const std::set<std::string> names = golden_models();
  REQUIRE(names.contains("isolation_forest_v1"));
  REQUIRE(names.contains("isolation_forest_planes_v1"));
  REQUIRE(names.contains("isolation_forest_impute_v1"));
  REQUIRE(names.contains("autoencoder_v1"));
  REQUIRE(names.contains("boosted_trees_v1"));
  REQUIRE(names.contains("ecod_v1"));
  REQUIRE(names.contains("ensemble_v1"));
  REQUIRE(names.contains("kmeans_v1"));
  REQUIRE(names.contains("kmeans_elbow_v1"));
  REQUIRE(names.contains("local_gaussian_v1"));
  REQUIRE(names.contains("mahalanobis_v1"));
  REQUIRE(names.contains("mahalanobis_digits_v1"));
  REQUIRE(names.contains("nearest_neighbours_v1"));
  REQUIRE(names.contains("one_class_svm_v1"));
  REQUIRE(names.contains("one_class_svm_poly_v1"));
  REQUIRE(names.contains("one_class_svm_nystroem_v1"));
  REQUIRE(names.contains("one_class_svm_fourier_v1"));
  REQUIRE(names.contains("pca_residual_v1"));
  REQUIRE(names.contains("pca_residual_digits_v1"));
  REQUIRE(names.contains("half_space_trees_v1"));
  REQUIRE(names.contains("half_space_trees_first_v1"));
  REQUIRE(names.contains("histogram_v1"));
  REQUIRE(names.contains("histogram_depth_v1"));
  REQUIRE(names.contains("loda_v1"));
  for (const std::string& name : names) {
    CAPTURE(name);
    const fs::path path = fs::path(NAD_TEST_DATA) / (name + ".nad");
    const Expected expected = read_expected(fs::path(NAD_TEST_DATA) / (name + ".txt"));
    const auto detector = nad::load_detector(path);
    CHECK(name.starts_with(detector->kind()));
    CHECK(detector->threshold() == expected.threshold);
    CHECK(detector->baseline() == expected.baseline);

    REQUIRE(expected.rows.size() == 40);
    nad::Matrix rows(expected.rows.size(), detector->n_features());
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      REQUIRE(expected.rows[row].size() == rows.columns());
      std::copy(expected.rows[row].begin(), expected.rows[row].end(), rows.row(row).begin());
    }
    const std::vector<float> scores = detector->anomaly_score(rows);
    const nad::Matrix reasons = detector->explain(rows);
    if (fuses_products(detector->kind())) {
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        CHECK(scores[row] == doctest::Approx(expected.scores[row]).epsilon(1e-4));
        CHECK(detector->anomaly_score(rows.row(row)) == scores[row]);
      }
      continue;
    }
    CHECK(model_file::bits(scores) == model_file::bits(expected.scores));
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      CHECK(std::bit_cast<std::uint32_t>(detector->anomaly_score(rows.row(row))) ==
            std::bit_cast<std::uint32_t>(expected.scores[row]));
      CHECK(model_file::bits(reasons.row(row)) == model_file::bits(expected.reasons[row]));
    }
  }
}

TEST_CASE("format version 1 is still written as it was") {
  for (const std::string& name : golden_models()) {
    if (!name.ends_with("_v1")) {
      continue;
    }
    CAPTURE(name);
    const model_file::Bytes golden = read_file(fs::path(NAD_TEST_DATA) / (name + ".nad"));
    const model_file::Bytes again = nad::save_bytes(*nad::load_detector_bytes(golden));
    CHECK(model_file::get(again, model_file::version_at, 4) == 1);
    CHECK(model_file::split(again).payload == model_file::split(golden).payload);
  }
}

}  // namespace
