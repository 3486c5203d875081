#pragma once

// Columns of Arrow whose values are numbers or points in time.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "nad/table/arrow_piece-inl.hpp"
#include "nad/table/column.hpp"

namespace nad::detail {

/// All values changed one by one; those that are missing, too, whatever stands there.
template <class From, class To, class Change>
Buffer<To> change_values(const ArrowPiece& piece, Change change) {
  if (piece.size() == 0) {
    return {};
  }
  const std::byte* const memory = piece.memory(1) + piece.offset() * sizeof(From);
  GrowingBuffer<To> changed(piece.size());
  for (std::size_t row = 0; row < piece.size(); ++row) {
    changed[row] = change(ArrowPiece::load<From>(memory, row));
  }
  return std::move(changed).finish();
}

template <class Value>
void widen_integers(const ArrowPiece& piece, ColumnParts& parts) {
  parts.integers =
      change_values<Value, std::int64_t>(piece, [](Value value) { return static_cast<std::int64_t>(value); });
}

inline void import_integers(const ArrowPiece& piece, ColumnParts& parts) {
  parts.type = ColumnType::integer;
  const ArrowType& type = piece.type();
  if (type.width < 8) {
    switch (type.width * (type.is_signed ? 1 : -1)) {
      case 1:
        return widen_integers<std::int8_t>(piece, parts);
      case 2:
        return widen_integers<std::int16_t>(piece, parts);
      case 4:
        return widen_integers<std::int32_t>(piece, parts);
      case -1:
        return widen_integers<std::uint8_t>(piece, parts);
      case -2:
        return widen_integers<std::uint16_t>(piece, parts);
      default:
        return widen_integers<std::uint32_t>(piece, parts);
    }
  }
  parts.integers = piece.values<std::int64_t>(1, piece.size());
  for (std::size_t row = 0; !type.is_signed && row < piece.size(); ++row) {
    if (parts.integers[row] < 0 && !piece.is_missing(row)) {
      piece.reject_row(row, std::to_string(static_cast<std::uint64_t>(parts.integers[row])) +
                                " is more than an integer column holds, 9223372036854775807; cast the column to double "
                                "if it counts something, or to text if it names something");
    }
  }
}

/// A number of 16 bits: 1 sign, 5 exponent, 10 fraction.
inline double half_float(std::uint16_t bits) noexcept {
  const int exponent = bits >> 10U & 0x1f;
  const double fraction = bits & 0x3ffU;
  const double magnitude = exponent == 0      ? std::ldexp(fraction, -24)
                           : exponent != 0x1f ? std::ldexp(1024 + fraction, exponent - 25)
                           : fraction == 0    ? std::numeric_limits<double>::infinity()
                                              : std::numeric_limits<double>::quiet_NaN();
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

inline void import_floats(const ArrowPiece& piece, ColumnParts& parts) {
  parts.type = ColumnType::number;
  if (piece.type().width == 8) {
    parts.numbers = piece.values<double>(1, piece.size());
  } else if (piece.type().width == 4) {
    parts.numbers = change_values<float, double>(piece, [](float value) { return static_cast<double>(value); });
  } else {
    parts.numbers = change_values<std::uint16_t, double>(piece, &half_float);
  }
}

/// A whole number of many bits in two's complement, of which the lowest come first.
class WideInteger {
 public:
  WideInteger(const std::byte* memory, std::size_t bytes) noexcept : words_(bytes / 4) {
    for (std::size_t i = 0; i < words_; ++i) {
      magnitude_[i] = ArrowPiece::load<std::uint32_t>(memory, i);
    }
    is_negative_ = (magnitude_[words_ - 1] & 0x80000000U) != 0;
    std::uint64_t carry = 1;
    for (std::size_t i = 0; is_negative_ && i < words_; ++i) {
      carry += static_cast<std::uint32_t>(~magnitude_[i]);
      magnitude_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
  }

  /// The double that is nearest to this divided by 10^scale.
  double scaled(int scale) const {
    const std::uint64_t low = static_cast<std::uint64_t>(magnitude_[1]) << 32U | magnitude_[0];
    const bool is_small = std::all_of(magnitude_.begin() + 2, magnitude_.end(), [](auto word) { return word == 0; });
    double value = 0.0;
    if (is_small && low < (std::uint64_t{1} << 53U) && scale >= 0 && scale <= 22) {
      // both are doubles exactly, so the quotient is rounded once
      value = static_cast<double>(low) / std::pow(10.0, scale);
    } else {
      const std::string text = digits() + "e" + std::to_string(-scale);
      if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc::result_out_of_range) {
        value = scale > 0 ? 0.0 : std::numeric_limits<double>::infinity();
      }
    }
    return is_negative_ ? -value : value;
  }

 private:
  std::string digits() const {
    std::array<std::uint32_t, 8> left = magnitude_;
    std::string reversed;
    while (std::any_of(left.begin(), left.end(), [](auto word) { return word != 0; })) {
      std::uint64_t rest = 0;
      for (std::size_t i = left.size(); i-- > 0;) {
        const std::uint64_t value = rest << 32U | left[i];
        left[i] = static_cast<std::uint32_t>(value / 10);
        rest = value % 10;
      }
      reversed += static_cast<char>('0' + rest);
    }
    return reversed.empty() ? "0" : std::string(reversed.rbegin(), reversed.rend());
  }

  std::array<std::uint32_t, 8> magnitude_{};
  std::size_t words_;
  bool is_negative_ = false;
};

inline void import_decimals(const ArrowPiece& piece, ColumnParts& parts) {
  parts.type = ColumnType::number;
  if (piece.size() == 0) {
    return;
  }
  const auto width = static_cast<std::size_t>(piece.type().width);
  const std::byte* const memory = piece.memory(1) + piece.offset() * width;
  GrowingBuffer<double> numbers(piece.size());
  for (std::size_t row = 0; row < piece.size(); ++row) {
    numbers[row] = WideInteger(memory + row * width, width).scaled(piece.type().scale);
  }
  parts.numbers = std::move(numbers).finish();
}

inline void import_missing_numbers(const ArrowPiece& piece, ColumnParts& parts) {
  parts.type = ColumnType::number;
  GrowingBuffer<double> numbers(piece.size());
  std::fill_n(numbers.data(), piece.size(), std::numeric_limits<double>::quiet_NaN());
  parts.numbers = std::move(numbers).finish();
}

inline void import_booleans(const ArrowPiece& piece, ColumnParts& parts) {
  parts.type = ColumnType::boolean;
  if (piece.size() == 0) {
    return;
  }
  const auto* const bits = reinterpret_cast<const std::uint8_t*>(piece.memory(1));
  GrowingBuffer<std::uint8_t> booleans(piece.size());
  for (std::size_t row = 0; row < piece.size(); ++row) {
    booleans[row] = arrow_bit(bits, piece.offset() + row) ? 1 : 0;
  }
  parts.booleans = std::move(booleans).finish();
}

template <class Value>
Buffer<std::int64_t> nanoseconds(const ArrowPiece& piece) {
  const std::int64_t per_unit = piece.type().per_unit;
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() / per_unit;
  const std::byte* const memory = piece.memory(1) + piece.offset() * sizeof(Value);
  GrowingBuffer<std::int64_t> times(piece.size());
  for (std::size_t row = 0; row < piece.size(); ++row) {
    const std::int64_t value = ArrowPiece::load<Value>(memory, row);
    const bool fits = value <= most && value >= -most;
    if (!fits && !piece.is_missing(row)) {
      piece.reject_row(row, std::to_string(value) +
                                " is outside of what nanoseconds hold, the years 1678 to 2261; leave such rows out or "
                                "make their values missing");
    }
    times[row] = fits ? value * per_unit : 0;
  }
  return std::move(times).finish();
}

inline void import_times(const ArrowPiece& piece, ColumnParts& parts) {
  parts.type = ColumnType::time;
  if (piece.size() == 0) {
    return;
  }
  if (piece.type().per_unit == 1) {
    parts.integers = piece.values<std::int64_t>(1, piece.size());
  } else {
    parts.integers = piece.type().width == 4 ? nanoseconds<std::int32_t>(piece) : nanoseconds<std::int64_t>(piece);
  }
}

inline void import_seconds(const ArrowPiece& piece, ColumnParts& parts) {
  parts.type = ColumnType::number;
  const auto to_seconds = [per_second = static_cast<double>(piece.type().per_unit)](auto value) {
    return static_cast<double>(value) / per_second;
  };
  parts.numbers = piece.type().width == 4 ? change_values<std::int32_t, double>(piece, to_seconds)
                                          : change_values<std::int64_t, double>(piece, to_seconds);
}

}  // namespace nad::detail
