#pragma once

// What members say of the reasons, in one.

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "nad/detector/detector-inl.hpp"
#include "nad/detector/ensemble.hpp"

namespace nad {

/// Each member's contributions, in the unit of its word: times what a unit of its raw score is worth on the way from
/// the baseline to the row. What is left, as where another member was the loudest at the baseline or the row is one of
/// many, is shared among the columns by how much they have. Where the row holds a surprise, the members together and
/// the surprise each have their Shapley value: half of what they say alone, and half of what they add to the other.
NAD_INLINE void Ensemble::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  check_rows(rows, first);
  const std::vector<float> raw = member_raw_scores(rows, first);
  std::vector<Matrix> reasons;
  for (const Member& member : members_) {
    const MatrixView seen = member.see(rows);
    reasons.emplace_back(seen.rows(), seen.columns());
    explain_into(*member.detector, seen, reasons.back());
  }
  std::array<double, detail::max_members> words{};
  std::array<double, detail::max_members> share{};
  std::vector<double> merged(rows.columns());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      words[i] = word(members_[i], raw[i * rows.rows() + row]);
    }
    const std::span<const double> said = std::span(words).first(members_.size());
    shares(said, share);
    std::fill(merged.begin(), merged.end(), 0.0);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const double way = static_cast<double>(raw[i * rows.rows() + row]) - members_[i].base_score;
      const double worth = way == 0.0 ? 0.0 : share[i] * (words[i] - members_[i].base_word) / way;
      for (std::size_t column = 0; worth != 0.0 && column < reasons[i].columns(); ++column) {
        merged[members_[i].columns.first + column] += worth * static_cast<double>(reasons[i](row, column));
      }
    }
    const double score = combine(said) + of_crowd(rows.row(row));
    const double least = least_score(rows.row(row));
    double left = score - baseline_;
    double size = 0.0;
    for (const double value : merged) {
      left -= value;
      size += std::abs(value);
    }
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      const double part = size > 0.0 ? std::abs(merged[column]) / size : 1.0 / static_cast<double>(rows.columns());
      merged[column] += left * part;
    }
    const double of_surprise = 0.5 * std::max(0.0, least - baseline_) + 0.5 * std::max(0.0, least - score);
    if (of_surprise > 0.0) {
      const double of_members = score - baseline_;
      const double kept = of_members == 0.0 ? 0.5 : (std::max(score, least) - baseline_ - of_surprise) / of_members;
      std::transform(merged.begin(), merged.end(), merged.begin(), [kept](double value) { return kept * value; });
      merged[most_surprising(rows.row(row)).column] += of_surprise;
    }
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      out(first + row, column) = detail::bounded_score(merged[column]);
    }
  }
}

}  // namespace nad
