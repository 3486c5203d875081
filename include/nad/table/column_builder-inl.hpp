#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "nad/core/error.hpp"
#include "nad/table/column_builder.hpp"

namespace nad {

NAD_INLINE ColumnBuilder::ColumnBuilder(ColumnType type) : type_(type) {
  if (type_ == ColumnType::category) {
    categories_ = std::make_shared<Dictionary>();
  }
}

NAD_INLINE void ColumnBuilder::require(ColumnType type, const char* what) const {
  if (type_ != type) {
    throw Error(ErrorCode::invalid_argument,
                std::string(what) + " cannot be put into a column of type " + std::string(name(type_)));
  }
}

/// Counts one more value and notes whether it is there.
NAD_INLINE void ColumnBuilder::mark(bool present) {
  added(1);
  if (!present) {
    mark_missing(size_ - 1);
  }
}

NAD_INLINE void ColumnBuilder::added(std::size_t count) {
  size_ += count;
  if (some_missing_) {
    keep_marks();
  }
}

/// A mark for each value; new ones say that it is there.
NAD_INLINE void ColumnBuilder::keep_marks() {
  const std::size_t needed = (size_ + 7) / 8;
  if (valid_.size() < needed) {
    const std::size_t more = needed - valid_.size();
    std::fill_n(valid_.append_raw(more), more, std::uint8_t{0xff});
  }
}

NAD_INLINE void ColumnBuilder::mark_missing(std::size_t row) {
  some_missing_ = true;
  keep_marks();
  valid_[row / 8] = static_cast<std::uint8_t>(valid_[row / 8] & ~(1U << row % 8));
}

NAD_INLINE void ColumnBuilder::add_number(double value) {
  if (type_ == ColumnType::integer && value == std::floor(value) && std::abs(value) <= 0x1p53) {
    add_integer(static_cast<std::int64_t>(value));
    return;
  }
  require(ColumnType::number, "a number");
  numbers_.push_back(value);
  mark(true);
}

NAD_INLINE void ColumnBuilder::add_integer(std::int64_t value) {
  if (type_ == ColumnType::number) {
    add_number(static_cast<double>(value));
    return;
  }
  require(ColumnType::integer, "an integer");
  integers_.push_back(value);
  mark(true);
}

NAD_INLINE void ColumnBuilder::add_text(std::string_view value) {
  if (type_ == ColumnType::category) {
    codes_.push_back(categories_->add(value));
  } else {
    require(ColumnType::text, "a text");
    if (integers_.size() == 0) {
      integers_.push_back(0);
    }
    text_.append(value.data(), value.size());
    integers_.push_back(static_cast<std::int64_t>(text_.size()));
  }
  mark(true);
}

NAD_INLINE void ColumnBuilder::add_time(std::int64_t nanoseconds) {
  require(ColumnType::time, "a time");
  integers_.push_back(nanoseconds);
  mark(true);
}

NAD_INLINE void ColumnBuilder::add_address(const Address& value) {
  require(ColumnType::address, "an address");
  addresses_.push_back(value);
  mark(true);
}

NAD_INLINE void ColumnBuilder::add_boolean(bool value) {
  require(ColumnType::boolean, "a truth value");
  booleans_.push_back(value ? 1 : 0);
  mark(true);
}

NAD_INLINE void ColumnBuilder::add_missing() {
  switch (type_) {
    case ColumnType::number:
      numbers_.push_back(std::numeric_limits<double>::quiet_NaN());
      break;
    case ColumnType::integer:
    case ColumnType::time:
      integers_.push_back(0);
      break;
    case ColumnType::category:
      codes_.push_back(Dictionary::absent);
      break;
    case ColumnType::text:
      add_text("");
      --size_;
      break;
    case ColumnType::address:
      addresses_.push_back(Address());
      break;
    case ColumnType::boolean:
      booleans_.push_back(0);
      break;
  }
  mark(type_ == ColumnType::number);  // NaN says it already
}

NAD_INLINE void ColumnBuilder::add_from(const Column& column, std::size_t row) {
  if (column.is_missing(row)) {
    add_missing();
    return;
  }
  const ColumnParts& parts = column.parts();
  switch (column.type()) {
    case ColumnType::number:
      add_number(parts.numbers[row]);
      break;
    case ColumnType::integer:
      add_integer(parts.integers[row]);
      break;
    case ColumnType::time:
      add_time(parts.integers[row]);
      break;
    case ColumnType::address:
      add_address(parts.addresses[row]);
      break;
    case ColumnType::boolean:
      add_boolean(parts.booleans[row] != 0);
      break;
    default:
      add_text(column.text(row));
  }
}

NAD_INLINE void ColumnBuilder::reserve(std::size_t size) {
  switch (type_) {
    case ColumnType::number:
      numbers_.reserve(size);
      break;
    case ColumnType::integer:
    case ColumnType::time:
      integers_.reserve(size);
      break;
    case ColumnType::category:
      codes_.reserve(size);
      break;
    case ColumnType::text:
      integers_.reserve(size + 1);
      break;
    case ColumnType::address:
      addresses_.reserve(size);
      break;
    case ColumnType::boolean:
      booleans_.reserve(size);
      break;
  }
}

NAD_INLINE Column ColumnBuilder::finish() {
  ColumnParts parts;
  parts.type = type_;
  parts.size = size_;
  parts.numbers = std::move(numbers_).finish();
  parts.integers = std::move(integers_).finish();
  parts.codes = std::move(codes_).finish();
  parts.addresses = std::move(addresses_).finish();
  parts.booleans = std::move(booleans_).finish();
  parts.text = std::move(text_).finish();
  parts.categories = std::move(categories_);
  parts.valid = std::move(valid_).finish();
  *this = ColumnBuilder(type_);
  return Column(std::move(parts));
}

}  // namespace nad
