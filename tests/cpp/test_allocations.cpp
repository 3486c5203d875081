#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "allocations.hpp"

namespace {

thread_local Allocations taken;

void note(std::size_t size) noexcept {
  ++taken.count;
  taken.bytes += size;
}

}  // namespace

Allocations Allocations::of_this_thread() noexcept { return taken; }

// The array and nothrow forms of the standard library call these.
void* operator new(std::size_t size) {
  note(size);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) {
    return memory;
  }
  throw std::bad_alloc();
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  note(size);
  const auto step = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(step, (size + step) / step * step)) {
    return memory;
  }
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

TEST_CASE("allocations are counted") {
  const Allocations before = Allocations::of_this_thread();
  const auto numbers = std::make_unique<std::vector<double>>(100);
  const Allocations made = Allocations::of_this_thread() - before;
  CHECK(made.count == 2);
  CHECK(made.bytes == sizeof(std::vector<double>) + 800);
}

}  // namespace
