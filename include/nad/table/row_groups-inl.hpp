#pragma once

// Which rows of a table, or of a column, are equal; not for users.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detail/hash.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

/// The columns named, all of them where none is.
inline std::vector<const Column*> chosen_columns(const Table& table, const std::vector<std::string>& names) {
  std::vector<const Column*> columns;
  columns.reserve(names.empty() ? table.columns() : names.size());
  for (const std::string& name : names) {
    columns.push_back(&table[name]);
  }
  if (names.empty()) {
    for (std::size_t place = 0; place < table.columns(); ++place) {
      columns.push_back(&table.column(place));
    }
  }
  return columns;
}

/// Numbers that are equal have the same word: 0 and -0 do, all NaN do.
inline std::uint64_t number_word(double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  constexpr std::uint64_t minus_zero = std::uint64_t{1} << 63U;
  return bits == minus_zero ? 0 : is_nan(value) ? ~std::uint64_t{0} : bits;
}

/// Gives each row the number of its group: rows are in one group when their values are equal, column by column. Groups
/// are numbered in the order of their first rows.
class RowGroups {
 public:
  explicit RowGroups(std::vector<const Column*> columns)
      : columns_(std::move(columns)), seed_(unknown_seed()), slots_(64, 0) {}

  std::size_t groups() const noexcept { return first_rows_.size(); }
  /// The first row of each group.
  const std::vector<std::size_t>& first_rows() const noexcept { return first_rows_; }

  static constexpr std::size_t block = 1024;

  /// The groups of rows [first, first + out.size()), at most `block` of them.
  void add(std::size_t first, std::span<std::size_t> out) {
    std::array<std::uint64_t, block> hashes{};
    std::fill_n(hashes.begin(), out.size(), seed_);
    for (const Column* column : columns_) {
      hash_column(*column, first, {hashes.data(), out.size()});
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = group_of(first + i, hashes[i]);
    }
  }

 private:
  /// Whoever writes the records must not be able to choose values of one hash, which would make this quadratic. The
  /// groups do not depend on it.
  std::uint64_t unknown_seed() const noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    return mix_bits(static_cast<std::uint64_t>(now) ^ mix_bits(reinterpret_cast<std::uintptr_t>(this)));
  }

  template <class Word>
  static void mix_words(const Column& column, std::size_t first, std::span<std::uint64_t> hashes, Word word) {
    const ColumnParts& parts = column.parts();
    if (parts.valid.empty()) {
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        hashes[i] = mix_bits(hashes[i] ^ word(first + i));
      }
      return;
    }
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const std::size_t row = first + i;
      hashes[i] = mix_bits(hashes[i] ^ (column.is_missing(row) ? ~std::uint64_t{0} : word(row)));
    }
  }

  static void hash_column(const Column& column, std::size_t first, std::span<std::uint64_t> hashes) {
    const ColumnParts& parts = column.parts();
    switch (parts.type) {
      case ColumnType::number:
        mix_words(column, first, hashes, [&](std::size_t row) { return number_word(parts.numbers[row]); });
        break;
      case ColumnType::integer:
      case ColumnType::time:
        mix_words(column, first, hashes,
                  [&](std::size_t row) { return static_cast<std::uint64_t>(parts.integers[row]); });
        break;
      case ColumnType::category:
        mix_words(column, first, hashes, [&](std::size_t row) { return static_cast<std::uint64_t>(parts.codes[row]); });
        break;
      case ColumnType::text:
        for (std::size_t i = 0; i < hashes.size(); ++i) {
          const bool missing = column.is_missing(first + i);
          hashes[i] = missing ? mix_bits(~hashes[i]) : hash_text(column.text(first + i), hashes[i]);
        }
        break;
      case ColumnType::address:
        mix_words(column, first, hashes, [&](std::size_t row) {
          std::array<std::uint64_t, 2> words{};
          std::memcpy(words.data(), parts.addresses[row].bytes().data(), 16);
          return mix_bits(words[0]) ^ words[1];
        });
        break;
      case ColumnType::boolean:
        mix_words(column, first, hashes,
                  [&](std::size_t row) { return static_cast<std::uint64_t>(parts.booleans[row] != 0); });
        break;
    }
  }

  static bool equal_values(const Column& column, std::size_t a, std::size_t b) noexcept {
    const ColumnParts& parts = column.parts();
    if (!parts.valid.empty()) {
      const bool missing = column.is_missing(a);
      if (missing || column.is_missing(b)) {
        return missing == column.is_missing(b);
      }
    }
    switch (parts.type) {
      case ColumnType::number:
        return number_word(parts.numbers[a]) == number_word(parts.numbers[b]);
      case ColumnType::integer:
      case ColumnType::time:
        return parts.integers[a] == parts.integers[b];
      case ColumnType::category:
        return parts.codes[a] == parts.codes[b];
      case ColumnType::text:
        return column.text(a) == column.text(b);
      case ColumnType::address:
        return parts.addresses[a] == parts.addresses[b];
      case ColumnType::boolean:
        return (parts.booleans[a] != 0) == (parts.booleans[b] != 0);
    }
    return false;
  }

  bool equal_rows(std::size_t a, std::size_t b) const noexcept {
    return std::all_of(columns_.begin(), columns_.end(),
                       [&](const Column* column) { return equal_values(*column, a, b); });
  }

  std::size_t group_of(std::size_t row, std::uint64_t hash) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = static_cast<std::size_t>(hash) & mask;
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
      const std::size_t group = slots_[slot] - 1;
      if (hashes_[group] == hash && equal_rows(first_rows_[group], row)) {
        return group;
      }
    }
    first_rows_.push_back(row);
    hashes_.push_back(hash);
    slots_[slot] = groups();
    if (2 * groups() > slots_.size()) {
      grow();
    }
    return groups() - 1;
  }

  void grow() {
    const std::size_t mask = 2 * slots_.size() - 1;
    slots_.assign(mask + 1, 0);
    for (std::size_t group = 0; group < groups(); ++group) {
      std::size_t slot = static_cast<std::size_t>(hashes_[group]) & mask;
      while (slots_[slot] != 0) {
        slot = (slot + 1) & mask;
      }
      slots_[slot] = group + 1;
    }
  }

  std::vector<const Column*> columns_;
  std::uint64_t seed_;
  std::vector<std::size_t> first_rows_;
  std::vector<std::uint64_t> hashes_;  ///< of each group
  std::vector<std::size_t> slots_;     ///< group + 1, 0 where free; a power of two, at most half full
};

/// The group of each row.
inline std::vector<std::size_t> group_rows(RowGroups& groups, std::size_t rows) {
  std::vector<std::size_t> group_of_row(rows);
  for (std::size_t first = 0; first < rows; first += RowGroups::block) {
    groups.add(first, {group_of_row.data() + first, std::min(RowGroups::block, rows - first)});
  }
  return group_of_row;
}

}  // namespace nad::detail
