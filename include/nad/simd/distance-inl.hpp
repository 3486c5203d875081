#pragma once

// Distances of rows. A squared distance is summed in sixteen lanes whatever the processor's width, and the lanes in a
// fixed order, without fused multiply-adds: every kernel gives the same bits.

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

inline constexpr std::size_t distance_lanes = 16;

template <class Arch>
float squared_distance(const float* a, const float* b, std::size_t count) noexcept {
  using Vector = xsimd::batch<float, Arch>;
  constexpr std::size_t width = Vector::size;
  constexpr std::size_t vectors = distance_lanes / width;
  Vector sums[vectors];
  for (Vector& sum : sums) {
    sum = Vector(0.0F);
  }
  std::size_t i = 0;
  for (; i + distance_lanes <= count; i += distance_lanes) {
    for (std::size_t v = 0; v < vectors; ++v) {
      const Vector difference = Vector::load_unaligned(a + i + v * width) - Vector::load_unaligned(b + i + v * width);
      sums[v] = sums[v] + difference * difference;
    }
  }
  alignas(64) float lanes[distance_lanes];
  for (std::size_t v = 0; v < vectors; ++v) {
    sums[v].store_aligned(lanes + v * width);
  }
  for (std::size_t lane = 0; i < count; ++i, ++lane) {
    const float difference = a[i] - b[i];
    lanes[lane] += difference * difference;
  }
  for (std::size_t half = distance_lanes / 2; half != 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      lanes[lane] += lanes[lane + half];
    }
  }
  return lanes[0];
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
