#pragma once

// What each column adds to a weighted sum of kernel values on the straight way from one row to another: the integral of
// its slope along the way, which has a closed form for every kernel here.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/simd/kernel_function.hpp"

namespace nad::detail {

class KernelWay {
 public:
  /// The arrays must outlive this.
  KernelWay(MatrixView fixed, std::span<const double> weights, std::span<const float> phases,
            const simd::KernelFunction& function, std::span<const float> origin)
      : fixed_(fixed), weights_(weights), function_(function), origin_(origin), at_origin_(fixed.rows()) {
    const bool rbf = function.curve == simd::KernelCurve::rbf;
    for (std::size_t i = 0; i < fixed.rows(); ++i) {
      const auto part = [&](std::size_t column) {
        const double place = origin[column];
        const double value = fixed(i, column);
        return rbf ? (place - value) * (place - value) : place * value;
      };
      at_origin_[i] = sum_of(part);
      if (function.curve == simd::KernelCurve::cosine) {
        at_origin_[i] += static_cast<double>(phases[i]);
      }
    }
  }

  /// Adds up to the sum at `row` less the sum at the origin.
  void contributions(const float* row, std::vector<double>& out) const {
    std::fill(out.begin(), out.end(), 0.0);
    if (function_.curve == simd::KernelCurve::rbf) {
      of_distances(row, out);
    } else {
      of_products(row, out);
    }
  }

 private:
  /// Over all columns, in four chains that need not wait for each other.
  template <class Part>
  double sum_of(const Part& part) const {
    std::array<double, 4> sums{};
    std::size_t column = 0;
    for (; column + sums.size() <= origin_.size(); column += sums.size()) {
      for (std::size_t lane = 0; lane < sums.size(); ++lane) {
        sums[lane] += part(column + lane);
      }
    }
    for (; column < origin_.size(); ++column) {
      sums[0] += part(column);
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }

  double step(const float* row, std::size_t column) const {
    return static_cast<double>(row[column]) - static_cast<double>(origin_[column]);
  }

  /// Kernels of products bend along one direction each: the slope's mean is the chord's.
  void of_products(const float* row, std::vector<double>& out) const {
    for (std::size_t i = 0; i < fixed_.rows(); ++i) {
      const float* fixed = fixed_.row(i);
      const double along =
          sum_of([&](std::size_t column) { return step(row, column) * static_cast<double>(fixed[column]); });
      const double factor = weights_[i] * chord(at_origin_[i], along);
      for (std::size_t column = 0; column < out.size(); ++column) {
        out[column] += factor * static_cast<double>(fixed[column]);
      }
    }
    for (std::size_t column = 0; column < out.size(); ++column) {
      out[column] *= step(row, column);
    }
  }

  /// (K at product + along, less K at product) / along.
  double chord(double product, double along) const {
    const double inner = function_.curve == simd::KernelCurve::poly || function_.curve == simd::KernelCurve::sigmoid
                             ? static_cast<double>(function_.gamma)
                             : 1.0;
    const double from = inner * product + static_cast<double>(function_.coef0);
    const double to = inner * (product + along) + static_cast<double>(function_.coef0);
    switch (function_.curve) {
      case simd::KernelCurve::poly: {  // (to^n - from^n) / (to - from), without the division
        double sum = 0.0;
        double power = 1.0;
        for (std::uint32_t i = 0; i < function_.degree; ++i) {
          sum = sum * to + power;
          power *= from;
        }
        return inner * sum;
      }
      case simd::KernelCurve::sigmoid: {
        const double half = (to - from) / 2.0;
        const double middle = std::tanh(from + half);
        return std::abs(half) < 1e-5 ? inner * (1.0 - middle * middle) : (std::tanh(to) - std::tanh(from)) / along;
      }
      case simd::KernelCurve::cosine: {  // cos(b) - cos(a) = -2 sin((a + b) / 2) sin((b - a) / 2)
        const double half = along / 2.0;
        const double ratio = std::abs(half) < 1e-5 ? 1.0 : std::sin(half) / half;
        return -std::sin(product + half) * ratio;
      }
      case simd::KernelCurve::linear:
      case simd::KernelCurve::rbf:
        break;
    }
    return 1.0;
  }

  void of_distances(const float* row, std::vector<double>& out) const {
    const double gamma = function_.gamma;
    const double length = sum_of([&](std::size_t column) { return step(row, column) * step(row, column); });
    if (!(length > 0.0)) {
      return;
    }
    double later = 0.0;  // what each column's step is multiplied with, times itself
    for (std::size_t i = 0; i < fixed_.rows(); ++i) {
      const float* fixed = fixed_.row(i);
      const double along = sum_of([&](std::size_t column) {
        return step(row, column) * (static_cast<double>(origin_[column]) - static_cast<double>(fixed[column]));
      });
      const double first = std::exp(-gamma * at_origin_[i]);
      const double last = std::exp(-gamma * std::max(0.0, at_origin_[i] + 2.0 * along + length));
      const double mean = mean_value(at_origin_[i], along, length);
      // along the way t: K' = -2 gamma (along + t length) K, whose integral is last - first
      const double weighted_mean = ((first - last) / (2.0 * gamma) - along * mean) / length;
      const double factor = -2.0 * gamma * weights_[i];
      later += factor * weighted_mean;
      for (std::size_t column = 0; column < out.size(); ++column) {
        out[column] += factor * mean * (static_cast<double>(origin_[column]) - static_cast<double>(fixed[column]));
      }
    }
    for (std::size_t column = 0; column < out.size(); ++column) {
      const double by = step(row, column);
      out[column] = by * (out[column] + later * by);
    }
  }

  /// The integral over t from 0 to 1 of exp(-gamma (squared + 2 t along + t^2 length)).
  double mean_value(double squared, double along, double length) const {
    const double root = std::sqrt(static_cast<double>(function_.gamma));
    const double way = std::sqrt(length);
    const double nearest = along / way;  // how far behind the nearest point of the line the way begins
    if (root * way < 1e-6) {
      return std::exp(-root * root * (squared + along + length / 4.0));
    }
    const double aside = std::exp(-root * root * std::max(0.0, squared - nearest * nearest));
    constexpr double half_root_of_pi = 0.88622692545275801365;
    return aside * half_root_of_pi / (root * way) * (std::erf(root * (way + nearest)) - std::erf(root * nearest));
  }

  MatrixView fixed_;
  std::span<const double> weights_;
  simd::KernelFunction function_;
  std::span<const float> origin_;
  std::vector<double> at_origin_;  ///< squared distances, products, or angles of the fixed rows there
};

}  // namespace nad::detail
