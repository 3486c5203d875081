#pragma once

// The dual of the one-class problem, solved for some rows at a time: those that violate the optimality conditions most,
// while the others, which seem to be settled, stay as they are; then all rows are looked at again.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/progress.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/kernel_columns-inl.hpp"
#include "nad/detector/svm_pairs-inl.hpp"

namespace nad::detail {

struct SvmLimits {
  double tol = 1e-3;
  std::size_t max_iter = static_cast<std::size_t>(-1);
  bool shrinking = true;
  double cache_size = 200.0;  ///< MiB
  bool refined = true;        ///< go on where `tol` is too coarse for such small kernel values
};

/// `Make` makes the expansion of some rows that computes kernel values, in floats or in doubles.
template <class Make>
class OneClassSolver {
 public:
  using Expansion = std::invoke_result_t<const Make&, MatrixView>;
  using Value = typename Expansion::Value;

  /// Rows that differ, and what their alphas may reach; the alphas add up to `sum`.
  OneClassSolver(MatrixView rows, std::vector<double> bounds, double sum, const simd::KernelFunction& function,
                 const Make& make, const FitControl& control)
      : rows_(rows),
        bounds_(std::move(bounds)),
        sum_(sum),
        function_(function),
        make_(make),
        control_(control),
        alphas_(rows.rows()),
        gradient_(rows.rows()),
        diagonal_(rows.rows()) {}

  void run(const SvmLimits& limits) {
    start(limits);
    constexpr double most = std::numeric_limits<float>::max();  // what scores can hold
    if (!std::all_of(gradient_.begin(), gradient_.end(), [](double value) { return std::abs(value) <= most; })) {
      throw Error(ErrorCode::invalid_data,
                  "the kernel values of the rows overflow; scale the columns, or give a smaller gamma or degree");
    }
    const Expansion all = make_(rows_);
    for (std::size_t row = 0; row < rows_.rows(); ++row) {
      diagonal_[row] = all.own_value(rows_.row(row));
    }
    KernelColumns<Expansion> columns(all, rows_, limits.cache_size, control_.n_jobs);
    advance(limits, columns);
    converged_ = gap() < limits.tol;
    if (limits.refined) {
      refine(limits, columns);
    }
  }

  /// Whether what was found is more than the gap that is left could make of no boundary at all.
  bool is_determined() const {
    double squared = 0.0;  // length of the plane's normal; half of it is what the dual reaches, 0 without a plane
    double longest = 0.0;  // that this could be
    for (std::size_t row = 0; row < alphas_.size(); ++row) {
      squared += alphas_[row] * gradient_[row];
      longest += alphas_[row] * std::sqrt(std::abs(diagonal_[row]));
    }
    const double rounding = 1e-12 * longest * longest;
    return std::abs(squared) / 2.0 > std::max(0.0, gap()) * sum_ + rounding;
  }

  std::span<const double> alphas() const noexcept { return alphas_; }
  std::span<const double> bounds() const noexcept { return bounds_; }
  std::size_t iterations() const noexcept { return iterations_; }
  bool converged() const noexcept { return converged_; }

  /// Where the boundary lies: the gradient of the rows on it, or the middle of what it can be.
  double rho() const {
    double sum = 0.0;
    std::size_t free = 0;
    double least = std::numeric_limits<double>::max();
    double most = -least;
    for (std::size_t row = 0; row < alphas_.size(); ++row) {
      if (alphas_[row] <= 0.0) {
        least = std::min(least, gradient_[row]);
      } else if (alphas_[row] >= bounds_[row]) {
        most = std::max(most, gradient_[row]);
      } else {
        sum += gradient_[row];
        ++free;
      }
    }
    if (free != 0) {
      return sum / static_cast<double>(free);
    }
    const bool some_at_zero = least < std::numeric_limits<double>::max();
    return some_at_zero ? (least + most) / 2.0 : most;
  }

 private:
  double gap() const { return optimality_gap(alphas_, bounds_, gradient_); }

  /// Steps until the gap is below `limits.tol`, or `limits.max_iter` steps were made.
  void advance(const SvmLimits& limits, KernelColumns<Expansion>& columns) {
    // of the ends that a sigmoid has, the way decides: the usual way, with all rows, finds the one that others find
    if (limits.shrinking && function_.curve != simd::KernelCurve::sigmoid) {
      run_in_parts(limits, columns);
    } else {
      const auto column = [&](std::size_t row) { return columns.column(static_cast<std::uint32_t>(row)); };
      iterations_ += solve_pairs({alphas_, bounds_, gradient_, diagonal_}, limits.tol, limits.max_iter - iterations_,
                                 column, [this](std::size_t step) { tell_sometimes(iterations_ + step); });
    }
  }

  /// Where kernel values are small, `tol` is large, and rows that it lets lie outside may be many more than nu allows.
  /// Goes on until they are not, for some steps more.
  void refine(SvmLimits limits, KernelColumns<Expansion>& columns) {
    limits.max_iter = std::min(limits.max_iter, iterations_ + 10 * rows_.rows());
    while (converged_ && gap() > 0.0 && too_many_outside()) {
      const double gap_before = gap();
      const std::vector<double> alphas = alphas_;
      const std::vector<double> gradient = gradient_;
      limits.tol = std::min(limits.tol, gap_before) / 10.0;
      advance(limits, columns);
      if (!(gap() < gap_before)) {  // ended on the way, or by rounding
        alphas_ = alphas;
        gradient_ = gradient;
        return;
      }
    }
  }

  /// Whether rows lie outside without an alpha, more than a twentieth of those that may lie there.
  bool too_many_outside() const {
    double boundary = std::numeric_limits<double>::max();
    for (std::size_t row = 0; row < alphas_.size(); ++row) {
      if (alphas_[row] > 0.0 && alphas_[row] < bounds_[row]) {
        boundary = std::min(boundary, gradient_[row]);
      }
    }
    boundary = std::min(boundary, rho());
    double outside = 0.0;
    for (std::size_t row = 0; row < alphas_.size(); ++row) {
      outside += alphas_[row] <= 0.0 && gradient_[row] < boundary ? bounds_[row] : 0.0;
    }
    return outside > 0.05 * sum_;
  }

  /// As much alpha as fits where `density` is lowest.
  void fill(std::span<const double> density) {
    std::vector<std::uint32_t> order(rows_.rows());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return density[a] < density[b]; });
    std::fill(alphas_.begin(), alphas_.end(), 0.0);
    double left = sum_;
    for (const std::uint32_t row : order) {
      alphas_[row] = std::min(left, bounds_[row]);
      left -= alphas_[row];
    }
  }

  /// The alphas of a problem of an eighth of the rows say where those of all of them are likely to be.
  void start(const SvmLimits& limits) {
    constexpr std::size_t few = 512;
    constexpr std::size_t share = 8;
    std::vector<double> density(rows_.rows());
    if (function_.curve == simd::KernelCurve::sigmoid) {
      // no kernel in the strict sense, so where one begins decides where one ends: as others begin, with the first rows
      std::iota(density.begin(), density.end(), 0.0);
    } else if (rows_.rows() <= few) {
      const std::vector<double> all_equal = bounds_;
      sum_of(rows_, all_equal, density);
    } else {
      std::vector<std::uint32_t> some;
      for (std::size_t row = 0; row < rows_.rows(); row += share) {
        some.push_back(static_cast<std::uint32_t>(row));
      }
      const Matrix sample = copy_of_rows(some);
      std::vector<double> bounds(some.size());
      for (std::size_t i = 0; i < some.size(); ++i) {
        bounds[i] = bounds_[some[i]];
      }
      const double of_all = std::accumulate(bounds_.begin(), bounds_.end(), 0.0);
      const double of_some = std::accumulate(bounds.begin(), bounds.end(), 0.0);
      OneClassSolver smaller(sample, std::move(bounds), sum_ / of_all * of_some, function_, make_, control_);
      SvmLimits of_start = limits;
      of_start.refined = false;
      smaller.run(of_start);
      sum_of(sample, smaller.alphas_, density);
    }
    fill(density);
    sum_of(rows_, alphas_, gradient_);
  }

  Matrix copy_of_rows(std::span<const std::uint32_t> wanted) const {
    Matrix copy = Matrix::for_overwrite(wanted.size(), rows_.columns());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      std::copy_n(rows_.row(wanted[i]), rows_.columns(), copy.row(i).data());
    }
    return copy;
  }

  /// out = for each row the sum of weights[i] * K(row, of[i]).
  void sum_of(MatrixView of, std::span<const double> weights, std::vector<double>& out) const {
    std::vector<double> counting;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] != 0.0) {
        counting.push_back(weights[i]);
        places.push_back(i);
      }
    }
    Matrix fixed = Matrix::for_overwrite(places.size(), rows_.columns());
    for (std::size_t i = 0; i < places.size(); ++i) {
      std::copy_n(of.row(places[i]), rows_.columns(), fixed.row(i).data());
    }
    Expansion expansion = make_(fixed);
    expansion.set_weights(counting);
    parallel_for(rows_.rows(), control_, {.grain = 1024, .stage = "comparing rows"},
                 [&](std::size_t begin, std::size_t end) {
                   typename Expansion::Scratch scratch(rows_.columns());
                   expansion.sums(rows_.slice(begin, end - begin), scratch, out.data() + begin);
                 });
  }

  void run_in_parts(const SvmLimits& limits, KernelColumns<Expansion>& columns) {
    const double bytes = std::max(1.0, limits.cache_size) * 1048576.0;
    const auto most = static_cast<std::size_t>(std::clamp(std::sqrt(bytes / 8.0), 64.0, 1024.0));
    for (;;) {
      const double gap = optimality_gap(alphas_, bounds_, gradient_);
      if (gap < limits.tol || iterations_ >= limits.max_iter) {
        return;
      }
      const std::vector<std::uint32_t> part = choose_part(most);
      const std::vector<std::uint32_t> changed = solve_part(part, std::max(0.9 * limits.tol, 0.1 * gap), limits);
      if (changed.empty()) {
        return;  // rounding leaves nothing to gain
      }
      if (function_.curve == simd::KernelCurve::linear) {  // its columns need not be computed
        std::vector<double> added(gradient_.size());
        sum_of(copy_of_rows(changed), steps_, added);
        std::transform(gradient_.begin(), gradient_.end(), added.begin(), gradient_.begin(), std::plus<>());
        tell();
        continue;
      }
      columns.for_each(changed, [&](std::size_t i, const Value* column) {
        const double by = steps_[i];
        for (std::size_t row = 0; row < gradient_.size(); ++row) {
          gradient_[row] += by * static_cast<double>(column[row]);
        }
      });
      tell();
    }
  }

  /// Those that want to grow most and those that want to shrink most: as many as want to, and some that may have to.
  std::vector<std::uint32_t> choose_part(std::size_t most) const {
    constexpr std::size_t few = 64;
    std::vector<std::uint32_t> up;
    std::vector<std::uint32_t> down;
    double lowest = std::numeric_limits<double>::max();
    double highest = -lowest;
    for (std::uint32_t row = 0; row < alphas_.size(); ++row) {
      if (alphas_[row] < bounds_[row]) {
        up.push_back(row);
        lowest = std::min(lowest, gradient_[row]);
      }
      if (alphas_[row] > 0.0) {
        down.push_back(row);
        highest = std::max(highest, gradient_[row]);
      }
    }
    const std::size_t free = up.size() + down.size() - alphas_.size();
    const auto lower = [&](std::uint32_t a, std::uint32_t b) {
      return gradient_[a] != gradient_[b] ? gradient_[a] < gradient_[b] : a < b;
    };
    const auto higher = [&](std::uint32_t a, std::uint32_t b) {
      return gradient_[a] != gradient_[b] ? gradient_[a] > gradient_[b] : a < b;
    };
    const auto first_of = [&](std::vector<std::uint32_t>& rows, const auto& before, const auto& wants) {
      const auto wanting = static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), wants));
      const std::size_t some = std::clamp(wanting + free, std::min(few, most / 2), most / 2);
      const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), some));
      std::partial_sort(rows.begin(), end, rows.end(), before);
      rows.erase(end, rows.end());
    };
    first_of(up, lower, [&](std::uint32_t row) { return gradient_[row] < highest; });
    first_of(down, higher, [&](std::uint32_t row) { return gradient_[row] > lowest; });
    up.insert(up.end(), down.begin(), down.end());
    std::sort(up.begin(), up.end());
    up.erase(std::unique(up.begin(), up.end()), up.end());
    return up;
  }

  /// Returns the rows whose alphas changed; by how much stands in steps_.
  std::vector<std::uint32_t> solve_part(const std::vector<std::uint32_t>& part, double tol, const SvmLimits& limits) {
    const std::size_t size = part.size();
    const Matrix rows = copy_of_rows(part);
    const Expansion expansion = make_(rows);
    const std::size_t stride = expansion.stride();
    const auto kernel = std::make_unique_for_overwrite<Value[]>(size * stride);
    std::vector<const float*> pointers;
    for (std::size_t i = 0; i < size; ++i) {
      pointers.push_back(rows.row(i).data());
    }
    parallel_for(size, {.n_jobs = control_.n_jobs}, {.grain = Expansion::rows_together},
                 [&](std::size_t begin, std::size_t end) {
                   typename Expansion::Scratch scratch(rows_.columns());
                   const auto some = std::span<const float* const>(pointers).subspan(begin, end - begin);
                   expansion.values(some, scratch, kernel.get() + begin * stride);
                 });
    std::vector<double> alphas;
    std::vector<double> bounds;
    std::vector<double> gradient;
    std::vector<double> diagonal;
    for (const std::uint32_t row : part) {
      alphas.push_back(alphas_[row]);
      bounds.push_back(bounds_[row]);
      gradient.push_back(gradient_[row]);
      diagonal.push_back(diagonal_[row]);
    }
    const auto column = [&](std::size_t i) -> const Value* { return kernel.get() + i * stride; };
    iterations_ += solve_pairs({alphas, bounds, gradient, diagonal}, tol, limits.max_iter - iterations_, column,
                               [this](std::size_t step) { tell_sometimes(iterations_ + step); });
    std::vector<std::uint32_t> changed;
    steps_.clear();
    for (std::size_t i = 0; i < size; ++i) {
      if (alphas[i] != alphas_[part[i]]) {
        changed.push_back(part[i]);
        steps_.push_back(alphas[i] - alphas_[part[i]]);
        alphas_[part[i]] = alphas[i];
      }
    }
    return changed;
  }

  void tell_sometimes(std::size_t step) const {
    if (step % 1024 == 0) {
      tell_at(step);
    }
  }
  void tell() const { tell_at(iterations_); }
  void tell_at(std::size_t step) const {
    if (control_.progress && !control_.progress({"finding the boundary", step, 0})) {
      throw Error(ErrorCode::cancelled, "cancelled while finding the boundary");
    }
  }

  MatrixView rows_;
  std::vector<double> bounds_;
  double sum_;
  simd::KernelFunction function_;
  const Make& make_;
  const FitControl& control_;
  std::vector<double> alphas_;
  std::vector<double> gradient_;  ///< K a
  std::vector<double> diagonal_;
  std::vector<double> steps_;
  std::size_t iterations_ = 0;
  bool converged_ = false;
};

}  // namespace nad::detail
