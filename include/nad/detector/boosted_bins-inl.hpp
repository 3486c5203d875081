#pragma once

// Boosted trees see bins instead of values: at most 255 a column, and one for missing values. What a bin's upper edge
// is decides where a finished tree splits, so edges lie half way between two values that were learnt from.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/categories-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/sorted_column-inl.hpp"

namespace nad::detail {

/// The rows that bins are learnt from, where there are more.
inline constexpr std::size_t rows_for_bins = 200000;

struct ColumnBins {
  bool is_categorical = false;
  bool has_missing = false;          ///< the last bin is the one of missing values
  std::vector<float> edges;          ///< bin b holds the values up to edges[b]; the last one has no edge
  std::vector<std::uint32_t> codes;  ///< of the categories 0, 1, ..., ascending

  /// Bins of values.
  std::size_t n_values() const noexcept { return is_categorical ? codes.size() : edges.size() + 1; }
  std::size_t n_bins() const noexcept { return n_values() + (has_missing ? 1 : 0); }

  std::uint8_t bin(float value) const noexcept {
    std::size_t first = 0;
    for (std::size_t length = edges.size(); length != 0;) {  // steps without a branch that could be mispredicted
      const std::size_t half = length - length / 2;
      first += value > edges[first + half - 1] ? half : 0;
      length -= half;
    }
    return static_cast<std::uint8_t>(first);
  }
};

/// Half way, never the upper value itself.
inline float between(float low, float high) noexcept {
  const float middle = low / 2.0F + high / 2.0F;
  return middle >= low && middle < high ? middle : low;
}

/// At most `most` bins of about the same weight; a value that is heavier than a bin has one of its own.
inline std::vector<float> bin_edges(const SortedColumn& column, std::size_t most) {
  std::vector<float> edges;
  const std::size_t n = column.values.size();
  const auto close_after = [&](std::size_t i) { edges.push_back(between(column.values[i], column.values[i + 1])); };
  if (n <= most) {
    for (std::size_t i = 0; i + 1 < n; ++i) {
      close_after(i);
    }
    return edges;
  }
  double light_weight = column.total();
  std::size_t light_bins = most;
  const double mean = light_weight / static_cast<double>(most);
  std::vector<bool> heavy(n);
  for (std::size_t i = 0; i < n; ++i) {
    heavy[i] = column.weight(i) >= mean;
    if (heavy[i]) {
      light_weight -= column.weight(i);
      --light_bins;
    }
  }
  const auto target = [&] { return light_bins == 0 ? column.total() : light_weight / static_cast<double>(light_bins); };
  double wanted = target();
  double filled = 0.0;
  for (std::size_t i = 0; i + 1 < n && edges.size() + 1 < most; ++i) {
    filled += column.weight(i);
    if (!heavy[i]) {
      light_weight -= column.weight(i);
    }
    if (heavy[i] || filled >= wanted || (heavy[i + 1] && filled >= wanted / 2.0)) {
      close_after(i);
      filled = 0.0;
      if (!heavy[i] && light_bins != 0) {
        --light_bins;
        wanted = target();
      }
    }
  }
  return edges;
}

/// Which rows bins are learnt from: those that count, or so many of them.
inline std::vector<std::uint32_t> rows_to_look_at(std::span<const std::uint32_t> rows, Random random) {
  if (rows.size() <= rows_for_bins) {
    return {rows.begin(), rows.end()};
  }
  std::vector<std::uint32_t> drawn;
  drawn.reserve(rows_for_bins);
  for (std::size_t i = 0; i < rows.size() && drawn.size() < rows_for_bins; ++i) {
    if (random.below(rows.size() - i) < rows_for_bins - drawn.size()) {
      drawn.push_back(rows[i]);
    }
  }
  return drawn;
}

/// Few distinct values are counted; where they are many, sorting is faster.
class FewValues {
 public:
  /// False when there are too many.
  bool add(float value, double weight) {
    const std::uint32_t bits = identity(value);
    std::size_t slot = (bits * 0x9e3779b1U) >> 21U;
    while (used_[slot] && identity(values_[slot]) != bits) {
      slot = (slot + 1) % slots;
    }
    if (!used_[slot]) {
      if (count_ == slots / 2) {
        return false;
      }
      ++count_;
      used_[slot] = true;
      values_[slot] = value;
    }
    weights_[slot] += weight;
    return true;
  }

  SortedColumn sorted() const {
    std::vector<std::pair<float, double>> found;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      if (used_[slot]) {
        found.emplace_back(values_[slot], weights_[slot]);
      }
    }
    std::sort(found.begin(), found.end());
    SortedColumn column;
    double sum = 0.0;
    for (const auto& [value, weight] : found) {
      sum += weight;
      column.values.push_back(value);
      column.through.push_back(sum);
    }
    return column;
  }

 private:
  static constexpr std::size_t slots = 2048;
  std::vector<bool> used_ = std::vector<bool>(slots);
  std::vector<float> values_ = std::vector<float>(slots);
  std::vector<double> weights_ = std::vector<double>(slots);
  std::size_t count_ = 0;
};

inline std::vector<float> edges_of(const std::vector<float>& values, const std::vector<float>& weights,
                                   std::size_t most) {
  FewValues few;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!few.add(values[i], weights.empty() ? 1.0 : static_cast<double>(weights[i]))) {
      return bin_edges(sorted_values(values, weights), most);
    }
  }
  return values.empty() ? std::vector<float>() : bin_edges(few.sorted(), most);
}

/// The codes of the most frequent categories of a column.
inline std::vector<std::uint32_t> frequent_codes(MatrixView x, std::span<const float> weights,
                                                 std::span<const std::uint32_t> rows, std::size_t column,
                                                 std::size_t most) {
  std::vector<double> weight(most_category_codes);
  for (const std::uint32_t row : rows) {
    const float value = x(row, column);
    if (is_missing(value)) {
      continue;
    }
    const auto code = value >= 0.0F && value < static_cast<float>(most_category_codes) ? static_cast<std::size_t>(value)
                                                                                       : most_category_codes;
    if (code == most_category_codes || static_cast<float>(code) != value) {
      throw Error(ErrorCode::invalid_data,
                  "row " + std::to_string(row) + ", column " + std::to_string(column) + " holds " +
                      std::to_string(value) +
                      ", but is one of categorical_features; number categories from 0, below 65536");
    }
    weight[code] += weights.empty() ? 1.0 : static_cast<double>(weights[row]);
  }
  std::vector<std::uint32_t> codes;
  for (std::uint32_t code = 0; code < most_category_codes; ++code) {
    if (weight[code] > 0.0) {
      codes.push_back(code);
    }
  }
  if (codes.size() > most) {
    std::stable_sort(codes.begin(), codes.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return weight[a] > weight[b]; });
    codes.resize(most);
    std::sort(codes.begin(), codes.end());
  }
  return codes;
}

/// The bins of every column; `rows` are those that count.
inline std::vector<ColumnBins> learn_bins(MatrixView x, std::span<const float> weights,
                                          std::span<const std::uint32_t> rows,
                                          std::span<const std::uint32_t> categorical, std::size_t max_bins,
                                          std::uint64_t random_state, int n_jobs) {
  std::vector<ColumnBins> columns(x.columns());
  for (const std::uint32_t column : categorical) {
    columns[column].is_categorical = true;
  }
  const std::vector<std::uint32_t> seen = rows_to_look_at(rows, Random(random_state, 1));
  constexpr std::size_t together = 16;  // columns that lie side by side in memory
  parallel_for(columns.size(), {.n_jobs = n_jobs}, {.grain = together}, [&](std::size_t begin, std::size_t end) {
    std::vector<std::vector<float>> values(end - begin);
    std::vector<std::vector<float>> counts(weights.empty() ? 0 : end - begin);
    for (std::vector<float>& one : values) {
      one.reserve(seen.size());
    }
    for (const std::uint32_t row : seen) {
      for (std::size_t column = begin; column < end; ++column) {
        const float value = x(row, column);
        if (is_missing(value)) {
          continue;
        }
        values[column - begin].push_back(value + 0.0F);  // -0 becomes 0
        if (!weights.empty()) {
          counts[column - begin].push_back(weights[row]);
        }
      }
    }
    static const std::vector<float> no_weights;
    for (std::size_t column = begin; column < end; ++column) {
      if (columns[column].is_categorical) {
        columns[column].codes = frequent_codes(x, weights, rows, column, max_bins);
      } else {
        columns[column].edges =
            edges_of(values[column - begin], weights.empty() ? no_weights : counts[column - begin], max_bins);
      }
    }
  });
  return columns;
}

}  // namespace nad::detail
