#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nad/table/summary.hpp"
#include "nad/table/time.hpp"
#include "table_samples.hpp"

namespace {

using tests::cell;
using tests::random_table;

nad::Column numbers(const std::vector<double>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (const double value : values) {
    builder.add_number(value);
  }
  return builder.finish();
}

nad::Column texts(nad::ColumnType type, const std::vector<std::string>& values) {
  nad::ColumnBuilder builder(type);
  for (const std::string& value : values) {
    builder.add_text(value);
  }
  return builder.finish();
}

/// Counted by comparing each value with those before it.
std::vector<nad::ValueCount> slowly_counted(const nad::Column& column) {
  std::vector<nad::ValueCount> counts;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) {
      continue;
    }
    const std::string value = cell(column, row);
    const auto found =
        std::find_if(counts.begin(), counts.end(), [&](const auto& entry) { return entry.value == value; });
    if (found == counts.end()) {
      counts.push_back({value, 1});
    } else {
      ++found->count;
    }
  }
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  return counts;
}

}  // namespace

TEST_CASE("values are counted, the most frequent first, missing ones left out") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const nad::Table table = random_table(seed * 30, seed);
    for (std::size_t place = 0; place < table.columns(); ++place) {
      const nad::Column& column = table.column(place);
      const auto expected = slowly_counted(column);
      const auto counts = nad::value_counts(column);
      REQUIRE(counts.size() == expected.size());
      for (std::size_t i = 0; i < counts.size(); ++i) {
        CHECK(counts[i].count == expected[i].count);
        CHECK("'" + (counts[i].value == "-0" ? "0" : counts[i].value) + "'" == expected[i].value);
      }
      const nad::ColumnSummary summary = nad::summarise(column);
      CHECK(summary.type == column.type());
      CHECK(summary.rows == column.size());
      CHECK(summary.missing == column.missing_count());
      CHECK(summary.distinct == expected.size());
      CHECK(summary.distinct_is_exact);
      const bool is_counted = column.type() != nad::ColumnType::number && column.type() != nad::ColumnType::integer &&
                              column.type() != nad::ColumnType::time && !expected.empty();
      REQUIRE(summary.most_frequent.has_value() == is_counted);
      if (is_counted) {
        CHECK(*summary.most_frequent == counts[0]);
      }
    }
  }
}

TEST_CASE("numbers are summarised as NumPy and pandas do") {
  // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [.25, .5, .75]), pandas.Series.std
  const nad::ColumnSummary summary = nad::summarise(numbers({3, 1, 4, 1, 5, 9, 2, 6}));
  CHECK(summary.minimum == 1.0);
  CHECK(summary.lower_quartile == 1.75);
  CHECK(summary.median == 3.5);
  CHECK(summary.upper_quartile == 5.25);
  CHECK(summary.maximum == 9.0);
  CHECK(summary.mean == 3.875);
  CHECK(*summary.deviation == doctest::Approx(2.748376143938713));
  CHECK_FALSE(summary.first.has_value());
  const nad::ColumnSummary one = nad::summarise(numbers({7}));
  CHECK(one.median == 7.0);
  CHECK_FALSE(one.deviation.has_value());
  const nad::ColumnSummary none = nad::summarise(numbers({std::nan("")}));
  CHECK(none.missing == 1);
  CHECK(none.distinct == 0);
  CHECK_FALSE(none.mean.has_value());
  CHECK_FALSE(none.minimum.has_value());
}

TEST_CASE("deviation is exact far from zero, and infinities are counted apart") {
  const nad::ColumnSummary far = nad::summarise(numbers({1e9 + 1, 1e9 + 2, 1e9 + 3}));
  CHECK(far.mean == 1e9 + 2);
  CHECK(far.deviation == 1.0);
  const nad::ColumnSummary constant = nad::summarise(numbers(std::vector<double>(10, 0.1)));
  CHECK(constant.mean == 0.1);
  CHECK(constant.deviation == 0.0);
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(nad::summarise(numbers({1, -infinity})).lower_quartile == -infinity);
  const nad::ColumnSummary summary = nad::summarise(numbers({1, infinity, 3, -infinity, 2, infinity}));
  CHECK(summary.infinite == 3);
  CHECK(summary.minimum == -infinity);
  CHECK(summary.maximum == infinity);
  CHECK(summary.mean == 2.0);
  CHECK(summary.deviation == 1.0);
  CHECK(summary.median == 2.5);
  CHECK(summary.upper_quartile == infinity);
  CHECK(summary.lower_quartile == 1.25);
}

TEST_CASE("integers, truth values and times are summarised, gaps left out") {
  nad::ColumnBuilder integers(nad::ColumnType::integer);
  nad::ColumnBuilder booleans(nad::ColumnType::boolean);
  nad::ColumnBuilder times(nad::ColumnType::time);
  for (const int value : {5, -3, 100, 1}) {
    integers.add_integer(value);
    booleans.add_boolean(value > 0);
    times.add_time(value);
  }
  for (nad::ColumnBuilder* builder : {&integers, &booleans, &times}) {
    builder->add_missing();
  }
  const nad::ColumnSummary integer = nad::summarise(integers.finish());
  CHECK(integer.minimum == -3.0);
  CHECK(integer.maximum == 100.0);
  CHECK(integer.median == 3.0);
  const nad::ColumnSummary boolean = nad::summarise(booleans.finish());
  CHECK(boolean.mean == 0.75);
  CHECK_FALSE(boolean.minimum.has_value());
  CHECK_FALSE(boolean.deviation.has_value());
  CHECK(boolean.most_frequent == nad::ValueCount{"true", 3});
  const nad::ColumnSummary time = nad::summarise(times.finish().slice(1, 4));
  CHECK(time.first == -3);
  CHECK(time.last == 100);
  CHECK_FALSE(time.mean.has_value());
}

TEST_CASE("distinct values are counted up to a bound") {
  nad::ColumnBuilder builder(nad::ColumnType::integer);
  builder.add_missing();
  for (std::size_t i = 0; i < nad::ColumnSummary::most_distinct + 5000; ++i) {
    builder.add_integer(static_cast<std::int64_t>(i));
  }
  const nad::Column column = builder.finish();
  const nad::ColumnSummary many = nad::summarise(column);
  CHECK(many.distinct == nad::ColumnSummary::most_distinct);
  CHECK_FALSE(many.distinct_is_exact);
  const nad::ColumnSummary just = nad::summarise(column.slice(0, nad::ColumnSummary::most_distinct + 1));
  CHECK(just.distinct == nad::ColumnSummary::most_distinct);
  CHECK(just.distinct_is_exact);
}

TEST_CASE("a described table has a row for each column") {
  nad::Table table = nad::Table().with({"duration"}, numbers({1, 2, 6}));
  table = table.with({"service", nad::ColumnType::category, nad::Role::label},
                     texts(nad::ColumnType::category, {"http", "dns", "dns"}));
  nad::ColumnBuilder times(nad::ColumnType::time);
  times.add_missing();
  times.add_time(nad::nanoseconds_per_second);
  times.add_time(0);
  table = table.with({"begin", nad::ColumnType::time, nad::Role::moment}, times.finish());
  const nad::Table lines = nad::describe(table);
  CHECK(lines.rows() == 3);
  const auto line = [&](std::size_t row) {
    std::vector<std::string> values;
    for (std::size_t place = 0; place < lines.columns(); ++place) {
      values.push_back(lines.column(place).format(row));
    }
    return values;
  };
  std::vector<std::string> names;
  for (const nad::Field& field : lines.schema()) {
    names.push_back(field.name);
  }
  CHECK(names == std::vector<std::string>{"column", "type", "role", "missing", "distinct", "minimum", "lower_quartile",
                                          "median", "upper_quartile", "maximum", "mean", "deviation", "most_frequent",
                                          "most_frequent_count", "first", "last"});
  CHECK(line(0) == std::vector<std::string>{"duration", "number", "feature", "0", "3", "1", "1.5", "2", "4", "6", "3",
                                            "2.6457513110645907", "", "", "", ""});
  CHECK(line(1) == std::vector<std::string>{"service", "category", "label", "0", "2", "", "", "", "", "", "", "", "dns",
                                            "2", "", ""});
  CHECK(line(2) == std::vector<std::string>{"begin", "time", "moment", "1", "2", "", "", "", "", "", "", "", "", "",
                                            "1970-01-01 00:00:00", "1970-01-01 00:00:01"});
  CHECK(nad::describe(nad::Table()).rows() == 0);
  CHECK(nad::describe(table.slice(0, 0)).rows() == 3);
}
