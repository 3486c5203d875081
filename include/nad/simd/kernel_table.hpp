#pragma once

// What one instruction set offers: plain functions over plain pointers. A table is chosen once per batch.
// Nothing here may throw, allocate or name a container: these functions are compiled for processors that the rest of
// the program may not run on, and an inline function shared with ordinary code would leak their instructions into it.

#include <cstddef>
#include <cstdint>

#include "nad/simd/activation.hpp"
#include "nad/simd/kernel_function.hpp"

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
/// The same for a matrix of doubles.
inline constexpr std::size_t wide_panel_columns = 8;

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
  const std::uint8_t* missing_right = nullptr;  ///< for each node: whether missing values go right
  /// Where there are sets of categories, the split -2 - p is no hyperplane but the set p of the column set_feature[p],
  /// which holds whole numbers below 256: those in the set go right.
  const std::uint32_t* set_feature = nullptr;
  const std::uint64_t* set_words = nullptr;  ///< category_words a set
};

/// A set of categories is so many words of 64 bits.
inline constexpr std::size_t category_words = 4;

/// What the rows of a node of a boosted tree add to the bins that their values lie in. A row and a bin are two numbers
/// of 64 bits each, side by side.
struct BinSums {
  const std::uint32_t* rows;  ///< those of the node
  std::size_t count;
  const std::size_t* begin;  ///< for each row and the end: where its bins begin in `bins`; null: all have `width`
  std::size_t width;
  const std::uint16_t* bins;
  const std::int64_t* values;  ///< of each row; aligned to 16 bytes
  std::int64_t* sums;          ///< of each bin; aligned to 16 bytes
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

/// One step of Adam: the means fade with their betas, `correction` undoes that they began at 0.
struct AdamStep {
  float beta_1;
  float beta_2;
  float rate;        ///< of learning, corrected for the first mean
  float correction;  ///< of the root of the second mean
  float epsilon;
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
  /// `missing`, where given, has block_words words a column: the rows whose value is missing.
  void (*forest_block)(const ForestArrays& forest, const float* block, const std::uint64_t* missing, std::size_t rows,
                       float* sums) noexcept;

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

  /// The sum of squares of `count` floats: the same bits from every kernel.
  float (*sum_of_squares)(const float* values, std::size_t count) noexcept;

  /// For each row of `products`, `stride` floats apart: the least two of lengths[j] - 2 * products[j] over the first
  /// `count` places, a multiple of panel_columns and less than 2^24.
  void (*least_two)(const float* products, std::size_t stride, std::size_t rows, const float* lengths,
                    std::size_t count, LeastTwo* found) noexcept;

  // For neural networks. Kernels whose processor fuses multiply and add agree bit for bit. Where it says so, counts are
  // multiples of panel_columns and arrays aligned to 64 bytes.

  /// The product of a' and b, packed: panels[k][j] = the sum over the rows of a[row][k] * b[row][j], or that much more
  /// where `add` is true, for the first `a_columns` of a and panel after panel of b. The rows of b are aligned.
  void (*transposed_product)(const float* a, std::size_t a_stride, std::size_t a_columns, const float* b,
                             std::size_t b_stride, std::size_t b_columns, std::size_t rows, float* panels,
                             bool add) noexcept;

  // Of rows `stride` floats apart, aligned, some columns: a multiple of panel_columns.

  /// out = the activation of the sums; they may be one array. Sigmoid and tanh are exact to 2e-7, gelu to 3e-7 of
  /// max(1, |x|).
  void (*activate)(Activation activation, const float* sums, float* out, std::size_t stride, std::size_t rows,
                   std::size_t columns) noexcept;

  /// deltas *= the slope of the activation at the sums, where it has these values. Only gelu looks at the sums.
  void (*times_slope)(Activation activation, const float* sums, const float* values, float* deltas, std::size_t stride,
                      std::size_t rows, std::size_t columns) noexcept;

  /// The sum of squared errors, or of twice Huber's loss where errors are bent straight beyond `bend`;
  /// deltas[i] = scale * half the slope of that.
  float (*loss)(const float* output, const float* target, std::size_t count, float bend, float scale,
                float* deltas) noexcept;

  /// out[i] = (a[i] - b[i] - mean[i]) * scale[i]: the same bits from every kernel.
  void (*scaled_difference)(const float* a, const float* b, const float* mean, const float* scale, std::size_t count,
                            float* out) noexcept;

  /// Moves `weights` against their gradients, aligned.
  void (*adam)(const AdamStep& step, const float* gradients, float* first, float* second, float* weights,
               std::size_t count) noexcept;

  /// velocity = momentum * velocity + gradient, weight -= rate * velocity, aligned.
  void (*descend)(float momentum, float rate, const float* gradients, float* velocity, float* weights,
                  std::size_t count) noexcept;

  /// Adds the values of each row of a node to the sums of its bins.
  void (*add_to_bins)(const BinSums& bins) noexcept;

  // For support vector machines: counts are multiples of panel_columns.

  /// Products of a row with others become kernel values, in place. `length` is the squared length of the row, `beside`
  /// holds those of the others, or their phases. Kernels whose processor fuses multiply and add agree bit for bit.
  void (*kernel_values)(const KernelFunction& function, float length, const float* beside, std::size_t count,
                        float* values) noexcept;

  /// The sum of values times weights, of a few thousand at most: the same bits from every kernel.
  double (*weighted_sum)(const float* values, const float* weights, std::size_t count) noexcept;

  /// out[i * out_stride + j] = the sum over k of a[i * a_stride + k] * b[j][k] in double precision; `panels` is b,
  /// packed and aligned to 64 bytes, and holds floats; `columns` is a multiple of wide_panel_columns. The same bits
  /// from every kernel, whatever `rows` is.
  void (*wide_product)(const float* a, std::size_t a_stride, std::size_t rows, const double* panels,
                       std::size_t columns, std::size_t depth, double* out, std::size_t out_stride) noexcept;
};

}  // namespace nad::simd
