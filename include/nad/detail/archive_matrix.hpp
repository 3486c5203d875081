#pragma once

// A matrix the way every archive stores it: rows, columns, values.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/detail/archive_field.hpp"

namespace nad::detail {

template <class Archive>
void archive_matrix(Archive& archive, const char* name, Matrix& matrix) {
  if constexpr (NamingArchive<Archive>) {
    archive.field(name, matrix);
  } else {
    auto rows = static_cast<std::uint64_t>(matrix.rows());
    auto columns = static_cast<std::uint64_t>(matrix.columns());
    std::vector<float> values(matrix.data(), matrix.data() + matrix.rows() * matrix.columns());
    archive(rows, columns, values);
    if constexpr (Archive::is_loading::value) {
      const bool sound =
          columns == 0 ? values.empty() : values.size() % columns == 0 && values.size() / columns == rows;
      if (!sound) {
        throw Error(ErrorCode::bad_file, std::string(name) + " has " + std::to_string(values.size()) + " values for " +
                                             std::to_string(rows) + " rows and " + std::to_string(columns) +
                                             " columns; the model is damaged");
      }
      matrix = Matrix::for_overwrite(values.empty() ? 0 : static_cast<std::size_t>(rows),
                                     values.empty() ? 0 : static_cast<std::size_t>(columns));
      std::copy(values.begin(), values.end(), matrix.data());
    }
  }
}

}  // namespace nad::detail
