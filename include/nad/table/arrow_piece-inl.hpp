#pragma once

// The part of an Arrow array that shall become a column, checked as far as the interface lets one check.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/table/arrow_format-inl.hpp"
#include "nad/table/buffer.hpp"

namespace nad::detail {

[[noreturn]] inline void reject_arrow(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::invalid_data, where + ": " + what);
}

/// An Arrow struct that was taken over; released at the end of its life.
template <class Struct>
class ArrowOwner {
 public:
  explicit ArrowOwner(Struct* given) noexcept {
    if (given != nullptr) {
      value_ = *given;
      given->release = nullptr;
    }
  }
  ArrowOwner(ArrowOwner&& other) noexcept : ArrowOwner(&other.value_) {}
  ArrowOwner(const ArrowOwner&) = delete;
  ArrowOwner& operator=(const ArrowOwner&) = delete;
  ArrowOwner& operator=(ArrowOwner&&) = delete;
  ~ArrowOwner() {
    if (value_.release != nullptr) {
      value_.release(&value_);
    }
  }

  bool holds_something() const noexcept { return value_.release != nullptr; }
  Struct* get() noexcept { return &value_; }
  const Struct& operator*() const noexcept { return value_; }
  void give_to(Struct* out) noexcept {
    *out = value_;
    value_.release = nullptr;
  }

 private:
  Struct value_{};
};

inline bool arrow_bit(const std::uint8_t* bits, std::size_t place) noexcept {
  return (static_cast<unsigned>(bits[place / 8]) >> place % 8 & 1U) != 0;
}

/// How many of `count` bits from `first` on are set.
inline std::size_t count_bits(const std::uint8_t* bits, std::size_t first, std::size_t count) noexcept {
  std::size_t set = 0;
  std::size_t place = first;
  const std::size_t end = first + count;
  for (; place < end && place % 8 != 0; ++place) {
    set += arrow_bit(bits, place) ? 1U : 0U;
  }
  for (; place + 8 <= end; place += 8) {
    set += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(bits[place / 8])));
  }
  for (; place < end; ++place) {
    set += arrow_bit(bits, place) ? 1U : 0U;
  }
  return set;
}

/// What a piece must know of the batch around it.
struct ArrowBatch {
  std::shared_ptr<const void> owner;  ///< keeps the memory of all its arrays
  std::size_t first_row = 0;          ///< its place among the rows of a stream, for messages
};

/// Rows of one array. Its buffers are there and their number is right, its marks are read; what offsets and codes say
/// is for those to check who use them.
class ArrowPiece {
 public:
  ArrowPiece(ArrowBatch batch, const ArrowArray* array, const ArrowSchema* schema, std::string where)
      : batch_(std::move(batch)), array_(array), schema_(schema), where_(std::move(where)) {
    read_type();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 64;
    if (array_->length < 0 || array_->offset < 0 || array_->null_count < -1 || array_->length > most ||
        array_->offset > most) {
      reject("its array claims " + std::to_string(array_->length) + " rows from " + std::to_string(array_->offset) +
             " on, " + std::to_string(array_->null_count) + " of them missing: whoever made it is at fault");
    }
    offset_ = static_cast<std::size_t>(array_->offset);
    size_ = static_cast<std::size_t>(array_->length);
    check_buffers();
    read_marks();
  }

  struct WithoutRows {};
  static constexpr WithoutRows without_rows{};
  /// What a schema says, with no array for it.
  ArrowPiece(WithoutRows, const ArrowArray* nothing, const ArrowSchema* schema, std::string where)
      : array_(nothing), schema_(schema), where_(std::move(where)), is_without_array_(true) {
    read_type();
  }

  /// The rows from `first` on; those that are not `valid` are missing, too.
  void narrow(std::size_t first, std::size_t count, const ArrowPiece& parent) {
    if (first > size_ || count > size_ - first) {
      reject("its array has " + std::to_string(size_) + " rows, the batch around it has " +
             std::to_string(first + count) + ": whoever made it is at fault");
    }
    offset_ += first;
    size_ = count;
    valid_offset_ += first;
    drop_needless_marks();
    if (parent.has_missing()) {
      GrowingBuffer<std::uint8_t> both(size_ / 8 + 1);
      std::memset(both.data(), 0, both.size());
      for (std::size_t row = 0; row < size_; ++row) {
        const unsigned present = is_missing(row) || parent.is_missing(row) ? 0U : 1U;
        both[row / 8] = static_cast<std::uint8_t>(both[row / 8] | present << row % 8);
      }
      valid_ = std::move(both).finish();
      valid_offset_ = 0;
    }
  }

  const ArrowArray& array() const noexcept { return *array_; }
  const ArrowSchema& schema() const noexcept { return *schema_; }
  const ArrowType& type() const noexcept { return type_; }
  bool is_without_array() const noexcept { return is_without_array_; }
  bool is_dictionary() const noexcept { return is_dictionary_; }
  const ArrowBatch& batch() const noexcept { return batch_; }
  const std::string& where() const noexcept { return where_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t offset() const noexcept { return offset_; }

  bool has_missing() const noexcept { return !valid_.empty(); }
  bool is_missing(std::size_t row) const noexcept {
    return !valid_.empty() && !arrow_bit(valid_.data(), valid_offset_ + row);
  }
  const Buffer<std::uint8_t>& valid() const noexcept { return valid_; }
  std::size_t valid_offset() const noexcept { return valid_offset_; }

  /// The beginning of a buffer, not of the piece; an error where there is none although `is_needed`.
  const std::byte* memory(std::size_t place, bool is_needed = true) const {
    const auto* begin = static_cast<const std::byte*>(array_->buffers[place]);
    if (begin == nullptr && is_needed) {
      reject("buffer " + std::to_string(place) + " is a null pointer: whoever made it is at fault");
    }
    return begin;
  }

  /// Value `place` of a buffer, wherever it lies.
  template <class Value>
  static Value load(const std::byte* memory, std::size_t place) noexcept {
    Value value{};
    std::memcpy(&value, memory + place * sizeof(Value), sizeof(Value));
    return value;
  }

  /// `count` values of a buffer from the first row of the piece on, in their own memory where they lie as they should.
  template <class Value>
  Buffer<Value> values(std::size_t place, std::size_t count) const {
    if (count == 0) {
      return {};
    }
    const std::byte* begin = memory(place) + offset_ * sizeof(Value);
    if (reinterpret_cast<std::uintptr_t>(begin) % alignof(Value) == 0) {
      return {batch_.owner, reinterpret_cast<const Value*>(begin), count};
    }
    GrowingBuffer<Value> copy;
    std::memcpy(copy.append_raw(count), begin, count * sizeof(Value));
    return std::move(copy).finish();
  }

  [[noreturn]] void reject(const std::string& what) const { reject_arrow(where_, what); }
  [[noreturn]] void reject_row(std::size_t row, const std::string& what) const {
    reject_arrow(where_ + ", row " + std::to_string(batch_.first_row + row), what);
  }

 private:
  void read_type() {
    if (array_ == nullptr || schema_ == nullptr) {
      reject("its Arrow array or schema is a null pointer: whoever made it is at fault");
    }
    type_ = arrow_type(schema_->format);
    is_dictionary_ = schema_->dictionary != nullptr;
    where_ += " (Arrow type " + (is_dictionary_ ? "dictionary of " + type_.name + " codes" : type_.name) + ")";
  }

  void check_buffers() const {
    const std::int64_t expected = buffers_expected();
    const bool is_view = type_.kind == ArrowKind::text_view && !is_dictionary_;
    if (expected >= 0 && (is_view ? array_->n_buffers < expected : array_->n_buffers != expected)) {
      reject("its array has " + std::to_string(array_->n_buffers) + " buffers, not " + std::to_string(expected) +
             ": whoever made it is at fault");
    }
    if (expected > 0 && array_->buffers == nullptr) {
      reject("its array has no buffers: whoever made it is at fault");
    }
    if (is_dictionary_ && array_->dictionary == nullptr) {
      reject("its array has codes, but no dictionary: whoever made it is at fault");
    }
  }

  /// -1 for types whose buffers nobody looks at.
  std::int64_t buffers_expected() const noexcept {
    if (is_dictionary_) {
      return 2;
    }
    switch (type_.kind) {
      case ArrowKind::null:
      case ArrowKind::unsupported:
        return -1;
      case ArrowKind::structure:
        return 1;
      case ArrowKind::text:
      case ArrowKind::text_view:
        return 3;
      default:
        return 2;
    }
  }

  void read_marks() {
    if (buffers_expected() < 0) {
      return;
    }
    if (const auto* marks = static_cast<const std::uint8_t*>(array_->buffers[0])) {
      valid_ = {batch_.owner, marks, (offset_ + size_ + 7) / 8};
      valid_offset_ = offset_;
      drop_needless_marks();
    } else if (array_->null_count > 0) {
      reject("its array claims " + std::to_string(array_->null_count) +
             " missing values and does not mark them: whoever made it is at fault");
    }
  }

  void drop_needless_marks() noexcept {
    if (!valid_.empty() && count_bits(valid_.data(), valid_offset_, size_) == size_) {
      valid_ = {};
      valid_offset_ = 0;
    }
  }

  ArrowBatch batch_;
  const ArrowArray* array_;
  const ArrowSchema* schema_;
  std::string where_;
  ArrowType type_;
  bool is_without_array_ = false;
  bool is_dictionary_ = false;
  std::size_t offset_ = 0;
  std::size_t size_ = 0;
  Buffer<std::uint8_t> valid_;
  std::size_t valid_offset_ = 0;
};

}  // namespace nad::detail
