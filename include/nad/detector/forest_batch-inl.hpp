#pragma once

// Scoring many rows. A block is cheap when its rows go the same ways, so a chunk of mixed rows is first put in an order
// in which rows alike stand together. A row's score does not depend on its neighbours: only the time changes.

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detail/aligned_floats.hpp"
#include "nad/detector/categories-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/forest_nodes.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

inline simd::ForestArrays arrays(const ForestNodes& nodes) noexcept {
  return {nodes.root.data(),
          nodes.root.size(),
          nodes.feature.data(),
          nodes.value.data(),
          nodes.right.data(),
          nodes.plane_begin.data(),
          nodes.term_feature.data(),
          nodes.term_weight.data(),
          nodes.missing_right.data(),
          nodes.set_feature.data(),
          nodes.set_words.empty() ? nullptr : nodes.set_words.data()};
}

/// Sorting rows takes a few trees whose leaves hold digits instead of path lengths: the sum over them is a number that
/// rows alike share.
inline constexpr std::size_t order_trees = 4;
inline constexpr std::size_t order_digit = 64;  ///< four digits of 64 are exact in a float

/// The values of the nodes of these trees: their thresholds, and digits in the leaves.
inline std::vector<float> make_order_values(const ForestNodes& nodes) {
  const std::size_t trees = std::min(order_trees, nodes.n_trees());
  if (trees == 0) {
    return {};
  }
  const auto end_of = [&](std::size_t tree) {
    return tree + 1 < nodes.n_trees() ? nodes.root[tree + 1] : nodes.size();
  };
  std::vector<float> values(nodes.value.begin(), nodes.value.begin() + static_cast<std::ptrdiff_t>(end_of(trees - 1)));
  float place = 1.0F;
  for (std::size_t tree = trees; tree-- > 0; place *= static_cast<float>(order_digit)) {
    const std::size_t begin = nodes.root[tree];
    const std::size_t end = end_of(tree);
    for (std::size_t node = begin; node < end; ++node) {
      if (nodes.is_leaf(node)) {
        const std::size_t digit = (node - begin) * order_digit / (end - begin);
        values[node] = static_cast<float>(digit) * place;
      }
    }
  }
  return values;
}

/// What the rows of a forest need before they are compared.
struct ForestColumns {
  std::size_t count;
  std::span<const float> fill = {};               ///< one value a column for missing ones, or none
  std::span<const CategoryColumn> category = {};  ///< the columns whose values are categories
};

/// Scores one chunk of rows on one thread.
class ChunkScorer {
 public:
  /// With several `outputs`, the trees are so many forests of the same size, one behind the other.
  ChunkScorer(const ForestNodes& nodes, const std::vector<float>& order_values, const ForestColumns& from,
              std::size_t outputs = 1)
      : forest_(arrays(nodes)),
        digits_(arrays(nodes)),
        from_columns_(from),
        columns_(from.count),
        outputs_(outputs),
        size_(columns_ * simd::block_stride),
        memory_(size_ + simd::block_rows) {
    digits_.n_trees = std::min(order_trees, nodes.n_trees());
    digits_.value = order_values.data();
    forest_.n_trees /= outputs_;
    if (!nodes.missing_right.empty()) {
      missing_.resize(columns_ * simd::block_words);
    }
  }

  /// out[row * outputs + i] = the sum of the leaf values of forest i; `on_gap(row)` is called once for each row that
  /// has values that are not finite, and may throw.
  template <class OnGap>
  void score(MatrixView rows, std::span<float> out, const OnGap& on_gap) {
    if (!is_worth_sorting(rows)) {
      for (std::size_t begin = 0; begin < rows.rows(); begin += simd::block_rows) {
        const std::size_t count = std::min(simd::block_rows, rows.rows() - begin);
        load(rows.slice(begin, count), [&](std::size_t row) { on_gap(begin + row); });
        walk(count, [&](std::size_t i, std::size_t output, float sum) { out[(begin + i) * outputs_ + output] = sum; });
      }
      return;
    }
    sort(rows, on_gap);
    for (std::size_t begin = 0; begin < rows.rows(); begin += simd::block_rows) {
      const std::size_t count = std::min(simd::block_rows, rows.rows() - begin);
      gather(rows, begin, count);
      load({together_.data(), count, columns_}, [](std::size_t) {});
      walk(count,
           [&](std::size_t i, std::size_t output, float sum) { out[order_[begin + i] * outputs_ + output] = sum; });
    }
  }

 private:
  float* values() noexcept { return memory_.data(); }
  float* sums() noexcept { return memory_.data() + size_; }

  /// Sends a loaded block down all trees; `write(row, output, sum)` gets the sums.
  template <class Write>
  void walk(std::size_t count, const Write& write) {
    simd::ForestArrays forest = forest_;
    for (std::size_t output = 0; output < outputs_; ++output, forest.root += forest.n_trees) {
      kernels_.forest_block(forest, values(), gaps(), count, sums());
      for (std::size_t i = 0; i < count; ++i) {
        write(i, output, sums()[i]);
      }
    }
  }

  /// Turns up to a block of rows feature-major, looks for what is missing, and numbers categories.
  template <class OnGap>
  void load(MatrixView rows, const OnGap& on_gap) {
    kernels_.transpose(rows.data(), rows.row_stride(), rows.rows(), columns_, values(), simd::block_stride);
    has_gaps_ = !kernels_.all_finite(values(), size_);
    if (has_gaps_) {
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        if (!kernels_.all_finite(rows.row(row), columns_)) {
          on_gap(row);
        }
      }
      treat_gaps();
    }
    for (const CategoryColumn& category : from_columns_.category) {
      float* const column = values() + category.column * simd::block_stride;
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        column[row] = static_cast<float>(category.number(column[row]));
      }
    }
  }

  void treat_gaps() {
    for (std::size_t column = 0; column < from_columns_.fill.size(); ++column) {
      for (std::size_t row = 0; row < simd::block_rows; ++row) {
        float& value = values()[column * simd::block_stride + row];
        value = is_missing(value) ? from_columns_.fill[column] : value;
      }
    }
    for (std::size_t word = 0; word < missing_.size(); ++word) {
      const float* const part =
          values() + word / simd::block_words * simd::block_stride + word % simd::block_words * 64;
      missing_[word] = 0;
      if (!kernels_.all_finite(part, 64)) {
        for (std::size_t row = 0; row < 64; ++row) {
          missing_[word] |= static_cast<std::uint64_t>(is_missing(part[row])) << row;
        }
      }
    }
  }

  const std::uint64_t* gaps() const noexcept { return has_gaps_ && !missing_.empty() ? missing_.data() : nullptr; }

  /// Computes the numbers of a loaded block.
  void number(std::size_t count, std::uint32_t* numbers) {
    kernels_.forest_block(digits_, values(), gaps(), count, sums());
    std::transform(sums(), sums() + count, numbers, [](float sum) { return static_cast<std::uint32_t>(sum); });
  }

  /// Looks at the first rows: sorting pays when few kinds of rows stand in disorder. Where nearly every row is of a
  /// kind of its own, or rows of a kind stand together already, it would only cost.
  bool is_worth_sorting(MatrixView rows) {
    if (rows.rows() < 2 * simd::block_rows || digits_.n_trees < order_trees) {
      return false;
    }
    load(rows.slice(0, simd::block_rows), [](std::size_t) {});
    std::array<std::uint32_t, simd::block_rows> numbers;
    number(numbers.size(), numbers.data());
    std::array<std::uint64_t, 64> seen{};  // a hash table of 4,096 bits
    std::size_t kinds = 0;
    std::size_t changes = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      changes += i != 0 && numbers[i] != numbers[i - 1] ? 1U : 0U;
      const std::uint32_t hash = numbers[i] * 0x9e3779b1U >> 20U;
      const std::uint64_t bit = std::uint64_t{1} << (hash % 64);
      kinds += (seen[hash / 64] & bit) == 0 ? 1U : 0U;
      seen[hash / 64] |= bit;
    }
    return changes > kinds + simd::block_rows / 8;
  }

  /// Fills `order_` with the rows, those with equal numbers side by side.
  template <class OnGap>
  void sort(MatrixView rows, const OnGap& on_gap) {
    numbers_.resize(rows.rows());
    for (std::size_t begin = 0; begin < rows.rows(); begin += simd::block_rows) {
      const std::size_t count = std::min(simd::block_rows, rows.rows() - begin);
      load(rows.slice(begin, count), [&](std::size_t row) { on_gap(begin + row); });
      number(count, numbers_.data() + begin);
    }
    order_.resize(rows.rows());
    from_.resize(rows.rows());
    std::iota(order_.begin(), order_.end(), 0U);
    constexpr unsigned digit_bits = 8;
    constexpr std::uint32_t digit_values = 1U << digit_bits;
    for (unsigned shift = 0; shift < 24; shift += digit_bits) {  // numbers below 64^4, eight bits at a time
      std::array<std::uint32_t, digit_values + 1> place{};
      const auto digit = [&](std::uint32_t row) { return (numbers_[row] >> shift) & (digit_values - 1); };
      for (const std::uint32_t row : order_) {
        ++place[digit(row) + 1];
      }
      std::partial_sum(place.begin(), place.end(), place.begin());
      std::swap(order_, from_);
      for (const std::uint32_t row : from_) {
        order_[place[digit(row)]++] = row;
      }
    }
  }

  /// Copies rows [begin, begin + count) of the order side by side.
  void gather(MatrixView rows, std::size_t begin, std::size_t count) {
    together_.resize(simd::block_rows * columns_);
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(rows.row(order_[begin + i]), columns_, together_.begin() + static_cast<std::ptrdiff_t>(i * columns_));
    }
  }

  const simd::KernelTable& kernels_ = simd::active_kernels();
  simd::ForestArrays forest_;
  simd::ForestArrays digits_;
  ForestColumns from_columns_;
  std::size_t columns_;
  std::size_t outputs_;
  std::size_t size_;
  AlignedFloats memory_;
  std::vector<std::uint64_t> missing_;  ///< empty where no node says where missing values go
  bool has_gaps_ = false;
  std::vector<std::uint32_t> numbers_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> from_;
  std::vector<float> together_;
};

}  // namespace nad::detail
