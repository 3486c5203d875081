#pragma once

// The histograms of boosted trees. Sums of whole numbers are exact, so any order of rows, on any number of threads,
// gives the same ones.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

/// `PairArch` is the architecture's register of two numbers of 64 bits.
template <class Arch, class PairArch>
void add_to_bins(const BinSums& bins) noexcept {
  using Pair = xsimd::batch<std::int64_t, PairArch>;
  static_assert(Pair::size == 2);
  constexpr std::size_t ahead = 8;  // rows of a node lie apart: fetch them before their turn
  for (std::size_t i = 0; i < bins.count; ++i) {
    if (i + ahead < bins.count) {
      const std::size_t next = bins.rows[i + ahead];
      __builtin_prefetch(bins.values + 2 * next);
      __builtin_prefetch(bins.bins + bins.begin[next]);
    }
    const std::size_t row = bins.rows[i];
    const Pair value = Pair::load_aligned(bins.values + 2 * row);
    const std::uint16_t* const end = bins.bins + bins.begin[row + 1];
    for (const std::uint16_t* bin = bins.bins + bins.begin[row]; bin != end; ++bin) {
      std::int64_t* const sum = bins.sums + 2 * static_cast<std::size_t>(*bin);
      (Pair::load_aligned(sum) + value).store_aligned(sum);
    }
  }
}

}  // namespace nad::simd
