#pragma once

// Groups of rows, and shares of them in plain English; not for users.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/column_words.hpp"
#include "nad/table/print.hpp"
#include "nad/table/print_numbers-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// Of the rows of a group, and of all other rows.
struct SharePair {
  double here = 0.0;
  double elsewhere = 0.0;

  double difference() const noexcept { return here - elsewhere; }
};

/// The rows of each group.
class RowsOfGroups {
 public:
  RowsOfGroups(std::span<const std::uint32_t> groups, std::size_t n_groups)
      : group_of_row_(groups), begins_(n_groups + 1), rows_(groups.size()) {
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (groups[row] >= n_groups) {
        throw Error(ErrorCode::invalid_argument, "row " + std::to_string(row) + " is in group " +
                                                     std::to_string(groups[row]) + ", but there are " +
                                                     std::to_string(n_groups) + " groups, numbered from 0");
      }
      ++begins_[groups[row] + 1];
    }
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
    for (std::size_t row = 0; row < groups.size(); ++row) {
      rows_[next[groups[row]]++] = row;
    }
  }

  std::size_t groups() const noexcept { return begins_.size() - 1; }
  std::size_t group_of(std::size_t row) const noexcept { return group_of_row_[row]; }
  std::size_t begin(std::size_t group) const noexcept { return begins_[group]; }
  std::size_t size(std::size_t group) const noexcept { return begins_[group + 1] - begins_[group]; }
  std::size_t rows() const noexcept { return rows_.size(); }
  std::size_t elsewhere(std::size_t group) const noexcept { return rows() - size(group); }
  std::span<const std::size_t> rows_of(std::size_t group) const noexcept {
    return {rows_.data() + begin(group), size(group)};
  }

  /// Of a group that has rows; elsewhere is 0 where there are no other rows.
  SharePair shares(std::size_t group, std::size_t count_here, std::size_t count_elsewhere) const noexcept {
    const auto others = static_cast<double>(elsewhere(group));
    return {.here = static_cast<double>(count_here) / static_cast<double>(size(group)),
            .elsewhere = others == 0.0 ? 0.0 : static_cast<double>(count_elsewhere) / others};
  }

 private:
  std::span<const std::uint32_t> group_of_row_;
  std::vector<std::size_t> begins_;  ///< of each group in `rows_`, and the end
  std::vector<std::size_t> rows_;
};

/// "1,032.5" for "1032.5".
inline std::string with_thousands(std::string text) {
  const std::size_t first = text.find_first_of("0123456789");
  std::size_t end = std::min(text.find_first_not_of("0123456789", first), text.size());
  while (first != std::string::npos && end > first + 3) {
    end -= 3;
    text.insert(end, ",");
  }
  return text;
}

inline std::string percent_text(double share) {
  const long percent = std::lround(100.0 * share);
  if (percent == 0 && share > 0.0) {
    return "under 1 %";
  }
  if (percent == 100 && share < 1.0) {
    return "over 99 %";
  }
  return std::to_string(percent) + " %";
}

/// "in 98 % of the rows, 12 % elsewhere".
inline std::string in_rows_text(const SharePair& shares, bool has_others) {
  std::string text = shares.here == 1.0 ? "in all rows" : "in " + percent_text(shares.here) + " of the rows";
  if (has_others) {
    text += shares.elsewhere == 0.0 ? ", nowhere else" : ", " + percent_text(shares.elsewhere) + " elsewhere";
  }
  return text;
}

/// Whether integers of a column of this name are names rather than amounts.
inline bool names_port(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "port" || word == "sport" || word == "dport" || word == "vlan" || word == "asn";
  });
}

/// A value for people: few digits, thousands apart.
inline std::string value_text(const Field& field, const Column& column, std::size_t row) {
  constexpr std::size_t digits = 4;
  constexpr std::size_t width = 40;
  if (column.is_missing(row)) {
    return "missing";
  }
  if (field.type == ColumnType::integer) {
    return names_port(field.name) ? column.format(row) : with_thousands(column.format(row));
  }
  if (field.type == ColumnType::number) {
    const double value = column.parts().numbers[row];
    return has_plain_form(value) ? with_thousands(plain(value, decimals_of(value, digits)))
           : is_finite(value)    ? scientific(value, digits)
                                 : column.format(row);
  }
  const std::string text = column.format(row);
  if (field.type == ColumnType::time) {
    return text.substr(0, text.find('.'));  // whole seconds
  }
  return text.empty() ? "''" : printable(text, width);
}

}  // namespace nad::detail
