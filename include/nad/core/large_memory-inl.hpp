#pragma once

#include <cstdint>
#include <cstdlib>

#include "nad/core/large_memory.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace nad::detail {

NAD_INLINE void prefer_huge_pages(void* memory, std::size_t bytes) noexcept {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t page = 4096;
  if (bytes >= large_memory) {
    const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
    const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / page * page;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): advice is given by page
    static_cast<void>(madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE));
  }
#else
  static_cast<void>(memory);
  static_cast<void>(bytes);
#endif
}

NAD_INLINE void* allocate_large(std::size_t bytes) noexcept {
#ifdef __linux__
  void* memory = nullptr;
  if (posix_memalign(&memory, large_memory, bytes) != 0) {
    return nullptr;
  }
  prefer_huge_pages(memory, bytes);
  return memory;
#else
  return std::malloc(bytes);
#endif
}

}  // namespace nad::detail
