#pragma once

/// Local Gaussians: clusters, each with a shape of its own, that rows belong to or not.
///
///   nad::LocalGaussian local({.n_clusters = 16, .random_state = 7});
///   local.fit(normal_traffic);
///   std::vector<float> scores = local.anomaly_score(new_traffic);
///
/// The centres are those of K-Means. The covariance of a cluster is drawn towards the one that all clusters have in
/// common, the more the fewer rows it has: (n S + p W) / (n + p), where n rows have the covariance S, p is `prior` and
/// W the common one with a ridge. The score is the least of Mahalanobis^2 + log det - 2 log share over the clusters:
/// twice the negative log-density of the cluster that explains the row best, but for a constant. It may be negative. In
/// `explain` the terms that do not depend on a column are spread over all of them evenly.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/gaussian_shape.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

struct LocalGaussianOptions {
  std::size_t n_clusters = 16;       ///< at most as many as there are rows that differ
  std::optional<double> prior = {};  ///< rows that the common covariance counts as; nothing: as many as columns
  double ridge = 0.1;                ///< of the common covariance, in its mean variances
  UniqueRows unique_rows = UniqueRows::off;
  double contamination = 0.01;  ///< share of training rows above the threshold
  std::uint64_t random_state = 0;

  template <class Archive>
  void serialize(Archive& archive);
};

namespace detail {
class CentreDistances;
class Gaussian;
}  // namespace detail

class NAD_API LocalGaussian final : public Detector {
 public:
  static constexpr std::string_view kind_name = "local_gaussian";
  using Options = LocalGaussianOptions;

  explicit LocalGaussian(const Options& options = {});
  ~LocalGaussian() override;
  LocalGaussian(const LocalGaussian&);
  LocalGaussian(LocalGaussian&&) noexcept;
  LocalGaussian& operator=(const LocalGaussian&);
  LocalGaussian& operator=(LocalGaussian&&) noexcept;

  const Options& options() const noexcept { return options_; }
  std::size_t n_clusters() const noexcept { return shares_.size(); }
  /// The share of the training rows in each cluster.
  std::span<const double> shares() const noexcept { return shares_; }
  /// The normal distribution of each cluster.
  const std::vector<std::shared_ptr<const detail::GaussianShape>>& shapes() const noexcept { return shapes_; }
  /// What is added to the squared distance from each cluster: log det - 2 log share.
  std::span<const float> offsets() const noexcept { return offsets_; }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return !shares_.empty(); }
  std::size_t n_features() const noexcept override { return shapes_.empty() ? 0 : shapes_.front()->size(); }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override;
  void bend(std::span<float>) const override {}
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.0F; }

  /// Checks what was loaded.
  void restore(std::vector<detail::GaussianShape> shapes);
  /// Computes what is not stored.
  void measure_from(std::vector<detail::GaussianShape> shapes);

  Options options_;
  std::vector<double> shares_;
  std::vector<std::shared_ptr<const detail::GaussianShape>> shapes_;  ///< never changed, so copies share them
  // not stored:
  std::vector<std::shared_ptr<const detail::Gaussian>> gaussians_;
  std::shared_ptr<const detail::CentreDistances> centres_;  ///< the cluster of the nearest one is looked at first
  std::vector<float> offsets_;                              ///< log det - 2 log share
};

}  // namespace nad

#include "nad/detector/local_gaussian_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/local_gaussian-inl.hpp"
#endif
