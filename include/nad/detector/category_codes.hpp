#pragma once

// Codes of categories, and the numbers that trees give them; not for users.

#include <cstddef>
#include <cstdint>

namespace nad::detail {

/// What a missing value, and one that was not learnt from, counts as.
inline constexpr std::uint8_t no_category = 255;
/// Codes lie below.
inline constexpr std::size_t most_category_codes = std::size_t{1} << 16U;

}  // namespace nad::detail
