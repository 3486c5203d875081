#pragma once

// What a column of categories, texts, addresses or truth values tells of groups of rows; not for users.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nad/table/group_profile.hpp"
#include "nad/table/group_words-inl.hpp"
#include "nad/table/row_groups-inl.hpp"

namespace nad::detail {

/// How often each value occurs in all rows, and in one group after the other.
class NamedValues {
 public:
  NamedValues(const Field& field, const Column& column, const RowsOfGroups& groups)
      : field_(field), column_(column), groups_(groups), missing_(column.missing_count()) {
    RowGroups distinct({&column});
    value_of_row_ = group_rows(distinct, column.size());
    first_rows_ = distinct.first_rows();
    totals_.resize(first_rows_.size());
    counts_.resize(first_rows_.size());
    for (const std::size_t value : value_of_row_) {
      ++totals_[value];
    }
    for (std::size_t value = 0; value < totals_.size(); ++value) {
      rare_rows_ += is_rare(value) ? totals_[value] : 0;
    }
  }

  /// All values of a group, the most frequent first, of equally frequent ones the one seen first in the table.
  std::vector<ValueShare> shares(std::size_t group) {
    std::vector<ValueShare> values;
    for (const Counted& counted : count(group, groups_.size(group))) {
      values.push_back(share_of(group, counted));
    }
    return values;
  }

  /// Of a group that has rows.
  GroupTrait trait(std::size_t group) {
    constexpr std::size_t listed = 5;
    constexpr std::size_t by_themselves = 64;
    GroupTrait trait{.column = field_.name, .type = field_.type};
    const std::vector<Counted> counted = count(group, by_themselves);
    std::vector<Told> told;
    Told rest{.values = 0};
    std::size_t rest_here = 0;
    std::size_t rest_rows = rare_rows_;
    for (std::size_t i = 0; i < counted.size(); ++i) {
      const std::size_t value = counted[i].value;
      if (trait.values.size() < listed) {
        trait.values.push_back(share_of(group, counted[i]));
      }
      const SharePair shares = shares_of(group, counted[i]);
      if (totals_[value] > 1 && (i < by_themselves || !is_rare(value))) {
        told.push_back({.shares = shares, .said = shares, .row = first_rows_[value], .values = 1});
        rest_rows -= is_rare(value) ? totals_[value] : 0;
      } else {
        rest_here += counted[i].count;
        rest.said = shares;
        rest.row = first_rows_[value];
        ++rest.values;
      }
    }
    if (rest.values != 0) {
      rest.shares = groups_.shares(group, rest_here, rest_rows - rest_here);
      rest.said = rest.values == 1 ? rest.said : rest.shares;
      told.push_back(rest);
    }
    set_missing(group, trait);
    set_apart(told, groups_.elsewhere(group) != 0, trait);
    return trait;
  }

 private:
  struct Counted {
    std::size_t value = 0;
    std::size_t count = 0;  ///< in the group
  };

  /// A value, or several together.
  struct Told {
    SharePair shares = {};
    SharePair said = {};  ///< of one rare value its own, and not those of all rare ones
    std::size_t row = 0;  ///< that has the value
    std::size_t values = 1;
  };

  /// All values of a group, of which the first `sorted` are the most frequent ones, in that order.
  std::vector<Counted> count(std::size_t group, std::size_t sorted) {
    std::vector<Counted> found;
    for (const std::size_t row : groups_.rows_of(group)) {
      if (counts_[value_of_row_[row]]++ == 0) {
        found.push_back({value_of_row_[row], 0});
      }
    }
    for (Counted& one : found) {
      one.count = std::exchange(counts_[one.value], 0);
    }
    std::partial_sort(
        found.begin(), found.begin() + static_cast<std::ptrdiff_t>(std::min(sorted, found.size())), found.end(),
        [](const Counted& a, const Counted& b) { return a.count != b.count ? a.count > b.count : a.value < b.value; });
    return found;
  }

  /// Values of which each group has a few by chance.
  bool is_rare(std::size_t value) const noexcept {
    return totals_[value] == 1 || totals_[value] < groups_.rows() / 100;
  }

  SharePair shares_of(std::size_t group, const Counted& counted) const noexcept {
    return groups_.shares(group, counted.count, totals_[counted.value] - counted.count);
  }

  ValueShare share_of(std::size_t group, const Counted& counted) const {
    const std::size_t row = first_rows_[counted.value];
    const SharePair shares = shares_of(group, counted);
    return {.value = column_.format(row),
            .is_missing = column_.is_missing(row),
            .share = shares.here,
            .share_elsewhere = shares.elsewhere,
            .first_row = row};
  }

  /// Missing values may lie outside the group, or be none of its most frequent values.
  void set_missing(std::size_t group, GroupTrait& trait) const {
    if (missing_ == 0) {
      return;
    }
    const auto rows = groups_.rows_of(group);
    const auto here = static_cast<std::size_t>(
        std::count_if(rows.begin(), rows.end(), [&](std::size_t row) { return column_.is_missing(row); }));
    const SharePair shares = groups_.shares(group, here, missing_ - here);
    trait.missing = shares.here;
    trait.missing_elsewhere = shares.elsewhere;
  }

  std::string told_text(const Told& told) const {
    return told.values == 1 ? value_text(field_, column_, told.row) : "a rare value";
  }

  void set_apart(std::vector<Told>& told, bool has_others, GroupTrait& trait) const {
    constexpr std::size_t most_named = 3;
    constexpr double worth_naming = 0.2;  // of what sets apart
    std::stable_sort(told.begin(), told.end(), [&](const Told& a, const Told& b) {
      return has_others ? a.shares.difference() > b.shares.difference() : a.shares.here > b.shares.here;
    });
    if (has_others) {
      double sum = 0.0;
      for (const Told& one : told) {
        sum += std::max(0.0, one.shares.difference());
      }
      trait.apart = std::min(sum, 1.0);
    }
    std::size_t named = 1;
    while (trait.apart > 0.0 && named < std::min(most_named, told.size()) &&
           told[named].shares.difference() >= worth_naming * trait.apart) {
      ++named;
    }
    trait.sentence = printable(trait.column) + " is ";
    if (named == 1) {
      trait.sentence += told_text(told.front()) + " " + in_rows_text(told.front().said, has_others);
      return;
    }
    for (std::size_t i = 0; i < named; ++i) {
      const SharePair& shares = told[i].said;
      trait.sentence += (i == 0           ? ""
                         : i + 1 == named ? " or "
                                          : ", ") +
                        told_text(told[i]) + " in " + percent_text(shares.here) + " (" +
                        percent_text(shares.elsewhere) + " elsewhere)";
    }
  }

  const Field& field_;
  const Column& column_;
  const RowsOfGroups& groups_;
  std::size_t missing_;        ///< rows
  std::size_t rare_rows_ = 0;  ///< rows that have a rare value
  std::vector<std::size_t> value_of_row_;
  std::vector<std::size_t> first_rows_;  ///< of each value
  std::vector<std::size_t> totals_;      ///< of each value, in all rows
  std::vector<std::size_t> counts_;      ///< of each value in one group; 0 between two calls
};

}  // namespace nad::detail
