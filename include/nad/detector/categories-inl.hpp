#pragma once

// Columns whose values are codes of categories: small whole numbers without an order.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nad::detail {

/// What a missing value, and one that was not learnt from, counts as.
inline constexpr std::uint8_t no_category = 255;
/// Codes lie below.
inline constexpr std::size_t most_category_codes = std::size_t{1} << 16U;

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
};

}  // namespace nad::detail
