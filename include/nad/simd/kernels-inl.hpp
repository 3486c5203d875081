#pragma once

#include <atomic>
#include <cstdlib>
#include <string>

#include "nad/core/error.hpp"
#include "nad/simd/active_kernels.hpp"
#include "nad/simd/kernel_table.hpp"
#include "nad/simd/kernels.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/simd/make_table-inl.hpp"
#endif

namespace nad::simd {

#ifdef NAD_HEADER_ONLY

namespace detail {

/// The one kernel that the embedder's flags allow.
#if XSIMD_WITH_AVX512F
inline constexpr KernelTable only_kernels = make_table<xsimd::avx512f>("avx512");
#elif XSIMD_WITH_AVX2
inline constexpr KernelTable only_kernels = make_table<xsimd::avx2>("avx2");
#elif XSIMD_WITH_NEON64
inline constexpr KernelTable only_kernels = make_table<xsimd::neon64>("neon");
#else
inline constexpr KernelTable only_kernels = make_table<xsimd::sse2>("baseline");
#endif

inline std::vector<const KernelTable*> all_tables() { return {&only_kernels}; }
inline bool can_run(const KernelTable&) { return true; }

}  // namespace detail

#else

#if defined(__x86_64__) || defined(_M_X64)
extern const KernelTable baseline_kernels;
extern const KernelTable avx2_kernels;
extern const KernelTable avx512_kernels;
#else
extern const KernelTable neon_kernels;
#endif

namespace detail {

inline std::vector<const KernelTable*> all_tables() {
#if defined(__x86_64__) || defined(_M_X64)
  return {&avx512_kernels, &avx2_kernels, &baseline_kernels};
#else
  return {&neon_kernels};
#endif
}

inline bool can_run(const KernelTable& table) {
#if defined(__x86_64__) || defined(_M_X64)
  __builtin_cpu_init();  // a host may ask from the constructor of a global
  if (&table == &avx512_kernels) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
  }
  if (&table == &avx2_kernels) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  }
#endif
  static_cast<void>(table);
  return true;
}

}  // namespace detail

#endif

namespace detail {

inline std::vector<const KernelTable*> supported_tables() {
  std::vector<const KernelTable*> tables;
  for (const KernelTable* table : all_tables()) {
    if (can_run(*table)) {
      tables.push_back(table);
    }
  }
  return tables;
}

inline const KernelTable* find(std::string_view name, const char* asked_by) {
  std::string known;
  for (const KernelTable* table : supported_tables()) {
    if (name == table->name) {
      return table;
    }
    known += known.empty() ? "" : ", ";
    known += table->name;
  }
  throw Error(ErrorCode::invalid_argument, std::string(asked_by) + " asks for the SIMD kernel '" + std::string(name) +
                                               "', which this build and processor do not have; there are: " + known);
}

inline const KernelTable* automatic_choice() {
  const char* wanted = std::getenv("NAD_SIMD");  // NOLINT(concurrency-mt-unsafe): read once, never written by nad
  if (wanted != nullptr && *wanted != '\0' && std::string_view(wanted) != "auto") {
    return find(wanted, "NAD_SIMD");
  }
  return supported_tables().front();
}

/// Null until somebody asks.
inline std::atomic<const KernelTable*>& chosen() {
  static std::atomic<const KernelTable*> table{nullptr};
  return table;
}

inline std::vector<std::string_view> names(const std::vector<const KernelTable*>& tables) {
  std::vector<std::string_view> result;
  result.reserve(tables.size());
  for (const KernelTable* table : tables) {
    result.emplace_back(table->name);
  }
  return result;
}

}  // namespace detail

NAD_INLINE const KernelTable& active_kernels() {
  const KernelTable* table = detail::chosen().load(std::memory_order_acquire);
  if (table == nullptr) {
    table = detail::automatic_choice();
    detail::chosen().store(table, std::memory_order_release);
  }
  return *table;
}

NAD_INLINE std::vector<std::string_view> compiled() { return detail::names(detail::all_tables()); }

NAD_INLINE std::vector<std::string_view> supported() { return detail::names(detail::supported_tables()); }

NAD_INLINE std::string_view active() { return active_kernels().name; }

NAD_INLINE void force(std::string_view name) {
  detail::chosen().store(name == "auto" ? detail::automatic_choice() : detail::find(name, "force()"),
                         std::memory_order_release);
}

}  // namespace nad::simd
