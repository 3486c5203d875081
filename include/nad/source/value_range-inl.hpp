#pragma once

// Values that cannot be: ports beyond 65535, negative counts.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "nad/detail/not_a_number.hpp"

namespace nad::detail {

/// From 0 to `most`, both included.
struct ValueRange {
  double most = std::numeric_limits<double>::max();
  /// What lies outside is taken as missing, and said so: for well-known files that have such values.
  bool lenient = false;

  bool is_open() const noexcept { return most >= std::numeric_limits<double>::max(); }
  bool holds(std::int64_t value) const noexcept { return value >= 0 && static_cast<double>(value) <= most; }
  bool holds(double value) const noexcept { return is_finite(value) && value >= 0.0 && value <= most; }

  /// What a value outside is: "not between 0 and 65535".
  std::string outside(bool whole) const {
    return !is_open() ? "not between 0 and " + std::to_string(static_cast<std::int64_t>(most))
           : whole    ? "below 0"
                      : "below 0 or infinite";
  }
};

inline constexpr ValueRange from_zero = {};
inline constexpr ValueRange port_range = {65535.0};
inline constexpr ValueRange share_range = {1.0};

/// Whether some of these values may be outside; where it says no, none is. All are looked at together, without a branch
/// for each: the bits of doubles from 0 on are in the order of their values, as whole numbers are; NaN lies outside.
template <class Value>
bool may_leave(const ValueRange& range, const Value* values, std::size_t count) noexcept {
  static_assert(sizeof(Value) == sizeof(std::uint64_t));
  std::uint64_t most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if constexpr (std::numeric_limits<Value>::is_integer) {
    most = range.most < 0x1p63 ? static_cast<std::uint64_t>(range.most) : most;
  } else {
    std::memcpy(&most, &range.most, sizeof(most));
  }
  std::uint64_t signs = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, values + i, sizeof(bits));
    signs |= bits | (most - bits);
  }
  return signs >> 63U != 0;
}

}  // namespace nad::detail
