#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <string_view>

#include "nad/core/error.hpp"
#include "nad/table/sorting.hpp"

namespace nad {

namespace detail {

inline constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63U;

/// Words in the order of the numbers; -0 is 0.
inline std::uint64_t ordered_word(double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  if (bits == sign_bit) {
    bits = 0;
  }
  return (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
}

/// The first eight bytes as one number, zeros behind a shorter text.
inline std::uint64_t leading_word(std::string_view text) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    word = word << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return word;
}

struct SortEntry {
  std::uint64_t word = 0;
  std::size_t row = 0;
};

/// By words; equal ones stay in their order. Long runs byte by byte, from the last, those left out that all words
/// share.
inline void sort_entries(std::vector<SortEntry>& entries) {
  constexpr std::size_t few = 512;
  if (entries.size() < few) {
    std::stable_sort(entries.begin(), entries.end(),
                     [](const SortEntry& a, const SortEntry& b) { return a.word < b.word; });
    return;
  }
  std::uint64_t differing = 0;
  for (const SortEntry& entry : entries) {
    differing |= entry.word ^ entries.front().word;
  }
  std::vector<SortEntry> sorted(entries.size());
  for (unsigned shift = 0; shift < 64; shift += 8) {
    if ((differing >> shift & 0xffU) == 0) {
      continue;
    }
    std::array<std::size_t, 257> begins{};
    for (const SortEntry& entry : entries) {
      ++begins[(entry.word >> shift & 0xffU) + 1];
    }
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    for (const SortEntry& entry : entries) {
      sorted[begins[entry.word >> shift & 0xffU]++] = entry;
    }
    entries.swap(sorted);
  }
}

/// Sorts by one column after the other: runs of rows that are equal by the first are sorted by the second.
class RowSorter {
 public:
  RowSorter(const Table& table, const std::vector<std::string>& by, bool descending)
      : rows_(table.rows()), descending_(descending) {
    for (const std::string& name : by) {
      keys_.push_back({&table[name], {}});
      if (table[name].type() == ColumnType::category) {
        rank_categories(keys_.back());
      }
    }
  }

  std::vector<std::size_t> sorted() const {
    std::vector<std::size_t> order(rows_);
    std::iota(order.begin(), order.end(), std::size_t{0});
    sort_run(order, 0);
    return order;
  }

 private:
  struct Key {
    const Column* column = nullptr;
    std::vector<std::uint32_t> ranks;  ///< of each category
  };

  static void rank_categories(Key& key) {
    const Dictionary& categories = key.column->categories();
    std::vector<std::int32_t> codes(categories.size());
    std::iota(codes.begin(), codes.end(), 0);
    std::sort(codes.begin(), codes.end(),
              [&](std::int32_t a, std::int32_t b) { return categories[a] < categories[b]; });
    key.ranks.resize(codes.size());
    for (std::size_t rank = 0; rank < codes.size(); ++rank) {
      key.ranks[static_cast<std::size_t>(codes[rank])] = static_cast<std::uint32_t>(rank);
    }
  }

  /// A smaller word: an earlier row. Equal words of texts and addresses leave it open.
  std::uint64_t word(const Key& key, std::size_t row) const noexcept {
    const ColumnParts& parts = key.column->parts();
    std::uint64_t word = 0;
    switch (parts.type) {
      case ColumnType::number:
        word = ordered_word(parts.numbers[row]);
        break;
      case ColumnType::integer:
      case ColumnType::time:
        word = static_cast<std::uint64_t>(parts.integers[row]) ^ sign_bit;
        break;
      case ColumnType::category:
        word = key.ranks[static_cast<std::size_t>(parts.codes[row])];
        break;
      case ColumnType::text:
        word = leading_word(key.column->text(row));
        break;
      case ColumnType::address: {
        const auto& bytes = parts.addresses[row].bytes();
        word = leading_word({reinterpret_cast<const char*>(bytes.data()), 8});
        break;
      }
      case ColumnType::boolean:
        word = parts.booleans[row] != 0 ? 1 : 0;
        break;
    }
    return descending_ ? ~word : word;
  }

  void sort_run(std::span<std::size_t> run, std::size_t place) const {
    if (run.size() < 2 || place == keys_.size()) {
      return;
    }
    const Key& key = keys_[place];
    std::vector<SortEntry> entries;
    std::vector<std::size_t> missing;
    entries.reserve(run.size());
    for (const std::size_t row : run) {
      if (key.column->is_missing(row)) {
        missing.push_back(row);
      } else {
        entries.push_back({word(key, row), row});
      }
    }
    sort_entries(entries);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      run[i] = entries[i].row;
    }
    std::copy(missing.begin(), missing.end(), run.begin() + static_cast<std::ptrdiff_t>(entries.size()));
    for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
      while (end < entries.size() && entries[end].word == entries[begin].word) {
        ++end;
      }
      sort_equal_words(run.subspan(begin, end - begin), place);
    }
    sort_run(run.subspan(entries.size()), place + 1);
  }

  void sort_equal_words(std::span<std::size_t> run, std::size_t place) const {
    const Column& column = *keys_[place].column;
    if (column.type() == ColumnType::text) {
      sort_by(run, place, [&](std::size_t row) { return column.text(row); });
    } else if (column.type() == ColumnType::address) {
      sort_by(run, place, [&](std::size_t row) -> const Address& { return column.addresses()[row]; });
    } else {
      sort_run(run, place + 1);
    }
  }

  /// Sorts by the values themselves; equal ones by the next column.
  template <class Value>
  void sort_by(std::span<std::size_t> run, std::size_t place, Value value) const {
    if (run.size() < 2) {
      return;
    }
    std::stable_sort(run.begin(), run.end(), [&](std::size_t a, std::size_t b) {
      return descending_ ? value(b) < value(a) : value(a) < value(b);
    });
    for (std::size_t begin = 0, end = 0; begin < run.size(); begin = end) {
      while (end < run.size() && value(run[end]) == value(run[begin])) {
        ++end;
      }
      sort_run(run.subspan(begin, end - begin), place + 1);
    }
  }

  std::vector<Key> keys_;
  std::size_t rows_;
  bool descending_;
};

}  // namespace detail

NAD_INLINE std::vector<std::size_t> sorted_rows(const Table& table, const std::vector<std::string>& by,
                                                const SortOptions& options) {
  if (by.empty()) {
    throw Error(ErrorCode::invalid_argument, "sorting needs the name of a column to sort by");
  }
  return detail::RowSorter(table, by, options.descending).sorted();
}

NAD_INLINE Table sort(const Table& table, const std::vector<std::string>& by, const SortOptions& options) {
  return table.take(sorted_rows(table, by, options));
}

}  // namespace nad
