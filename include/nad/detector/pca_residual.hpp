#pragma once

/// PCA residual: what the directions in which ordinary rows vary cannot explain of a row.
///
///   nad::PcaResidual pca({.variance = 0.95});
///   pca.fit(normal_traffic);
///   std::vector<float> scores = pca.anomaly_score(new_traffic);   // the distance from the plane of ordinary rows
///
/// The raw score is the squared length of the residual, so that contributions, one square a column, add up to it.
///
/// A residual that rounding alone can leave counts as 0: one no longer than (columns + 17) 2^-24 times the row's
/// distance from the mean, plus 2^-24 times the mean's length. Where columns depend on each other, ordinary rows have
/// no more.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

struct PcaResidualOptions {
  /// Directions kept, fewer than there are columns; nothing: as many as hold `variance`.
  std::optional<std::size_t> n_components = {};
  double variance = 0.95;  ///< share of the variance that the directions hold
  UniqueRows unique_rows = UniqueRows::off;
  double contamination = 0.01;  ///< share of training rows above the threshold

  template <class Archive>
  void serialize(Archive& archive);
};

namespace detail {
class ResidualPlane;
}

class NAD_API PcaResidual final : public Detector {
 public:
  static constexpr std::string_view kind_name = "pca_residual";
  using Options = PcaResidualOptions;

  explicit PcaResidual(const Options& options = {});
  ~PcaResidual() override;
  PcaResidual(const PcaResidual&);
  PcaResidual(PcaResidual&&) noexcept;
  PcaResidual& operator=(const PcaResidual&);
  PcaResidual& operator=(PcaResidual&&) noexcept;

  const Options& options() const noexcept { return options_; }
  /// The mean of each column, to the nearest float.
  std::span<const float> mean() const noexcept { return mean_; }
  /// What these floats leave of the means; empty where that is nothing.
  std::span<const float> mean_rest() const noexcept { return mean_rest_; }
  /// The directions kept, one a row.
  MatrixView components() const noexcept { return components_; }
  /// The share of the variance of the training rows that each holds.
  std::span<const double> explained() const noexcept { return explained_; }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return plane_ != nullptr; }
  std::size_t n_features() const noexcept override { return mean_.size(); }

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
  std::vector<float> mean_;
  std::vector<float> mean_rest_;
  Matrix components_;
  std::vector<double> explained_;
  std::shared_ptr<const detail::ResidualPlane> plane_;  ///< not stored; never changed, so copies share it
};

}  // namespace nad

#include "nad/detector/pca_residual_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/pca_residual-inl.hpp"
#endif
