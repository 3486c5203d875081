#pragma once

// Values of any column as 128 bits, to find what belongs together: addresses and whole numbers as they are, texts by a
// hash that is long enough for two never to meet.

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detail/hash.hpp"
#include "nad/table/column.hpp"

namespace nad::detail {

struct RecordKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const RecordKey&, const RecordKey&) noexcept = default;
};

/// The key of a missing value.
inline constexpr RecordKey missing_key = {~0ULL, ~0ULL};

/// Another in each process: nobody can choose addresses that all fall into one place of a table. Nothing that comes out
/// depends on it.
inline std::uint64_t process_seed() noexcept {
  static const std::uint64_t seed = [] {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    const int here = 0;
    std::uint64_t address = 0;
    const int* pointer = &here;
    static_assert(sizeof pointer <= sizeof address);
    std::memcpy(&address, &pointer, sizeof pointer);
    return mix_bits(static_cast<std::uint64_t>(now) ^ mix_bits(address));
  }();
  return seed;
}

inline std::uint64_t hash_key(const RecordKey& key, std::uint64_t seed) noexcept {
  return mix_bits(key.low ^ mix_bits(key.high ^ seed));
}

inline RecordKey key_of_text(std::string_view text) noexcept { return {hash_text(text, 1), hash_text(text, 2)}; }

/// The key of two values together.
inline RecordKey joined_key(const RecordKey& a, const RecordKey& b) noexcept {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
  return {mix_bits(mix_bits(a.high + golden) ^ a.low) ^ mix_bits(b.low + golden),
          mix_bits(mix_bits(b.high + golden) ^ b.low) + mix_bits(a.low ^ golden)};
}

/// Gives the keys of a column block by block.
class KeyReader {
 public:
  explicit KeyReader(const Column& column) : column_(&column) {
    if (column.type() == ColumnType::category && column.categories().size() <= column.size()) {
      known_.reserve(column.categories().size());
      for (std::size_t code = 0; code < column.categories().size(); ++code) {
        known_.push_back(key_of_text(column.categories()[static_cast<std::int32_t>(code)]));
      }
    }
  }

  /// Rows from `first` on.
  void read(std::size_t first, std::span<RecordKey> out) const {
    const ColumnParts& parts = column_->parts();
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t row = first + i;
      if (column_->is_missing(row)) {
        out[i] = missing_key;
        continue;
      }
      switch (parts.type) {
        case ColumnType::integer:
        case ColumnType::time:
          out[i] = {0, static_cast<std::uint64_t>(parts.integers[row])};
          break;
        case ColumnType::address:
          std::memcpy(&out[i], parts.addresses[row].bytes().data(), sizeof out[i]);
          break;
        case ColumnType::number: {
          // a whole one is the integer, which the same column may be in another table
          const double value = parts.numbers[row];
          out[i] = {1, 0};
          if (value >= -0x1p53 && value <= 0x1p53 && value == std::floor(value)) {
            out[i] = {0, static_cast<std::uint64_t>(static_cast<std::int64_t>(value))};
          } else {
            std::memcpy(&out[i].low, &value, sizeof value);
          }
          break;
        }
        case ColumnType::boolean:
          out[i] = {0, parts.booleans[row]};
          break;
        case ColumnType::category:
          out[i] =
              known_.empty() ? key_of_text(column_->text(row)) : known_[static_cast<std::size_t>(parts.codes[row])];
          break;
        case ColumnType::text:
          out[i] = key_of_text(column_->text(row));
          break;
      }
    }
  }

 private:
  const Column* column_;
  std::vector<RecordKey> known_;
};

}  // namespace nad::detail
