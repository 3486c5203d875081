#pragma once

// Which rows a tree sees.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/distinct_rows-inl.hpp"
#include "nad/detector/isolation_forest.hpp"

namespace nad::detail {

/// The rows that trees may draw, and how likely each is. Weights that are whole numbers count copies: a weight of 3 is
/// the same as three such rows. Other weights, and more copies than `most_copies`, say how likely a row is drawn before
/// the others, once at most.
class RowPool {
 public:
  RowPool(MatrixView x, std::span<const float> sample_weight, UniqueRows unique_rows) {
    if (unique_rows != UniqueRows::off) {
      for (const DistinctRow& distinct : distinct_rows(x, sample_weight)) {
        add(distinct.row, weight_of(distinct, unique_rows));
      }
    } else if (!sample_weight.empty()) {
      for (std::size_t row = 0; row < x.rows(); ++row) {
        add(row, sample_weight[row]);
      }
      count_copies();
    } else {
      count_ = x.rows();
    }
    drop_equal_weights();
  }

  /// Every row of a table that is elsewhere.
  explicit RowPool(std::uint64_t table_rows) : count_(table_rows) {}

  /// The same, where these of its rows are here.
  RowPool(std::uint64_t table_rows, std::span<const std::uint64_t> numbers) : numbers_(numbers), count_(table_rows) {}

  std::size_t size() const noexcept { return count_; }

  /// `wanted` rows, each at most once unless `bootstrap`.
  void draw(std::size_t wanted, bool bootstrap, Random& random, std::vector<std::size_t>& rows) const {
    rows.clear();
    if (bootstrap) {
      for (std::size_t i = 0; i < wanted; ++i) {
        rows.push_back(one(random));
      }
    } else if (wanted == count_) {
      rows.resize(count_);
      std::iota(rows.begin(), rows.end(), std::size_t{0});
    } else if (wanted > count_ / 4) {
      draw_most(wanted, random, rows);
    } else {
      draw_few(wanted, random, rows);
    }
    for (std::size_t& row : rows) {
      const std::size_t place = counts_copies_ ? place_of(static_cast<double>(row)) : row;
      row = rows_.empty() ? place : rows_[place];
    }
    if (!numbers_.empty()) {
      for (std::size_t& row : rows) {
        row = here(row);
      }
    }
  }

 private:
  /// Which of the rows that are here has this number.
  std::size_t here(std::uint64_t number) const {
    const auto found = std::lower_bound(numbers_.begin(), numbers_.end(), number);
    if (found == numbers_.end() || *found != number) {
      throw Error(ErrorCode::invalid_argument,
                  "a tree sees row " + std::to_string(number) + ", which is not here; give the rows of drawn_rows()");
    }
    return static_cast<std::size_t>(found - numbers_.begin());
  }

  void add(std::size_t row, double weight) {
    if (weight > 0.0) {
      rows_.push_back(row);
      cumulative_.push_back((cumulative_.empty() ? 0.0 : cumulative_.back()) + weight);
      ++count_;
    }
  }

  static constexpr double most_copies = 0x1p26;  ///< a tree may want an index for each

  /// A draw is one of the copies of all rows.
  void count_copies() {
    const bool whole =
        std::all_of(cumulative_.begin(), cumulative_.end(), [](double sum) { return sum == std::floor(sum); });
    if (!cumulative_.empty() && whole && cumulative_.back() <= most_copies &&
        cumulative_.back() != static_cast<double>(count_)) {
      counts_copies_ = true;
      count_ = static_cast<std::size_t>(cumulative_.back());
    }
  }

  /// Equal weights are the same as none, and faster.
  void drop_equal_weights() {
    if (counts_copies_) {
      return;
    }
    for (std::size_t i = 1; i < cumulative_.size(); ++i) {
      if (weight(i) != weight(0)) {
        return;
      }
    }
    cumulative_.clear();
  }

  double weight(std::size_t place) const { return cumulative_[place] - (place == 0 ? 0.0 : cumulative_[place - 1]); }

  bool equally_likely() const noexcept { return cumulative_.empty() || counts_copies_; }

  std::size_t place_of(double point) const {
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), point);
    return std::min(static_cast<std::size_t>(found - cumulative_.begin()), cumulative_.size() - 1);
  }

  std::size_t one(Random& random) const {
    return equally_likely() ? random.below(count_) : place_of(random.uniform() * cumulative_.back());
  }

  /// Draws again what was drawn before; a small open hash table remembers.
  void draw_few(std::size_t wanted, Random& random, std::vector<std::size_t>& rows) const {
    std::size_t slots = 64;
    while (slots < 2 * wanted) {
      slots *= 2;
    }
    constexpr std::size_t empty = std::numeric_limits<std::size_t>::max();
    std::vector<std::size_t> table(slots, empty);
    std::size_t repeats = 0;
    while (rows.size() < wanted) {
      const std::size_t row = one(random);
      std::size_t slot = static_cast<std::size_t>(mix_bits(row)) & (slots - 1);
      while (table[slot] != empty && table[slot] != row) {
        slot = (slot + 1) & (slots - 1);
      }
      if (table[slot] == empty) {
        table[slot] = row;
        rows.push_back(row);
      } else if (++repeats > 16 * wanted) {
        rows.clear();  // a few heavy rows take nearly all draws
        draw_most(wanted, random, rows);
        return;
      }
    }
  }

  /// One key a row, the largest keys win: log(u) / weight orders rows as drawing one after the other would.
  void draw_most(std::size_t wanted, Random& random, std::vector<std::size_t>& rows) const {
    rows.resize(count_);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    if (equally_likely()) {
      for (std::size_t i = 0; i < wanted; ++i) {
        std::swap(rows[i], rows[i + random.below(count_ - i)]);
      }
    } else {
      std::vector<double> key(count_);
      for (std::size_t i = 0; i < count_; ++i) {
        key[i] = std::log(1.0 - random.uniform()) / weight(i);
      }
      std::nth_element(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(wanted), rows.end(),
                       [&](std::size_t a, std::size_t b) { return key[a] > key[b] || (key[a] == key[b] && a < b); });
      std::sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(wanted));
    }
    rows.resize(wanted);
  }

  std::span<const std::uint64_t> numbers_;  ///< rising, of the rows that are here; empty: all are
  std::vector<std::size_t> rows_;           ///< empty: every row
  std::vector<double> cumulative_;          ///< empty: every row is as likely as any other
  bool counts_copies_ = false;              ///< a draw is a copy, else a row
  std::size_t count_ = 0;
};

inline std::size_t rows_a_tree(const IsolationForestOptions& options, const RowPool& pool) {
  const std::size_t samples =
      options.max_samples.of(pool.size(), std::min<std::size_t>(256, pool.size()), "max_samples");
  if (samples < 2) {
    throw Error(ErrorCode::invalid_argument, "max_samples gives each tree 1 row of " + std::to_string(pool.size()) +
                                                 "; a tree compares rows, give at least 2");
  }
  return samples;
}

/// The median of the values that are there, halfway between the two in the middle; 0 for a column that has none.
inline std::vector<float> column_medians(MatrixView x) {
  std::vector<float> medians(x.columns(), 0.0F);
  std::vector<float> present;
  for (std::size_t column = 0; column < x.columns(); ++column) {
    present.clear();
    for (std::size_t row = 0; row < x.rows(); ++row) {
      if (!is_missing(x(row, column))) {
        present.push_back(x(row, column));
      }
    }
    if (!present.empty()) {
      const auto middle = present.begin() + static_cast<std::ptrdiff_t>(present.size() / 2);
      std::nth_element(present.begin(), middle, present.end());
      const double upper = *middle;
      const double lower = present.size() % 2 == 0 ? *std::max_element(present.begin(), middle) : *middle;
      medians[column] = static_cast<float>(lower + (upper - lower) / 2.0);
    }
  }
  return medians;
}

}  // namespace nad::detail
