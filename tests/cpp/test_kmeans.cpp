#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/kmeans.hpp"
#include "nad/simd/kernels.hpp"
#include "samples.hpp"

// K-Means beside a plain one in double precision.

namespace {

using Options = nad::KMeansOptions;

double distance(const float* a, const float* b, std::size_t columns) {
  double sum = 0.0;
  for (std::size_t column = 0; column < columns; ++column) {
    const double apart = static_cast<double>(a[column]) - static_cast<double>(b[column]);
    sum += apart * apart;
  }
  return sum;
}

struct PlainResult {
  std::vector<std::vector<float>> centres;
  std::vector<std::size_t> labels;
  double inertia = 0.0;
};

std::size_t nearest(const PlainResult& result, const float* row, std::size_t columns) {
  std::size_t best = 0;
  for (std::size_t centre = 1; centre < result.centres.size(); ++centre) {
    if (distance(row, result.centres[centre].data(), columns) < distance(row, result.centres[best].data(), columns)) {
      best = centre;
    }
  }
  return best;
}

/// Every distance in every turn, until no row changes its centre.
PlainResult plain_lloyd(nad::MatrixView x, const nad::Matrix& start) {
  PlainResult result;
  for (std::size_t centre = 0; centre < start.rows(); ++centre) {
    result.centres.emplace_back(start.row(centre).begin(), start.row(centre).end());
  }
  result.labels.assign(x.rows(), start.rows());
  for (bool changed = true; changed;) {
    changed = false;
    std::vector<std::vector<double>> sums(start.rows(), std::vector<double>(x.columns()));
    std::vector<double> sizes(start.rows());
    for (std::size_t row = 0; row < x.rows(); ++row) {
      const std::size_t label = nearest(result, x.row(row), x.columns());
      changed = changed || label != result.labels[row];
      result.labels[row] = label;
      sizes[label] += 1.0;
      for (std::size_t column = 0; column < x.columns(); ++column) {
        sums[label][column] += static_cast<double>(x(row, column));
      }
    }
    for (std::size_t centre = 0; centre < start.rows(); ++centre) {
      for (std::size_t column = 0; column < x.columns() && sizes[centre] > 0.0; ++column) {
        result.centres[centre][column] = static_cast<float>(sums[centre][column] / sizes[centre]);
      }
    }
  }
  for (std::size_t row = 0; row < x.rows(); ++row) {
    result.inertia += distance(x.row(row), result.centres[result.labels[row]].data(), x.columns());
  }
  return result;
}

/// Rows around `n` centres that lie far apart; row i belongs to centre i % n.
nad::Matrix blobs(std::size_t rows, std::size_t columns, std::size_t n, std::uint64_t seed, float offset = 0.0F) {
  nad::Matrix matrix = tests::normal_rows(rows, columns, seed);
  for (std::size_t row = 0; row < rows; ++row) {
    nad::Random centre(99, row % n);
    for (std::size_t column = 0; column < columns; ++column) {
      matrix(row, column) += static_cast<float>(40.0 * centre.uniform()) + offset;
    }
  }
  return matrix;
}

nad::Matrix some_rows(nad::MatrixView x, std::size_t count) {
  nad::Matrix rows(count, x.columns());
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(x.row(i * 7 % x.rows()), x.columns(), rows.row(i).data());
  }
  return rows;
}

std::string message_of(const Options& options) {
  try {
    nad::KMeans kmeans(options);
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("bounds and blocks give the clusters that every distance gives, from the same start") {
  for (const std::size_t columns : {1U, 3U, 17U, 40U}) {
    for (const std::size_t n_clusters : {1U, 2U, 9U, 40U}) {
      for (const float offset : {0.0F, 3000.0F}) {
        CAPTURE(columns);
        CAPTURE(n_clusters);
        CAPTURE(offset);
        const nad::Matrix x = blobs(1500, columns, 6, columns, offset);
        const nad::Matrix start = some_rows(x, n_clusters);
        const PlainResult plain = plain_lloyd(x, start);
        nad::KMeans kmeans({.n_clusters = n_clusters, .tol = 0.0, .large_clusters_only = false});
        kmeans.start_from(start);
        kmeans.fit(x);
        CHECK(kmeans.inertia() == doctest::Approx(plain.inertia).epsilon(1e-5));
        const std::vector<std::uint32_t> labels = kmeans.predict_cluster(x);
        std::size_t same = 0;
        for (std::size_t row = 0; row < x.rows(); ++row) {
          same += labels[row] == plain.labels[row] ? 1U : 0U;
          REQUIRE(kmeans.predict_cluster(std::span(x.row(row))) == labels[row]);
        }
        CHECK(same >= x.rows() - 2);  // two centres may be as near, to rounding
        CHECK(std::accumulate(kmeans.weights().begin(), kmeans.weights().end(), 0.0) == doctest::Approx(1500.0));
      }
    }
  }
}

TEST_CASE("scores are distances from the nearest centre that counts") {
  const nad::Matrix x = tests::traffic_rows(900, 6, 4);
  nad::KMeans kmeans({.n_clusters = 12});
  kmeans.fit(x);
  const nad::Matrix rows = tests::traffic_rows(300, 6, 5);
  const std::vector<float> scores = kmeans.anomaly_score(rows);
  std::size_t small = 0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    double best = std::numeric_limits<double>::max();
    for (std::size_t centre = 0; centre < kmeans.n_clusters(); ++centre) {
      if (kmeans.is_large(centre)) {
        best = std::min(best, distance(rows.row(row).data(), kmeans.centres().row(centre), 6));
      }
    }
    small += kmeans.is_large(kmeans.predict_cluster(rows)[row]) ? 0U : 1U;
    REQUIRE(static_cast<double>(scores[row]) == doctest::Approx(std::sqrt(best)).epsilon(1e-5));
  }
  CHECK(small > 0);
}

TEST_CASE("large clusters are those that hold the share, and those before the gap behind it") {
  // sizes 500, 300, 150, 40, 10: 90 % are reached with the third; behind the fourth is no gap of 5, behind the third
  // none
  const auto large_of = [](const std::vector<std::size_t>& sizes, double alpha, double beta) {
    std::size_t rows = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
    nad::Matrix x(rows, 1);
    rows = 0;
    for (std::size_t cluster = 0; cluster < sizes.size(); ++cluster) {
      for (std::size_t i = 0; i < sizes[cluster]; ++i) {
        x(rows++, 0) = static_cast<float>(cluster * cluster * 10);
      }
    }
    nad::KMeans kmeans({.n_clusters = sizes.size(), .alpha = alpha, .beta = beta});
    kmeans.fit(x);
    std::size_t large = 0;
    for (std::size_t cluster = 0; cluster < kmeans.n_clusters(); ++cluster) {
      large += kmeans.is_large(cluster) ? 1U : 0U;
    }
    return large;
  };
  CHECK(large_of({500, 300, 150, 40, 10}, 0.9, 5.0) == 3);
  CHECK(large_of({500, 300, 150, 40, 10}, 0.9, 4.0) == 4);  // 40 / 10
  CHECK(large_of({500, 300, 150, 40, 10}, 0.9, 3.5) == 3);  // 150 / 40 comes first
  CHECK(large_of({500, 300, 150, 40, 10}, 0.79, 5.0) == 2);
  CHECK(large_of({500, 300, 150, 40, 10}, 1.0, 5.0) == 5);
  CHECK(large_of({100}, 0.9, 5.0) == 1);
}

TEST_CASE("greedy k-means++ finds clusters that lie apart, and a better start than random rows") {
  const nad::Matrix x = blobs(4000, 8, 20, 3);
  double greedy = 0.0;
  double random = 0.0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    nad::KMeans found({.n_clusters = 20, .max_iter = 1, .random_state = seed});
    found.fit(x);
    greedy += found.inertia();
    nad::KMeans drawn({.n_clusters = 20, .init = nad::KMeansInit::random, .max_iter = 1, .random_state = seed});
    drawn.fit(x);
    random += drawn.inertia();
  }
  CHECK(greedy < 5.0 * 4000.0 * 8.0 * 1.02);  // each row about one deviation a column from its own centre
  CHECK(random > 2.0 * greedy);
  nad::KMeans best({.n_clusters = 20, .init = nad::KMeansInit::random, .n_init = 8, .max_iter = 1, .random_state = 1});
  best.fit(x);
  CHECK(best.inertia() < random / 5.0);
}

TEST_CASE("the elbow finds how many clusters there are") {
  nad::Matrix x = tests::normal_rows(1200, 6, 8);
  for (std::size_t row = 0; row < x.rows(); ++row) {
    x(row, row % 6) += 30.0F;  // all centres are as far from each other
  }
  const std::vector<std::size_t> wanted = {12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const nad::ClusterCurve curve = nad::KMeans::elbow(x, wanted, {.random_state = 3});
  CHECK(curve.elbow == 6);
  REQUIRE(curve.points.size() == 12);
  const auto best = std::max_element(curve.points.begin(), curve.points.end(),
                                     [](const auto& a, const auto& b) { return a.silhouette < b.silhouette; });
  CHECK(best->n_clusters == 6);
  CHECK(best->silhouette > 0.6);
  for (std::size_t i = 1; i < curve.points.size(); ++i) {
    CHECK(curve.points[i].inertia < curve.points[i - 1].inertia * 1.001);
  }
  nad::KMeans kmeans({.n_clusters = std::nullopt, .random_state = 3});
  kmeans.fit(x);
  CHECK(kmeans.n_clusters() == 6);
  CHECK(kmeans.curve().elbow == 6);
  CHECK(kmeans.curve().best() == 6);
  CHECK(nad::load_bytes<nad::KMeans>(nad::save_bytes(kmeans)).curve().points.size() == kmeans.curve().points.size());
}

TEST_CASE("of the numbers near the elbow the best silhouette decides") {
  nad::ClusterCurve curve;  // 4 lies furthest below the line, 5 nearly as far, 8 on it
  curve.points = {{1, 100.0, 0.0}, {2, 70.0, 0.99}, {4, 20.0, 0.5}, {5, 8.0, 0.6}, {8, 0.0, 0.95}};
  curve.elbow = 4;
  CHECK(curve.best() == 5);
  curve.points = {{1, 5.0, 0.0}, {2, 5.0, 0.9}};  // flat
  curve.elbow = 1;
  CHECK(curve.best() == 1);
  CHECK(nad::ClusterCurve().best() == 0);
}

TEST_CASE("a silhouette is the one of the definition") {
  // four points on a line, two clusters: a = 1, b = mean of 9 and 10, and so on
  nad::Matrix x(4, 1);
  for (const auto& [row, value] :
       std::vector<std::pair<std::size_t, float>>{{0, 0.F}, {1, 1.F}, {2, 10.F}, {3, 12.F}}) {
    x(row, 0) = value;
  }
  const std::vector<std::size_t> two = {2};
  const nad::ClusterCurve curve = nad::KMeans::elbow(x, two);
  const double expected = ((11.0 - 1.0) / 11.0 + (10.0 - 1.0) / 10.0 + (9.5 - 2.0) / 9.5 + (11.5 - 2.0) / 11.5) / 4.0;
  CHECK(curve.points[0].silhouette == doctest::Approx(expected));
  CHECK(curve.points[0].inertia == doctest::Approx(0.5 + 2.0));
  // three clusters, of which two are a row each: such a row counts 0
  const std::vector<std::size_t> three = {3};
  const nad::ClusterCurve lone = nad::KMeans::elbow(x, three, {.n_init = 20});
  CHECK(lone.points[0].inertia == doctest::Approx(0.5));
  CHECK(lone.points[0].silhouette == doctest::Approx(((10.0 - 1.0) / 10.0 + (9.0 - 1.0) / 9.0 + 0.0 + 0.0) / 4.0));
}

TEST_CASE("a centre that loses all its rows gets others") {
  const nad::Matrix x = blobs(600, 4, 5, 2);
  nad::Matrix start(5, 4);
  for (std::size_t centre = 0; centre < 5; ++centre) {
    for (std::size_t column = 0; column < 4; ++column) {
      start(centre, column) = centre == 0 ? 20.0F : 1e4F + static_cast<float>(centre);  // nobody is near four of them
    }
  }
  nad::KMeans kmeans({.n_clusters = 5});
  kmeans.start_from(start);
  kmeans.fit(x);
  for (const double weight : kmeans.weights()) {
    CHECK(weight > 0.0);
  }
  CHECK(kmeans.inertia() < plain_lloyd(x, start).inertia / 2.0);
}

TEST_CASE("there are not more clusters than rows that differ") {
  nad::Matrix x(50, 2);
  for (std::size_t row = 0; row < 50; ++row) {
    x(row, 0) = static_cast<float>(row % 3);
  }
  for (const nad::KMeansInit init : {nad::KMeansInit::plus_plus, nad::KMeansInit::random}) {
    nad::KMeans kmeans({.n_clusters = 8, .init = init});
    kmeans.fit(x);
    CHECK(kmeans.n_clusters() == 3);
    CHECK(kmeans.inertia() == 0.0);
  }
}

TEST_CASE("mini-batches come near to what all rows give, and partial_fit learns a stream") {
  const nad::Matrix x = blobs(6000, 8, 12, 5);
  nad::KMeans all({.n_clusters = 12, .random_state = 1});
  all.fit(x);
  nad::KMeans batches({.n_clusters = 12, .batch_size = 256, .random_state = 1});
  batches.fit(x);
  CHECK(batches.inertia() < 1.05 * all.inertia());
  CHECK(batches.inertia() >= 0.999 * all.inertia());
  nad::KMeans stream({.n_clusters = 12, .large_clusters_only = false, .random_state = 1});
  for (std::size_t first = 0; first < x.rows(); first += 500) {
    stream.partial_fit(x.view().slice(first, 500));
  }
  CHECK(std::accumulate(stream.weights().begin(), stream.weights().end(), 0.0) == doctest::Approx(6000.0));
  CHECK(stream.inertia() < 1.1 * all.inertia());
  const std::vector<float> scores = stream.anomaly_score(x);
  const auto above = std::count_if(scores.begin(), scores.end(), [&](float s) { return s > stream.threshold(); });
  CHECK(above > 20);
  CHECK(above < 140);  // about one in a hundred
  // a centre is the mean of all rows that were ever its own: mean and variance of the columns are exact
  const std::vector<double> a = stream.feature_importance();
  const std::vector<double> b = all.feature_importance();
  for (std::size_t column = 0; column < a.size(); ++column) {
    CHECK(a[column] == doctest::Approx(b[column]).epsilon(0.02));
  }
}

TEST_CASE("profiles, importance and the plane are what their definitions say") {
  nad::Matrix x = blobs(900, 3, 3, 6);
  for (std::size_t row = 0; row < x.rows(); ++row) {
    x(row, 2) = static_cast<float>(nad::Random(5, row).normal());  // tells no cluster from another
  }
  nad::KMeans kmeans({.n_clusters = 3});
  kmeans.fit(x);
  const std::vector<nad::ClusterProfile> profiles = kmeans.profile();
  REQUIRE(profiles.size() == 3);
  double share = 0.0;
  for (const nad::ClusterProfile& one : profiles) {
    CHECK(one.weight == doctest::Approx(300.0));
    share += one.share;
    CHECK(std::abs(one.deviations[2]) < 0.2F);
    CHECK(std::max(std::abs(one.deviations[0]), std::abs(one.deviations[1])) > 0.5F);
  }
  CHECK(share == doctest::Approx(1.0));
  const std::vector<double> importance = kmeans.feature_importance();
  CHECK(importance[0] > 0.9);
  CHECK(importance[2] < 0.05);
  const nad::ClusterView view = kmeans.project(x);
  CHECK(view.explained[0] + view.explained[1] > 0.95);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    double length = 0.0;
    double across = 0.0;
    for (std::size_t column = 0; column < 3; ++column) {
      length += static_cast<double>(view.axes(axis, column)) * static_cast<double>(view.axes(axis, column));
      across += static_cast<double>(view.axes(0, column)) * static_cast<double>(view.axes(1, column));
    }
    CHECK(length == doctest::Approx(1.0).epsilon(1e-5));
    CHECK(std::abs(across) < 1e-5);
  }
  // distances in the plane are those of the rows, as far as the plane holds them
  for (std::size_t row = 0; row < 20; ++row) {
    const std::size_t cluster = kmeans.predict_cluster(std::span(x.row(row)));
    const double flat = distance(view.rows.row(row).data(), view.centres.row(cluster).data(), 2);
    CHECK(flat <= distance(x.row(row).data(), kmeans.centres().row(cluster), 3) * 1.0001);
  }
}

TEST_CASE("K-Means keeps the detector's contract") {
  tests::check_detector_contract(nad::KMeans({.n_clusters = 8, .random_state = 3}), {.weights_are_copies = false});
}

TEST_CASE("K-Means of mini-batches keeps the detector's contract") {
  tests::check_detector_contract(
      nad::KMeans({.n_clusters = 5, .batch_size = 100, .unique_rows = nad::UniqueRows::log_count}),
      {.weights_are_copies = false});
}

TEST_CASE("a weight of two is a row twice, from the same start") {
  const nad::Matrix x = blobs(400, 3, 4, 9);
  nad::KMeans kmeans({.n_clusters = 4, .tol = 0.0});
  kmeans.start_from(some_rows(x, 4));
  tests::check_weights(kmeans, x);
}

TEST_CASE("every kernel learns the same clusters, byte for byte") {
  const nad::Matrix x = tests::traffic_rows(3000, 21, 7);
  std::vector<std::byte> first;
  for (const std::string_view kernel : nad::simd::supported()) {
    nad::simd::force(kernel);
    const std::vector<std::byte> bytes = tests::fitted_bytes(nad::KMeans({.n_clusters = 30, .random_state = 2}), x);
    nad::simd::force("auto");
    CAPTURE(kernel);
    CHECK((first.empty() || bytes == first));
    first = bytes;
  }
}

TEST_CASE("centres that are given are the only start") {
  const nad::Matrix x = blobs(100, 3, 2, 1);
  nad::KMeans kmeans({.n_clusters = 2, .n_init = 3});
  kmeans.start_from(some_rows(x, 2));
  CHECK(tests::code_of([&] { kmeans.fit(x); }) == nad::ErrorCode::invalid_argument);
}

TEST_CASE("options that make no sense are refused by name") {
  CHECK(message_of({.n_clusters = 0}).find("n_clusters") != std::string::npos);
  CHECK(message_of({.n_init = 0}).find("n_init") != std::string::npos);
  CHECK(message_of({.max_iter = 0}).find("max_iter") != std::string::npos);
  CHECK(message_of({.tol = -1.0}).find("tol") != std::string::npos);
  CHECK(message_of({.batch_size = 0}).find("batch_size") != std::string::npos);
  CHECK(message_of({.alpha = 0.0}).find("alpha") != std::string::npos);
  CHECK(message_of({.beta = 0.5}).find("beta") != std::string::npos);
  CHECK(message_of({.contamination = 0.6}).find("contamination") != std::string::npos);
  CHECK(message_of({}).empty());
  nad::KMeans kmeans({.n_clusters = 2});
  kmeans.start_from(nad::Matrix(2, 3));
  CHECK(tests::code_of([&] { kmeans.fit(tests::normal_rows(20, 4, 1)); }) == nad::ErrorCode::invalid_argument);
  const nad::Matrix huge = [] {
    nad::Matrix x = tests::normal_rows(20, 2, 1);
    x(3, 1) = 1e30F;
    return x;
  }();
  nad::KMeans other({.n_clusters = 2});
  CHECK(tests::code_of([&] { other.fit(huge); }) == nad::ErrorCode::invalid_data);
}
