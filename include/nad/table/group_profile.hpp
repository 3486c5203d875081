#pragma once

/// What is typical of groups of rows, such as clusters, and sets them apart, in the words of the table.
///
///   kmeans.fit(matrix);                                                        // one row a row of flows
///   std::vector<std::uint32_t> clusters = kmeans.predict_cluster(matrix);
///   for (const nad::GroupProfile& cluster : nad::profile_groups(flows, clusters, kmeans.n_clusters())) {
///     std::cout << nad::to_string(cluster) << '\n';     // group 3: 107,201 rows (22 % of all)
///   }                                                   //   label: neptune over 99 %, portsweep under 1 %
///                                                       //   flag is S0 in 81 % of the rows, under 1 % elsewhere
///                                                       //   count is mostly 121 to 256, elsewhere 2 to 511
///
/// A group is always compared with all other rows, "elsewhere". Missing values are a value of their own. Columns with
/// the role of identifier are left out; those with the role of label do not set apart, but give their shares.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/table/column.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// A value and how common it is.
struct ValueShare {
  std::string value;             ///< as Column::format writes it; "" where it is missing
  bool is_missing = false;       ///< the share of rows without a value
  double share = 0.0;            ///< of the group's rows
  double share_elsewhere = 0.0;  ///< of all other rows
  std::size_t first_row = 0;     ///< of the table that has it, for its value in the column's own type

  friend bool operator==(const ValueShare&, const ValueShare&) = default;
};

/// The least values that a quarter, half and three quarters of the values are not above, so all three occur. Times are
/// in seconds since 1970.
struct Quartiles {
  double lower = 0.0;
  double median = 0.0;
  double upper = 0.0;

  friend bool operator==(const Quartiles&, const Quartiles&) = default;
};

/// One column of a group beside all other rows.
struct GroupTrait {
  std::string column;
  ColumnType type = ColumnType::number;
  /// How much the column sets the group apart from all other rows, 0 (not at all) to 1 (no value is in both). It is the
  /// largest difference in the share of rows that a question about the column can bring:
  /// - numbers, integers, times: is the value there and at most x, there and above x, or missing? (The distance of
  ///   Kolmogorov and Smirnov, where nothing is missing.)
  /// - other types: is the value one of these? (The total variation distance.) The group's 64 most frequent values and
  ///   those that at least 1 % of all rows have count by themselves. Rare values are one together, and those that only
  ///   one row has are rare: else values that never come twice, such as paths, would set any group apart.
  /// In a group of few rows, chance alone brings a high one: of n rows up to about 1.4 / sqrt(n).
  double apart = 0.0;
  double missing = 0.0;            ///< share of the group's rows
  double missing_elsewhere = 0.0;  ///< share of all other rows
  // Numbers, integers, times; nothing where all values are missing, or there are no other rows.
  std::optional<Quartiles> quartiles = std::nullopt;
  std::optional<Quartiles> quartiles_elsewhere = std::nullopt;
  /// The group's most frequent values, at most five, missing among them. Of numbers, integers and times only the value
  /// that at least half of the group's rows have.
  std::vector<ValueShare> values = {};
  /// "service is http in 98 % of the rows, 12 % elsewhere"; "mostly 210 to 330" is the middle half of the values that
  /// are there. Text from records is as nad::printable shows it.
  std::string sentence = {};
};

/// The shares of the values of a column with the role of label.
struct GroupLabels {
  std::string column;
  std::vector<ValueShare> values;  ///< all that the group has, the most frequent first
};

struct GroupProfile {
  std::size_t group = 0;
  std::size_t rows = 0;
  double share = 0.0;               ///< of all rows
  std::vector<GroupTrait> traits;   ///< those that set it apart most first; none where it has no rows
  std::vector<GroupLabels> labels;  ///< in the order of the columns; none where it has no rows
};

/// Each group, in the order of their numbers. `groups` has one for each row, from 0 to n_groups - 1.
/// Sorts each column once: n log n in rows whatever the number of groups, and memory for the values that occur.
NAD_API std::vector<GroupProfile> profile_groups(const Table& table, std::span<const std::uint32_t> groups,
                                                 std::size_t n_groups);

struct GroupPrintOptions {
  std::size_t traits = 8;  ///< at most
  double apart = 0.1;      ///< and those that set it apart less are left out
  std::size_t labels = 5;  ///< of each column, at most
};

/// A profile as people read it: a line for its size, for each column of labels, and for each trait. No end of line at
/// the end.
NAD_API std::string to_string(const GroupProfile& profile, const GroupPrintOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/group_profile-inl.hpp"
#endif
