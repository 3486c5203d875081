#pragma once

// Columns whose values are codes of categories: small whole numbers without an order.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/category_codes.hpp"
#include "nad/detector/detector-inl.hpp"

namespace nad::detail {

/// Whether this can be the code of a category, also of one that training did not see: a pipeline numbers those behind
/// the last one that it knows, so there is no upper end. What is missing has none.
inline bool may_be_category(float value) noexcept {
  if (value >= 0.0F && value < static_cast<float>(most_category_codes) &&
      static_cast<float>(static_cast<std::uint32_t>(value)) == value) {
    return true;
  }
  return is_missing(value) || (value > 0.0F && std::floor(value) == value);
}

struct CategoryColumn {
  std::size_t column;
  std::vector<std::uint8_t> numbers;  ///< of each code

  /// `codes` are those of the categories 0, 1, ...
  CategoryColumn(std::size_t in_column, std::span<const std::uint32_t> codes)
      : column(in_column), numbers(codes.empty() ? 0 : codes.back() + std::size_t{1}, no_category) {
    for (std::size_t i = 0; i < codes.size(); ++i) {
      numbers[codes[i]] = static_cast<std::uint8_t>(i);
    }
  }

  std::uint8_t number(float value) const noexcept {
    if (!(value >= 0.0F && value < static_cast<float>(most_category_codes))) {
      return no_category;
    }
    const auto code = static_cast<std::size_t>(value);
    return code < numbers.size() && static_cast<float>(code) == value ? numbers[code] : no_category;
  }

  /// Throws where the row, which has the number `index`, holds what cannot be a category.
  void check(const float* row, std::size_t index) const {
    if (!may_be_category(row[column])) {
      throw Error(ErrorCode::invalid_data, "row " + std::to_string(index) + ", column " + std::to_string(column) +
                                               " holds " + std::to_string(row[column]) +
                                               ", but is one of categorical_features; give a whole number from 0, or "
                                               "NaN where the category is missing");
    }
  }
};

}  // namespace nad::detail
