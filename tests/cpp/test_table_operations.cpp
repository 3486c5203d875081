#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "nad/table/combining.hpp"
#include "nad/table/distinct.hpp"
#include "nad/table/sorting.hpp"
#include "table_samples.hpp"

namespace {

using tests::cells;
using tests::contains;
using tests::message_of;
using tests::numbered;
using tests::random_table;
using Names = std::vector<std::string>;

const std::vector<Names> choices = {{"number"},
                                    {"integer"},
                                    {"category"},
                                    {"text"},
                                    {"time"},
                                    {"address"},
                                    {"boolean"},
                                    {"boolean", "text"},
                                    {"number", "text"},
                                    {"address", "number"},
                                    {"category", "time", "boolean"}};

/// -1, 0 or 1 by the values themselves; both are there.
int compare(const nad::Column& column, std::size_t a, std::size_t b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  switch (column.type()) {
    case nad::ColumnType::number:
      return order(column.numbers()[a], column.numbers()[b]);
    case nad::ColumnType::integer:
      return order(column.integers()[a], column.integers()[b]);
    case nad::ColumnType::time:
      return order(column.times()[a], column.times()[b]);
    case nad::ColumnType::address:
      return order(column.addresses()[a].bytes(), column.addresses()[b].bytes());
    case nad::ColumnType::boolean:
      return order(column.booleans()[a], column.booleans()[b]);
    default:
      return order(std::string(column.text(a)), std::string(column.text(b)));
  }
}

std::vector<std::size_t> slowly_sorted(const nad::Table& table, const Names& by, bool descending) {
  std::vector<std::size_t> order(table.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    for (const std::string& name : by) {
      const nad::Column& column = table[name];
      if (column.is_missing(a) || column.is_missing(b)) {
        if (column.is_missing(a) != column.is_missing(b)) {
          return column.is_missing(b);
        }
        continue;
      }
      if (const int sign = compare(column, a, b); sign != 0) {
        return descending ? sign > 0 : sign < 0;
      }
    }
    return false;
  });
  return order;
}

std::vector<std::size_t> slowly_distinct(const nad::Table& table) {
  const auto rows = cells(table);
  std::vector<std::size_t> kept;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (std::none_of(kept.begin(), kept.end(), [&](std::size_t other) { return rows[other] == rows[row]; })) {
      kept.push_back(row);
    }
  }
  return kept;
}

nad::Table one_column(const std::string& name, nad::ColumnType type, const std::vector<double>& values) {
  nad::ColumnBuilder builder(type);
  for (const double value : values) {
    builder.add_number(value);
  }
  return nad::Table().with({name, type}, builder.finish());
}

}  // namespace

TEST_CASE("concatenated tables have the rows of all, whatever their length, offset and order of columns") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    nad::Random random(seed, 99);
    std::vector<nad::Table> tables;
    std::vector<std::vector<std::string>> expected;
    for (std::size_t i = 0; i < 1 + seed % 4; ++i) {
      const nad::Table table = random_table(random.below(30), 1000 * seed + i);
      for (const auto& row : cells(table)) {
        expected.push_back(row);
      }
      tables.push_back(i == 0 ? table
                              : table.select({"boolean", "address", "time", "text", "category", "integer", "number"}));
    }
    const nad::Table joined = nad::concatenate(tables);
    CHECK(cells(joined) == expected);
    CHECK(joined.schema() == tables.front().schema());
  }
}

TEST_CASE("concatenating pieces of a table gives it back, its dictionary shared") {
  const nad::Table table = random_table(100, 5);
  const nad::Table joined = nad::concatenate({table.slice(0, 13), table.slice(13, 0), table.slice(13, 87)});
  CHECK(cells(joined) == cells(table));
  CHECK(&joined["category"].categories() == &table["category"].categories());
}

TEST_CASE("categories are merged: each text once, the codes of the first table kept") {
  const auto services = [](const std::vector<std::string>& names) {
    nad::ColumnBuilder builder(nad::ColumnType::category);
    for (const std::string& name : names) {
      builder.add_text(name);
    }
    return nad::Table().with({"service", nad::ColumnType::category, nad::Role::label}, builder.finish());
  };
  const nad::Table first = services({"http", "dns", "http"});
  const nad::Table other = services({"ftp", "dns", "ntp"});
  const nad::Table joined = nad::concatenate({first, other, first, other});
  const nad::Column& service = joined["service"];
  CHECK(service.categories().size() == 4);
  CHECK(std::vector<std::int32_t>(service.codes().begin(), service.codes().end()) ==
        std::vector<std::int32_t>{0, 1, 0, 2, 1, 3, 0, 1, 0, 2, 1, 3});
  CHECK(service.text(5) == "ntp");
  CHECK(joined.schema()[0].role == nad::Role::label);
  CHECK(first["service"].categories().size() == 2);  // what was joined is as before
}

TEST_CASE("integers beside numbers become numbers, gaps stay") {
  nad::ColumnBuilder integers(nad::ColumnType::integer);
  integers.add_integer(3);
  integers.add_missing();
  const nad::Table whole = nad::Table().with({"x", nad::ColumnType::integer}, integers.finish());
  const nad::Table halves = one_column("x", nad::ColumnType::number, {0.5});
  for (const nad::Table& joined : {nad::concatenate({whole, halves}), nad::concatenate({whole, whole, halves})}) {
    CHECK(joined.schema()[0].type == nad::ColumnType::number);
    CHECK(joined["x"].numbers()[0] == 3.0);
    CHECK(joined["x"].is_missing(1));
    CHECK(joined["x"].numbers()[joined.rows() - 1] == 0.5);
  }
  CHECK(nad::concatenate({halves, whole})["x"].is_missing(2));
}

TEST_CASE("tables that do not fit are named; none and empty ones are fine") {
  const nad::Table table = random_table(4, 1);
  CHECK(nad::concatenate(std::vector<nad::Table>{}).columns() == 0);
  CHECK(cells(nad::concatenate({nad::Table(), table})) == cells(table));
  const std::string missing = message_of([&] { nad::concatenate({table, table, table.drop({"time"})}); });
  CHECK(contains(missing, "table 3"));
  CHECK(contains(missing, "'time'"));
  const std::string more = message_of([&] { nad::concatenate({table, table.with({"x"}, table["number"])}); });
  CHECK(contains(more, "table 2"));
  CHECK(contains(more, "'x'"));
  const std::string type = message_of([&] {
    nad::concatenate({table, table.with({"time", nad::ColumnType::text}, table["text"])});
  });
  CHECK(contains(type, "table 2"));
  CHECK(contains(type, "'time'"));
  CHECK(contains(type, "of type text"));
  CHECK(contains(type, "of type time"));
}

TEST_CASE("sorting agrees with comparing value by value, in both directions, and keeps the order of equal rows") {
  for (const std::size_t rows : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{60}, std::size_t{1500}}) {
    const nad::Table table = random_table(rows, rows);
    for (const Names& by : choices) {
      for (const bool descending : {false, true}) {
        const auto expected = slowly_sorted(table, by, descending);
        CHECK(nad::sorted_rows(table, by, {.descending = descending}) == expected);
        CHECK(cells(nad::sort(table, by, {.descending = descending})) == cells(table.take(expected)));
      }
    }
  }
}

TEST_CASE("many different numbers are sorted") {
  nad::Random random(3);
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (std::size_t row = 0; row < 5000; ++row) {
    builder.add_number(random.normal() * (row % 2 == 0 ? 1.0 : 1e9));
  }
  const nad::Table table = nad::Table().with({"x"}, builder.finish());
  const nad::Table sorted = nad::sort(table, {"x"});
  CHECK(std::is_sorted(sorted["x"].numbers().begin(), sorted["x"].numbers().end()));
  CHECK(nad::sorted_rows(table, {"x"}) == slowly_sorted(table, {"x"}, false));
}

TEST_CASE("sorting by nothing or by an unknown column is an error") {
  const nad::Table table = random_table(3, 1);
  CHECK(contains(message_of([&] { nad::sort(table, {}); }), "name of a column"));
  CHECK(contains(message_of([&] { nad::sort(table, {"numbr"}); }), "did you mean 'number'"));
}

TEST_CASE("dropping duplicates agrees with comparing each row with all before it") {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const nad::Table table = random_table(seed * 130, seed);
    for (const Names& by : choices) {
      const auto expected = slowly_distinct(table.select(by));
      CHECK(cells(nad::drop_duplicates(table, by)) == cells(table.take(expected)));
      CHECK(nad::count_duplicates(table, by) == table.rows() - expected.size());
    }
    // all columns: rows put together from a few
    nad::Random random(seed);
    std::vector<std::size_t> places(3 * table.rows());
    std::generate(places.begin(), places.end(), [&] { return random.below(table.rows()); });
    const nad::Table repeated = table.take(places);
    const auto expected = slowly_distinct(repeated);
    CHECK(cells(nad::drop_duplicates(repeated)) == cells(repeated.take(expected)));
    CHECK(nad::count_duplicates(repeated) == repeated.rows() - expected.size());
  }
}

TEST_CASE("thousands of distinct rows stay, and a table without duplicates is not copied") {
  const nad::Table table = numbered(random_table(5000, 1));
  const nad::Table all = nad::drop_duplicates(table);
  CHECK(all.rows() == 5000);
  CHECK(all["number"].numbers().data() == table["number"].numbers().data());
  const nad::Table twice = nad::concatenate({table, table});
  CHECK(nad::count_duplicates(twice) == 5000);
  CHECK(cells(nad::drop_duplicates(twice)) == cells(table));
}

TEST_CASE("a gap that is marked and a gap that is NaN are one kind") {
  nad::ColumnParts parts;
  parts.size = 4;
  nad::GrowingBuffer<double> numbers(4);
  numbers[0] = 1.0;
  numbers[1] = std::numeric_limits<double>::quiet_NaN();
  numbers[2] = 1.0;  // marked below
  numbers[3] = -std::numeric_limits<double>::quiet_NaN();
  nad::GrowingBuffer<std::uint8_t> valid(1);
  valid[0] = 0b1011;
  parts.numbers = std::move(numbers).finish();
  parts.valid = std::move(valid).finish();
  const nad::Table table = nad::Table().with({"x"}, nad::Column(parts));
  CHECK(nad::drop_duplicates(table).rows() == 2);
  CHECK(nad::drop_missing(table).rows() == 1);
  CHECK(nad::sorted_rows(table, {"x"}) == std::vector<std::size_t>{0, 1, 2, 3});
  parts.valid = {};
  CHECK(nad::drop_duplicates(nad::Table().with({"x"}, nad::Column(parts))).rows() == 2);
}

TEST_CASE("rows with gaps are dropped, in all columns or in those named") {
  const nad::Table table = random_table(200, 8);
  const auto complete = [&](const nad::Table& looked_at) {
    std::vector<std::size_t> kept;
    for (std::size_t row = 0; row < looked_at.rows(); ++row) {
      bool whole = true;
      for (std::size_t place = 0; place < looked_at.columns(); ++place) {
        whole = whole && !looked_at.column(place).is_missing(row);
      }
      if (whole) {
        kept.push_back(row);
      }
    }
    return kept;
  };
  CHECK(cells(nad::drop_missing(table)) == cells(table.take(complete(table))));
  for (const Names& by : choices) {
    CHECK(cells(nad::drop_missing(table, by)) == cells(table.take(complete(table.select(by)))));
  }
  CHECK(nad::drop_missing(numbered(table), {"row"})["row"].integers().data() != nullptr);
  CHECK(nad::drop_missing(numbered(table), {"row"}).rows() == 200);
  CHECK(contains(message_of([&] { nad::drop_missing(table, {"tim"}); }), "'time'"));
  CHECK(contains(message_of([&] { nad::drop_duplicates(table, {"tim"}); }), "'time'"));
}

TEST_CASE("operations on tables without columns or rows") {
  const nad::Table none;
  CHECK(nad::drop_duplicates(none).columns() == 0);
  CHECK(nad::count_duplicates(none) == 0);
  CHECK(nad::drop_missing(none).rows() == 0);
  const nad::Table empty = random_table(0, 1);
  CHECK(nad::drop_duplicates(empty).schema() == empty.schema());
  CHECK(nad::drop_missing(empty).columns() == 7);
  CHECK(nad::concatenate({empty, empty}).rows() == 0);
}
