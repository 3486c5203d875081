#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/table/column.hpp"
#include "nad/table/time.hpp"

namespace nad {

NAD_INLINE std::string_view name(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::number:
      return "number";
    case ColumnType::integer:
      return "integer";
    case ColumnType::category:
      return "category";
    case ColumnType::text:
      return "text";
    case ColumnType::time:
      return "time";
    case ColumnType::address:
      return "address";
    case ColumnType::boolean:
      return "boolean";
  }
  return "unknown";
}

NAD_INLINE ColumnType parse_column_type(std::string_view name) {
  std::string all;
  for (const ColumnType type : {ColumnType::number, ColumnType::integer, ColumnType::category, ColumnType::text,
                                ColumnType::time, ColumnType::address, ColumnType::boolean}) {
    if (name == nad::name(type)) {
      return type;
    }
    all += (all.empty() ? "'" : ", '") + std::string(nad::name(type)) + "'";
  }
  throw Error(ErrorCode::invalid_argument, "there is no column type '" + std::string(name) + "'; there are: " + all);
}

namespace detail {

/// The shortest text that reads back as the same number.
inline std::string format_number(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

inline std::size_t values_held(const ColumnParts& parts) {
  switch (parts.type) {
    case ColumnType::number:
      return parts.numbers.size();
    case ColumnType::integer:
    case ColumnType::time:
      return parts.integers.size();
    case ColumnType::category:
      return parts.codes.size();
    case ColumnType::text:
      return parts.integers.size() - (parts.integers.empty() ? 0 : 1);
    case ColumnType::address:
      return parts.addresses.size();
    case ColumnType::boolean:
      return parts.booleans.size();
  }
  return 0;
}

inline bool bit(const Buffer<std::uint8_t>& bits, std::size_t place) noexcept {
  return (static_cast<unsigned>(bits[place / 8]) >> place % 8 & 1U) != 0;
}

}  // namespace detail

NAD_INLINE Column::Column(ColumnParts parts) : parts_(std::move(parts)) {
  if (detail::values_held(parts_) != parts_.size) {
    throw Error(ErrorCode::invalid_argument, "a column of " + std::to_string(parts_.size) + " rows was given " +
                                                 std::to_string(detail::values_held(parts_)) + " values");
  }
  if (!parts_.valid.empty() && parts_.valid.size() * 8 < parts_.valid_offset + parts_.size) {
    throw Error(ErrorCode::invalid_argument, "the marks for missing values end before the column does");
  }
  if (parts_.type == ColumnType::category && !parts_.categories) {
    parts_.categories = std::make_shared<const Dictionary>();
  }
}

NAD_INLINE bool Column::is_missing(std::size_t row) const noexcept {
  if (!parts_.valid.empty() && !detail::bit(parts_.valid, parts_.valid_offset + row)) {
    return true;
  }
  return parts_.type == ColumnType::number && detail::is_nan(parts_.numbers[row]);
}

NAD_INLINE std::size_t Column::missing_count() const noexcept {
  std::size_t count = 0;
  if (!parts_.valid.empty() || parts_.type == ColumnType::number) {
    for (std::size_t row = 0; row < parts_.size; ++row) {
      count += is_missing(row) ? 1U : 0U;
    }
  }
  return count;
}

NAD_INLINE void Column::require(ColumnType type) const {
  if (parts_.type != type) {
    throw Error(ErrorCode::invalid_argument,
                "this column is of type " + std::string(name(parts_.type)) + ", not " + std::string(name(type)));
  }
}

NAD_INLINE std::span<const double> Column::numbers() const {
  require(ColumnType::number);
  return {parts_.numbers.data(), parts_.size};
}

NAD_INLINE std::span<const std::int64_t> Column::integers() const {
  require(ColumnType::integer);
  return {parts_.integers.data(), parts_.size};
}

NAD_INLINE std::span<const std::int64_t> Column::times() const {
  require(ColumnType::time);
  return {parts_.integers.data(), parts_.size};
}

NAD_INLINE std::span<const std::int32_t> Column::codes() const {
  require(ColumnType::category);
  return {parts_.codes.data(), parts_.size};
}

NAD_INLINE const Dictionary& Column::categories() const {
  require(ColumnType::category);
  return *parts_.categories;
}

NAD_INLINE std::span<const Address> Column::addresses() const {
  require(ColumnType::address);
  return {parts_.addresses.data(), parts_.size};
}

NAD_INLINE std::span<const std::uint8_t> Column::booleans() const {
  require(ColumnType::boolean);
  return {parts_.booleans.data(), parts_.size};
}

NAD_INLINE std::string_view Column::text(std::size_t row) const {
  if (parts_.type == ColumnType::category) {
    return is_missing(row) ? std::string_view() : (*parts_.categories)[parts_.codes[row]];
  }
  require(ColumnType::text);
  const std::int64_t begin = parts_.integers[row];
  return {parts_.text.data() + begin, static_cast<std::size_t>(parts_.integers[row + 1] - begin)};
}

NAD_INLINE bool Column::is_numeric() const noexcept {
  return parts_.type == ColumnType::number || parts_.type == ColumnType::integer || parts_.type == ColumnType::time ||
         parts_.type == ColumnType::boolean;
}

NAD_INLINE void Column::copy_numbers(std::size_t first, std::span<double> out) const {
  switch (parts_.type) {
    case ColumnType::number:
      std::copy_n(parts_.numbers.data() + first, out.size(), out.data());
      break;
    case ColumnType::integer:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<double>(parts_.integers[first + i]);
      }
      break;
    case ColumnType::time:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<double>(parts_.integers[first + i]) / static_cast<double>(nanoseconds_per_second);
      }
      break;
    case ColumnType::boolean:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = parts_.booleans[first + i] != 0 ? 1.0 : 0.0;
      }
      break;
    default:
      throw Error(ErrorCode::invalid_argument,
                  "a column of type " + std::string(name(parts_.type)) + " has no numbers; encode it first");
  }
  if (!parts_.valid.empty()) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (!detail::bit(parts_.valid, parts_.valid_offset + first + i)) {
        out[i] = std::numeric_limits<double>::quiet_NaN();
      }
    }
  }
}

NAD_INLINE std::string Column::format(std::size_t row) const {
  if (is_missing(row)) {
    return "";
  }
  switch (parts_.type) {
    case ColumnType::number:
      return detail::format_number(parts_.numbers[row]);
    case ColumnType::integer:
      return std::to_string(parts_.integers[row]);
    case ColumnType::time:
      return format_time(parts_.integers[row]);
    case ColumnType::address:
      return parts_.addresses[row].to_string();
    case ColumnType::boolean:
      return parts_.booleans[row] != 0 ? "true" : "false";
    default:
      return std::string(text(row));
  }
}

NAD_INLINE Column Column::slice(std::size_t first, std::size_t count) const {
  if (first > parts_.size || count > parts_.size - first) {
    throw Error(ErrorCode::invalid_argument, "rows " + std::to_string(first) + " to " + std::to_string(first + count) +
                                                 " of a column of " + std::to_string(parts_.size));
  }
  ColumnParts parts = parts_;
  parts.size = count;
  switch (parts.type) {
    case ColumnType::number:
      parts.numbers = parts.numbers.slice(first, count);
      break;
    case ColumnType::integer:
    case ColumnType::time:
      parts.integers = parts.integers.slice(first, count);
      break;
    case ColumnType::text:
      parts.integers = parts.integers.empty() ? parts.integers : parts.integers.slice(first, count + 1);
      break;
    case ColumnType::category:
      parts.codes = parts.codes.slice(first, count);
      break;
    case ColumnType::address:
      parts.addresses = parts.addresses.slice(first, count);
      break;
    case ColumnType::boolean:
      parts.booleans = parts.booleans.slice(first, count);
      break;
  }
  parts.valid_offset += first;
  return Column(std::move(parts));
}

namespace detail {

template <class Value>
Buffer<Value> take_values(const Buffer<Value>& values, std::span<const std::size_t> rows) {
  GrowingBuffer<Value> taken(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    taken[i] = values[rows[i]];
  }
  return std::move(taken).finish();
}

}  // namespace detail

NAD_INLINE Column Column::take(std::span<const std::size_t> rows) const {
  ColumnParts taken;
  taken.type = parts_.type;
  taken.size = rows.size();
  taken.categories = parts_.categories;
  if (parts_.type == ColumnType::number) {
    taken.numbers = detail::take_values(parts_.numbers, rows);
  } else if (parts_.type == ColumnType::category) {
    taken.codes = detail::take_values(parts_.codes, rows);
  } else if (parts_.type == ColumnType::address) {
    taken.addresses = detail::take_values(parts_.addresses, rows);
  } else if (parts_.type == ColumnType::boolean) {
    taken.booleans = detail::take_values(parts_.booleans, rows);
  } else if (parts_.type != ColumnType::text) {
    taken.integers = detail::take_values(parts_.integers, rows);
  } else {
    GrowingBuffer<std::int64_t> offsets;
    GrowingBuffer<char> bytes;
    offsets.push_back(0);
    for (const std::size_t row : rows) {
      const std::string_view value = text(row);
      bytes.append(value.data(), value.size());
      offsets.push_back(static_cast<std::int64_t>(bytes.size()));
    }
    taken.integers = std::move(offsets).finish();
    taken.text = std::move(bytes).finish();
  }
  if (!parts_.valid.empty()) {
    GrowingBuffer<std::uint8_t> valid(rows.size() / 8 + 1);
    std::fill_n(valid.data(), valid.size(), std::uint8_t{0});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool present = detail::bit(parts_.valid, parts_.valid_offset + rows[i]);
      valid[i / 8] = static_cast<std::uint8_t>(valid[i / 8] | static_cast<unsigned>(present) << i % 8);
    }
    taken.valid = std::move(valid).finish();
  }
  return Column(std::move(taken));
}

}  // namespace nad
