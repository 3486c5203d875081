#pragma once

// A one-class plane among features, learnt in one pass: min |w|^2 / 2 - rho + mean of max(0, rho - w.z) / nu, whose w
// is the mean of the rows behind the plane. So each batch draws w towards the mean of its own rows behind the plane
// (conditional gradients with steps of 2 / t, in terms of the rows seen), and late batches, which know better where it
// is, count more.
//
// w is held as what kernel values, or cosines, are multiplied with: w.z(x) = coefficients . k(x).

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/progress.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/kernel_expansion-inl.hpp"

namespace nad::detail {

/// From sums of k(x) to coefficients: the inverse of the kernel matrix of the fixed rows, or a factor.
class FeatureMetric {
 public:
  /// Of the cosines of random projections.
  explicit FeatureMetric(std::size_t count) : factor_(2.0 / static_cast<double>(count)) {}

  /// Of kernel values with the rows of `expansion`, which are these.
  FeatureMetric(const KernelExpansion& expansion, MatrixView fixed) : size_(fixed.rows()) {
    Matrix kernel(size_, expansion.stride());
    KernelScratch scratch(fixed.columns());
    std::vector<const float*> rows;
    for (std::size_t i = 0; i < size_; ++i) {
      rows.push_back(fixed.row(i));
    }
    expansion.values(rows, scratch, kernel.data());
    double trace = 0.0;
    for (std::size_t i = 0; i < size_; ++i) {
      trace += std::abs(static_cast<double>(kernel(i, i)));
    }
    const double mean = trace > 0.0 ? trace / static_cast<double>(size_) : 1.0;
    for (double ridge = 1e-4; !factorise(kernel, ridge * mean); ridge *= 10.0) {
      if (!(ridge < 1e6)) {
        throw Error(ErrorCode::invalid_data,
                    "the kernel values of the training rows overflow; scale the columns, or give a smaller gamma");
      }
    }
  }

  /// In place.
  void solve(std::vector<double>& sums) const {
    if (size_ == 0) {
      for (double& sum : sums) {
        sum *= factor_;
      }
      return;
    }
    for (std::size_t k = 0; k < size_; ++k) {
      const double* column = upper_.data() + k * size_;
      sums[k] /= column[k];
      const double value = sums[k];
      for (std::size_t i = k + 1; i < size_; ++i) {
        sums[i] -= value * column[i];
      }
    }
    for (std::size_t k = size_; k-- > 0;) {
      const double* row = lower_.data() + k * size_;
      sums[k] /= row[k];
      const double value = sums[k];
      for (std::size_t i = 0; i < k; ++i) {
        sums[i] -= value * row[i];
      }
    }
  }

 private:
  /// The Cholesky triangle by its columns; false where the matrix is not positive.
  bool factorise(const Matrix& kernel, double ridge) {
    upper_.assign(size_ * size_, 0.0);
    for (std::size_t k = 0; k < size_; ++k) {
      for (std::size_t i = k; i < size_; ++i) {
        upper_[k * size_ + i] = (static_cast<double>(kernel(k, i)) + static_cast<double>(kernel(i, k))) / 2.0;
      }
      upper_[k * size_ + k] += ridge;
    }
    for (std::size_t k = 0; k < size_; ++k) {
      double* column = upper_.data() + k * size_;
      if (!(column[k] > ridge * 1e-6 && column[k] <= std::numeric_limits<double>::max())) {
        return false;
      }
      const double root = std::sqrt(column[k]);
      for (std::size_t i = k; i < size_; ++i) {
        column[i] /= root;
      }
      for (std::size_t j = k + 1; j < size_; ++j) {
        double* other = upper_.data() + j * size_;
        const double value = column[j];
        for (std::size_t i = j; i < size_; ++i) {
          other[i] -= value * column[i];
        }
      }
    }
    lower_.assign(size_ * size_, 0.0);
    for (std::size_t k = 0; k < size_; ++k) {
      for (std::size_t i = k; i < size_; ++i) {
        lower_[i * size_ + k] = upper_[k * size_ + i];
      }
    }
    return true;
  }

  std::size_t size_ = 0;
  double factor_ = 1.0;
  std::vector<double> upper_;  ///< column after column of the triangle
  std::vector<double> lower_;  ///< and row after row
};

/// What was learnt so far.
struct StreamedPlane {
  std::vector<double> coefficients;
  double rho = 0.0;
  double rows_seen = 0.0;
  std::size_t steps = 0;
};

class StreamedOneClass {
 public:
  StreamedOneClass(std::shared_ptr<const KernelExpansion> features, FeatureMetric metric, double nu)
      : features_(std::move(features)), metric_(std::move(metric)), nu_(nu) {}

  /// Learns from these rows in random order.
  void learn(MatrixView rows, std::span<const float> weights, Random random, const FitControl& control,
             StreamedPlane& plane) const {
    constexpr std::size_t together = 4096;
    std::vector<std::uint32_t> order(rows.rows());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    for (std::size_t i = order.size(); i-- > 1;) {
      std::swap(order[i], order[random.below(i + 1)]);
    }
    Block block;
    // pieces of equal size: a short last one would weigh more than it knows
    const std::size_t pieces = (rows.rows() + together - 1) / together;
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      const std::size_t begin = rows.rows() * piece / pieces;
      const std::size_t end = rows.rows() * (piece + 1) / pieces;
      if (control.progress && !control.progress({"learning from rows", begin, rows.rows()})) {
        throw Error(ErrorCode::cancelled, "cancelled while learning from rows");
      }
      load(block, rows, weights, std::span(order).subspan(begin, end - begin), control);
      learn_block(block, plane);
    }
  }

 private:
  /// Some rows as features.
  struct Block {
    Matrix features;
    std::vector<double> weights;
    double weight = 0.0;  ///< of all
  };

  void load(Block& block, MatrixView rows, std::span<const float> weights, std::span<const std::uint32_t> wanted,
            const FitControl& control) const {
    if (block.features.rows() != wanted.size()) {
      block.features = Matrix::for_overwrite(wanted.size(), features_->stride());
    }
    block.weights.clear();
    block.weight = 0.0;
    std::vector<const float*> pointers;
    for (const std::uint32_t row : wanted) {
      pointers.push_back(rows.row(row));
      block.weights.push_back(weights.empty() ? 1.0 : static_cast<double>(weights[row]));
      block.weight += block.weights.back();
    }
    parallel_for(wanted.size(), {.n_jobs = control.n_jobs}, {.grain = 4 * KernelExpansion::rows_together},
                 [&](std::size_t begin, std::size_t end) {
                   KernelScratch scratch(rows.columns());
                   const auto some = std::span<const float* const>(pointers).subspan(begin, end - begin);
                   features_->values(some, scratch, block.features.row(begin).data());
                 });
  }

  void learn_block(const Block& block, StreamedPlane& plane) const {
    constexpr std::size_t batch = 1024;
    constexpr std::size_t turns = 3;
    constexpr std::size_t first_steps = 96;  // the first rows have to find the plane; later ones correct it
    const std::size_t size = block.weights.size();
    const std::size_t batches = (size + batch - 1) / batch;
    std::size_t steps = turns * batches;
    plane.coefficients.resize(features_->count());
    if (plane.rows_seen == 0.0) {
      steps = std::max(steps, std::min(first_steps, size));
      begin_at_mean(block, plane);
    }
    const double before = plane.rows_seen;
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t first = size * (step % batches) / batches;
      const std::size_t last = size * (step % batches + 1) / batches;
      const double seen = before + block.weight * static_cast<double>(step) / static_cast<double>(steps);
      const double now = before + block.weight * static_cast<double>(step + 1) / static_cast<double>(steps);
      const double kept = (seen / now) * (seen / now);
      std::vector<double> mean = mean_behind(block, first, last, plane.coefficients);
      metric_.solve(mean);
      for (std::size_t i = 0; i < mean.size(); ++i) {
        plane.coefficients[i] = kept * plane.coefficients[i] + (1.0 - kept) * mean[i];
      }
    }
    plane.rows_seen = before + block.weight;
    plane.steps += steps;
    const double kept = (before / plane.rows_seen) * (before / plane.rows_seen);
    plane.rho = kept * plane.rho + (1.0 - kept) * boundary(block, plane.coefficients);
  }

  void begin_at_mean(const Block& block, StreamedPlane& plane) const {
    std::vector<double> mean(features_->count());
    for (std::size_t row = 0; row < block.weights.size(); ++row) {
      add(block.features.row(row).data(), block.weights[row] / block.weight, mean);
    }
    metric_.solve(mean);
    plane.coefficients = std::move(mean);
  }

  static void add(const float* values, double weight, std::vector<double>& to) {
    for (std::size_t i = 0; i < to.size(); ++i) {
      to[i] += weight * static_cast<double>(values[i]);
    }
  }

  /// Where a row lies, and which one it is.
  using Place = std::pair<double, std::uint32_t>;

  /// Calls use(place, row, counts) for the share nu of the rows from `first` to `last` that lies farthest behind the
  /// plane, farthest first; the last of them counts in part.
  template <class Use>
  void for_each_behind(const Block& block, std::size_t first, std::size_t last, std::span<const double> coefficients,
                       const Use& use) const {
    std::vector<float, KernelAllocator<float>> factors(features_->stride());
    std::copy(coefficients.begin(), coefficients.end(), factors.begin());
    const simd::KernelTable& kernels = simd::active_kernels();
    std::vector<Place> places;
    double left = 0.0;
    for (std::size_t row = first; row < last; ++row) {
      const float* values = block.features.row(row).data();
      places.emplace_back(kernels.weighted_sum(values, factors.data(), factors.size()),
                          static_cast<std::uint32_t>(row));
      left += nu_ * block.weights[row];
    }
    const double some = nu_ * static_cast<double>(places.size()) + 1.0;  // enough where all weigh the same
    const auto wanted = std::min(places.size(), static_cast<std::size_t>(some));
    const auto end = places.begin() + static_cast<std::ptrdiff_t>(wanted);
    std::partial_sort(places.begin(), end, places.end());
    for (std::size_t i = 0; i < places.size() && left > 0.0; ++i) {
      if (i == wanted) {
        std::sort(end, places.end());
      }
      const auto& [place, row] = places[i];
      const double counts = std::min(left, block.weights[row]);
      left -= counts;
      use(place, row, counts);
    }
  }

  std::vector<double> mean_behind(const Block& block, std::size_t first, std::size_t last,
                                  std::span<const double> coefficients) const {
    std::vector<double> mean(features_->count());
    double all = 0.0;
    for_each_behind(block, first, last, coefficients, [&](double, std::uint32_t row, double counts) {
      add(block.features.row(row).data(), counts, mean);
      all += counts;
    });
    for (double& value : mean) {
      value /= all;
    }
    return mean;
  }

  /// Where the last of the rows behind lies.
  double boundary(const Block& block, std::span<const double> coefficients) const {
    double last = 0.0;
    for_each_behind(block, 0, block.weights.size(), coefficients,
                    [&](double place, std::uint32_t, double) { last = place; });
    return last;
  }

  std::shared_ptr<const KernelExpansion> features_;
  FeatureMetric metric_;
  double nu_;
};

}  // namespace nad::detail
