#pragma once

/// One column of a table: values of one type, some of them perhaps missing. A column never changes once it is built,
/// and copies and slices share its memory.
///
///   const nad::Column& service = flows["service"];
///   service.is_missing(1);                           // true
///   service.format(0);                               // "http"
///   service.categories()[service.codes()[0]];        // "http", too
///   std::span<const double> seconds = flows["duration"].numbers();
///
/// The typed spans (`numbers()`, `codes()`, ...) look at the memory itself; what stands there for a missing value means
/// nothing. `copy_numbers` turns any type that has a number into numbers, NaN where a value is missing.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "nad/config.hpp"
#include "nad/table/address.hpp"
#include "nad/table/buffer.hpp"
#include "nad/table/dictionary.hpp"

namespace nad {

enum class ColumnType : std::uint8_t {
  number,    ///< double
  integer,   ///< 64 bits, signed
  category,  ///< one of few texts, by number
  text,      ///< UTF-8
  time,      ///< nanoseconds since 1970, UTC
  address,   ///< IPv4 or IPv6
  boolean,
};

/// "number", "integer", ...
NAD_API std::string_view name(ColumnType type) noexcept;
/// The other way; an error that lists the names for anything else.
NAD_API ColumnType parse_column_type(std::string_view name);

/// The memory of a column; only the members of its type are in use.
struct ColumnParts {
  ColumnType type = ColumnType::number;
  std::size_t size = 0;
  Buffer<double> numbers = {};
  Buffer<std::int64_t> integers = {};  ///< integer, time; of a text column where each text begins, and the last end
  Buffer<std::int32_t> codes = {};
  Buffer<Address> addresses = {};
  Buffer<std::uint8_t> booleans = {};
  Buffer<char> text = {};
  std::shared_ptr<const Dictionary> categories = {};
  Buffer<std::uint8_t> valid = {};  ///< bit r % 8 of byte r / 8: row r is there; no buffer: all are
  std::size_t valid_offset = 0;     ///< the bit of the first row
};

class NAD_API Column {
 public:
  /// No rows, of numbers.
  Column() = default;
  /// Takes memory as it is: the buffers hold `size` values (a text column's `integers` one more) and codes are those of
  /// the dictionary. An error where sizes do not fit.
  explicit Column(ColumnParts parts);

  ColumnType type() const noexcept { return parts_.type; }
  std::size_t size() const noexcept { return parts_.size; }
  const ColumnParts& parts() const noexcept { return parts_; }

  bool is_missing(std::size_t row) const noexcept;
  std::size_t missing_count() const noexcept;

  // Each is an error for another type.
  std::span<const double> numbers() const;
  std::span<const std::int64_t> integers() const;
  std::span<const std::int64_t> times() const;
  std::span<const std::int32_t> codes() const;
  const Dictionary& categories() const;
  std::span<const Address> addresses() const;
  std::span<const std::uint8_t> booleans() const;
  /// The text of a text or category column.
  std::string_view text(std::size_t row) const;

  /// Whether values are numbers, or become one: number, integer, boolean (0 and 1), time (seconds).
  bool is_numeric() const noexcept;
  /// Rows [first, first + out.size()) as numbers, NaN where missing; an error where `is_numeric()` is false.
  void copy_numbers(std::size_t first, std::span<double> out) const;

  /// The value as people write it; "" where it is missing.
  std::string format(std::size_t row) const;

  /// `count` rows from `first` on, in the same memory.
  Column slice(std::size_t first, std::size_t count) const;
  /// The rows at these places, in this order.
  Column take(std::span<const std::size_t> rows) const;

 private:
  void require(ColumnType type) const;

  ColumnParts parts_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/column-inl.hpp"
#endif
