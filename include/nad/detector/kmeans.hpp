#pragma once

/// K-Means: rows that lie far from every cluster that counts are anomalous.
///
///   nad::KMeans kmeans({.n_clusters = 128, .large_clusters_only = false, .random_state = 7});   // clean traffic
///   kmeans.fit(normal_traffic);
///   std::vector<float> scores = kmeans.anomaly_score(new_traffic);      // the distance from the nearest centre
///   std::vector<std::uint32_t> cluster = kmeans.predict_cluster(new_traffic);
///   for (const nad::ClusterProfile& one : kmeans.profile()) use(one.share, one.deviations);
///   for (const nad::GroupProfile& one : nad::profile_groups(flows, cluster, kmeans.n_clusters())) {
///     std::cout << nad::to_string(one) << '\n';    // in the words of the table that new_traffic was made of
///   }
///
/// The iteration is Lloyd's, exactly, from greedy k-means++; with `batch_size` it is the one of mini-batches, and
/// `partial_fit` goes on with rows that come later. A row in a small cluster is measured from the nearest large one
/// (the rule of CBLOF, He, Xu and Deng 2003), because an attack in the training data otherwise has a centre of its own;
/// where the training data is clean, many clusters that all count are sharper.
/// The raw score is the squared distance, so that contributions, one square a column, add up to it. Scores are the
/// same bits with every kernel.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/words.hpp"
#include "nad/detector/cluster_curve.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

enum class KMeansInit : std::uint8_t {
  plus_plus,  ///< greedy k-means++: far from each other
  random,     ///< rows drawn by their weights
};

constexpr std::array<std::string_view, 2> words_of(KMeansInit) noexcept { return {"k-means++", "random"}; }

struct KMeansOptions {
  /// At most as many as there are rows that differ; nothing: by the elbow of the inertia and the silhouettes around it,
  /// `curve().best()`.
  std::optional<std::size_t> n_clusters = 8;
  KMeansInit init = KMeansInit::plus_plus;
  std::size_t n_init = 1;      ///< the best of so many starts
  std::size_t max_iter = 300;  ///< turns over all rows
  double tol = 1e-4;           ///< centres that move less, in mean variances of the columns, end the fit
  std::optional<std::size_t> batch_size = {};  ///< learn from so many rows at a time; nothing: from all of them
  bool large_clusters_only = true;             ///< scores are distances from large clusters
  double alpha = 0.9;  ///< large clusters hold this share of the rows, if there is no gap before ...
  double beta = 5.0;   ///< ... behind which the next cluster is so many times smaller
  UniqueRows unique_rows = UniqueRows::off;
  double contamination = 0.01;  ///< share of training rows above the threshold
  std::uint64_t random_state = 0;

  template <class Archive>
  void serialize(Archive& archive);
};

/// One cluster, in the terms of the columns that it was learnt from.
struct ClusterProfile {
  double weight = 0.0;  ///< of its training rows: how many they were
  double share = 0.0;   ///< of all training rows
  bool large = false;   ///< whether scores are measured from it
  std::vector<float> centre;
  std::vector<float> deviations;  ///< how many standard deviations the centre lies off the mean, for each column
};

/// Rows and centres in a plane, see KMeans::project.
struct ClusterView {
  Matrix rows;                           ///< two coordinates a row
  Matrix centres;                        ///< two coordinates a cluster
  Matrix axes;                           ///< two directions, one value a column
  std::array<double, 2> explained = {};  ///< share of the variance of the rows along each
};

namespace detail {
class CentreDistances;
}

class NAD_API KMeans final : public Detector {
 public:
  static constexpr std::string_view kind_name = "kmeans";
  using Options = KMeansOptions;

  explicit KMeans(const Options& options = {});
  ~KMeans() override;
  KMeans(const KMeans&);
  KMeans(KMeans&&) noexcept;
  KMeans& operator=(const KMeans&);
  KMeans& operator=(KMeans&&) noexcept;

  const Options& options() const noexcept { return options_; }

  /// The next fits start from these centres, one a row, and not from a choice of their own; an empty matrix takes it
  /// back. Not stored in files.
  void start_from(Matrix centres);

  /// Goes on learning from rows that come later, which are seen once; the first rows choose the centres. The threshold
  /// becomes the mean over the batches, weighted by their rows.
  void partial_fit(MatrixView x, const FitControl& control = {});
  void partial_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control = {});

  /// The inertia and silhouette for several numbers of clusters, and which of them the elbow is.
  static ClusterCurve elbow(MatrixView x, std::span<const std::size_t> n_clusters, const Options& options = {},
                            const FitControl& control = {});

  std::size_t n_clusters() const noexcept { return centres_.rows(); }
  MatrixView centres() const noexcept { return centres_; }
  /// The weight of the rows of each cluster.
  std::span<const double> weights() const noexcept { return weights_; }
  /// Whether scores are measured from this cluster.
  bool is_large(std::size_t cluster) const { return large_.at(cluster) != 0; }
  /// The sum of squared distances of the training rows from their centres, times their weights.
  double inertia() const noexcept { return inertia_; }
  /// Turns that the fit took.
  std::size_t iterations() const noexcept { return iterations_; }
  /// What was tried where n_clusters was left open, else empty.
  const ClusterCurve& curve() const noexcept { return curve_; }

  /// The nearest of all clusters, large or small.
  std::vector<std::uint32_t> predict_cluster(MatrixView x, const FitControl& control = {}) const;
  std::uint32_t predict_cluster(std::span<const float> row) const;

  /// Each cluster, in the order of their numbers.
  std::vector<ClusterProfile> profile() const;
  /// For each column the share of its variance that lies between clusters, 0 to 1: how much it sets them apart.
  std::vector<double> feature_importance() const;
  /// The plane in which these rows vary most, with the rows and the centres in it.
  ClusterView project(MatrixView x, const FitControl& control = {}) const;

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return centres_.rows() != 0; }
  std::size_t n_features() const noexcept override { return centres_.columns(); }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override { return 0.0; }
  void bend(std::span<float> scores) const override;
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.0F; }

  /// Checks what was loaded.
  void restore();
  /// Computes what is not stored.
  void derive();

  Options options_;
  Matrix start_;
  Matrix centres_;
  std::vector<double> weights_;
  std::vector<double> mean_;      ///< of each column of the training rows
  std::vector<double> variance_;  ///< and how it varies
  double inertia_ = 0.0;
  std::size_t iterations_ = 0;
  ClusterCurve curve_;
  double rows_seen_ = 0.0;  ///< by partial_fit
  // not stored:
  std::vector<std::uint8_t> large_;
  std::vector<std::uint32_t> large_centres_;                 ///< their numbers
  std::shared_ptr<const detail::CentreDistances> from_all_;  ///< never changed, so copies share it
  std::shared_ptr<const detail::CentreDistances> from_large_;
};

}  // namespace nad

#include "nad/detector/kmeans_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/kmeans-inl.hpp"
#endif
