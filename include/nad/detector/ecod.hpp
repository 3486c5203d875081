#pragma once

/// ECOD: rows with values far out in the tails of the columns are anomalous.
///
///   nad::ECOD ecod;
///   ecod.fit(normal_traffic);
///   std::vector<float> scores = ecod.anomaly_score(new_traffic);   // at least 0
///   nad::Matrix reasons = ecod.explain(new_traffic);               // what each column adds
///
/// The method is that of Li et al. 2022, with nothing to tune: for each column the share of the training rows whose
/// value is at most as large (left tail), or at least as large (right tail), as if columns knew nothing of each other.
/// The score is the sum of -log(share) over the columns, of the rarer tail of each. `TailChoice::whole_row` is the
/// paper's own rule: the largest of three sums, over left tails, over right tails, and over that tail of each column to
/// which its distribution is skewed. A tail without rows counts as if the new row were the only one in it: shares are
/// (rows + 1) / (all rows + 1). The tails are those of the training rows alone, so a row's score does not depend on the
/// rows around it.

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
#include "nad/detector/detector.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

enum class TailChoice : std::uint8_t {
  each_column,  ///< the larger term of each column: what is high here and low there adds up
  whole_row,    ///< the largest of three sums over the columns, as the paper has it
};

constexpr std::array<std::string_view, 2> words_of(TailChoice) noexcept { return {"each_column", "whole_row"}; }

struct ECODOptions {
  TailChoice tail = TailChoice::each_column;
  /// Distinct values of a column that are kept; of more of them, those that keep the shares of tails within a few per
  /// cent, far out within nothing.
  std::size_t max_quantiles = 4096;
  UniqueRows unique_rows = UniqueRows::off;
  double contamination = 0.01;  ///< share of training rows above the threshold

  template <class Archive>
  void serialize(Archive& archive);
};

class NAD_API ECOD final : public Detector {
 public:
  static constexpr std::string_view kind_name = "ecod";
  using Options = ECODOptions;

  explicit ECOD(const Options& options = {});
  ~ECOD() override;
  ECOD(const ECOD&);
  ECOD(ECOD&&) noexcept;
  ECOD& operator=(const ECOD&);
  ECOD& operator=(ECOD&&) noexcept;

  const Options& options() const noexcept { return options_; }

  /// Of each column: negative where its left tail is the longer one.
  std::span<const double> skewness() const noexcept { return skewness_; }
  /// How many values of all columns were kept.
  std::size_t n_quantiles() const noexcept { return values_.size(); }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return !counts_.empty(); }
  std::size_t n_features() const noexcept override { return counts_.size(); }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  struct Sums;
  enum class Winner : std::uint8_t;

  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override { return 0.0; }
  void bend(std::span<float> scores) const override;
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.0F; }

  void sum_block(MatrixView rows, Sums& sums) const noexcept;
  Winner winner(const Sums& sums, std::size_t row) const noexcept;
  float score_of(const Sums& sums, std::size_t row) const noexcept;
  /// Checks what was loaded.
  void restore();
  /// Computes what is not stored.
  void derive();

  Options options_;
  std::vector<std::uint32_t> counts_;  ///< how many values are kept, of each column
  std::vector<float> values_;          ///< of all columns, one after the other, ascending
  std::vector<double> through_;        ///< the weight of the rows that are at most as large
  std::vector<double> from_;           ///< and of those that are at least as large
  std::vector<double> skewness_;
  double total_ = 0.0;
  // not stored: what a value adds, by how many of the kept values are not above it, or below it
  std::vector<float> left_;
  std::vector<float> right_;
};

}  // namespace nad

#include "nad/detector/ecod_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/ecod-inl.hpp"
#endif
