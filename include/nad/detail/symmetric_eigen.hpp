#pragma once

// Eigenvalues and eigenvectors of a symmetric matrix: Householder reflections make it tridiagonal, implicit QL steps
// make that diagonal. The same bits in every build, whatever instructions the host's flags allow.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace nad::detail {

class SymmetricEigen {
 public:
  /// Of a matrix of size x size values, of which the lower triangle is read.
  SymmetricEigen(std::vector<double> matrix, std::size_t size) : size_(size), rows_(std::move(matrix)) {
    double largest = 0.0;
    for (std::size_t row = 0; row < size_; ++row) {
      for (std::size_t column = 0; column <= row; ++column) {
        const double value = rows_[row * size_ + column];
        finite_ = finite_ && std::abs(value) <= std::numeric_limits<double>::max();
        largest = std::max(largest, std::abs(value));
        rows_[column * size_ + row] = value;
      }
    }
    diagonal_.resize(size_);
    beside_.resize(size_);
    if (!finite_ || largest == 0.0) {
      rows_.assign(size_ * size_, 0.0);
      largest = 1.0;
    }
    for (double& value : rows_) {
      value /= largest;  // squares of its entries can be added up
    }
    make_tridiagonal();
    found_ = finite_ && make_diagonal();
    for (double& value : diagonal_) {
      value *= largest;
    }
    sort();
  }

  /// False for a matrix with values that are missing or infinite.
  bool found() const noexcept { return found_; }
  /// Falling.
  double value(std::size_t place) const { return diagonal_[order_[place]]; }
  /// Of length 1; `size` numbers.
  const double* vector(std::size_t place) const { return rows_.data() + order_[place] * size_; }

 private:
  double* row(std::size_t place) { return rows_.data() + place * size_; }

  /// Afterwards `diagonal_` and `beside_` (entry i: between i and i + 1) are T, and the columns of `rows_` are Q, where
  /// the matrix was Q T Q'.
  void make_tridiagonal() {
    std::vector<double> along(size_);
    std::vector<double> weights(size_);  // 2 / v'v of each reflection; its v stays in the column that it cleared
    for (std::size_t k = 0; k + 2 < size_; ++k) {
      double squares = 0.0;
      for (std::size_t i = k + 1; i < size_; ++i) {
        squares += row(i)[k] * row(i)[k];
      }
      const double first = row(k + 1)[k];
      const double length = std::sqrt(squares);
      beside_[k] = first > 0.0 ? -length : length;
      if (squares - first * first <= 0.0) {  // nothing to clear
        beside_[k] = first;
        continue;
      }
      row(k + 1)[k] = first - beside_[k];
      weights[k] = 2.0 / (squares - first * first + row(k + 1)[k] * row(k + 1)[k]);
      reflect_both_sides(k, weights[k], along);
    }
    if (size_ > 1) {
      beside_[size_ - 2] = row(size_ - 1)[size_ - 2];
    }
    for (std::size_t i = 0; i < size_; ++i) {
      diagonal_[i] = row(i)[i];
    }
    join_reflections(weights);
  }

  /// A := H A H of what is left of the matrix, H = 1 - weight v v', v = column k below its diagonal.
  void reflect_both_sides(std::size_t k, double weight, std::vector<double>& along) {
    double product = 0.0;
    std::vector<double> v(size_);
    for (std::size_t i = k + 1; i < size_; ++i) {
      v[i] = row(i)[k];
    }
    for (std::size_t i = k + 1; i < size_; ++i) {
      double sum = 0.0;
      for (std::size_t j = k + 1; j < size_; ++j) {
        sum += row(i)[j] * v[j];
      }
      along[i] = weight * sum;
      product += along[i] * v[i];
    }
    for (std::size_t i = k + 1; i < size_; ++i) {
      along[i] -= 0.5 * weight * product * v[i];
    }
    for (std::size_t i = k + 1; i < size_; ++i) {
      for (std::size_t j = k + 1; j < size_; ++j) {
        row(i)[j] -= v[i] * along[j] + along[i] * v[j];
      }
    }
  }

  /// Q' as rows: the product of the reflections, the last first.
  void join_reflections(const std::vector<double>& weights) {
    std::vector<double> q(size_ * size_);
    for (std::size_t i = 0; i < size_; ++i) {
      q[i * size_ + i] = 1.0;
    }
    for (std::size_t k = size_ < 2 ? 0 : size_ - 2; k-- > 0;) {
      for (std::size_t i = k + 1; weights[k] != 0.0 && i < size_; ++i) {
        double* to = q.data() + i * size_;  // row i of Q', of which columns above k stand
        double sum = 0.0;
        for (std::size_t j = k + 1; j < size_; ++j) {
          sum += to[j] * row(j)[k];
        }
        for (std::size_t j = k + 1; j < size_; ++j) {
          to[j] -= weights[k] * sum * row(j)[k];
        }
      }
    }
    rows_ = std::move(q);
  }

  /// Rotates until nothing stands beside the diagonal; rows of `rows_` become the eigenvectors.
  bool make_diagonal() {
    constexpr int most_steps = 60;
    double norm = 0.0;
    for (std::size_t i = 0; i < size_; ++i) {
      norm = std::max(norm, std::abs(diagonal_[i]) + std::abs(beside_[i]));
    }
    negligible_ = std::numeric_limits<double>::epsilon() * norm;
    for (std::size_t low = 0; low < size_; ++low) {
      int steps = 0;
      for (std::size_t high = end_of_block(low); high != low; high = end_of_block(low)) {
        if (++steps > most_steps) {
          return false;
        }
        step(low, high);
      }
    }
    return true;
  }

  /// The last place that hangs together with `low`.
  std::size_t end_of_block(std::size_t low) {
    std::size_t high = low;
    while (high + 1 < size_ && std::abs(beside_[high]) > negligible_) {
      ++high;
    }
    return high;
  }

  /// One implicit QL step with Wilkinson's shift, on the block [low, high].
  void step(std::size_t low, std::size_t high) {
    const double half = (diagonal_[low + 1] - diagonal_[low]) / (2.0 * beside_[low]);
    const double root = std::sqrt(half * half + 1.0);
    double bulge = diagonal_[high] - diagonal_[low] + beside_[low] / (half + (half < 0.0 ? -root : root));
    double sine = 1.0;
    double cosine = 1.0;
    double shift = 0.0;
    for (std::size_t i = high; i-- > low;) {
      const double far = sine * beside_[i];
      const double near = cosine * beside_[i];
      const double length = std::sqrt(far * far + bulge * bulge);
      beside_[i + 1] = length;
      if (length == 0.0) {  // the block falls apart
        diagonal_[i + 1] -= shift;
        beside_[high] = 0.0;
        return;
      }
      sine = far / length;
      cosine = bulge / length;
      const double centre = diagonal_[i + 1] - shift;
      const double width = (diagonal_[i] - centre) * sine + 2.0 * cosine * near;
      shift = sine * width;
      diagonal_[i + 1] = centre + shift;
      bulge = cosine * width - near;
      double* lower = row(i);
      double* upper = row(i + 1);
      for (std::size_t j = 0; j < size_; ++j) {
        const double before = upper[j];
        upper[j] = sine * lower[j] + cosine * before;
        lower[j] = cosine * lower[j] - sine * before;
      }
    }
    diagonal_[low] -= shift;
    beside_[low] = bulge;
    beside_[high] = 0.0;
  }

  void sort() {
    order_.resize(size_);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return diagonal_[a] > diagonal_[b]; });
  }

  std::size_t size_;
  std::vector<double> rows_;
  std::vector<double> diagonal_;
  std::vector<double> beside_;
  std::vector<std::size_t> order_;
  double negligible_ = 0.0;  ///< as small as the rounding of the largest entries
  bool finite_ = true;
  bool found_ = false;
};

}  // namespace nad::detail
