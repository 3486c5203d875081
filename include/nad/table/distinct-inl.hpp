#pragma once

#include <array>

#include "nad/table/distinct.hpp"
#include "nad/table/row_groups-inl.hpp"

namespace nad {

namespace detail {

/// The first row of each kind.
inline std::vector<std::size_t> distinct_rows(const Table& table, const std::vector<std::string>& by) {
  RowGroups groups(chosen_columns(table, by));
  std::array<std::size_t, RowGroups::block> unused{};
  for (std::size_t first = 0; first < table.rows(); first += RowGroups::block) {
    groups.add(first, {unused.data(), std::min(RowGroups::block, table.rows() - first)});
  }
  return groups.first_rows();
}

/// All of the table's memory where all rows are meant.
inline Table take_or_share(const Table& table, const std::vector<std::size_t>& rows) {
  return rows.size() == table.rows() ? table : table.take(rows);
}

}  // namespace detail

NAD_INLINE Table drop_duplicates(const Table& table, const std::vector<std::string>& by) {
  return detail::take_or_share(table, detail::distinct_rows(table, by));
}

NAD_INLINE std::size_t count_duplicates(const Table& table, const std::vector<std::string>& by) {
  return table.rows() - detail::distinct_rows(table, by).size();
}

NAD_INLINE Table drop_missing(const Table& table, const std::vector<std::string>& by) {
  std::vector<bool> incomplete(table.rows());
  for (const Column* column : detail::chosen_columns(table, by)) {
    if (column->parts().valid.empty() && column->type() != ColumnType::number) {
      continue;
    }
    for (std::size_t row = 0; row < table.rows(); ++row) {
      if (column->is_missing(row)) {
        incomplete[row] = true;
      }
    }
  }
  std::vector<std::size_t> kept;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (!incomplete[row]) {
      kept.push_back(row);
    }
  }
  return detail::take_or_share(table, kept);
}

}  // namespace nad
