#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include "nad/table/column_builder.hpp"
#include "nad/table/row_groups-inl.hpp"
#include "nad/table/summary.hpp"

namespace nad {

namespace detail {

/// How often each distinct value occurs, in the order of their first rows; counting ends early when there are more than
/// `most`.
struct DistinctValues {
  std::vector<std::size_t> first_rows;
  std::vector<std::size_t> counts;
  bool complete = true;
};

inline DistinctValues distinct_values(const Column& column, std::size_t most) {
  RowGroups groups({&column});
  DistinctValues values;
  std::array<std::size_t, RowGroups::block> group_of_row{};
  for (std::size_t first = 0; first < column.size() && values.complete; first += RowGroups::block) {
    const std::size_t count = std::min(RowGroups::block, column.size() - first);
    groups.add(first, {group_of_row.data(), count});
    values.counts.resize(groups.groups());
    for (std::size_t i = 0; i < count; ++i) {
      ++values.counts[group_of_row[i]];
    }
    values.complete = groups.groups() <= most || first + count == column.size();
  }
  values.first_rows = groups.first_rows();
  for (std::size_t group = 0; group < values.counts.size(); ++group) {  // missing values are one group, or none
    if (column.is_missing(values.first_rows[group])) {
      values.first_rows.erase(values.first_rows.begin() + static_cast<std::ptrdiff_t>(group));
      values.counts.erase(values.counts.begin() + static_cast<std::ptrdiff_t>(group));
      break;
    }
  }
  values.complete = values.complete && values.counts.size() <= most;
  return values;
}

/// By linear interpolation between order statistics, as NumPy does; `values` is reordered.
inline double interpolated_quantile(std::vector<double>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(low);
  std::nth_element(values.begin(), place, values.end());
  const double rest = position - static_cast<double>(low);
  if (rest == 0.0) {
    return *place;
  }
  const double next = *std::min_element(place + 1, values.end());
  if (!is_finite(*place) || !is_finite(next)) {
    return rest < 0.5 ? *place : next;  // nothing lies between a number and infinity
  }
  return *place + (next - *place) * rest;
}

/// `values` has no NaN and is reordered.
inline void summarise_numbers(std::vector<double>& values, ColumnSummary& summary) {
  if (values.empty()) {
    return;
  }
  double sum = 0.0;
  std::size_t finite = 0;
  for (const double value : values) {
    if (is_finite(value)) {
      sum += value;
      ++finite;
    }
  }
  summary.infinite = values.size() - finite;
  if (finite != 0) {
    const double about = sum / static_cast<double>(finite);
    double off = 0.0;  // what rounding left in the mean
    double squares = 0.0;
    for (const double value : values) {
      if (is_finite(value)) {
        off += value - about;
        squares += (value - about) * (value - about);
      }
    }
    const auto n = static_cast<double>(finite);
    summary.mean = about + off / n;
    if (finite > 1) {
      summary.deviation = std::sqrt(std::max(0.0, squares - off * off / n) / (n - 1.0));
    }
  }
  if (summary.type == ColumnType::boolean) {
    summary.deviation.reset();
    return;
  }
  summary.lower_quartile = interpolated_quantile(values, 0.25);
  summary.median = interpolated_quantile(values, 0.5);
  summary.upper_quartile = interpolated_quantile(values, 0.75);
  const auto [minimum, maximum] = std::minmax_element(values.begin(), values.end());
  summary.minimum = *minimum;
  summary.maximum = *maximum;
}

inline void summarise_times(const Column& column, ColumnSummary& summary) {
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!column.is_missing(row)) {
      const std::int64_t time = column.parts().integers[row];
      summary.first = std::min(summary.first.value_or(time), time);
      summary.last = std::max(summary.last.value_or(time), time);
    }
  }
}

/// Builds the table of summaries, column by column.
class SummaryTable {
 public:
  template <class Value, class Add>
  void add(const char* name, ColumnType type, const std::vector<ColumnSummary>& summaries, Value value, Add put) {
    ColumnBuilder builder(type);
    for (const ColumnSummary& summary : summaries) {
      if (const auto& found = value(summary)) {
        put(builder, *found);
      } else {
        builder.add_missing();
      }
    }
    table_ = table_.with({name, type}, builder.finish());
  }

  void add_number(const char* name, const std::vector<ColumnSummary>& summaries,
                  std::optional<double> ColumnSummary::*member) {
    add(
        name, ColumnType::number, summaries, [&](const ColumnSummary& summary) { return summary.*member; },
        [](ColumnBuilder& builder, double value) { builder.add_number(value); });
  }

  void add_count(const char* name, const std::vector<ColumnSummary>& summaries, std::size_t ColumnSummary::*member) {
    add(
        name, ColumnType::integer, summaries,
        [&](const ColumnSummary& summary) { return std::optional<std::size_t>(summary.*member); },
        [](ColumnBuilder& builder, std::size_t value) { builder.add_integer(static_cast<std::int64_t>(value)); });
  }

  void add_time(const char* name, const std::vector<ColumnSummary>& summaries,
                std::optional<std::int64_t> ColumnSummary::*member) {
    add(
        name, ColumnType::time, summaries, [&](const ColumnSummary& summary) { return summary.*member; },
        [](ColumnBuilder& builder, std::int64_t value) { builder.add_time(value); });
  }

  Table& table() noexcept { return table_; }

 private:
  Table table_;
};

}  // namespace detail

NAD_INLINE std::vector<ValueCount> value_counts(const Column& column) {
  const detail::DistinctValues values = detail::distinct_values(column, column.size());
  std::vector<std::size_t> order(values.counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values.counts[a] > values.counts[b]; });
  std::vector<ValueCount> counts;
  counts.reserve(order.size());
  for (const std::size_t i : order) {
    counts.push_back({column.format(values.first_rows[i]), values.counts[i]});
  }
  return counts;
}

NAD_INLINE ColumnSummary summarise(const Column& column) {
  ColumnSummary summary;
  summary.type = column.type();
  summary.rows = column.size();
  summary.missing = column.missing_count();
  const detail::DistinctValues values = detail::distinct_values(column, ColumnSummary::most_distinct);
  summary.distinct = std::min(values.counts.size(), ColumnSummary::most_distinct);
  summary.distinct_is_exact = values.complete;
  if (column.type() == ColumnType::time) {
    detail::summarise_times(column, summary);
    return summary;
  }
  if (column.is_numeric()) {
    std::vector<double> numbers(column.size());
    column.copy_numbers(0, numbers);
    numbers.erase(std::remove_if(numbers.begin(), numbers.end(), [](double value) { return detail::is_nan(value); }),
                  numbers.end());
    detail::summarise_numbers(numbers, summary);
  }
  const bool is_named = !column.is_numeric() || column.type() == ColumnType::boolean;
  if (is_named && values.complete && !values.counts.empty()) {
    const auto most = std::max_element(values.counts.begin(), values.counts.end());  // the first of equal ones
    const std::size_t row = values.first_rows[static_cast<std::size_t>(most - values.counts.begin())];
    summary.most_frequent = ValueCount{column.format(row), *most};
  }
  return summary;
}

NAD_INLINE Table describe(const Table& table) {
  std::vector<ColumnSummary> summaries;
  ColumnBuilder names(ColumnType::text);
  ColumnBuilder types(ColumnType::category);
  ColumnBuilder roles(ColumnType::category);
  for (std::size_t place = 0; place < table.columns(); ++place) {
    summaries.push_back(summarise(table.column(place)));
    names.add_text(table.schema()[place].name);
    types.add_text(name(table.schema()[place].type));
    roles.add_text(name(table.schema()[place].role));
  }
  detail::SummaryTable lines;
  lines.table() = Table(Schema({{"column", ColumnType::text, Role::identifier},
                                {"type", ColumnType::category},
                                {"role", ColumnType::category}}),
                        {names.finish(), types.finish(), roles.finish()});
  lines.add_count("missing", summaries, &ColumnSummary::missing);
  lines.add_count("distinct", summaries, &ColumnSummary::distinct);
  lines.add_number("minimum", summaries, &ColumnSummary::minimum);
  lines.add_number("lower_quartile", summaries, &ColumnSummary::lower_quartile);
  lines.add_number("median", summaries, &ColumnSummary::median);
  lines.add_number("upper_quartile", summaries, &ColumnSummary::upper_quartile);
  lines.add_number("maximum", summaries, &ColumnSummary::maximum);
  lines.add_number("mean", summaries, &ColumnSummary::mean);
  lines.add_number("deviation", summaries, &ColumnSummary::deviation);
  const auto most_frequent = [](const ColumnSummary& summary) -> const std::optional<ValueCount>& {
    return summary.most_frequent;
  };
  lines.add("most_frequent", ColumnType::text, summaries, most_frequent,
            [](ColumnBuilder& builder, const ValueCount& found) { builder.add_text(found.value); });
  lines.add("most_frequent_count", ColumnType::integer, summaries, most_frequent,
            [](ColumnBuilder& builder, const ValueCount& found) {
              builder.add_integer(static_cast<std::int64_t>(found.count));
            });
  lines.add_time("first", summaries, &ColumnSummary::first);
  lines.add_time("last", summaries, &ColumnSummary::last);
  return lines.table();
}

}  // namespace nad
