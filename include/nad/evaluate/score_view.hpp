#pragma once

/// Scores of rows whose truth is known, as `evaluate` takes them: floats or doubles, borrowed.
///
///   std::vector<float> scores = forest.anomaly_score(rows);
///   std::vector<std::uint8_t> is_attack = ...;                 // 1: attack, 0: normal
///   double area = nad::roc_auc(scores, is_attack);             // a vector becomes a view by itself
///
/// Higher scores are more anomalous. Scores that are NaN or infinite, labels other than 0 and 1, weights below 0 and
/// lengths that differ are errors that name the row.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nad {

// NOLINTBEGIN(google-explicit-constructor): scores are viewed freely
class ScoreView {
 public:
  ScoreView(std::span<const float> scores) noexcept : floats_(scores) {}
  ScoreView(std::span<const double> scores) noexcept : doubles_(scores), is_double_(true) {}
  ScoreView(const std::vector<float>& scores) noexcept : floats_(scores) {}
  ScoreView(const std::vector<double>& scores) noexcept : doubles_(scores), is_double_(true) {}

  bool is_double() const noexcept { return is_double_; }
  std::span<const float> floats() const noexcept { return floats_; }
  std::span<const double> doubles() const noexcept { return doubles_; }

  std::size_t size() const noexcept { return is_double_ ? doubles_.size() : floats_.size(); }
  double operator[](std::size_t row) const noexcept {
    return is_double_ ? doubles_[row] : static_cast<double>(floats_[row]);
  }

 private:
  std::span<const float> floats_;
  std::span<const double> doubles_;
  bool is_double_ = false;
};
// NOLINTEND(google-explicit-constructor)

/// One a row: 1 attack, 0 normal.
using LabelView = std::span<const std::uint8_t>;
/// One a row, at least 0; empty: each row counts once. A row of weight 0 is as if it were not there.
using WeightView = std::span<const double>;

}  // namespace nad
