#pragma once

/// Some of the rows: drawn at random, or split into rows to train on and rows to test on.
///
///   nad::Table thousand = nad::sample(flows, {.rows = 1000, .random_state = 7});
///   nad::Table shuffled = nad::sample(flows, {.fraction = 1.0});
///   auto [train, test] = nad::train_test_split(flows, {.test_size = 0.2, .stratify = "label"});
///   auto [past, future] = nad::train_test_split(flows, {.by_time = "timestamp"});
///
/// The same table, options and `random_state` give the same rows on every machine.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "nad/config.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// Either `rows` or `fraction` says how many.
struct SampleOptions {
  std::optional<std::size_t> rows = std::nullopt;
  std::optional<double> fraction = std::nullopt;  ///< of the table's rows, rounded to the nearest number
  bool replace = false;                           ///< a row may be drawn more than once
  bool keep_order = false;                        ///< drawn rows as they stand in the table, else in random order
  std::uint64_t random_state = 0;
};

/// Rows drawn at random, each with the same chance.
NAD_API Table sample(const Table& table, const SampleOptions& options);

struct TableSplit {
  Table train;
  Table test;
};

struct SplitOptions {
  double test_size = 0.25;         ///< below 1 the fraction of rows to test on, from 1 on their number
  std::uint64_t random_state = 0;  ///< of what is drawn; nothing is when splitting by time
  std::string stratify = {};       ///< a column each of whose values keeps its share in both parts
  std::string by_time = {};        ///< a column of times or numbers: the latest rows are the test part
};

/// Every row goes into one of two parts, neither of them empty; both keep the table's order. Three ways:
/// - at random;
/// - `stratify`: at random within each class (value of that column; missing is one, too). Each class gives its share of
///   the test rows, rounded so that the sum fits (largest remainders). A class always keeps a row to train on, so that
///   one with a single row is not tested, and the test part is smaller than asked where many classes are that small;
/// - `by_time`: the test part begins where a new time begins, as near to the size asked for as that allows; rows of one
///   time are never torn apart. A row without a time is an error.
NAD_API TableSplit train_test_split(const Table& table, const SplitOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/sampling-inl.hpp"
#endif
