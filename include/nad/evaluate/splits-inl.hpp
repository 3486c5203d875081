#pragma once

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detail/equal_rows.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/evaluate/episodes-inl.hpp"
#include "nad/evaluate/splits.hpp"
#include "nad/table/row_groups-inl.hpp"

namespace nad {

namespace detail {

/// Rows that go together: their number, and how many are of each class.
struct SplitGroup {
  std::size_t rows = 0;
  std::size_t first = 0;  ///< its classes are [first, end) of one list for all groups
  std::size_t end = 0;
};

struct ClassCount {
  std::uint32_t label = 0;
  double count = 0.0;
};

struct SplitGroups {
  std::vector<SplitGroup> groups;
  std::vector<ClassCount> counts;
  std::vector<double> totals;               ///< rows of each class
  std::vector<std::uint32_t> group_of_row;  ///< by place in `groups`
};

/// The distinct numbers in their order, and each row's place among them.
inline std::size_t renumber(std::vector<std::uint32_t>& numbers) {
  std::vector<std::uint32_t> distinct = numbers;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (std::uint32_t& number : numbers) {
    number = static_cast<std::uint32_t>(std::lower_bound(distinct.begin(), distinct.end(), number) - distinct.begin());
  }
  return distinct.size();
}

inline SplitGroups count_groups(std::size_t rows, const PartOptions& options) {
  SplitGroups found;
  std::vector<std::uint32_t> labels(options.labels.begin(), options.labels.end());
  labels.resize(rows, 0);
  const std::size_t classes = renumber(labels);
  found.totals.resize(classes);
  found.group_of_row.assign(options.groups.begin(), options.groups.end());
  std::size_t groups = rows;
  if (options.groups.empty()) {
    found.group_of_row.resize(rows);
    std::iota(found.group_of_row.begin(), found.group_of_row.end(), std::uint32_t{0});
  } else {
    groups = renumber(found.group_of_row);
  }
  // rows by group, then the classes inside each
  std::vector<std::size_t> next(groups + 1, 0);
  for (const std::uint32_t group : found.group_of_row) {
    ++next[group + 1];
  }
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<std::uint32_t> label_by_group(rows);
  std::vector<std::size_t> begin(next.begin(), next.end() - 1);
  for (std::size_t row = 0; row < rows; ++row) {
    label_by_group[next[found.group_of_row[row]]++] = labels[row];
    found.totals[labels[row]] += 1.0;
  }
  for (std::size_t group = 0; group < groups; ++group) {
    const auto first = label_by_group.begin() + static_cast<std::ptrdiff_t>(begin[group]);
    const auto last = label_by_group.begin() + static_cast<std::ptrdiff_t>(next[group]);
    std::sort(first, last);
    SplitGroup one{next[group] - begin[group], found.counts.size(), 0};
    for (auto at = first; at != last;) {
      const auto after = std::upper_bound(at, last, *at);
      found.counts.push_back({*at, static_cast<double>(after - at)});
      at = after;
    }
    one.end = found.counts.size();
    found.groups.push_back(one);
  }
  return found;
}

inline std::vector<double> normal_shares(const std::vector<double>& shares) {
  double total = 0.0;
  for (const double share : shares) {
    if (!(is_finite(share) && share > 0.0)) {
      throw Error(ErrorCode::invalid_argument, "a share is " + std::to_string(share) + "; give numbers above 0");
    }
    total += share;
  }
  if (shares.size() < 2) {
    throw Error(ErrorCode::invalid_argument, "a split has at least 2 parts; give a share for each");
  }
  std::vector<double> normal;
  normal.reserve(shares.size());
  for (const double share : shares) {
    normal.push_back(share / total);
  }
  return normal;
}

inline void check_parts(const std::vector<std::uint32_t>& part_of_row, std::size_t parts, std::size_t units,
                        const char* what) {
  std::vector<std::size_t> rows(parts, 0);
  for (const std::uint32_t part : part_of_row) {
    ++rows[part];
  }
  const auto empty = std::find(rows.begin(), rows.end(), std::size_t{0});
  if (empty != rows.end()) {
    throw Error(ErrorCode::invalid_data, std::to_string(units) + " " + what + " leave part " +
                                             std::to_string(empty - rows.begin()) + " of " + std::to_string(parts) +
                                             " without a row; ask for fewer parts, or for larger shares");
  }
}

/// Puts groups into parts, one by one.
class Placing {
 public:
  Placing(const SplitGroups& groups, const std::vector<double>& shares)
      : groups_(groups), shares_(shares), classes_(groups.totals.size()), room_(shares.size() * classes_) {
    for (std::size_t part = 0; part < shares.size(); ++part) {
      for (std::size_t label = 0; label < classes_; ++label) {
        room_[part * classes_ + label] = shares[part] * groups.totals[label];
      }
      total_room_.push_back(shares[part] * static_cast<double>(groups.group_of_row.size()));
    }
  }

  std::size_t place(const SplitGroup& group) {
    std::size_t best = 0;
    Fit best_fit = fit(group, 0);
    for (std::size_t part = 1; part < shares_.size(); ++part) {
      const Fit other = fit(group, part);
      if (other.is_better_than(best_fit)) {
        best = part;
        best_fit = other;
      }
    }
    for (std::size_t i = group.first; i < group.end; ++i) {
      room_[best * classes_ + groups_.counts[i].label] -= groups_.counts[i].count;
    }
    total_room_[best] -= static_cast<double>(group.rows);
    return best;
  }

 private:
  struct Fit {
    bool fits;
    double wanted;  ///< where it fits: how empty the part still is; else how little the part would overflow
    double room;    ///< over all classes

    bool is_better_than(const Fit& other) const noexcept {
      constexpr double rounding = 1e-9;
      if (fits != other.fits) {
        return fits;
      }
      if (wanted > other.wanted + rounding || wanted < other.wanted - rounding) {
        return wanted > other.wanted;
      }
      return room > other.room + rounding;
    }
  };

  Fit fit(const SplitGroup& group, std::size_t part) const {
    constexpr double rounding = 1e-9;
    bool fits = true;
    double relative = 0.0;
    double absolute = 0.0;
    for (std::size_t i = group.first; i < group.end; ++i) {
      const ClassCount& of_class = groups_.counts[i];
      const double room = room_[part * classes_ + of_class.label];
      fits = fits && room + rounding >= of_class.count;
      const double pull = of_class.count * room / groups_.totals[of_class.label];
      relative += pull / shares_[part];
      absolute += pull;
    }
    return {fits, fits ? relative : absolute, total_room_[part] / shares_[part]};
  }

  const SplitGroups& groups_;
  const std::vector<double>& shares_;
  std::size_t classes_;
  std::vector<double> room_;  ///< what is missing in each part, class by class
  std::vector<double> total_room_;
};

}  // namespace detail

NAD_INLINE std::vector<std::uint32_t> identical_rows(MatrixView x) {
  if (x.rows() > 0xffffffffULL) {
    throw Error(ErrorCode::invalid_data, "more than 4,294,967,295 rows have no numbers; split a sample");
  }
  std::size_t slots = 64;
  while (slots < 2 * x.rows()) {
    slots *= 2;
  }
  std::vector<std::uint32_t> table(slots, 0);  // kind + 1, 0 where free
  std::vector<std::size_t> first_rows;
  std::vector<std::uint32_t> kinds(x.rows());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    std::size_t slot = static_cast<std::size_t>(detail::hash_row(x.row(row), x.columns())) & (slots - 1);
    while (table[slot] != 0 && !detail::same_row(x.row(first_rows[table[slot] - 1]), x.row(row), x.columns())) {
      slot = (slot + 1) & (slots - 1);
    }
    if (table[slot] == 0) {
      first_rows.push_back(row);
      table[slot] = static_cast<std::uint32_t>(first_rows.size());
    }
    kinds[row] = table[slot] - 1;
  }
  return kinds;
}

NAD_INLINE std::vector<std::uint32_t> identical_rows(const Table& table, const std::vector<std::string>& columns) {
  std::vector<std::string> names = columns;
  if (names.empty()) {
    for (const Field& field : table.schema()) {
      if (field.role == Role::feature) {
        names.push_back(field.name);
      }
    }
    if (names.empty() && table.columns() > 0) {
      throw Error(ErrorCode::invalid_data, "no column of the table is a feature; name those that make rows equal");
    }
  }
  detail::RowGroups groups(detail::chosen_columns(table, names));
  const std::vector<std::size_t> found = detail::group_rows(groups, table.rows());
  std::vector<std::uint32_t> kinds(found.size());
  std::transform(found.begin(), found.end(), kinds.begin(),
                 [](std::size_t kind) { return static_cast<std::uint32_t>(kind); });
  return kinds;
}

NAD_INLINE std::vector<std::uint32_t> split_rows(std::size_t rows, const std::vector<double>& shares,
                                                 const PartOptions& options) {
  const std::vector<double> normal = detail::normal_shares(shares);
  if (!options.labels.empty()) {
    detail::check_count(rows, options.labels.size(), "labels");
  }
  if (!options.groups.empty()) {
    detail::check_count(rows, options.groups.size(), "groups");
  }
  const detail::SplitGroups groups = detail::count_groups(rows, options);
  // by chance, then the large ones first: where they go decides, and small ones even out what they leave
  std::vector<std::uint32_t> order(groups.groups.size());
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  Random random(options.random_state);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.below(i)]);
  }
  if (!options.groups.empty()) {
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return groups.groups[a].rows > groups.groups[b].rows; });
  }
  detail::Placing placing(groups, normal);
  std::vector<std::uint32_t> part_of_group(groups.groups.size());
  for (const std::uint32_t group : order) {
    part_of_group[group] = static_cast<std::uint32_t>(placing.place(groups.groups[group]));
  }
  std::vector<std::uint32_t> part_of_row(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    part_of_row[row] = part_of_group[groups.group_of_row[row]];
  }
  detail::check_parts(part_of_row, normal.size(), order.size(), options.groups.empty() ? "rows" : "groups of rows");
  return part_of_row;
}

NAD_INLINE std::vector<std::uint32_t> split_folds(std::size_t rows, std::size_t n_splits, const PartOptions& options) {
  if (n_splits < 2 || n_splits > rows) {
    throw Error(ErrorCode::invalid_argument, "n_splits is " + std::to_string(n_splits) + " for " +
                                                 std::to_string(rows) + " rows; give at least 2, at most one a row");
  }
  return split_rows(rows, std::vector<double>(n_splits, 1.0), options);
}

NAD_INLINE std::vector<std::uint32_t> split_by_time(std::span<const double> seconds,
                                                    const std::vector<double>& shares) {
  const std::vector<double> normal = detail::normal_shares(shares);
  detail::check_seconds(seconds.size(), seconds);
  const std::vector<std::size_t> order = detail::order_of_time(seconds.size(), seconds);
  std::vector<std::uint32_t> part_of_row(order.size());
  std::size_t part = 0;
  double wanted = normal[0] * static_cast<double>(order.size());  // rows up to the end of this part
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    while (end < order.size() && seconds[order[end]] == seconds[order[first]]) {
      ++end;
    }
    // a moment belongs to the part in which most of its rows lie
    while (part + 1 < normal.size() && 0.5 * static_cast<double>(first + end) > wanted) {
      wanted += normal[++part] * static_cast<double>(order.size());
    }
    for (; first < end; ++first) {
      part_of_row[order[first]] = static_cast<std::uint32_t>(part);
    }
  }
  detail::check_parts(part_of_row, normal.size(), order.size(), "rows of these moments");
  return part_of_row;
}

}  // namespace nad
