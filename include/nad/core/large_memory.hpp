#pragma once

/// Memory for large arrays that the caller writes at once: not cleared first, and in large pages, which the system maps
/// in a few steps instead of thousands.
///
///   std::vector<float, nad::detail::LargeAllocator<float>> values(count);   // its values mean nothing yet

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "nad/config.hpp"

namespace nad::detail {

/// Asks for large pages where that pays. Only ever advice.
NAD_API void prefer_huge_pages(void* memory, std::size_t bytes) noexcept;

/// From here on, memory is worth large pages of its own.
inline constexpr std::size_t large_memory = std::size_t{1} << 21U;

/// Memory for std::free that begins with a large page; null where there is none left.
NAD_API void* allocate_large(std::size_t bytes) noexcept;

/// For std::vector: `resize` leaves new values as the memory holds them.
template <class Value>
class LargeAllocator {
 public:
  using value_type = Value;  // NOLINT(readability-identifier-naming): the standard's name

  LargeAllocator() = default;
  template <class Other>
  // NOLINTNEXTLINE(google-explicit-constructor): allocators convert
  LargeAllocator(const LargeAllocator<Other>&) noexcept {}

  Value* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(Value);
    void* memory = ::operator new(bytes, alignment_of(bytes));
    prefer_huge_pages(memory, bytes);
    return static_cast<Value*>(memory);
  }

  void deallocate(Value* memory, std::size_t count) noexcept {
    ::operator delete(memory, alignment_of(count * sizeof(Value)));
  }

  template <class Other, class... Arguments>
  void construct(Other* place, Arguments&&... arguments) {
    if constexpr (sizeof...(Arguments) == 0) {
      ::new (static_cast<void*>(place)) Other;
    } else {
      ::new (static_cast<void*>(place)) Other(std::forward<Arguments>(arguments)...);
    }
  }

  friend bool operator==(const LargeAllocator&, const LargeAllocator&) noexcept { return true; }

 private:
  /// Large memory begins with a large page.
  static std::align_val_t alignment_of(std::size_t bytes) noexcept {
    return std::align_val_t{bytes < large_memory ? alignof(std::max_align_t) : large_memory};
  }
};

}  // namespace nad::detail

#ifdef NAD_HEADER_ONLY
#include "nad/core/large_memory-inl.hpp"
#endif
