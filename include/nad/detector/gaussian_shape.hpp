#pragma once

// A normal distribution as it is stored; not for users.

#include <cstddef>
#include <vector>

#include "nad/detail/archive_field.hpp"
#include "nad/detector/split_centre.hpp"

namespace nad::detail {

/// What is stored: the centre and the triangle W for which |W (x - centre)|^2 is the distance.
struct GaussianShape {
  std::vector<float> centre;
  std::vector<float> triangle;   ///< row after row, row i of i + 1 values
  double log_determinant = 0.0;  ///< of the covariance
  std::vector<float> rest = {};  ///< what the floats of the centre leave of it, or nothing

  std::size_t size() const noexcept { return centre.size(); }

  template <class Archive>
  void serialize(Archive& archive) {
    archive_centre(archive, "centre", centre, rest);
    archive_named(archive, "triangle", triangle, "log_determinant", log_determinant);
    if constexpr (!NamingArchive<Archive>) {
      if constexpr (Archive::is_loading::value) {
        std::size_t columns = 0;
        while (columns * (columns + 1) / 2 < triangle.size()) {
          ++columns;
        }
        separate_rest(centre, rest, columns);
      }
    }
  }
};

}  // namespace nad::detail
