#pragma once

// Whether scores, labels and weights can be used; not for users.

#include <cstddef>
#include <string>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad::detail {

inline void check_length(std::size_t rows, std::size_t length, const char* what) {
  if (length != rows) {
    throw Error(ErrorCode::invalid_data, "there are " + std::to_string(rows) + " scores, but " +
                                             std::to_string(length) + " " + what + "; give one for each row");
  }
}

inline void check_scores(ScoreView scores) {
  if (scores.size() == 0) {
    throw Error(ErrorCode::invalid_data, "there are no scores; give those of at least one row");
  }
  if (scores.size() > 0xffffffffULL) {
    throw Error(ErrorCode::invalid_data, std::to_string(scores.size()) +
                                             " rows are too many; judge at most 4,294,967,295 at a time, or a sample");
  }
  for (std::size_t row = 0; row < scores.size(); ++row) {
    if (!is_finite(scores[row])) {
      throw Error(ErrorCode::invalid_data, "the score of row " + std::to_string(row) + " is " +
                                               (is_nan(scores[row]) ? "NaN" : "infinite") +
                                               "; a row without a score cannot be judged: leave it out or score it");
    }
  }
}

inline void check_truth(std::size_t rows, LabelView labels) {
  check_length(rows, labels.size(), "labels");
  for (std::size_t row = 0; row < rows; ++row) {
    if (labels[row] > 1) {
      throw Error(ErrorCode::invalid_data, "the label of row " + std::to_string(row) + " is " +
                                               std::to_string(labels[row]) + "; give 1 for an attack and 0 for normal");
    }
  }
}

inline void check_weights(std::size_t rows, WeightView weights) {
  if (weights.empty()) {
    return;
  }
  check_length(rows, weights.size(), "weights");
  for (std::size_t row = 0; row < rows; ++row) {
    if (!is_finite(weights[row]) || weights[row] < 0.0) {
      throw Error(ErrorCode::invalid_data, "the weight of row " + std::to_string(row) + " is " +
                                               (is_nan(weights[row])      ? "NaN"
                                                : is_finite(weights[row]) ? "negative"
                                                                          : "infinite") +
                                               "; give numbers of at least 0");
    }
  }
}

inline void check_rows(ScoreView scores, LabelView labels, WeightView weights) {
  check_scores(scores);
  check_truth(scores.size(), labels);
  check_weights(scores.size(), weights);
}

inline double weight_at(WeightView weights, std::size_t row) noexcept { return weights.empty() ? 1.0 : weights[row]; }

inline void check_share(double value, const char* name) {
  if (is_nan(value) || !(value > 0.0 && value <= 1.0)) {
    throw Error(ErrorCode::invalid_argument,
                std::string(name) + " is " + std::to_string(value) + "; give a number above 0 and at most 1");
  }
}

}  // namespace nad::detail
