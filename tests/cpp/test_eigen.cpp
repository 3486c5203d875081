// Eigen's matrices, and nad's eigenvectors beside Eigen's.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <doctest/doctest.h>

#include "nad/detail/symmetric_eigen.hpp"
#include "nad/eigen.hpp"

namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class Value>
concept Viewable = requires(Value&& value) {
  nad::view(std::forward<Value>(value));
};

TEST_CASE("a matrix of Eigen's is looked at, not copied") {
  RowMajor x(3, 2);
  x << 0, 1, 2, 3, 4, 5;
  const nad::MatrixView all = nad::view(x);
  CHECK(all.data() == x.data());
  CHECK(all.rows() == 3);
  CHECK(all.columns() == 2);
  CHECK(all(2, 1) == 5.0F);
  x(2, 1) = 7.0F;
  CHECK(all(2, 1) == 7.0F);

  const nad::MatrixView corner = nad::view(x.bottomRightCorner(2, 1));
  CHECK(corner.rows() == 2);
  CHECK(corner.columns() == 1);
  CHECK(corner(0, 0) == 3.0F);
  CHECK(corner(1, 0) == 7.0F);

  CHECK(Viewable<RowMajor&>);
  CHECK(Viewable<const RowMajor&>);
  CHECK(!Viewable<RowMajor>);  // it would be gone
}

TEST_CASE("other matrices and expressions are copied, and nad's come back") {
  Eigen::MatrixXd columns(2, 3);
  columns << 1, 2, 3, 4, 5, 6;
  const nad::Matrix doubled = nad::to_matrix(columns * 2.0);
  REQUIRE(doubled.rows() == 2);
  REQUIRE(doubled.columns() == 3);
  CHECK(doubled(0, 2) == 6.0F);
  CHECK(doubled(1, 0) == 8.0F);
  CHECK(nad::to_matrix(columns.array() > 3.5)(1, 2) == 1.0F);

  const auto back = nad::as_eigen(doubled);
  CHECK(back.data() == doubled.data());
  CHECK(back.cast<double>() == columns * 2.0);
  const std::vector<float> wide = {1, 2, 9, 3, 4, 9};
  CHECK(nad::as_eigen(nad::MatrixView(wide.data(), 2, 2, 3)).sum() == 10.0F);
}

Eigen::MatrixXd symmetric(int size, const char* kind, std::mt19937& random) {
  std::normal_distribution<double> normal;
  Eigen::MatrixXd part(size, size);
  for (double& value : part.reshaped()) {
    value = normal(random);
  }
  const std::string_view name = kind;
  if (name == "identity") {
    return Eigen::MatrixXd::Identity(size, size);
  }
  if (name == "zero") {
    return Eigen::MatrixXd::Zero(size, size);
  }
  if (name == "indefinite") {
    return part + part.transpose();
  }
  if (name == "half the rank") {
    part.rightCols(size / 2).setZero();
  }
  Eigen::MatrixXd product = part * part.transpose();
  if (name == "badly scaled") {
    for (int i = 0; i < size; ++i) {
      product.row(i) *= std::pow(10.0, i % 9 - 4);
      product.col(i) *= std::pow(10.0, i % 9 - 4);
    }
  }
  return name == "huge"   ? Eigen::MatrixXd(product * 1e200)
         : name == "tiny" ? Eigen::MatrixXd(product * 1e-200)
                          : product;
}

TEST_CASE("eigenvalues and eigenvectors are Eigen's") {
  std::mt19937 random(1);
  for (const int size : {1, 2, 3, 4, 5, 17, 60}) {
    for (const char* kind :
         {"product", "identity", "zero", "indefinite", "half the rank", "badly scaled", "huge", "tiny"}) {
      CAPTURE(size);
      CAPTURE(kind);
      const Eigen::MatrixXd matrix = symmetric(size, kind, random);
      const auto count = static_cast<std::size_t>(size);
      const nad::detail::SymmetricEigen found({matrix.data(), matrix.data() + matrix.size()}, count);
      REQUIRE(found.found());
      const double scale = std::max(1e-300, matrix.cwiseAbs().maxCoeff());
      const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> theirs(matrix / scale);
      Eigen::MatrixXd vectors(size, size);
      for (std::size_t i = 0; i < count; ++i) {
        const auto column = static_cast<Eigen::Index>(i);
        CHECK(found.value(i) / scale ==
              doctest::Approx(theirs.eigenvalues()(size - 1 - column)).epsilon(1e-9).scale(1));
        vectors.col(column) = Eigen::Map<const Eigen::VectorXd>(found.vector(i), size);
        const Eigen::VectorXd rest =
            matrix / scale * vectors.col(column) - found.value(i) / scale * vectors.col(column);
        CHECK(rest.norm() < 1e-12 * size);
      }
      CHECK((vectors.transpose() * vectors - Eigen::MatrixXd::Identity(size, size)).norm() < 1e-13 * size * size);
    }
  }
}

TEST_CASE("a matrix with a missing or infinite value has no eigenvectors") {
  CHECK(!nad::detail::SymmetricEigen({1.0, 0.0, std::nan(""), 1.0}, 2).found());
  CHECK(!nad::detail::SymmetricEigen({1.0, 0.0, INFINITY, 1.0}, 2).found());
  CHECK(nad::detail::SymmetricEigen({1.0, std::nan(""), 2.0, 1.0}, 2).found());  // the upper triangle is not read
}

}  // namespace
