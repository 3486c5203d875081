#pragma once

/// Grows a column value by value.
///
///   nad::ColumnBuilder builder(nad::ColumnType::integer);
///   builder.add_integer(443);
///   builder.add_missing();
///   nad::Column port = builder.finish();

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "nad/config.hpp"
#include "nad/table/column.hpp"

namespace nad {

class NAD_API ColumnBuilder {
 public:
  explicit ColumnBuilder(ColumnType type);

  ColumnType type() const noexcept { return type_; }
  std::size_t size() const noexcept { return size_; }

  // The value must be of the column's type (a number may also go into an integer's place when it is whole; a text is
  // also a category); anything else is an error.
  void add_number(double value);
  void add_integer(std::int64_t value);
  void add_text(std::string_view value);
  void add_time(std::int64_t nanoseconds);
  void add_address(const Address& value);
  void add_boolean(bool value);
  void add_missing();
  /// The value of another column of this type, missing ones too.
  void add_from(const Column& column, std::size_t row);

  /// Makes room for so many values in all.
  void reserve(std::size_t size);

  /// For readers that decode many values at once: the memory itself. Whoever appends to it tells `added`.
  GrowingBuffer<double>& raw_numbers() noexcept { return numbers_; }
  GrowingBuffer<std::int64_t>& raw_integers() noexcept { return integers_; }
  GrowingBuffer<std::int32_t>& raw_codes() noexcept { return codes_; }
  Dictionary& raw_categories() noexcept { return *categories_; }
  void added(std::size_t count);
  /// Says that a value that was added is not there.
  void mark_missing(std::size_t row);

  /// What was added so far as a column; the builder is empty afterwards.
  Column finish();

 private:
  void require(ColumnType type, const char* what) const;
  void mark(bool present);
  void keep_marks();

  ColumnType type_;
  std::size_t size_ = 0;
  GrowingBuffer<double> numbers_;
  GrowingBuffer<std::int64_t> integers_;
  GrowingBuffer<std::int32_t> codes_;
  GrowingBuffer<Address> addresses_;
  GrowingBuffer<std::uint8_t> booleans_;
  GrowingBuffer<char> text_;
  std::shared_ptr<Dictionary> categories_;
  GrowingBuffer<std::uint8_t> valid_;  ///< empty until something is missing
  bool some_missing_ = false;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/column_builder-inl.hpp"
#endif
