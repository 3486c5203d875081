#pragma once

// Distances of rows. A squared distance is summed in sixteen lanes whatever the processor's width, and the lanes in a
// fixed order, without fused multiply-adds: every kernel gives the same bits.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

inline constexpr std::size_t distance_lanes = 16;

/// The lanes halved and halved again.
template <class Arch, class QuadArch>
float sum_of_lanes(const float* lanes) noexcept {
  using Quad = xsimd::batch<float, QuadArch>;
  const Quad even = Quad::load_aligned(lanes) + Quad::load_aligned(lanes + 8);
  const Quad odd = Quad::load_aligned(lanes + 4) + Quad::load_aligned(lanes + 12);
  alignas(16) float four[4];
  (even + odd).store_aligned(four);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

template <class Arch, class QuadArch>
float squared_distance(const float* a, const float* b, std::size_t count) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  constexpr std::size_t width = Vector::size;
  constexpr std::size_t vectors = distance_lanes / width;
  alignas(64) float lanes[distance_lanes] = {};
  std::size_t i = 0;
  if (count >= distance_lanes) {
    Vector sums[vectors];
    for (Vector& sum : sums) {
      sum = Vector(0.0F);
    }
    for (; i + distance_lanes <= count; i += distance_lanes) {
      for (std::size_t v = 0; v < vectors; ++v) {
        const Vector apart = Vector::load_unaligned(a + i + v * width) - Vector::load_unaligned(b + i + v * width);
        sums[v] = sums[v] + apart * apart;
      }
    }
    if (i < count) {  // the last sixteen again, without those that were added up already
      static constexpr std::int32_t first_none_then_all[2 * distance_lanes] = {
          0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
          -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
      // only ever read through vector loads
      const float* keep = reinterpret_cast<const float*>(first_none_then_all) + (count - i);
      i = count - distance_lanes;
      for (std::size_t v = 0; v < vectors; ++v) {
        const Vector apart = (Vector::load_unaligned(a + i + v * width) - Vector::load_unaligned(b + i + v * width)) &
                             Vector::load_unaligned(keep + v * width);
        sums[v] = sums[v] + apart * apart;
      }
      i = count;
    }
    for (std::size_t v = 0; v < vectors; ++v) {
      sums[v].store_aligned(lanes + v * width);
    }
  }
  for (std::size_t lane = 0; i < count; ++i, ++lane) {
    const float apart = a[i] - b[i];
    lanes[lane] = apart * apart;
  }
  return sum_of_lanes<Arch, QuadArch>(lanes);
}

/// For one row: the least of lengths[j] - 2 * products[j], where it stands, and the least of the others.
template <class Arch>
void least_two(const float* products, const float* lengths, std::size_t count, LeastTwo& found) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  constexpr std::size_t width = Vector::size;
  alignas(64) float first[width];
  alignas(64) float second[width];
  alignas(64) float place[width];
  for (std::size_t lane = 0; lane < width; ++lane) {
    place[lane] = static_cast<float>(lane);
  }
  const Vector step(static_cast<float>(width));
  Vector at = Vector::load_aligned(place);
  Vector least(most_of_all);
  Vector next(most_of_all);
  Vector where(0.0F);
  for (std::size_t j = 0; j < count; j += width) {
    const Vector product = Vector::load_unaligned(products + j);
    const Vector value = Vector::load_unaligned(lengths + j) - (product + product);
    const auto less = value < least;
    next = xsimd::select(less, least, xsimd::select(value < next, value, next));
    where = xsimd::select(less, at, where);
    least = xsimd::select(less, value, least);
    at = at + step;
  }
  least.store_aligned(first);
  next.store_aligned(second);
  where.store_aligned(place);
  found = {most_of_all, 0, most_of_all};
  for (std::size_t lane = 0; lane < width; ++lane) {
    if (first[lane] < found.least || (first[lane] == found.least && place[lane] < static_cast<float>(found.place))) {
      found.second = found.least;
      found.least = first[lane];
      found.place = static_cast<std::uint32_t>(place[lane]);
    } else if (first[lane] < found.second) {
      found.second = first[lane];
    }
    if (second[lane] < found.second) {
      found.second = second[lane];
    }
  }
}

/// products[i * stride + j] = row i times column j, for `rows` rows.
template <class Arch>
void least_two_of_rows(const float* products, std::size_t stride, std::size_t rows, const float* lengths,
                       std::size_t count, LeastTwo* found) noexcept {
  for (std::size_t row = 0; row < rows; ++row) {
    least_two<Arch>(products + row * stride, lengths, count, found[row]);
  }
}

}  // namespace nad::simd
