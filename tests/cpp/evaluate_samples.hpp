#pragma once

// Scores of rows whose truth is known, and figures counted pair by pair, to compare with.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nad/core/random.hpp"

namespace evaluate_samples {

struct Judged {
  std::vector<float> scores;
  std::vector<double> doubles;  ///< the same scores
  std::vector<std::uint8_t> labels;
  std::vector<double> weights;
};

/// Attacks score higher on average; with `levels` scores there are ties, within classes and between them.
inline Judged judged_rows(std::size_t rows, double shift, std::size_t levels, std::uint64_t seed) {
  nad::Random random(seed);
  Judged sample;
  for (std::size_t row = 0; row < rows; ++row) {
    const bool attack = row < 2 ? row == 1 : random.uniform() < 0.3;
    double score = random.normal() + (attack ? shift : 0.0);
    if (levels != 0) {
      const auto level = static_cast<double>(levels);
      score = static_cast<double>(static_cast<long>(score * level)) / level;
    }
    sample.scores.push_back(static_cast<float>(score));
    sample.doubles.push_back(static_cast<double>(sample.scores.back()));
    sample.labels.push_back(attack ? 1 : 0);
    sample.weights.push_back(static_cast<double>(random.below(4)) + (row < 2 ? 1.0 : 0.0));
  }
  return sample;
}

/// Attacks and normal rows with at least this score.
struct AtLeast {
  double found = 0.0;
  double false_positives = 0.0;
};

inline AtLeast at_least(const Judged& sample, const std::vector<double>& weights, double score) {
  AtLeast count;
  for (std::size_t row = 0; row < sample.doubles.size(); ++row) {
    if (sample.doubles[row] >= score) {
      (sample.labels[row] != 0 ? count.found : count.false_positives) += weights[row];
    }
  }
  return count;
}

/// The chance that an attack scores above a normal row, by looking at every pair.
inline double roc_auc_by_pairs(const Judged& sample, const std::vector<double>& weights) {
  double right = 0.0;
  double all = 0.0;
  for (std::size_t a = 0; a < sample.doubles.size(); ++a) {
    for (std::size_t n = 0; n < sample.doubles.size(); ++n) {
      if (sample.labels[a] != 0 && sample.labels[n] == 0) {
        const double weight = weights[a] * weights[n];
        const double gap = sample.doubles[a] - sample.doubles[n];
        right += weight * (gap > 0.0 ? 1.0 : gap == 0.0 ? 0.5 : 0.0);
        all += weight;
      }
    }
  }
  return right / all;
}

}  // namespace evaluate_samples
