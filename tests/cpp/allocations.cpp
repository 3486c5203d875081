#include "allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NAD_TESTS_COUNT_NO_ALLOCATIONS  // clang's ThreadSanitizer brings operators of its own
#endif
#endif

namespace {

std::atomic<std::size_t> count{0};
std::atomic<std::size_t> bytes{0};
std::atomic<std::size_t> largest{0};

[[maybe_unused]] void note(std::size_t size) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  bytes.fetch_add(size, std::memory_order_relaxed);
  std::size_t seen = largest.load(std::memory_order_relaxed);
  while (size > seen && !largest.compare_exchange_weak(seen, size, std::memory_order_relaxed)) {
  }
}

[[maybe_unused]] void* allocate(std::size_t size) {
  note(size);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) {
    return memory;
  }
  throw std::bad_alloc();
}

[[maybe_unused]] void* allocate(std::size_t size, std::align_val_t alignment) {
  note(size);
  const auto step = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(step, (size / step + 1) * step)) {
    return memory;
  }
  throw std::bad_alloc();
}

}  // namespace

namespace tests {

Allocations allocations() noexcept {
  return {count.load(std::memory_order_relaxed), bytes.load(std::memory_order_relaxed)};
}

std::size_t take_largest_request() noexcept { return largest.exchange(0, std::memory_order_relaxed); }

}  // namespace tests

#ifndef NAD_TESTS_COUNT_NO_ALLOCATIONS
// The array forms of the standard library call these; so do its nothrow forms, but not those of a sanitizer.
void* operator new(std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  note(size);
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif
