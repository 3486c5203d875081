#pragma once

// A normal distribution as it is stored; not for users.

#include <cstddef>
#include <vector>

#include "nad/detail/archive_field.hpp"

namespace nad::detail {

/// What is stored: the centre and the triangle W for which |W (x - centre)|^2 is the distance.
struct GaussianShape {
  std::vector<float> centre;
  std::vector<float> triangle;   ///< row after row, row i of i + 1 values
  double log_determinant = 0.0;  ///< of the covariance

  std::size_t size() const noexcept { return centre.size(); }

  template <class Archive>
  void serialize(Archive& archive) {
    archive_named(archive, "centre", centre, "triangle", triangle, "log_determinant", log_determinant);
  }
};

}  // namespace nad::detail
