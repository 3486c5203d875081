#pragma once

// How many records a day brings, by the times of those that are there.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "nad/table/table.hpp"

namespace nad::detail {

/// How many records come in a second, by the middle 98 % of these times and what lies no further off than they are
/// long: a clock that was not set, or one record of another year, must not make a day of decades. Nothing where the
/// middle is one moment.
inline std::optional<double> records_per_second(std::vector<std::int64_t> times) {
  if (times.size() < 2) {
    return std::nullopt;
  }
  const std::size_t few = times.size() / 100;
  const std::size_t cut = times.size() < 8 ? 0 : std::max<std::size_t>(few, 1);
  const auto at = [&](std::size_t place) {
    const auto wanted = times.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(times.begin(), wanted, times.end());
    return static_cast<double>(*wanted);
  };
  const double low = at(cut);
  const double high = at(times.size() - 1 - cut);
  const double length = high - low;
  double first = high;
  double last = low;
  std::size_t count = 0;
  for (const std::int64_t time : times) {
    const auto moment = static_cast<double>(time);
    if (moment >= low - length && moment <= high + length) {
      first = std::min(first, moment);
      last = std::max(last, moment);
      ++count;
    }
  }
  return last > first ? std::optional(static_cast<double>(count - 1) / (last - first) * 1e9) : std::nullopt;
}

/// Records a day, by the first column of moments that tells; those without a sound time count as well.
inline std::optional<double> daily_records(const Table& table) {
  constexpr double day = 86'400.0;
  for (std::size_t place = 0; place < table.columns(); ++place) {
    const Column& column = table.column(place);
    if (table.schema()[place].role != Role::moment || column.type() != ColumnType::time) {
      continue;
    }
    std::vector<std::int64_t> times;
    times.reserve(column.size());
    for (std::size_t row = 0; row < column.size(); ++row) {
      if (!column.is_missing(row)) {
        times.push_back(column.times()[row]);
      }
    }
    const auto timed = static_cast<double>(times.size());
    if (const std::optional<double> rate = records_per_second(std::move(times))) {
      return *rate * day * static_cast<double>(column.size()) / timed;
    }
  }
  return std::nullopt;
}

}  // namespace nad::detail
