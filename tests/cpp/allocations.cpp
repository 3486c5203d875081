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
std::atomic<std::ptrdiff_t> held{0};

// of RefusedMemory
std::atomic<bool> refuses{false};
std::atomic<std::size_t> asked{0};
std::atomic<std::size_t> first_refused{0};
std::atomic<std::size_t> last_refused{0};
std::atomic<bool> refused{false};

/// False where this request is one that is refused.
bool grant() noexcept {
  if (!refuses.load(std::memory_order_relaxed)) {
    return true;
  }
  const std::size_t number = asked.fetch_add(1, std::memory_order_relaxed) + 1;
  if (number < first_refused.load(std::memory_order_relaxed) || number > last_refused.load(std::memory_order_relaxed)) {
    return true;
  }
  refused.store(true, std::memory_order_relaxed);
  return false;
}

[[maybe_unused]] void note(std::size_t size) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  bytes.fetch_add(size, std::memory_order_relaxed);
  std::size_t seen = largest.load(std::memory_order_relaxed);
  while (size > seen && !largest.compare_exchange_weak(seen, size, std::memory_order_relaxed)) {
  }
}

[[maybe_unused]] void* counted(void* memory) noexcept {
  held.fetch_add(memory != nullptr ? 1 : 0, std::memory_order_relaxed);
  return memory;
}

[[maybe_unused]] void* allocate(std::size_t size) {
  note(size);
  if (void* memory = grant() ? counted(std::malloc(size == 0 ? 1 : size)) : nullptr) {
    return memory;
  }
  throw std::bad_alloc();
}

[[maybe_unused]] void* allocate(std::size_t size, std::align_val_t alignment) {
  note(size);
  const auto step = static_cast<std::size_t>(alignment);
  if (void* memory = grant() ? counted(std::aligned_alloc(step, (size / step + 1) * step)) : nullptr) {
    return memory;
  }
  throw std::bad_alloc();
}

[[maybe_unused]] void release(void* memory) noexcept {
  held.fetch_sub(memory != nullptr ? 1 : 0, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

namespace tests {

Allocations allocations() noexcept {
  return {count.load(std::memory_order_relaxed), bytes.load(std::memory_order_relaxed)};
}

std::size_t take_largest_request() noexcept { return largest.exchange(0, std::memory_order_relaxed); }

std::ptrdiff_t pieces_held() noexcept { return held.load(std::memory_order_relaxed); }

bool memory_can_be_refused() noexcept {
#ifdef NAD_TESTS_COUNT_NO_ALLOCATIONS
  return false;
#else
  return true;
#endif
}

RefusedMemory::RefusedMemory(std::size_t first, std::size_t how_many) noexcept {
  asked = 0;
  refused = false;
  first_refused = first;
  last_refused = first + how_many - 1;
  refuses = true;
}
RefusedMemory::~RefusedMemory() { refuses = false; }
bool RefusedMemory::happened() noexcept { return refused.load(); }

}  // namespace tests

#ifndef NAD_TESTS_COUNT_NO_ALLOCATIONS
// The array forms of the standard library call these; so do its nothrow forms, but not those of a sanitizer.
void* operator new(std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  note(size);
  return grant() ? counted(std::malloc(size == 0 ? 1 : size)) : nullptr;
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
#endif
