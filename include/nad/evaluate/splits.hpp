#pragma once

/// Rows to learn from and rows to be judged on, apart from each other: no record may be on both sides, not as a copy
/// either, or the judgement is one of memory.
///
///   std::vector<std::uint32_t> copies = nad::identical_rows(rows);             // rows that are equal share a number
///   std::vector<std::uint32_t> part =
///       nad::split_rows(rows.rows(), {0.6, 0.2, 0.2}, {.labels = is_attack, .groups = copies, .random_state = 7});
///   // part[row]: 0 train, 1 validation, 2 test; attacks have the same share in each, as nearly as copies allow
///   std::vector<std::uint32_t> fold = nad::split_folds(rows.rows(), 5, {.groups = copies});
///   std::vector<std::uint32_t> later = nad::split_by_time(seconds, {0.7, 0.3});    // learn from the past

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/matrix.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// For each row the number of its kind, from 0 in the order of first rows. Rows are of one kind when all their values
/// are equal: 0 and -0 are, NaN and NaN are.
NAD_API std::vector<std::uint32_t> identical_rows(MatrixView x);
/// By the columns named; where none is, by all that have the role of feature: labels and times do not make a copy
/// another record.
NAD_API std::vector<std::uint32_t> identical_rows(const Table& table, const std::vector<std::string>& columns = {});

struct PartOptions {
  std::span<const std::uint32_t> labels = {};  ///< classes, each of which is split in the same shares; empty: one class
  std::span<const std::uint32_t> groups = {};  ///< rows of one number stay together; empty: each row for itself
  std::uint64_t random_state = 0;              ///< the same seed gives the same parts on every machine
};

/// The part of each row. The shares need not add up to 1; parts are as near to them as whole groups allow, the largest
/// group being placed first. An error where a part would have no row.
NAD_API std::vector<std::uint32_t> split_rows(std::size_t rows, const std::vector<double>& shares,
                                              const PartOptions& options = {});

/// Parts of equal share.
NAD_API std::vector<std::uint32_t> split_folds(std::size_t rows, std::size_t n_splits, const PartOptions& options = {});

/// The earliest rows are part 0, and so on; rows of one moment stay together.
NAD_API std::vector<std::uint32_t> split_by_time(std::span<const double> seconds, const std::vector<double>& shares);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/splits-inl.hpp"
#endif
