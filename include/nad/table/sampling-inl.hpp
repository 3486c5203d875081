#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/table/column-inl.hpp"
#include "nad/table/row_groups-inl.hpp"
#include "nad/table/sampling.hpp"
#include "nad/table/sorting.hpp"

namespace nad {

namespace detail {

/// Streams of random numbers that no detector of the same seed draws from.
inline constexpr std::uint64_t sample_stream = std::uint64_t{1} << 62U;
inline constexpr std::uint64_t split_stream = std::uint64_t{1} << 63U;  ///< and those behind it, one a class

/// Puts `count` rows, drawn from all of `rows`, to the front.
inline void draw_to_front(std::vector<std::size_t>& rows, std::size_t count, Random& random) {
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(rows[i], rows[i + random.below(rows.size() - i)]);
  }
}

/// How many rows the options of a sample mean.
inline std::size_t sample_size(const SampleOptions& options, std::size_t rows) {
  if (options.rows.has_value() == options.fraction.has_value()) {
    throw Error(ErrorCode::invalid_argument, options.rows ? "a sample takes rows or fraction, not both"
                                                          : "a sample needs rows or fraction to know its size");
  }
  std::size_t count = options.rows.value_or(0);
  if (options.fraction) {
    const double fraction = *options.fraction;
    if (!is_finite(fraction) || fraction < 0.0 || (fraction > 1.0 && !options.replace)) {
      throw Error(ErrorCode::invalid_argument,
                  "fraction is " + format_number(fraction) + "; it must lie between 0 and 1, or above with replace");
    }
    const double wanted = std::round(fraction * static_cast<double>(rows));
    if (wanted > 1e15) {
      throw Error(ErrorCode::invalid_argument, "fraction is " + format_number(fraction) + ", which is too much");
    }
    count = static_cast<std::size_t>(wanted);
  }
  if (count > rows && (!options.replace || rows == 0)) {
    throw Error(ErrorCode::invalid_argument, "a sample of " + std::to_string(count) + " rows was asked of a table of " +
                                                 std::to_string(rows) +
                                                 (rows == 0 ? "" : "; set replace to draw rows more than once"));
  }
  return count;
}

/// How many rows to test on: at least one, and one is left to train on.
inline std::size_t test_rows(double test_size, std::size_t rows) {
  if (rows < 2) {
    throw Error(ErrorCode::invalid_data,
                "a table of " + std::to_string(rows) + (rows == 1 ? " row" : " rows") + " cannot be split in two");
  }
  const bool is_fraction = test_size > 0.0 && test_size < 1.0;
  const bool is_count = is_finite(test_size) && test_size >= 1.0 && test_size == std::floor(test_size);
  if (!is_fraction && !is_count) {
    throw Error(ErrorCode::invalid_argument, "test_size is " + format_number(test_size) +
                                                 "; it must be a fraction between 0 and 1 or a whole number of rows");
  }
  if (is_count && test_size >= static_cast<double>(rows)) {
    throw Error(ErrorCode::invalid_argument, "test_size is " + format_number(test_size) + " of a table of " +
                                                 std::to_string(rows) + " rows, which leaves none to train on");
  }
  const double wanted = is_count ? test_size : std::round(test_size * static_cast<double>(rows));
  return std::clamp<std::size_t>(static_cast<std::size_t>(wanted), 1, rows - 1);
}

inline TableSplit split_by(const Table& table, const std::vector<bool>& tested) {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
  for (std::size_t row = 0; row < tested.size(); ++row) {
    (tested[row] ? test : train).push_back(row);
  }
  return {table.take(train), table.take(test)};
}

inline TableSplit split_at_random(const Table& table, std::size_t count, std::uint64_t random_state) {
  std::vector<std::size_t> rows(table.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  Random random(random_state, split_stream);
  draw_to_front(rows, count, random);
  std::vector<bool> tested(rows.size());
  for (std::size_t i = 0; i < count; ++i) {
    tested[rows[i]] = true;
  }
  return split_by(table, tested);
}

/// How many of `total` test rows each class gives: its share rounded down, and one more for those whose rest is the
/// largest, as long as the class keeps a row to train on. Sizes are those of classes with two rows or more.
inline std::vector<std::size_t> share_out(const std::vector<std::size_t>& sizes, std::size_t total) {
  const std::size_t rows = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  std::vector<std::size_t> shares(sizes.size());
  std::vector<std::size_t> rests(sizes.size());
  std::size_t left = total;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    // total * size / rows; 64 bits hold the product for tables of up to four billion rows
    shares[i] = total * sizes[i] / rows;
    rests[i] = total * sizes[i] % rows;
    left -= shares[i];
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rests[a] > rests[b]; });
  while (left > 0) {
    for (const std::size_t i : order) {
      if (left > 0 && shares[i] + 1 < sizes[i]) {
        ++shares[i];
        --left;
      }
    }
  }
  return shares;
}

inline TableSplit split_within_classes(const Table& table, std::size_t count, const SplitOptions& options) {
  RowGroups groups({&table[options.stratify]});
  const std::vector<std::size_t> group_of_row = group_rows(groups, table.rows());
  std::vector<std::vector<std::size_t>> classes(groups.groups());
  for (std::size_t row = 0; row < group_of_row.size(); ++row) {
    classes[group_of_row[row]].push_back(row);
  }
  classes.erase(std::remove_if(classes.begin(), classes.end(), [](const auto& rows) { return rows.size() < 2; }),
                classes.end());
  if (classes.empty()) {
    throw Error(ErrorCode::invalid_data, "each value of column '" + options.stratify +
                                             "' occurs in one row only, so that none can be trained on and tested; "
                                             "split without stratify");
  }
  std::vector<std::size_t> sizes(classes.size());
  std::transform(classes.begin(), classes.end(), sizes.begin(), [](const auto& rows) { return rows.size(); });
  const std::size_t rows = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  const double fraction = static_cast<double>(count) / static_cast<double>(table.rows());
  const auto total = std::clamp<std::size_t>(static_cast<std::size_t>(std::round(fraction * static_cast<double>(rows))),
                                             1, rows - classes.size());
  const std::vector<std::size_t> shares = share_out(sizes, total);
  std::vector<bool> tested(table.rows());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    Random random(options.random_state, split_stream + i);
    draw_to_front(classes[i], shares[i], random);
    for (std::size_t j = 0; j < shares[i]; ++j) {
      tested[classes[i][j]] = true;
    }
  }
  return split_by(table, tested);
}

inline TableSplit split_by_time(const Table& table, std::size_t count, const std::string& name) {
  const Column& column = table[name];
  if (!column.is_numeric() || column.type() == ColumnType::boolean) {
    throw Error(ErrorCode::invalid_argument, "column '" + name + "' is of type " +
                                                 std::string(nad::name(column.type())) +
                                                 "; by_time needs a column of times or numbers");
  }
  if (const std::size_t missing = column.missing_count(); missing != 0) {
    throw Error(ErrorCode::invalid_data, std::to_string(missing) + " of " + std::to_string(table.rows()) +
                                             " rows have no value in column '" + name +
                                             "'; leave them out (drop_missing) before splitting by time");
  }
  const std::vector<std::size_t> order = sorted_rows(table, {name});
  const ColumnParts& parts = column.parts();
  const auto same_time = [&](std::size_t a, std::size_t b) {
    return column.type() == ColumnType::number ? number_word(parts.numbers[a]) == number_word(parts.numbers[b])
                                               : parts.integers[a] == parts.integers[b];
  };
  const auto begins_time = [&](std::size_t place) { return !same_time(order[place - 1], order[place]); };
  // the nearest place on either side where a new time begins; 0 and the end stand for none
  const std::size_t wanted = order.size() - count;
  std::size_t before = wanted;
  while (before > 0 && !begins_time(before)) {
    --before;
  }
  std::size_t after = wanted;
  while (after < order.size() && !begins_time(after)) {
    ++after;
  }
  if (before == 0 && after == order.size()) {
    throw Error(ErrorCode::invalid_data,
                "all rows have the same value in column '" + name + "'; it cannot tell earlier from later ones");
  }
  const bool take_after = before == 0 || (after != order.size() && after - wanted < wanted - before);
  std::vector<bool> tested(table.rows());
  for (std::size_t i = take_after ? after : before; i < order.size(); ++i) {
    tested[order[i]] = true;
  }
  return split_by(table, tested);
}

}  // namespace detail

NAD_INLINE Table sample(const Table& table, const SampleOptions& options) {
  const std::size_t count = detail::sample_size(options, table.rows());
  std::vector<std::size_t> rows;
  Random random(options.random_state, detail::sample_stream);
  if (options.replace) {
    rows.resize(count);
    std::generate(rows.begin(), rows.end(), [&] { return random.below(table.rows()); });
  } else {
    rows.resize(table.rows());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    detail::draw_to_front(rows, count, random);
    rows.resize(count);
  }
  if (options.keep_order) {
    std::sort(rows.begin(), rows.end());
  }
  return table.take(rows);
}

NAD_INLINE TableSplit train_test_split(const Table& table, const SplitOptions& options) {
  if (!options.stratify.empty() && !options.by_time.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "stratify and by_time exclude one another: the latest rows have the classes that they have");
  }
  const std::size_t count = detail::test_rows(options.test_size, table.rows());
  if (!options.stratify.empty()) {
    return detail::split_within_classes(table, count, options);
  }
  if (!options.by_time.empty()) {
    return detail::split_by_time(table, count, options.by_time);
  }
  return detail::split_at_random(table, count, options.random_state);
}

}  // namespace nad
