#pragma once

// The histograms of boosted trees. Sums of whole numbers are exact, so any order of rows, on any number of threads,
// gives the same ones.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

/// Rows of a node lie apart: they are fetched so many before their turn.
inline constexpr std::size_t rows_ahead = 8;

template <class Arch, class Pair>
void add_row(const BinSums& to, std::size_t row, const std::uint16_t* bin, const std::uint16_t* end) noexcept {
  const Pair value = Pair::load_aligned(to.values + 2 * row);
  for (; bin != end; ++bin) {
    std::int64_t* const sum = to.sums + 2 * static_cast<std::size_t>(*bin);
    (Pair::load_aligned(sum) + value).store_aligned(sum);
  }
}

/// `PairArch` is the architecture's register of two numbers of 64 bits.
template <class Arch, class PairArch>
void add_to_bins(const BinSums& to) noexcept {
  using Pair = xsimd::batch<std::int64_t, PairArch>;
  static_assert(Pair::size == 2);
  const auto ahead_of = [&to](std::size_t i) { return to.rows[i + rows_ahead < to.count ? i + rows_ahead : i]; };
  if (to.begin == nullptr) {
    for (std::size_t i = 0; i < to.count; ++i) {
      const std::size_t next = ahead_of(i);
      __builtin_prefetch(to.values + 2 * next);
      __builtin_prefetch(to.bins + next * to.width);
      const std::size_t row = to.rows[i];
      add_row<Arch, Pair>(to, row, to.bins + row * to.width, to.bins + (row + 1) * to.width);
    }
    return;
  }
  for (std::size_t i = 0; i < to.count; ++i) {
    const std::size_t next = ahead_of(i);
    __builtin_prefetch(to.values + 2 * next);
    __builtin_prefetch(to.bins + to.begin[next]);
    const std::size_t row = to.rows[i];
    add_row<Arch, Pair>(to, row, to.bins + to.begin[row], to.bins + to.begin[row + 1]);
  }
}

}  // namespace nad::simd
