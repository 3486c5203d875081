#pragma once

/// Memory of columns: written once by a `GrowingBuffer`, then shared and never changed.
///
///   nad::GrowingBuffer<double> values;
///   values.push_back(1.5);
///   nad::Buffer<double> column = std::move(values).finish();   // copies of it share the memory
///
/// A `Buffer` may also borrow memory of another owner (a data frame): it keeps that owner alive.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "nad/core/large_memory.hpp"

namespace nad {

template <class Value>
class Buffer {
 public:
  Buffer() = default;
  /// `data` lives as long as `owner`.
  Buffer(std::shared_ptr<const void> owner, const Value* data, std::size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}

  const Value* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const Value& operator[](std::size_t index) const noexcept { return data_[index]; }
  const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

  /// `count` values from `first` on, in the same memory.
  Buffer slice(std::size_t first, std::size_t count) const { return {owner_, data_ + first, count}; }

 private:
  std::shared_ptr<const void> owner_;
  const Value* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Grows like a std::vector, but leaves new memory as it is and, when it is large, grows in place.
template <class Value>
class GrowingBuffer {
 public:
  static_assert(std::is_trivially_copyable_v<Value>);

  GrowingBuffer() = default;
  explicit GrowingBuffer(std::size_t size) { append_raw(size); }

  std::size_t size() const noexcept { return size_; }
  Value* data() noexcept { return memory_.get(); }
  const Value* data() const noexcept { return memory_.get(); }
  Value& operator[](std::size_t index) noexcept { return memory_.get()[index]; }
  const Value& operator[](std::size_t index) const noexcept { return memory_.get()[index]; }

  void push_back(Value value) {
    if (size_ == capacity_) {
      reserve(size_ + size_ / 2 + 64);
    }
    memory_.get()[size_++] = value;
  }

  /// Room for `count` more values, whose content the caller writes.
  Value* append_raw(std::size_t count) {
    if (count > capacity_ - size_) {
      reserve(size_ + count + (size_ == 0 ? 0 : size_ / 2));
    }
    Value* begin = memory_.get() + size_;
    size_ += count;
    return begin;
  }

  void append(const Value* values, std::size_t count) {
    if (count != 0) {
      std::memcpy(append_raw(count), values, count * sizeof(Value));
    }
  }

  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) {
      return;
    }
    if (capacity > static_cast<std::size_t>(-1) / 2 / sizeof(Value)) {
      throw std::bad_alloc();
    }
    const std::size_t bytes = capacity * sizeof(Value);
    const bool is_large = bytes >= detail::large_memory;
    void* grown = is_large ? detail::allocate_large(bytes) : std::realloc(memory_.get(), bytes);
    if (grown == nullptr) {
      throw std::bad_alloc();
    }
    if (is_large) {
      if (size_ != 0) {
        std::memcpy(grown, memory_.get(), size_ * sizeof(Value));
      }
    } else {
      static_cast<void>(memory_.release());  // realloc took it
    }
    memory_.reset(static_cast<Value*>(grown));
    capacity_ = capacity;
  }

  void clear() noexcept { size_ = 0; }

  /// Gives the memory away; what is left over goes back to the system.
  Buffer<Value> finish() && {
    if (size_ == 0) {
      return {};
    }
    // the rest of large memory was never written, so the system has not given it
    if (capacity_ > size_ && (capacity_ * sizeof(Value) < detail::large_memory || capacity_ / 4 > size_ / 3)) {
      if (void* shrunk = std::realloc(memory_.get(), size_ * sizeof(Value)); shrunk != nullptr) {
        static_cast<void>(memory_.release());
        memory_.reset(static_cast<Value*>(shrunk));
      }
    }
    const std::size_t size = std::exchange(size_, 0);
    capacity_ = 0;
    const Value* data = memory_.get();
    return {std::shared_ptr<const void>(memory_.release(), Free()), data, size};
  }

 private:
  struct Free {
    void operator()(const void* memory) const noexcept {
      std::free(const_cast<void*>(memory));  // NOLINT(cppcoreguidelines-pro-type-const-cast): it was ours to write
    }
  };

  std::unique_ptr<Value, Free> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace nad
