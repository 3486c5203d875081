#pragma once

// Large memory in large pages: the system then maps it in a few steps instead of thousands.

#include <cstddef>
#include <cstdint>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace nad::detail {

/// Asks for large pages where that pays. Only ever advice.
inline void prefer_huge_pages(void* memory, std::size_t bytes) noexcept {
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
