#pragma once

/// LODA: rows that fall where histograms of random projections are low are anomalous.
///
///   nad::LODA loda({.n_projections = 300, .random_state = 7});
///   loda.fit(normal_traffic);
///   std::vector<float> scores = loda.anomaly_score(new_traffic);   // at least 0
///   loda.partial_fit(later_traffic);                               // the histograms go on counting
///
/// The method is that of Pevny 2016: each projection is a sum of about the square root of all columns, with normal
/// weights, and has one histogram. A projected value in a bin whose height is the share h of that of the highest bin
/// gives log((1 + alpha) / (h + alpha)), one outside of what was seen as much as an empty bin; the score is the mean
/// over the projections. `explain` shares each projection's term among its columns by how much each of them moves the
/// row, along that projection, away from the mean of the training rows. (The paper compares projections with and
/// without a column by a t-test, which does not add up to the score.)

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/bin_rule.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

struct LODAOptions {
  std::size_t n_projections = 300;         ///< fewer make scores that differ much from seed to seed
  std::optional<std::size_t> n_bins = 40;  ///< of each projection; nothing: as many as `bin_rule` says
  BinRule bin_rule = BinRule::birge_rozenholc;
  std::size_t max_bins = 100;  ///< that the rule may choose
  double alpha = 1e-6;         ///< added to each height, in heights of the highest bin: how little an empty bin holds
  bool standardize = true;     ///< divide each column by its standard deviation first
  UniqueRows unique_rows = UniqueRows::off;
  double contamination = 0.01;  ///< share of training rows above the threshold
  std::uint64_t random_state = 0;

  template <class Archive>
  void serialize(Archive& archive);
};

class NAD_API LODA final : public Detector {
 public:
  static constexpr std::string_view kind_name = "loda";
  using Options = LODAOptions;

  explicit LODA(const Options& options = {});
  ~LODA() override;
  LODA(const LODA&);
  LODA(LODA&&) noexcept;
  LODA& operator=(const LODA&);
  LODA& operator=(LODA&&) noexcept;

  const Options& options() const noexcept { return options_; }

  /// Goes on counting with rows that come later. Projections and bins are those of the first rows; what lies outside of
  /// them is counted below and above the bins. The threshold becomes the mean over the batches, weighted by their rows.
  void partial_fit(MatrixView x, const FitControl& control = {});
  void partial_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control = {});

  std::size_t n_projections() const noexcept { return bins_.size(); }
  /// The columns of a projection.
  std::span<const std::uint32_t> columns(std::size_t projection) const;
  /// Their weights: a row's place is the sum of weight times distance from the column's mean.
  std::span<const float> coefficients(std::size_t projection) const;
  /// The mean of each column over the first training rows.
  std::span<const float> mean() const noexcept { return mean_; }
  /// The weight of the rows below the bins of a projection, in each of them, and above them.
  std::span<const double> weights(std::size_t projection) const;
  /// What a value in each of these places adds to the score, before the mean over the projections is taken.
  std::span<const float> terms(std::size_t projection) const;
  /// Where the first bin of a projection begins, and where the last one ends.
  float low(std::size_t projection) const { return low_.at(projection); }
  float high(std::size_t projection) const { return high_.at(projection); }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return !mean_.empty(); }
  std::size_t n_features() const noexcept override { return mean_.size(); }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  /// The bins of one projection, ready to be looked up.
  struct Lookup;
  /// Some rows, column by column.
  struct Block;

  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override { return 0.0; }
  void bend(std::span<float> scores) const override;
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.0F; }

  void draw_projections(std::span<const double> variance);
  void learn_bins(MatrixView x, std::span<const float> weights, const FitControl& control);
  void count(MatrixView x, std::span<const float> weights, const FitControl& control);
  float place_of(const float* row, std::size_t projection) const noexcept;
  void load(Block& block, MatrixView rows) const noexcept;
  void place(const Block& block, std::size_t projection, float* out) const noexcept;
  /// Checks what was loaded.
  void restore();
  /// Computes what is not stored.
  void derive();

  Options options_;
  std::vector<float> mean_;             ///< of each column
  std::vector<std::uint32_t> columns_;  ///< of all projections, as many of each
  std::vector<float> coefficients_;
  std::vector<std::uint32_t> bins_;  ///< how many, of each projection
  std::vector<float> low_;           ///< where the first of them begins
  std::vector<float> high_;          ///< and the last one ends
  std::vector<double> weights_;
  double rows_seen_ = 0.0;
  // not stored:
  std::vector<Lookup> lookups_;
  std::vector<float> terms_;  ///< what a value gives: below the bins, in each of them, above them
};

}  // namespace nad

#include "nad/detector/loda_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/loda-inl.hpp"
#endif
