#pragma once

// The rows that boosted trees learn from, as bins. Rows that fall into the same bins, with the same label, go the same
// way in every tree: they are kept once, with the sum of their weights. Traffic repeats itself, so this is often most
// of the work that there is.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/boosted_bins-inl.hpp"

namespace nad::detail {

/// Some of the caller's rows with their classes and weights.
struct LabelledRows {
  MatrixView x;
  std::span<const std::uint32_t> label;   ///< of each row of x, the number of its class
  std::span<const double> weight;         ///< of each row of x
  std::span<const std::uint32_t> copies;  ///< how many rows each row of x stands for, or none where that is one
  std::vector<std::uint32_t> rows;        ///< those that count
};

/// Columns whose bins are counted together: so few that the sums stay in a fast cache.
struct ColumnGroup {
  std::vector<std::size_t> columns;
  std::size_t first_bin;
  bool is_sparse;                   ///< a column's usual bin is left out: its sum is what the others leave
  std::vector<std::size_t> begin;   ///< for each row and the end, where its bins begin; none where all have as many
  std::vector<std::uint16_t> bins;  ///< counted from first_bin
};

struct BinnedRows {
  std::size_t size = 0;
  std::vector<std::uint8_t> bins;  ///< column after column
  std::vector<std::uint32_t> label;
  std::vector<double> weight;
  std::vector<std::uint32_t> copies;

  const std::uint8_t* column(std::size_t column) const noexcept { return bins.data() + column * size; }
};

/// Bins of rows, one row behind the other, each followed by its label and zeros up to the next multiple of 8.
class RowKeys {
 public:
  RowKeys(const LabelledRows& from, std::span<const ColumnBins> columns, int n_jobs)
      : stride_((columns.size() + sizeof(std::uint32_t) + 7) / 8 * 8),
        keys_(from.rows.size() * stride_),
        hashes_(from.rows.size()) {
    std::vector<CategoryColumn> categories;
    std::vector<const CategoryColumn*> category_of(columns.size(), nullptr);
    categories.reserve(columns.size());
    for (std::size_t column = 0; column < columns.size(); ++column) {
      if (columns[column].is_categorical) {
        categories.emplace_back(column, columns[column].codes);
        category_of[column] = &categories.back();
      }
    }
    parallel_for(from.rows.size(), {.n_jobs = n_jobs}, {.grain = 4096}, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const float* const values = from.x.row(from.rows[i]);
        std::uint8_t* const key = keys_.data() + i * stride_;
        for (std::size_t column = 0; column < columns.size(); ++column) {
          const auto missing = static_cast<std::uint8_t>(columns[column].n_values());
          if (category_of[column] != nullptr) {
            key[column] = std::min(category_of[column]->number(values[column]), missing);
          } else {
            key[column] = is_missing(values[column]) ? missing : columns[column].bin(values[column]);
          }
        }
        std::memcpy(key + columns.size(), &from.label[from.rows[i]], sizeof(std::uint32_t));
        hashes_[i] = hash(key);
      }
    });
  }

  const std::uint8_t* key(std::size_t row) const noexcept { return keys_.data() + row * stride_; }

  /// For each row the number of the first one like it, in `first_like`.
  std::vector<std::uint32_t> first_like() const {
    constexpr std::uint32_t empty = std::numeric_limits<std::uint32_t>::max();
    std::size_t slots = 64;
    while (slots < 2 * hashes_.size()) {
      slots *= 2;
    }
    std::vector<std::uint32_t> table(slots, empty);
    std::vector<std::uint32_t> found(hashes_.size());
    for (std::uint32_t row = 0; row < found.size(); ++row) {
      std::size_t slot = static_cast<std::size_t>(hashes_[row]) & (slots - 1);
      while (table[slot] != empty &&
             !(hashes_[table[slot]] == hashes_[row] && std::memcmp(key(table[slot]), key(row), stride_) == 0)) {
        slot = (slot + 1) & (slots - 1);
      }
      if (table[slot] == empty) {
        table[slot] = row;
      }
      found[row] = table[slot];
    }
    return found;
  }

 private:
  std::uint64_t hash(const std::uint8_t* key) const noexcept {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < stride_; at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, key + at, sizeof word);
      sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;
      sum ^= sum >> 29U;
    }
    return mix_bits(sum);
  }

  std::size_t stride_;
  std::vector<std::uint8_t> keys_;
  std::vector<std::uint64_t> hashes_;
};

/// Adds what missing values there are to the bins; `learnt` is false for rows that are only watched.
inline BinnedRows bin_rows(const LabelledRows& from, std::vector<ColumnBins>& columns, bool learnt, int n_jobs) {
  const RowKeys keys(from, columns, n_jobs);
  const std::vector<std::uint32_t> first_like = keys.first_like();
  BinnedRows binned;
  std::vector<std::uint32_t> place(first_like.size());
  std::vector<std::uint32_t> kept;
  for (std::uint32_t i = 0; i < first_like.size(); ++i) {
    const std::uint32_t row = from.rows[i];
    const std::uint32_t first = first_like[i];
    if (first == i) {
      place[i] = static_cast<std::uint32_t>(kept.size());
      kept.push_back(i);
      binned.label.push_back(from.label[row]);
      binned.weight.push_back(0.0);
      binned.copies.push_back(0);
    }
    binned.weight[place[first]] += from.weight[row];
    binned.copies[place[first]] += from.copies.empty() ? 1 : from.copies[row];
  }
  binned.size = kept.size();
  binned.bins.resize(columns.size() * kept.size());
  constexpr std::size_t tile = 256;  // rows whose keys stay in the cache while columns are written
  parallel_for(kept.size(), {.n_jobs = n_jobs}, {.grain = 16 * tile}, [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = begin; first < end; first += tile) {
      for (std::size_t column = 0; column < columns.size(); ++column) {
        std::uint8_t* const to = binned.bins.data() + column * kept.size();
        for (std::size_t i = first; i < std::min(first + tile, end); ++i) {
          to[i] = keys.key(kept[i])[column];
        }
      }
    }
  });
  if (learnt) {
    parallel_for(columns.size(), {.n_jobs = n_jobs}, {.grain = 8}, [&](std::size_t begin, std::size_t end) {
      for (std::size_t column = begin; column < end; ++column) {
        const std::uint8_t* const bins = binned.column(column);
        const auto missing = static_cast<std::uint8_t>(columns[column].n_values());
        columns[column].has_missing = std::find(bins, bins + kept.size(), missing) != bins + kept.size();
      }
    });
  }
  return binned;
}

/// Where the sums of bins stand.
struct BinPlaces {
  std::size_t n_bins = 0;
  std::vector<std::size_t> begin;   ///< of each column
  std::vector<std::uint8_t> usual;  ///< the bin of each column that most rows fall into
  std::vector<ColumnGroup> groups;
};

inline void fill_group(const BinnedRows& rows, const BinPlaces& places, ColumnGroup& group) {
  const auto each = [&](const auto& use) {  // column by column, as they lie in memory
    for (const std::size_t column : group.columns) {
      const std::uint8_t* const bins = rows.column(column);
      const std::size_t offset = places.begin[column] - group.first_bin;
      for (std::size_t row = 0; row < rows.size; ++row) {
        if (!group.is_sparse || bins[row] != places.usual[column]) {
          use(row, static_cast<std::uint16_t>(offset + bins[row]));
        }
      }
    }
  };
  std::vector<std::size_t> next(rows.size);
  if (group.is_sparse) {
    group.begin.assign(rows.size + 1, 0);
    each([&](std::size_t row, std::uint16_t) { ++group.begin[row + 1]; });
    for (std::size_t row = 0; row < rows.size; ++row) {
      group.begin[row + 1] += group.begin[row];
      next[row] = group.begin[row];
    }
    group.bins.resize(group.begin.back());
  } else {
    for (std::size_t row = 0; row < rows.size; ++row) {
      next[row] = row * group.columns.size();
    }
    group.bins.resize(rows.size * group.columns.size());
  }
  each([&](std::size_t row, std::uint16_t bin) { group.bins[next[row]++] = bin; });
}

inline BinPlaces place_bins(const BinnedRows& rows, std::span<const ColumnBins> columns, int n_jobs) {
  BinPlaces places;
  places.begin.resize(columns.size());
  places.usual.resize(columns.size());
  std::vector<std::uint8_t> is_sparse(columns.size());
  parallel_for(columns.size(), {.n_jobs = n_jobs}, {.grain = 8}, [&](std::size_t begin, std::size_t end) {
    for (std::size_t column = begin; column < end; ++column) {
      std::array<std::size_t, 256> count{};
      for (std::size_t row = 0; row < rows.size; ++row) {
        ++count[rows.column(column)[row]];
      }
      const auto* const most = std::max_element(count.begin(), count.end());
      places.usual[column] = static_cast<std::uint8_t>(most - count.begin());
      is_sparse[column] = *most >= rows.size / 3 ? 1 : 0;
    }
  });
  for (const bool sparse : {false, true}) {
    const std::size_t bins_together = sparse ? 8192 : 2048;
    std::size_t group_end = 0;
    for (std::size_t column = 0; column < columns.size(); ++column) {
      if ((is_sparse[column] != 0) != sparse) {
        continue;
      }
      places.begin[column] = places.n_bins;
      places.n_bins += columns[column].n_bins();
      if (places.n_bins > group_end) {
        places.groups.push_back({{}, places.begin[column], sparse, {}, {}});
        group_end = places.begin[column] + bins_together;
      }
      places.groups.back().columns.push_back(column);
    }
  }
  parallel_for(places.groups.size(), {.n_jobs = n_jobs}, {}, [&](std::size_t first, std::size_t last) {
    for (std::size_t group = first; group < last; ++group) {
      fill_group(rows, places, places.groups[group]);
    }
  });
  return places;
}

}  // namespace nad::detail
