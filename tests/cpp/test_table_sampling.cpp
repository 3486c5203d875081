#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "nad/table/sampling.hpp"
#include "table_samples.hpp"

namespace {

using tests::contains;
using tests::message_of;
using tests::numbered;
using tests::random_table;

std::vector<std::int64_t> row_numbers(const nad::Table& table) {
  const auto numbers = table["row"].integers();
  return {numbers.begin(), numbers.end()};
}

/// Each row of the table is in one part, once, and in order.
void check_partition(const nad::Table& table, const nad::TableSplit& split) {
  const auto train = row_numbers(split.train);
  const auto test = row_numbers(split.test);
  CHECK(!train.empty());
  CHECK(!test.empty());
  CHECK(std::is_sorted(train.begin(), train.end()));
  CHECK(std::is_sorted(test.begin(), test.end()));
  std::set<std::int64_t> all(train.begin(), train.end());
  all.insert(test.begin(), test.end());
  CHECK(all.size() == table.rows());
  CHECK(train.size() + test.size() == table.rows());
}

/// How many rows there are of each label.
std::map<std::string, std::size_t> classes(const nad::Table& table) {
  std::map<std::string, std::size_t> counts;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    ++counts[tests::cell(table["label"], row)];
  }
  return counts;
}

/// Rows with labels "0", "1", ...: so many of each, mixed; nullptr-like gaps for the class named.
nad::Table labelled(const std::vector<std::size_t>& sizes, std::size_t missing_class = 99) {
  std::vector<std::size_t> labels;
  for (std::size_t label = 0; label < sizes.size(); ++label) {
    labels.insert(labels.end(), sizes[label], label);
  }
  nad::Random random(4);
  for (std::size_t i = labels.size(); i > 1; --i) {
    std::swap(labels[i - 1], labels[random.below(i)]);
  }
  nad::ColumnBuilder builder(nad::ColumnType::category);
  for (const std::size_t label : labels) {
    if (label == missing_class) {
      builder.add_missing();
    } else {
      builder.add_text(std::to_string(label));
    }
  }
  return numbered(nad::Table().with({"label", nad::ColumnType::category}, builder.finish()));
}

nad::Table timed(const std::vector<std::int64_t>& times) {
  nad::ColumnBuilder builder(nad::ColumnType::time);
  for (const std::int64_t time : times) {
    builder.add_time(time);
  }
  return numbered(nad::Table().with({"t", nad::ColumnType::time}, builder.finish()));
}

}  // namespace

TEST_CASE("a sample has the size asked for, no row twice, and the values of its rows") {
  const nad::Table table = numbered(random_table(101, 3));
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{50}, std::size_t{101}}) {
    const nad::Table drawn = nad::sample(table, {.rows = count, .random_state = 5});
    CHECK(drawn.rows() == count);
    const auto rows = row_numbers(drawn);
    CHECK(std::set<std::int64_t>(rows.begin(), rows.end()).size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(tests::cell(drawn["text"], i) == tests::cell(table["text"], static_cast<std::size_t>(rows[i])));
    }
  }
  CHECK(nad::sample(table, {.fraction = 0.1}).rows() == 10);
  CHECK(nad::sample(table, {.fraction = 0.0}).rows() == 0);
  CHECK(nad::sample(table, {.fraction = 1.0}).rows() == 101);
  CHECK_FALSE(std::is_sorted(row_numbers(nad::sample(table, {.fraction = 1.0})).begin(),
                             row_numbers(nad::sample(table, {.fraction = 1.0})).end()));
}

TEST_CASE("the seed decides which rows are drawn, keep_order only in which order they come") {
  const nad::Table table = numbered(random_table(500, 3));
  const auto draw = [&](std::uint64_t seed, bool keep) {
    return row_numbers(nad::sample(table, {.rows = 40, .keep_order = keep, .random_state = seed}));
  };
  CHECK(draw(1, false) == draw(1, false));
  CHECK(draw(1, false) != draw(2, false));
  auto sorted = draw(1, false);
  CHECK_FALSE(std::is_sorted(sorted.begin(), sorted.end()));
  std::sort(sorted.begin(), sorted.end());
  CHECK(draw(1, true) == sorted);
  CHECK(draw(0, false) == std::vector<std::int64_t>(draw(0, false)));
}

TEST_CASE("each row has the same chance at each place of a sample") {
  const nad::Table table = numbered(random_table(10, 3));
  for (const bool replace : {false, true}) {
    std::vector<std::vector<int>> counts(3, std::vector<int>(10));
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
      const auto rows =
          row_numbers(nad::sample(table.select({"row"}), {.rows = 3, .replace = replace, .random_state = seed}));
      for (std::size_t place = 0; place < 3; ++place) {
        ++counts[place][static_cast<std::size_t>(rows[place])];
      }
    }
    for (const auto& at_place : counts) {
      CHECK(*std::min_element(at_place.begin(), at_place.end()) > 400 - 100);  // five standard deviations
      CHECK(*std::max_element(at_place.begin(), at_place.end()) < 400 + 100);
    }
  }
}

TEST_CASE("with replacement rows come again, and a sample may be larger than the table") {
  const nad::Table table = numbered(random_table(10, 3));
  const auto rows = row_numbers(nad::sample(table, {.rows = 200, .replace = true}));
  CHECK(rows.size() == 200);
  CHECK(std::set<std::int64_t>(rows.begin(), rows.end()).size() == 10);
  CHECK(nad::sample(table, {.fraction = 2.5, .replace = true}).rows() == 25);
}

TEST_CASE("samples that cannot be drawn are errors") {
  const nad::Table table = random_table(10, 3);
  CHECK(contains(message_of([&] { nad::sample(table, {}); }), "needs rows or fraction"));
  CHECK(contains(message_of([&] { nad::sample(table, {.rows = 1, .fraction = 0.5}); }), "not both"));
  CHECK(contains(message_of([&] { nad::sample(table, {.rows = 11}); }), "set replace"));
  CHECK(contains(message_of([&] { nad::sample(table, {.fraction = 1.1}); }), "1.1"));
  CHECK(contains(message_of([&] { nad::sample(table, {.fraction = -0.1}); }), "-0.1"));
  CHECK(contains(message_of([&] { nad::sample(table, {.fraction = 1e300, .replace = true}); }), "too much"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(contains(message_of([&] { nad::sample(table, {.fraction = nan}); }), "between 0 and 1"));
  CHECK(contains(message_of([&] { nad::sample(table.slice(0, 0), {.rows = 1, .replace = true}); }), "of 0"));
  CHECK(nad::sample(table.slice(0, 0), {.fraction = 0.5}).rows() == 0);
}

TEST_CASE("a random split is a partition of the size asked for") {
  const nad::Table table = numbered(random_table(103, 6));
  for (const auto& [size, expected] : std::map<double, std::size_t>{
           {0.25, 26}, {0.1, 10}, {0.001, 1}, {0.999, 102}, {0.5, 52}, {1.0, 1}, {30.0, 30}, {102.0, 102}}) {
    const nad::TableSplit split = nad::train_test_split(table, {.test_size = size, .random_state = 9});
    check_partition(table, split);
    CHECK(split.test.rows() == expected);
    CHECK(split.test.schema() == table.schema());
  }
  const auto test_rows = [&](std::uint64_t seed) {
    return row_numbers(nad::train_test_split(table, {.random_state = seed}).test);
  };
  CHECK(test_rows(1) == test_rows(1));
  CHECK(test_rows(1) != test_rows(2));
  // the rows of a sample of the same seed are others
  auto drawn = row_numbers(nad::sample(table, {.rows = 26, .keep_order = true, .random_state = 1}));
  CHECK(drawn != test_rows(1));
}

TEST_CASE("a stratified split keeps the share of each class") {
  const nad::Table table = labelled({600, 300, 80, 17, 3}, 2);
  for (const double size : {0.25, 0.1, 0.5, 0.9}) {
    const nad::TableSplit split = nad::train_test_split(table, {.test_size = size, .stratify = "label"});
    check_partition(table, split);
    CHECK(split.test.rows() == static_cast<std::size_t>(size * 1000));
    auto tested = classes(split.test);
    for (const auto& [label, count] : classes(table)) {
      const double share = size * static_cast<double>(count);
      CHECK(static_cast<double>(tested[label]) > share - 1.0);
      CHECK(static_cast<double>(tested[label]) < share + 1.0);
    }
  }
  const auto rows_of = [&](std::uint64_t seed) {
    return row_numbers(nad::train_test_split(table, {.random_state = seed, .stratify = "label"}).test);
  };
  CHECK(rows_of(1) == rows_of(1));
  CHECK(rows_of(1) != rows_of(2));
}

TEST_CASE("shares are rounded by largest remainders") {
  // 7 of 20: 0.35 of 9, 6 and 5 rows is 3.15, 2.1 and 1.75
  const nad::Table table = labelled({9, 6, 5});
  const nad::TableSplit split = nad::train_test_split(table, {.test_size = 7, .stratify = "label"});
  CHECK(classes(split.test) == std::map<std::string, std::size_t>{{"'0'", 3}, {"'1'", 2}, {"'2'", 2}});
}

TEST_CASE("a class keeps a row to train on, and one with a single row is not tested") {
  const nad::Table table = labelled({50, 2, 1, 1});
  const nad::TableSplit split = nad::train_test_split(table, {.test_size = 0.9, .stratify = "label"});
  check_partition(table, split);
  const auto train = classes(split.train);
  CHECK(train.size() == 4);
  CHECK(split.test.rows() == 47);  // 0.9 of the 52 rows of classes that can be split
  CHECK(train.at("'2'") == 1);
  const nad::TableSplit most = nad::train_test_split(labelled({3, 3}), {.test_size = 5, .stratify = "label"});
  CHECK(most.test.rows() == 4);
  CHECK(classes(most.train).size() == 2);
  CHECK(contains(message_of([&] { nad::train_test_split(table, {.stratify = "row"}); }), "'row'"));
}

TEST_CASE("a split by time tests the latest rows and tears no moment apart") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    nad::Random random(seed);
    std::vector<std::int64_t> times(2 + random.below(30));
    const std::size_t moments = 2 + random.below(8);
    std::generate(times.begin(), times.end(), [&] { return static_cast<std::int64_t>(random.below(moments)) - 3; });
    times[0] = 100;  // at least two moments
    const nad::Table table = timed(times);
    const std::size_t wanted = 1 + random.below(times.size() - 1);
    const nad::TableSplit split =
        nad::train_test_split(table, {.test_size = static_cast<double>(wanted), .by_time = "t"});
    check_partition(table, split);
    const auto train = split.train["t"].times();
    const auto test = split.test["t"].times();
    CHECK(*std::max_element(train.begin(), train.end()) < *std::min_element(test.begin(), test.end()));
    // no other moment to begin at comes nearer to the size
    const auto distance = [&](std::size_t size) { return size > wanted ? size - wanted : wanted - size; };
    for (const std::int64_t begin : times) {
      const auto size =
          static_cast<std::size_t>(std::count_if(times.begin(), times.end(), [&](auto t) { return t >= begin; }));
      if (size < times.size()) {
        CHECK(distance(split.test.rows()) <= distance(size));
      }
    }
  }
}

TEST_CASE("a split by time also takes numbers") {
  nad::ColumnBuilder seconds(nad::ColumnType::number);
  for (const double value : {2.5, -0.0, 0.0, 1.5}) {
    seconds.add_number(value);
  }
  const nad::Table table = numbered(nad::Table().with({"s"}, seconds.finish()));
  CHECK(row_numbers(nad::train_test_split(table, {.test_size = 2, .by_time = "s"}).test) ==
        std::vector<std::int64_t>{0, 3});
  CHECK(nad::train_test_split(table, {.test_size = 3, .by_time = "s"}).test.rows() == 2);  // 0 and -0 are one moment
}

TEST_CASE("splits that cannot be made are errors") {
  const nad::Table table = numbered(random_table(10, 3));
  const auto error = [&](const nad::SplitOptions& options) {
    return message_of([&] { nad::train_test_split(table, options); });
  };
  CHECK(contains(error({.stratify = "category", .by_time = "time"}), "exclude one another"));
  for (const double size :
       {0.0, -1.0, 1.5, -0.5, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(contains(error({.test_size = size}), "test_size is"));
  }
  CHECK(contains(error({.test_size = 10}), "none to train on"));
  CHECK(contains(error({.by_time = "text"}), "of type text"));
  CHECK(contains(error({.by_time = "boolean"}), "of type boolean"));
  CHECK(contains(error({.by_time = "tme"}), "'time'"));
  CHECK(contains(error({.stratify = "lable"}), "no column 'lable'"));
  CHECK(contains(error({.by_time = "time"}), "have no value in column 'time'"));
  CHECK(contains(message_of([] { nad::train_test_split(timed({5, 5, 5}), {.by_time = "t"}); }), "same value"));
  CHECK(contains(message_of([&] { nad::train_test_split(table.slice(0, 1)); }), "1 row cannot"));
  CHECK(contains(message_of([&] { nad::train_test_split(nad::Table()); }), "0 rows cannot"));
  CHECK(nad::train_test_split(table.slice(0, 2)).train.rows() == 1);
}
