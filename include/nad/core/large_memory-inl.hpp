#pragma once

#include <cstdint>

#include "nad/core/large_memory.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace nad::detail {

NAD_INLINE void prefer_huge_pages(void* memory, std::size_t bytes) noexcept {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t worthwhile = std::size_t{1} << 22U;
  constexpr std::uintptr_t page = 4096;
  if (bytes >= worthwhile) {
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

}  // namespace nad::detail
