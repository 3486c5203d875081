#pragma once

/// Histogram: rows whose values fall where the histograms of the columns are low are anomalous.
///
///   nad::Histogram histogram({.n_bins = 20});
///   histogram.fit(normal_traffic);
///   std::vector<float> scores = histogram.anomaly_score(new_traffic);   // at least 0
///   nad::Matrix reasons = histogram.explain(new_traffic);               // what each column adds
///
/// The method is HBOS (Goldstein and Dengel 2012): one histogram a column, as if columns knew nothing of each other.
/// A value in a bin whose density is the share h of that of the column's highest bin adds log((1 + alpha) / (h +
/// alpha)), and the score is the sum. A value outside of what the column ranged over in training adds as much as one in
/// an empty bin. A column that was constant has one bin, with that value in it.

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
#include "nad/detector/bin_rule.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

enum class Bins : std::uint8_t {
  equal_width,  ///< from the least to the largest value
  equal_depth,  ///< about the same number of rows in each; a value that fills one by itself stands alone
};

constexpr std::array<std::string_view, 2> words_of(Bins) noexcept { return {"equal_width", "equal_depth"}; }

struct HistogramOptions {
  std::optional<std::size_t> n_bins = 10;  ///< of each column; nothing: as many as `bin_rule` says
  BinRule bin_rule = BinRule::birge_rozenholc;
  std::size_t max_bins = 100;  ///< that the rule may choose
  Bins bins = Bins::equal_width;
  double alpha = 1e-6;  ///< added to each height, in heights of the highest bin: how little an empty bin holds
  UniqueRows unique_rows = UniqueRows::off;
  double contamination = 0.01;  ///< share of training rows above the threshold

  template <class Archive>
  void serialize(Archive& archive);
};

class NAD_API Histogram final : public Detector {
 public:
  static constexpr std::string_view kind_name = "histogram";
  using Options = HistogramOptions;

  explicit Histogram(const Options& options = {});
  ~Histogram() override;
  Histogram(const Histogram&);
  Histogram(Histogram&&) noexcept;
  Histogram& operator=(const Histogram&);
  Histogram& operator=(Histogram&&) noexcept;

  const Options& options() const noexcept { return options_; }

  /// Where the bins of a column begin, and where the last one ends.
  std::span<const float> edges(std::size_t column) const;
  /// The weight of the training rows in each of them.
  std::span<const double> weights(std::size_t column) const;

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return !bins_.empty(); }
  std::size_t n_features() const noexcept override { return bins_.size(); }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  /// One column, ready to be looked up.
  struct Lookup;

  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override { return 0.0; }
  void bend(std::span<float> scores) const override;
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.0F; }

  float score_of(const float* row) const noexcept;
  float term(std::size_t column, float value) const noexcept;
  /// Checks what was loaded.
  void restore();
  /// Computes what is not stored.
  void derive();

  Options options_;
  std::vector<std::uint32_t> bins_;  ///< how many, of each column
  std::vector<float> edges_;         ///< of all columns, one after the other
  std::vector<double> weights_;
  // not stored:
  std::vector<Lookup> lookups_;
  std::vector<float> terms_;  ///< what a value adds: below the bins, in each of them, above them
};

}  // namespace nad

#include "nad/detector/histogram_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/histogram-inl.hpp"
#endif
