#pragma once

// Puts the kernels of one architecture into a table.

#include "nad/simd/bin_sums-inl.hpp"
#include "nad/simd/block-inl.hpp"
#include "nad/simd/bytes-inl.hpp"
#include "nad/simd/distance-inl.hpp"
#include "nad/simd/forest-inl.hpp"
#include "nad/simd/kernel_table.hpp"
#include "nad/simd/network-inl.hpp"
#include "nad/simd/product-inl.hpp"
#include "nad/simd/svm-inl.hpp"
#include "nad/simd/transposed_product-inl.hpp"
#include "nad/simd/wide_product-inl.hpp"

namespace nad::simd {

#if XSIMD_WITH_NEON64
using QuadArch = xsimd::neon64;
#else
using QuadArch = xsimd::sse2;
#endif

template <class Arch>
constexpr KernelTable make_table(const char* name) noexcept {
  return {name,
          &all_finite<Arch>,
          &transpose<Arch, QuadArch>,
          &forest_block<Arch>,
          &find_bytes<Arch>,
          &find_unquoted<Arch>,
          &product<Arch>,
          &squared_distance<Arch, QuadArch>,
          &sum_of_squares<Arch>,
          &least_two_of_rows<Arch>,
          &transposed_product<Arch>,
          &activate<Arch>,
          &times_slope<Arch>,
          &loss<Arch>,
          &scaled_difference<Arch>,
          &adam<Arch>,
          &descend<Arch>,
          &add_to_bins<Arch, QuadArch>,
          &kernel_values<Arch>,
          &weighted_sum<Arch>,
          &wide_product<Arch>};
}

}  // namespace nad::simd
