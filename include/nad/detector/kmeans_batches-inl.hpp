#pragma once

// Mini-batches: each centre is the mean of all rows that were ever its nearest, which a few rows at a time move.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/centre_distances-inl.hpp"
#include "nad/detector/kmeans_lloyd-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad::detail {

/// Moves `centres`, which have learnt from rows of these `weights`, towards `rows`; returns the weighted sum of squared
/// distances that the rows had from them.
inline double learn_batch(const WeightedRows& from, std::span<const float> origin, const FitControl& control,
                          Matrix& centres, std::vector<double>& weights) {
  const MatrixView x = from.rows();
  const std::size_t width = x.columns();
  const CentreDistances distances(centres, origin);
  constexpr std::size_t chunk = 4096;
  struct Part {
    std::vector<double> sums;
    std::vector<double> weights;
    double inertia = 0.0;
  };
  std::vector<Part> parts((x.rows() + chunk - 1) / chunk);
  parallel_for(x.rows(), control, {.grain = chunk, .stage = "learning from batches"},
               [&](std::size_t begin, std::size_t end) {
                 Part& part = parts[begin / chunk];
                 part.sums.resize(centres.rows() * width);
                 part.weights.resize(centres.rows());
                 CentreScratch scratch = distances.scratch();
                 std::vector<Nearest> found(CentreScratch::rows);
                 for (std::size_t first = begin; first < end; first += CentreScratch::rows) {
                   const std::size_t count = std::min(CentreScratch::rows, end - first);
                   distances.nearest(x.slice(first, count), scratch, found.data());
                   for (std::size_t i = 0; i < count; ++i) {
                     const double weight = from.weight(first + i);
                     const float* values = x.row(first + i);
                     double* sums = part.sums.data() + found[i].centre * width;
                     for (std::size_t column = 0; column < width; ++column) {
                       sums[column] += weight * static_cast<double>(values[column]);
                     }
                     part.weights[found[i].centre] += weight;
                     part.inertia += weight * static_cast<double>(found[i].distance);
                   }
                 }
               });
  double inertia = 0.0;
  for (std::size_t centre = 0; centre < centres.rows(); ++centre) {
    double weight = 0.0;
    std::vector<double> sums(width);
    for (const Part& part : parts) {
      weight += part.weights[centre];
      for (std::size_t column = 0; column < width; ++column) {
        sums[column] += part.sums[centre * width + column];
      }
    }
    if (weight == 0.0) {
      continue;
    }
    const double all = weights[centre] + weight;
    for (std::size_t column = 0; column < width; ++column) {
      const auto before = static_cast<double>(centres(centre, column));
      centres(centre, column) = static_cast<float>(before + (sums[column] - weight * before) / all);
    }
    weights[centre] = all;
  }
  for (const Part& part : parts) {
    inertia += part.inertia;
  }
  return inertia;
}

/// Batches drawn from all rows until they bring no better centres, or `max_iter` times as many as hold all rows.
class KMeansBatches {
 public:
  KMeansBatches(const WeightedRows& from, std::span<const float> origin, Matrix centres, const FitControl& control)
      : from_(from), origin_(origin), control_(control), centres_(std::move(centres)), weights_(centres_.rows()) {}

  void run(const KMeansLimits& limits, std::size_t batch_rows, Random random) {
    const MatrixView x = from_.rows();
    batch_rows = std::min(batch_rows, x.rows());
    const std::size_t batches_a_turn = (x.rows() + batch_rows - 1) / batch_rows;
    const double fading = std::min(1.0, 2.0 * static_cast<double>(batch_rows) / static_cast<double>(x.rows() + 1));
    constexpr std::size_t patience = 10;
    double average = 0.0;
    double best = std::numeric_limits<double>::max();
    std::size_t without_gain = 0;
    Matrix rows = Matrix::for_overwrite(batch_rows, x.columns());
    std::vector<float> row_weights(from_.weights().empty() ? 0 : batch_rows);
    for (std::size_t batch = 0; batch < limits.max_iter * batches_a_turn && without_gain < patience; ++batch) {
      for (std::size_t i = 0; i < batch_rows; ++i) {
        const std::size_t row = random.below(x.rows());
        std::copy_n(x.row(row), x.columns(), rows.row(i).data());
        if (!row_weights.empty()) {
          row_weights[i] = from_.weights()[row];
        }
      }
      const WeightedRows drawn(rows, row_weights, UniqueRows::off);
      const double inertia =
          learn_batch(drawn, origin_, quiet(), centres_, weights_) / std::max(1e-300, drawn.total_weight());
      average = batch == 0 ? inertia : average + fading * (inertia - average);
      without_gain = average < best ? 0 : without_gain + 1;
      best = std::min(best, average);
      if ((batch + 1) % batches_a_turn == 0) {
        ++turns_;
        move_idle(drawn.rows(), random);
      }
      if (control_.progress &&
          !control_.progress({"learning from batches", batch + 1, limits.max_iter * batches_a_turn})) {
        throw Error(ErrorCode::cancelled, "cancelled while learning from batches");
      }
    }
    turns_ += turns_ == 0 ? 1 : 0;
  }

  Matrix take_centres() { return std::move(centres_); }
  std::size_t turns() const noexcept { return turns_; }

 private:
  /// One batch is too little to report.
  FitControl quiet() const { return {.n_jobs = control_.n_jobs}; }

  /// A centre that hardly any row came to starts again from one of the rows at hand.
  void move_idle(MatrixView rows, Random& random) {
    const double most = *std::max_element(weights_.begin(), weights_.end());
    for (std::size_t centre = 0; centre < weights_.size(); ++centre) {
      if (weights_[centre] < 0.001 * most) {
        std::copy_n(rows.row(random.below(rows.rows())), rows.columns(), centres_.row(centre).data());
        weights_[centre] = 0.0;
      }
    }
  }

  const WeightedRows& from_;
  std::span<const float> origin_;
  const FitControl& control_;
  Matrix centres_;
  std::vector<double> weights_;
  std::size_t turns_ = 0;
};

}  // namespace nad::detail
