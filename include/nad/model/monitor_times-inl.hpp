#pragma once

// When the records of a table ended, as `record_time` says it, for all of its rows.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "nad/table/table.hpp"

namespace nad::detail {

/// Null where there is none of this name and type.
inline const Column* column_of(const Table& records, const char* name, ColumnType type) {
  const auto place = records.schema().find(name);
  return place && records.column(*place).type() == type ? &records.column(*place) : nullptr;
}

class RecordTimes {
 public:
  explicit RecordTimes(const Table& records) {
    end_ = column_of(records, "last_seen", ColumnType::time);
    begin_ = column_of(records, "timestamp", ColumnType::time);
    duration_ = column_of(records, "duration", ColumnType::number);
    for (std::size_t place = 0; place < records.columns(); ++place) {
      const Field& field = records.schema()[place];
      if (field.role == Role::moment && field.type == ColumnType::time && other_ == nullptr) {
        other_ = &records.column(place);
      }
    }
  }

  /// When it began.
  std::optional<std::int64_t> begin_of(std::size_t row) const {
    const Column* const begin = has(begin_, row) ? begin_ : other_;
    return has(begin, row) ? std::optional(begin->times()[row]) : std::nullopt;
  }

  std::optional<std::int64_t> of(std::size_t row) const {
    if (has(end_, row)) {
      return end_->times()[row];
    }
    const std::optional<std::int64_t> begin = begin_of(row);
    if (!begin) {
      return std::nullopt;
    }
    const std::int64_t first = *begin;
    const double seconds = has(duration_, row) ? duration_->numbers()[row] : 0.0;
    constexpr double most = 1e9;
    const std::int64_t passed = seconds >= 0.0 && seconds < most ? std::llround(seconds * 1e9) : 0;
    constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
    return first > latest - passed ? latest : first + passed;
  }

 private:
  static bool has(const Column* column, std::size_t row) { return column != nullptr && !column->is_missing(row); }

  const Column* end_ = nullptr;
  const Column* begin_ = nullptr;
  const Column* duration_ = nullptr;
  const Column* other_ = nullptr;
};

}  // namespace nad::detail
