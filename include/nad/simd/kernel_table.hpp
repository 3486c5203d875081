#pragma once

// What one instruction set offers: plain functions over plain pointers. A table is chosen once per batch.
// Nothing here may throw, allocate or name a container: these functions are compiled for processors that the rest of
// the program may not run on, and an inline function shared with ordinary code would leak their instructions into it.

#include <cstddef>
#include <cstdint>

namespace nad::simd {

/// Rows that the block kernels treat at once: wide enough that a visit to a node pays, narrow enough for the cache.
inline constexpr std::size_t block_rows = 256;
/// From one column of a block to the next: columns that lie a power of two apart would fight for the same cache lines.
inline constexpr std::size_t block_stride = block_rows + 16;
/// A set of rows of a block is so many words of 64 bits.
inline constexpr std::size_t block_words = block_rows / 64;

/// A packed matrix is cut into panels of so many columns; in a panel they stand side by side, place after place of the
/// depth. What a last panel has too many is zero.
inline constexpr std::size_t panel_columns = 16;

/// A forest as nad::ForestNodes holds it.
struct ForestArrays {
  const std::uint32_t* root;
  std::size_t n_trees;
  const std::int32_t* feature;
  const float* value;
  const std::uint32_t* right;
  const std::uint32_t* plane_begin;
  const std::uint32_t* term_feature;
  const float* term_weight;
};

/// How many bytes were found, and how many of them were `b`.
struct ByteCounts {
  std::size_t both;
  std::size_t b;
};

/// What was found outside quotes, and what the quotes were like.
struct QuotedCounts {
  std::size_t both;
  std::size_t b;
  std::size_t b_inside;  ///< how many `b` stand between quotes
  std::size_t doubled;   ///< how many quotes open right behind one that closes
  bool open;             ///< the last quote is not closed
  bool sound;            ///< each quote opens at the begin of the text, behind an `a` or `b`, or doubled
};

/// More than any value that is looked at.
inline constexpr float most_of_all = 3.4028234663852886e+38F;

/// The least of some values, the first place where it stands, and the least of the others.
struct LeastTwo {
  float least;
  std::uint32_t place;
  float second;
};

struct KernelTable {
  const char* name;

  /// Whether all of `count` floats are finite.
  bool (*all_finite)(const float* values, std::size_t count) noexcept;

  /// Writes rows feature-major: out[column * out_stride + row]. `out` is aligned to 16 bytes, `out_stride` a multiple
  /// of 4.
  void (*transpose)(const float* first, std::size_t row_stride, std::size_t rows, std::size_t columns, float* out,
                    std::size_t out_stride) noexcept;

  /// sums[row] = the leaf values of all trees, added in the order of the trees, for the first `rows` rows of the block.
  void (*forest_block)(const ForestArrays& forest, const float* block, std::size_t rows, float* sums) noexcept;

  /// Writes where text[i] is `a` or `b`, in rising order. `places` has room for `size` + 8; `size` fits into 32 bits.
  ByteCounts (*find_bytes)(const char* text, std::size_t size, char a, char b, std::uint32_t* places) noexcept;

  /// As find_bytes, but leaves out what stands between quotes. The three bytes differ.
  QuotedCounts (*find_unquoted)(const char* text, std::size_t size, char a, char b, char quote,
                                std::uint32_t* places) noexcept;

  /// out[i * out_stride + j] = the sum over k of a[i * a_stride + k] * b[j][k], or that much more where `add` is true;
  /// `panels` is b, packed and aligned to 64 bytes. Each sum is a chain over k in rising order: the same bits whatever
  /// `rows` is. Kernels whose processor fuses multiply and add agree bit for bit.
  void (*product)(const float* a, std::size_t a_stride, std::size_t rows, const float* panels, std::size_t columns,
                  std::size_t depth, float* out, std::size_t out_stride, bool add) noexcept;

  /// The sum of squared differences of `count` floats: the same bits from every kernel.
  float (*squared_distance)(const float* a, const float* b, std::size_t count) noexcept;

  /// For each row of `products`, `stride` floats apart: the least two of lengths[j] - 2 * products[j] over the first
  /// `count` places, a multiple of panel_columns and less than 2^24.
  void (*least_two)(const float* products, std::size_t stride, std::size_t rows, const float* lengths,
                    std::size_t count, LeastTwo* found) noexcept;
};

}  // namespace nad::simd
