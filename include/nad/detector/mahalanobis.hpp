#pragma once

/// Mahalanobis distance from all of the training rows, with a covariance that is shrunk until it can be trusted.
///
///   nad::Mahalanobis distance;
///   distance.fit(normal_traffic);
///   std::vector<float> scores = distance.anomaly_score(new_traffic);   // deviations from the mean, all columns at
///   once
///
/// The covariance is (1 - s) S + s m I, where S is that of the rows and m its mean variance; s is the one of Ledoit and
/// Wolf (2004) unless it is given. The raw score is the squared distance. A column's contribution is its deviation
/// times what the other columns leave unexplained of it, so it is below zero where they make the deviation expected.

#include <array>
#include <cstddef>
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

struct MahalanobisOptions {
  std::optional<double> shrinkage = {};  ///< 0 to 1; nothing: after Ledoit and Wolf
  UniqueRows unique_rows = UniqueRows::off;
  double contamination = 0.01;  ///< share of training rows above the threshold

  template <class Archive>
  void serialize(Archive& archive);
};

namespace detail {
class Gaussian;
}  // namespace detail

class NAD_API Mahalanobis final : public Detector {
 public:
  static constexpr std::string_view kind_name = "mahalanobis";
  using Options = MahalanobisOptions;

  explicit Mahalanobis(const Options& options = {});
  ~Mahalanobis() override;
  Mahalanobis(const Mahalanobis&);
  Mahalanobis(Mahalanobis&&) noexcept;
  Mahalanobis& operator=(const Mahalanobis&);
  Mahalanobis& operator=(Mahalanobis&&) noexcept;

  const Options& options() const noexcept { return options_; }
  /// The mean of each column, to the nearest float.
  std::span<const float> location() const;
  /// The lower triangle, row after row, of the matrix W for which |W (x - location)|^2 is the squared distance.
  std::span<const float> triangle() const;
  /// Both to more digits, as they are stored; not for users.
  const detail::GaussianShape& shape() const;
  /// How much the covariance was shrunk.
  double shrinkage() const noexcept { return shrinkage_; }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return gaussian_ != nullptr; }
  std::size_t n_features() const noexcept override { return shape_ ? shape_->size() : 0; }

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
  void restore(detail::GaussianShape shape);
  /// Becomes the distances from this distribution.
  void measure_from(detail::GaussianShape shape);

  Options options_;
  double shrinkage_ = 0.0;
  std::shared_ptr<const detail::GaussianShape> shape_;  ///< never changed, so copies share it
  std::shared_ptr<const detail::Gaussian> gaussian_;
};

}  // namespace nad

#include "nad/detector/mahalanobis_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/mahalanobis-inl.hpp"
#endif
