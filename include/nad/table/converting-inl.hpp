#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/converting.hpp"
#include "nad/table/time-inl.hpp"

namespace nad {

namespace detail {

/// All of the text as one number.
template <class Number>
std::optional<Number> parse_whole(std::string_view text) noexcept {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [behind, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && behind == end ? std::optional(value) : std::nullopt;
}

inline std::optional<bool> parse_truth(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (lower == "true" || lower == "t" || lower == "yes" || lower == "1") {
    return true;
  }
  if (lower == "false" || lower == "f" || lower == "no" || lower == "0") {
    return false;
  }
  return std::nullopt;
}

/// A double's seconds as nanoseconds; the fraction apart, so that large times lose nothing more.
inline std::optional<std::int64_t> seconds_to_time(double seconds) noexcept {
  constexpr double most = 9.2e9;
  if (is_nan(seconds) || seconds > most || seconds < -most) {
    return std::nullopt;
  }
  const double whole = std::floor(seconds);
  return static_cast<std::int64_t>(whole) * nanoseconds_per_second +
         static_cast<std::int64_t>(std::llround((seconds - whole) * 1e9));
}

/// Adds one value of another type; false where it has no place in the new type.
class ValueConverter {
 public:
  ValueConverter(const Column& column, ColumnBuilder& out) : column_(column), parts_(column.parts()), out_(out) {}

  bool operator()(std::size_t row) {
    switch (out_.type()) {
      case ColumnType::text:
      case ColumnType::category:
        out_.add_text(is_text() ? column_.text(row) : std::string_view(formatted_ = column_.format(row)));
        return true;
      case ColumnType::number:
        return to_number(row);
      case ColumnType::integer:
        return to_integer(row);
      case ColumnType::boolean:
        return to_boolean(row);
      case ColumnType::time:
        return to_time(row);
      case ColumnType::address:
        return add(Address::parse(column_.text(row)), &ColumnBuilder::add_address);
    }
    return false;
  }

 private:
  bool is_text() const noexcept { return parts_.type == ColumnType::text || parts_.type == ColumnType::category; }

  template <class Value, class Argument>
  bool add(const std::optional<Value>& value, void (ColumnBuilder::*put)(Argument)) {
    if (value) {
      (out_.*put)(*value);
    }
    return value.has_value();
  }

  bool to_number(std::size_t row) {
    if (is_text()) {
      return add(parse_whole<double>(column_.text(row)), &ColumnBuilder::add_number);
    }
    if (parts_.type == ColumnType::integer) {
      const std::int64_t value = parts_.integers[row];
      const auto number = static_cast<double>(value);
      if (number >= 0x1p63 || static_cast<std::int64_t>(number) != value) {
        return false;
      }
    }
    double number = 0.0;
    column_.copy_numbers(row, {&number, 1});
    out_.add_number(number);
    return true;
  }

  bool to_integer(std::size_t row) {
    if (is_text()) {
      return add(parse_whole<std::int64_t>(column_.text(row)), &ColumnBuilder::add_integer);
    }
    if (parts_.type == ColumnType::boolean) {
      out_.add_integer(parts_.booleans[row] != 0 ? 1 : 0);
      return true;
    }
    const double number = parts_.numbers[row];
    if (!is_finite(number) || number != std::floor(number) || number < -0x1p63 || number >= 0x1p63) {
      return false;
    }
    out_.add_integer(static_cast<std::int64_t>(number));
    return true;
  }

  bool to_boolean(std::size_t row) {
    if (is_text()) {
      return add(parse_truth(column_.text(row)), &ColumnBuilder::add_boolean);
    }
    const bool is_one = parts_.type == ColumnType::integer ? parts_.integers[row] == 1 : parts_.numbers[row] == 1.0;
    const bool is_zero = parts_.type == ColumnType::integer ? parts_.integers[row] == 0 : parts_.numbers[row] == 0.0;
    if (is_one || is_zero) {
      out_.add_boolean(is_one);
    }
    return is_one || is_zero;
  }

  bool to_time(std::size_t row) {
    if (is_text()) {
      const std::optional<std::int64_t> time = parse_time(column_.text(row));
      return add(time ? time : parse_epoch_seconds(column_.text(row)), &ColumnBuilder::add_time);
    }
    if (parts_.type == ColumnType::integer) {
      return add(join_seconds(parts_.integers[row], 0), &ColumnBuilder::add_time);
    }
    return add(seconds_to_time(parts_.numbers[row]), &ColumnBuilder::add_time);
  }

  const Column& column_;
  const ColumnParts& parts_;
  ColumnBuilder& out_;
  std::string formatted_;
};

inline bool can_convert(ColumnType from, ColumnType to) noexcept {
  const auto is_one_of = [](ColumnType type, std::initializer_list<ColumnType> types) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  if (is_one_of(from, {ColumnType::text, ColumnType::category}) ||
      is_one_of(to, {ColumnType::text, ColumnType::category})) {
    return true;
  }
  switch (from) {
    case ColumnType::number:
    case ColumnType::integer:
      return to != ColumnType::address;
    case ColumnType::boolean:
      return is_one_of(to, {ColumnType::number, ColumnType::integer});
    default:
      return from == ColumnType::time && to == ColumnType::number;
  }
}

inline const char* type_in_words(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::integer:
      return "a whole number of 64 bits";
    case ColumnType::time:
      return "a time between the years 1678 and 2261";
    case ColumnType::address:
      return "an IPv4 or IPv6 address";
    case ColumnType::boolean:
      return "true or false";
    default:
      return "a number that a double holds";
  }
}

}  // namespace detail

NAD_INLINE Column convert(const Column& column, ColumnType type, std::string_view name) {
  if (column.type() == type) {
    return column;
  }
  const std::string where = "column '" + std::string(name) + "'";
  if (!detail::can_convert(column.type(), type)) {
    throw Error(ErrorCode::invalid_argument, where + " is of type " + std::string(nad::name(column.type())) +
                                                 " and cannot become " + std::string(nad::name(type)) +
                                                 "; convert it to text or number first");
  }
  ColumnBuilder builder(type);
  detail::ValueConverter add(column, builder);
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) {
      builder.add_missing();
    } else if (!add(row)) {
      throw Error(ErrorCode::invalid_data,
                  where + ", row " + std::to_string(row) + ": '" + column.format(row).substr(0, 60) + "' is not " +
                      detail::type_in_words(type) + "; mend the value, make it missing, or leave the column " +
                      std::string(nad::name(column.type())));
    }
  }
  return builder.finish();
}

NAD_INLINE Table with_type(const Table& table, std::string_view name, ColumnType type) {
  const std::size_t place = table.schema().place(name);
  Field field = table.schema()[place];
  field.type = type;
  Column converted = convert(table.column(place), type, field.name);
  return table.with(std::move(field), std::move(converted));
}

}  // namespace nad
