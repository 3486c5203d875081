// The ends of the range of floats, for every kind of detector: rows far out, and training rows of any size.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "detector_contract.hpp"
#include "samples.hpp"

namespace {

constexpr float largest = std::numeric_limits<float>::max();
constexpr std::size_t columns = 4;

struct Learner {
  std::string name;
  std::unique_ptr<nad::Detector> detector;
  bool measures_distances = false;  ///< the score never falls on the way out
};

template <class D>
Learner learner(std::string name, const D& detector, bool measures_distances = false) {
  return {std::move(name), detector.clone(), measures_distances};
}

/// Every kind, and what of it computes differently.
std::vector<Learner> learners() {
  using Svm = nad::OneClassSVMOptions;
  nad::AutoencoderOptions network;
  network.hidden = {3};
  network.epochs = 2;
  std::vector<Learner> all;
  all.push_back(learner("autoencoder", nad::Autoencoder(network), true));
  network.residual = nad::ResidualScore::variance_weighted;
  all.push_back(learner("autoencoder, weighted", nad::Autoencoder(network), true));
  network.residual = nad::ResidualScore::whitened;
  all.push_back(learner("autoencoder, whitened", nad::Autoencoder(network)));
  all.push_back(learner("boosted_trees", nad::BoostedTrees({.max_iter = 5})));
  all.push_back(learner("ecod", nad::ECOD()));
  nad::Ensemble ensemble;
  ensemble.add(nad::KMeans({.n_clusters = 3})).add(nad::Mahalanobis()).add(nad::ECOD());
  all.push_back(learner("ensemble", ensemble, true));
  nad::Ensemble sums({.combination = nad::Combination::mean});
  sums.add(nad::NearestNeighbours(), {.columns = {.first = 1, .count = 2}}).add(nad::PcaResidual());
  all.push_back(learner("ensemble of standardised scores", sums, true));
  all.push_back(learner("half_space_trees", nad::HalfSpaceTrees({.n_estimators = 5})));
  all.push_back(learner("histogram", nad::Histogram()));
  all.push_back(learner("isolation_forest", nad::IsolationForest({.n_estimators = 5})));
  all.push_back(learner("isolation_forest, planes", nad::IsolationForest({.n_estimators = 5, .ndim = 2})));
  all.push_back(learner("kmeans", nad::KMeans({.n_clusters = 3}), true));
  all.push_back(learner("kmeans, many", nad::KMeans({.n_clusters = 40, .large_clusters_only = false}), true));
  all.push_back(learner("local_gaussian", nad::LocalGaussian({.n_clusters = 3}), true));
  all.push_back(learner("loda", nad::LODA({.n_projections = 10})));
  all.push_back(learner("mahalanobis", nad::Mahalanobis(), true));
  all.push_back(learner("nearest_neighbours", nad::NearestNeighbours(), true));
  all.push_back(
      learner("nearest_neighbours, last", nad::NearestNeighbours({.method = nad::NeighbourScore::largest}), true));
  all.push_back(learner("one_class_svm", nad::OneClassSVM(), true));
  all.push_back(
      learner("one_class_svm, linear", nad::OneClassSVM(Svm{.kernel = nad::SvmKernel::linear, .max_iter = 2000})));
  all.push_back(learner("one_class_svm, poly", nad::OneClassSVM(Svm{.kernel = nad::SvmKernel::poly})));
  all.push_back(learner("one_class_svm, sigmoid", nad::OneClassSVM(Svm{.kernel = nad::SvmKernel::sigmoid})));
  for (const auto approximation : {nad::KernelApproximation::nystroem, nad::KernelApproximation::fourier}) {
    Svm options;
    options.approximation = approximation;
    options.n_components = 20;
    all.push_back(learner("one_class_svm, " + std::string(nad::name(approximation)), nad::OneClassSVM(options)));
  }
  all.push_back(learner("pca_residual", nad::PcaResidual(), true));
  return all;
}

void teach(nad::Detector& detector, nad::MatrixView x) {
  if (auto* const trees = dynamic_cast<nad::BoostedTrees*>(&detector)) {
    std::vector<std::int32_t> labels(x.rows());
    for (std::size_t row = 0; row < x.rows(); ++row) {
      labels[row] = x(row, 0) > x(row, 1) ? 1 : 0;
    }
    trees->fit(x, labels);
  } else {
    detector.fit(x);
  }
}

/// Far out in one column, in some, in all, to either side, and by different sizes.
nad::Matrix far_rows() {
  constexpr std::array<float, 6> sizes = {1e16F, 1e20F, 3e38F, -3e38F, largest, -largest};
  nad::Matrix rows(4 * sizes.size(), columns);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    rows(4 * i, 1) = sizes[i];
    rows(4 * i + 1, 0) = sizes[i];
    rows(4 * i + 1, 3) = -sizes[i];
    for (std::size_t column = 0; column < columns; ++column) {
      rows(4 * i + 2, column) = sizes[i];
      rows(4 * i + 3, column) = column == 2 ? 1e20F : 0.5F * sizes[i];
    }
  }
  return rows;
}

void check_rows(const nad::Detector& detector, nad::MatrixView rows) {
  const std::vector<float> scores = detector.anomaly_score(rows);
  const std::vector<float> raw = detector.raw_score(rows);
  const nad::Matrix reasons = detector.explain(rows);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    CAPTURE(row);
    REQUIRE(std::isfinite(raw[row]));
    REQUIRE(std::isfinite(scores[row]));
    const float alone = detector.anomaly_score(std::span<const float>(rows.row(row), rows.columns()));
    REQUIRE(std::bit_cast<std::uint32_t>(alone) == std::bit_cast<std::uint32_t>(scores[row]));
    double sum = detector.baseline();
    double size = std::abs(sum);
    for (const float reason : reasons.row(row)) {
      REQUIRE(std::isfinite(reason));
      sum += static_cast<double>(reason);
      size += std::abs(static_cast<double>(reason));
    }
    REQUIRE(std::abs(sum - static_cast<double>(raw[row])) <= 2e-3 * (size + 0.02));
  }
}

}  // namespace

TEST_CASE("finite rows have finite scores and reasons, however far out they lie") {
  const nad::Matrix train = tests::normal_rows(300, columns, 1);
  const nad::Matrix rows = far_rows();
  std::set<std::string_view> kinds;
  for (const Learner& one : learners()) {
    CAPTURE(one.name);
    kinds.insert(one.detector->kind());
    teach(*one.detector, train);
    check_rows(*one.detector, rows);
  }
  CHECK(kinds.size() == 14);
}

TEST_CASE("on the way out a distance never falls, and the first reason stays the one that it was nearby") {
  const nad::Matrix train = tests::normal_rows(300, columns, 1);
  nad::Matrix way(9, columns);
  for (std::size_t step = 0; step < way.rows(); ++step) {
    way(step, 2) = static_cast<float>(std::pow(10.0, 1.0 + 4.5 * static_cast<double>(step)));
  }
  for (const Learner& one : learners()) {
    if (!one.measures_distances) {
      continue;
    }
    CAPTURE(one.name);
    teach(*one.detector, train);
    const std::vector<float> scores = one.detector->anomaly_score(way);
    CHECK(std::is_sorted(scores.begin(), scores.end()));
    CHECK(scores.back() > scores.front());
    const nad::Matrix reasons = one.detector->explain(way);
    const auto first_reason = [&](std::size_t row) {
      const std::span<const float> values = reasons.row(row);
      return std::max_element(values.begin(), values.end()) - values.begin();
    };
    CHECK(first_reason(way.rows() - 1) == first_reason(1));
  }
}

TEST_CASE("training rows of any size are learnt from, saved and loaded, or refused with advice") {
  const nad::Matrix train = tests::normal_rows(60, columns, 3);
  nad::Matrix scaled(train.rows(), columns);
  for (const Learner& one : learners()) {
    CAPTURE(one.name);
    for (const double scale : {1e-44, 1e-40, 1e-37, 1e-30, 1e-20, 1e-14, 1e6, 1e14, 1e17, 1e19, 1e30, 8e37}) {
      CAPTURE(scale);
      for (std::size_t i = 0; i < train.rows() * columns; ++i) {
        scaled.data()[i] = static_cast<float>(scale * static_cast<double>(train.data()[i]));
      }
      const std::unique_ptr<nad::Detector> detector = one.detector->clone();
      try {
        teach(*detector, scaled);
      } catch (const nad::Error& error) {
        CHECK(error.code() == nad::ErrorCode::invalid_data);
        const std::string message = error.what();
        CHECK(message.find("scale") != std::string::npos);
        CHECK_MESSAGE((scale < 1e-14 || scale > 1e6), message);
        CHECK_FALSE(detector->is_fitted());
        continue;
      }
      const std::vector<float> scores = detector->anomaly_score(scaled);
      const std::unique_ptr<nad::Detector> loaded = nad::load_detector_bytes(nad::save_bytes(*detector));
      CHECK(tests::same_bits(loaded->anomaly_score(scaled), scores));
      CHECK(loaded->threshold() == detector->threshold());
      // a network's own errors hide what is much smaller, and bins are not narrower than the least normal float
      const double least = detector->kind() == nad::Autoencoder::kind_name ? 1e-6 : 1e-37;
      CHECK_MESSAGE((scale < least ||
                     *std::min_element(scores.begin(), scores.end()) < *std::max_element(scores.begin(), scores.end())),
                    "what was learnt tells no rows apart");
      check_rows(*detector, scaled.view().slice(0, 5));
    }
  }
}
