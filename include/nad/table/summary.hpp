#pragma once

/// What is in a column, in a few numbers.
///
///   for (const auto& [value, count] : nad::value_counts(flows["service"])) ...    // "http" 9120, "dns" 4410, ...
///   nad::ColumnSummary duration = nad::summarise(flows["duration"]);
///   *duration.median;
///   std::cout << nad::describe(flows);                                             // one row a column

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/table/column.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct ValueCount {
  std::string value;  ///< as Column::format writes it
  std::size_t count = 0;

  friend bool operator==(const ValueCount&, const ValueCount&) = default;
};

/// How often each value occurs, the most frequent first, of equally frequent ones the one seen first. Missing values
/// are left out.
NAD_API std::vector<ValueCount> value_counts(const Column& column);

/// Members that mean nothing for a column's type, or for a column without values, are empty.
struct ColumnSummary {
  /// Distinct values are counted up to here.
  static constexpr std::size_t most_distinct = 1'000'000;

  ColumnType type = ColumnType::number;
  std::size_t rows = 0;
  std::size_t missing = 0;
  std::size_t distinct = 0;  ///< values that are there; exact where `distinct_is_exact`, else there are more
  bool distinct_is_exact = true;
  std::size_t infinite = 0;  ///< of a number column

  // Numbers and integers. Quantiles lie between two values where no value is there (linearly, as NumPy has it);
  // infinities are ordered with the rest, but are no part of mean and deviation.
  std::optional<double> minimum = std::nullopt;
  std::optional<double> lower_quartile = std::nullopt;
  std::optional<double> median = std::nullopt;
  std::optional<double> upper_quartile = std::nullopt;
  std::optional<double> maximum = std::nullopt;
  std::optional<double> mean = std::nullopt;       ///< of truth values the share that is true
  std::optional<double> deviation = std::nullopt;  ///< standard deviation of the sample (divided by n - 1)

  // Times, in nanoseconds since 1970.
  std::optional<std::int64_t> first = std::nullopt;
  std::optional<std::int64_t> last = std::nullopt;

  // Categories, texts, addresses, truth values; not where distinct values were too many to count.
  std::optional<ValueCount> most_frequent = std::nullopt;
};

NAD_API ColumnSummary summarise(const Column& column);

/// One row a column of the table: its name, type, role, and what `summarise` says.
NAD_API Table describe(const Table& table);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/summary-inl.hpp"
#endif
