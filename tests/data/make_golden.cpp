// Writes the golden models of the current format version and what they must say about some rows.
//
//   tests/data/regenerate
//
// Golden files stay for ever: a later nad has to load them with the same scores. So this program replaces none of them.

#include <nad/nad.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../cpp/model_samples.hpp"
#include "../cpp/pipeline_samples.hpp"

namespace {

constexpr std::size_t columns = 4;

/// Two clusters, a column of few distinct values, a column that is mostly zero.
nad::Matrix training_rows() {
  nad::Random random(/*seed=*/2024);
  nad::Matrix x(500, columns);
  for (std::size_t row = 0; row < x.rows(); ++row) {
    const double centre = row % 3 == 0 ? 10.0 : 0.0;
    x(row, 0) = static_cast<float>(centre + random.uniform());
    x(row, 1) = static_cast<float>(centre - 2.0 * random.uniform());
    x(row, 2) = static_cast<float>(random.below(4));
    x(row, 3) = random.below(20) == 0 ? static_cast<float>(1000.0 * random.uniform()) : 0.0F;
  }
  return x;
}

/// Ordinary rows, outliers, and where the detector takes them rows with missing values.
nad::Matrix rows_to_score(bool with_missing) {
  nad::Random random(/*seed=*/77);
  nad::Matrix x(40, columns);
  for (std::size_t row = 0; row < x.rows(); ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      x(row, column) = static_cast<float>(row % 4 == 0 ? 200.0 * random.uniform() - 100.0 : 3.0 * random.uniform());
    }
    if (with_missing && row % 5 == 1) {
      x(row, random.below(columns)) = std::numeric_limits<float>::quiet_NaN();
    }
  }
  return x;
}

void print(std::FILE* out, const char* name, std::span<const float> values) {
  std::fprintf(out, "%s", name);
  for (const float value : values) {
    std::fprintf(out, " %a", static_cast<double>(value));
  }
  std::fprintf(out, "\n");
}

/// Of the training rows: 1 where there are errors, 2 in the third cluster.
std::vector<std::int32_t> labels_of(nad::MatrixView x) {
  std::vector<std::int32_t> labels(x.rows());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    labels[row] = x(row, 3) > 0.0F ? 1 : x(row, 0) > 10.5F || x(row, 2) == 3.0F ? 2 : 0;
  }
  return labels;
}

void write_golden(const std::string& path, nad::Detector&& detector, bool with_missing = false) {
  for (const char* ending : {".nad", ".txt"}) {
    if (std::filesystem::exists(path + ending)) {
      throw std::runtime_error(path + ending + " exists; golden files stay as they are");
    }
  }
  if (auto* const trees = dynamic_cast<nad::BoostedTrees*>(&detector)) {
    const nad::Matrix x = training_rows();
    trees->fit(x, labels_of(x));
  } else {
    detector.fit(training_rows());
  }
  nad::save(detector, path + ".nad", {.feature_names = {"duration", "bytes", "protocol", "errors"}, .note = "golden"});

  nad::Matrix rows = rows_to_score(with_missing);
  if (detector.kind() == nad::BoostedTrees::kind_name) {
    for (std::size_t row = 0; row < rows.rows(); ++row) {  // a column of categories
      rows(row, 2) = std::floor(std::abs(rows(row, 2)));
    }
  }
  const std::vector<float> scores = detector.anomaly_score(rows);
  const nad::Matrix reasons = detector.explain(rows);
  std::FILE* out = std::fopen((path + ".txt").c_str(), "w");
  if (out == nullptr) {
    throw std::runtime_error(path + ".txt cannot be written");
  }
  std::fprintf(out, "threshold %a\nbaseline %a\n", static_cast<double>(detector.threshold()), detector.baseline());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    print(out, "row", std::as_const(rows).row(row));
    print(out, "score", std::span(scores).subspan(row, 1));
    print(out, "reasons", reasons.row(row));
  }
  if (std::fclose(out) != 0) {
    throw std::runtime_error(path + ".txt cannot be written");
  }
}

/// Pipelines of all steps, and the features that they give for flows that they did not learn from.
void write_golden_pipelines(const std::string& folder) {
  const std::string flows = folder + "feature_pipeline_flows.csv";
  nad::write_csv(pipeline_samples::flows(40, /*seed=*/8), flows);
  const nad::Table table = nad::read(flows);
  int number = 0;
  for (const nad::FeaturePipeline& pipeline : pipeline_samples::small_pipelines()) {
    const std::string path = folder + "feature_pipeline_" + std::to_string(number++) + "_v1";
    nad::save(pipeline, path + ".nad", "golden");
    const nad::Matrix x = pipeline.transform(table);
    std::FILE* out = std::fopen((path + ".txt").c_str(), "w");
    if (out == nullptr) {
      throw std::runtime_error(path + ".txt cannot be written");
    }
    for (std::size_t row = 0; row < x.rows(); ++row) {
      print(out, "", std::as_const(x).row(row));
    }
    if (std::fclose(out) != 0) {
      throw std::runtime_error(path + ".txt cannot be written");
    }
  }
}

/// Models of each kind of training, and what they say of every flow.
void write_golden_models(const std::string& folder) {
  const nad::Table table = nad::read(folder + "feature_pipeline_flows.csv");
  std::vector<std::size_t> rows(table.rows());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows[row] = row;
  }
  int number = 0;
  for (const nad::Model& model : model_samples::small_models()) {
    const std::string path = folder + "model_" + std::to_string(number++) + "_v1";
    model.save(path + ".nad", "golden");
    std::FILE* out = std::fopen((path + ".txt").c_str(), "w");
    if (out == nullptr) {
      throw std::runtime_error(path + ".txt cannot be written");
    }
    std::fprintf(out, "%a\n", static_cast<double>(model.threshold().score));
    for (const nad::Finding& finding : model.explain(table, rows)) {
      std::fprintf(out, "%a %a %zu", static_cast<double>(finding.score), finding.p.value, finding.reasons.size());
      for (const nad::Reason& reason : finding.reasons) {
        std::fprintf(out, " %s %a", reason.column.c_str(), reason.contribution);
      }
      std::fprintf(out, "\n");
    }
    if (std::fclose(out) != 0) {
      throw std::runtime_error(path + ".txt cannot be written");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_golden FOLDER\n");
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  try {
    write_golden(
        folder + "isolation_forest_v1",
        nad::IsolationForest({.n_estimators = 10, .max_samples = 64, .contamination = 0.05, .random_state = 1}));
    write_golden(folder + "isolation_forest_planes_v1",
                 nad::IsolationForest({.n_estimators = 10,
                                       .max_samples = 64,
                                       .random_state = 2,
                                       .ndim = 2,
                                       .split = nad::Split::best,
                                       .ntry = 3,
                                       .missing = nad::Missing::route}),
                 true);
    write_golden(folder + "isolation_forest_impute_v1",
                 nad::IsolationForest({.n_estimators = 10,
                                       .max_samples = 0.25,
                                       .max_features = 3,
                                       .max_depth = 5,
                                       .bootstrap = true,
                                       .random_state = 3,
                                       .unique_rows = nad::UniqueRows::log_count,
                                       .missing = nad::Missing::impute}),
                 true);
    write_golden(folder + "autoencoder_v1", nad::Autoencoder({.hidden = {3}, .epochs = 5, .random_state = 6}));
    write_golden(folder + "boosted_trees_v1",
                 nad::BoostedTrees({.max_iter = 6,
                                    .max_leaf_nodes = 6,
                                    .categorical_features = {2},
                                    .class_names = {"normal", "errors", "third"}}),
                 true);
    write_golden(folder + "kmeans_v1",
                 nad::KMeans({.n_clusters = 6, .batch_size = 100, .contamination = 0.05, .random_state = 3}));
    write_golden(folder + "kmeans_elbow_v1",
                 nad::KMeans({.n_clusters = {}, .unique_rows = nad::UniqueRows::log_count, .random_state = 4}));
    write_golden(folder + "local_gaussian_v1", nad::LocalGaussian({.n_clusters = 3, .random_state = 1}));
    write_golden(folder + "mahalanobis_v1", nad::Mahalanobis());
    write_golden(folder + "mahalanobis_digits_v1", nad::Mahalanobis({.shrinkage = 0.1}));  // means in two floats
    write_golden(folder + "nearest_neighbours_v1",
                 nad::NearestNeighbours({.n_neighbors = 3, .max_samples = 60, .random_state = 2}));
    write_golden(folder + "one_class_svm_v1", nad::OneClassSVM({.nu = 0.2, .contamination = 0.05}));
    write_golden(folder + "one_class_svm_poly_v1",
                 nad::OneClassSVM({.kernel = nad::SvmKernel::poly, .nu = 0.1, .gamma = 0.01, .coef0 = 1.0}));
    write_golden(
        folder + "one_class_svm_nystroem_v1",
        nad::OneClassSVM(
            {.nu = 0.1, .approximation = nad::KernelApproximation::nystroem, .n_components = 20, .random_state = 3}));
    write_golden(folder + "one_class_svm_fourier_v1",
                 nad::OneClassSVM({.nu = 0.1,
                                   .gamma = nad::KernelGamma::automatic(),
                                   .approximation = nad::KernelApproximation::fourier,
                                   .n_components = 20,
                                   .random_state = 4}));
    write_golden(folder + "pca_residual_v1", nad::PcaResidual({.n_components = 2}));
    write_golden(folder + "pca_residual_digits_v1", nad::PcaResidual({.n_components = 1}));  // means in two floats
    write_golden(folder + "ecod_v1", nad::ECOD({.max_quantiles = 64}));
    nad::Ensemble within({.combination = nad::Combination::any, .calibration = 0.0});
    within.add(nad::ECOD({.max_quantiles = 20, .contamination = 0.1}), {.name = "tails"});
    nad::Ensemble ensemble({.unique_rows = nad::UniqueRows::on, .contamination = 0.05, .random_state = 8});
    ensemble.add(nad::IsolationForest({.n_estimators = 5, .random_state = 9}), {.weight = 2.0}).add(within);
    write_golden(folder + "ensemble_v1", std::move(ensemble));
    write_golden(folder + "histogram_v1", nad::Histogram());
    write_golden(folder + "histogram_depth_v1", nad::Histogram({.n_bins = {}, .bins = nad::Bins::equal_depth}));
    write_golden(folder + "loda_v1", nad::LODA({.n_projections = 20, .random_state = 4}));
    write_golden(folder + "half_space_trees_v1",
                 nad::HalfSpaceTrees({.n_estimators = 5, .height = 5, .window_size = 200, .random_state = 5}));
    write_golden(folder + "half_space_trees_first_v1",
                 nad::HalfSpaceTrees({.n_estimators = 3, .height = 4, .density = nad::Density::linear}));
    write_golden_pipelines(folder);
    write_golden_models(folder);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
