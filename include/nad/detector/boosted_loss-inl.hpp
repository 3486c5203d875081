#pragma once

// What boosted trees correct: the difference between labels and the probabilities that the scores so far stand for.
// Two classes have one score a row, the log-odds of not being normal; more have one a class, whose exponentials are to
// each other as the probabilities.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nad/core/parallel.hpp"
#include "nad/detail/portable_exp.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/detector/boosted_histogram-inl.hpp"

namespace nad::detail {

/// log(x) of a positive x that is not tiny.
inline double portable_log(double x) noexcept {
  return x >= 1.0 ? portable_log1p(x - 1.0) : -portable_log1p((1.0 - x) / x);
}

/// log(exp(a) + exp(b) + ...), number after number.
class LogSumExp {
 public:
  void add(double value) noexcept {
    if (value > highest_) {
      sum_ = is_empty_ ? 1.0 : sum_ * portable_exp(highest_ - value) + 1.0;
      highest_ = value;
    } else {
      sum_ += portable_exp(value - highest_);
    }
    is_empty_ = false;
  }
  double value() const noexcept { return highest_ + portable_log1p(sum_ - 1.0); }

 private:
  double highest_ = -1e300;
  double sum_ = 0.0;
  bool is_empty_ = true;
};

/// The scores of some rows, and what the loss says of them.
class BoostedLoss {
 public:
  BoostedLoss(const BinnedRows& rows, std::size_t n_classes, std::uint32_t normal, std::span<const double> start)
      : rows_(rows),
        normal_(normal),
        n_outputs_(n_classes == 2 ? 1 : n_classes),
        scores_(n_outputs_ * rows.size),
        probabilities_(n_outputs_ == 1 ? 0 : scores_.size()) {
    for (std::size_t output = 0; output < n_outputs_; ++output) {
      std::fill_n(scores_.begin() + static_cast<std::ptrdiff_t>(output * rows.size), rows.size, start[output]);
    }
  }

  std::size_t n_outputs() const noexcept { return n_outputs_; }
  std::span<double> scores(std::size_t output) { return {scores_.data() + output * rows_.size, rows_.size}; }

  /// Before the gradients of a round.
  void update(int n_jobs) {
    if (n_outputs_ == 1) {
      return;
    }
    parallel_for(rows_.size, {.n_jobs = n_jobs}, {.grain = grain}, [&](std::size_t begin, std::size_t end) {
      for (std::size_t row = begin; row < end; ++row) {
        double highest = scores_[row];
        for (std::size_t output = 1; output < n_outputs_; ++output) {
          highest = std::max(highest, scores_[output * rows_.size + row]);
        }
        double sum = 0.0;
        for (std::size_t output = 0; output < n_outputs_; ++output) {
          const double power = portable_exp(scores_[output * rows_.size + row] - highest);
          probabilities_[output * rows_.size + row] = power;
          sum += power;
        }
        for (std::size_t output = 0; output < n_outputs_; ++output) {
          probabilities_[output * rows_.size + row] /= sum;
        }
      }
    });
  }

  /// Gradient and hessian of each row as whole numbers, in a scale that suits them.
  SumScale gradients(std::size_t output, int n_jobs, std::vector<double>& work, std::vector<BinSum>& of_row) const {
    // of several classes the scores step at the same time: together they would go K / (K - 1) times too far
    const auto classes = static_cast<double>(n_outputs_);
    const double steepness = n_outputs_ == 1 ? 1.0 : classes / (classes - 1.0);
    work.resize(2 * rows_.size);
    of_row.resize(rows_.size);
    std::vector<GradientSums> parts(rows_.size / grain + 1);
    parallel_for(rows_.size, {.n_jobs = n_jobs}, {.grain = grain}, [&](std::size_t begin, std::size_t end) {
      GradientSums part;
      for (std::size_t row = begin; row < end; ++row) {
        const double p = n_outputs_ == 1 ? portable_sigmoid(scores_[row]) : probabilities_[output * rows_.size + row];
        const bool is_it = n_outputs_ == 1 ? rows_.label[row] != normal_ : rows_.label[row] == output;
        const double gradient = rows_.weight[row] * (is_it ? p - 1.0 : p);
        const double hessian = steepness * rows_.weight[row] * p * (1.0 - p);
        work[2 * row] = gradient;
        work[2 * row + 1] = hessian;
        part.gradients += gradient < 0.0 ? -gradient : gradient;
        part.hessians += hessian;
        part.squares += gradient * gradient / static_cast<double>(rows_.copies[row]);
      }
      parts[begin / grain] = part;
    });
    GradientSums all;
    for (const GradientSums& part : parts) {  // in a fixed order, whatever the threads did
      all.gradients += part.gradients;
      all.hessians += part.hessians;
      all.squares += part.squares;
    }
    std::uint64_t copies = 0;
    for (const std::uint32_t count : rows_.copies) {
      copies += count;
    }
    const SumScale scale(copies, all);
    for (std::size_t row = 0; row < rows_.size; ++row) {
      of_row[row] = scale.sum(work[2 * row], work[2 * row + 1], rows_.copies[row]);
    }
    return scale;
  }

  /// The mean log-loss of the rows.
  double mean(int n_jobs) const {
    struct Part {
      double loss = 0.0;
      double weight = 0.0;
    };
    std::vector<Part> parts(rows_.size / grain + 1);
    parallel_for(rows_.size, {.n_jobs = n_jobs}, {.grain = grain}, [&](std::size_t begin, std::size_t end) {
      Part part;
      for (std::size_t row = begin; row < end; ++row) {
        part.loss += rows_.weight[row] * loss(row);
        part.weight += rows_.weight[row];
      }
      parts[begin / grain] = part;
    });
    Part all;
    for (const Part& part : parts) {
      all.loss += part.loss;
      all.weight += part.weight;
    }
    return all.weight > 0.0 ? all.loss / all.weight : 0.0;
  }

 private:
  static constexpr std::size_t grain = 8192;

  double loss(std::size_t row) const noexcept {
    LogSumExp all;
    double right = 0.0;
    if (n_outputs_ == 1) {
      all.add(0.0);
      all.add(scores_[row]);
      right = rows_.label[row] != normal_ ? scores_[row] : 0.0;
    } else {
      for (std::size_t output = 0; output < n_outputs_; ++output) {
        all.add(scores_[output * rows_.size + row]);
      }
      right = scores_[rows_.label[row] * rows_.size + row];
    }
    return all.value() - right;
  }

  const BinnedRows& rows_;
  std::uint32_t normal_;
  std::size_t n_outputs_;
  std::vector<double> scores_;         ///< output after output
  std::vector<double> probabilities_;  ///< the same, where there is more than one
};

}  // namespace nad::detail
