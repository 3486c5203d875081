#pragma once

/// For programs that hold their records in Eigen: matrices go to nad and back. Not part of nad.hpp, for it is the one
/// header that needs another project's.
///
///   Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> records = ...;
///   forest.fit(nad::view(records));                          // looks at Eigen's own memory
///   nad::Matrix copied = nad::to_matrix(doubles * weights);  // any expression, any order, any kind of number
///   double mean = nad::as_eigen(copied).col(0).mean();       // Eigen looks at nad's
///
/// A view borrows: what it looks at has to outlive it. A matrix of doubles, or one whose columns lie together, cannot
/// be looked at; `view` refuses it when it is compiled, and `to_matrix` copies it.

#include <cstddef>
#include <type_traits>

#include <Eigen/Core>

#include "nad/core/matrix.hpp"

namespace nad {

/// Looks at a matrix, a block of one or a map; each row has to lie together.
template <class Derived>
MatrixView view(const Eigen::DenseBase<Derived>& matrix) {
  static_assert(std::is_same_v<typename Derived::Scalar, float>, "nad looks at float; nad::to_matrix() copies others");
  static_assert(Derived::IsRowMajor != 0, "nad looks at row-major matrices; nad::to_matrix() copies others");
  static_assert((Derived::Flags & Eigen::DirectAccessBit) != 0,
                "an expression has no memory to look at; nad::to_matrix() computes it");
  static_assert(Derived::InnerStrideAtCompileTime == 1, "the values of a row have to lie together");
  const Derived& held = matrix.derived();
  return {held.data(), static_cast<std::size_t>(held.rows()), static_cast<std::size_t>(held.cols()),
          static_cast<std::size_t>(held.outerStride())};
}

/// A matrix that nobody keeps would be gone before the view is used.
template <class Derived>
MatrixView view(const Eigen::PlainObjectBase<Derived>&& matrix) = delete;

/// Copies any matrix or expression.
template <class Derived>
Matrix to_matrix(const Eigen::DenseBase<Derived>& values) {
  Matrix copy = Matrix::for_overwrite(static_cast<std::size_t>(values.rows()), static_cast<std::size_t>(values.cols()));
  Eigen::Map<Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
      copy.data(), values.rows(), values.cols()) = values.derived().array().template cast<float>();
  return copy;
}

/// Eigen looks at nad's memory; rows may stand apart in it.
inline auto as_eigen(MatrixView matrix) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor, 0, Eigen::OuterStride<>>(
      matrix.data(), static_cast<Eigen::Index>(matrix.rows()), static_cast<Eigen::Index>(matrix.columns()),
      Eigen::OuterStride<>(static_cast<Eigen::Index>(matrix.row_stride())));
}

}  // namespace nad
