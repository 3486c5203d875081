#pragma once

// What a column of numbers, integers or times tells of groups of rows; not for users.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/table/group_profile.hpp"
#include "nad/table/group_words-inl.hpp"
#include "nad/table/sorting-inl.hpp"

namespace nad::detail {

/// All values in their order, and where those of each group stand among them.
class OrderedValues {
 public:
  OrderedValues(const Field& field, const Column& column, const RowsOfGroups& groups)
      : field_(field), column_(column), groups_(groups), places_(groups.rows()), ends_(groups.groups()) {
    for (std::size_t row = 0; row < column.size(); ++row) {
      if (!column.is_missing(row)) {
        sorted_.push_back({word(row), row});
      }
    }
    sort_entries(sorted_);
    run_of_.resize(sorted_.size());
    for (std::size_t group = 0; group < groups.groups(); ++group) {
      ends_[group] = groups.begin(group);
    }
    for (std::size_t place = 0; place < sorted_.size(); ++place) {
      if (place == 0 || sorted_[place].word != sorted_[place - 1].word) {
        run_begins_.push_back(place);
      }
      run_of_[place] = run_begins_.size() - 1;
      places_[ends_[groups.group_of(sorted_[place].row)]++] = place;
    }
    run_begins_.push_back(sorted_.size());
  }

  /// Of a group that has rows.
  GroupTrait trait(std::size_t group) const {
    GroupTrait trait{.column = field_.name, .type = field_.type};
    const std::span<const std::size_t> places = places_of(group);
    const std::size_t missing_here = groups_.size(group) - places.size();
    const SharePair missing =
        groups_.shares(group, missing_here, groups_.elsewhere(group) - (sorted_.size() - places.size()));
    trait.missing = missing.here;
    trait.missing_elsewhere = missing.elsewhere;
    std::array<std::size_t, 3> here{};
    std::array<std::size_t, 3> elsewhere{};
    if (!places.empty()) {
      here = quartile_rows(places.size(), [&](std::size_t k) { return places[k]; });
      trait.quartiles = quartiles(here);
      add_common_value(group, trait);
    }
    const std::size_t others = sorted_.size() - places.size();
    if (others != 0) {
      elsewhere = quartile_rows(others, [&](std::size_t k) { return place_elsewhere(places, k); });
      trait.quartiles_elsewhere = quartiles(elsewhere);
    }
    const bool has_others = groups_.elsewhere(group) != 0;
    const Split split = has_others ? widest_split(group) : Split{};
    trait.apart = has_others ? std::max(split.difference, std::abs(missing.difference())) : 0.0;
    trait.sentence = sentence(trait, missing, split, here, elsewhere, has_others);
    return trait;
  }

 private:
  /// Values at most, or above, the one that stands at a place.
  struct Split {
    double difference = 0.0;
    std::size_t place = 0;
    bool above = false;
    SharePair shares = {};
  };

  std::uint64_t word(std::size_t row) const noexcept {
    const ColumnParts& parts = column_.parts();
    return field_.type == ColumnType::number ? ordered_word(parts.numbers[row])
                                             : static_cast<std::uint64_t>(parts.integers[row]) ^ sign_bit;
  }

  double number(std::size_t row) const {
    double value = 0.0;
    column_.copy_numbers(row, {&value, 1});
    return value;
  }

  std::span<const std::size_t> places_of(std::size_t group) const noexcept {
    return {places_.data() + groups_.begin(group), ends_[group] - groups_.begin(group)};
  }

  /// Where the k-th value of all other rows stands. Before the group's j-th value stand places[j] - j of the others.
  static std::size_t place_elsewhere(std::span<const std::size_t> places, std::size_t k) noexcept {
    std::size_t low = 0;
    std::size_t high = places.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (places[middle] - middle <= k) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return k + low;
  }

  /// `place(k)` is where the k-th of `count` values stands.
  template <class Place>
  std::array<std::size_t, 3> quartile_rows(std::size_t count, Place place) const {
    const auto row = [&](std::size_t quarters) {  // the least k with k + 1 >= quarters / 4 * count
      const std::size_t k = count / 4 * quarters + (count % 4 * quarters + 3) / 4;
      return sorted_[place(k == 0 ? 0 : k - 1)].row;
    };
    return {row(1), row(2), row(3)};
  }

  Quartiles quartiles(const std::array<std::size_t, 3>& rows) const {
    return {.lower = number(rows[0]), .median = number(rows[1]), .upper = number(rows[2])};
  }

  /// The value that half of the group's rows have: then one of the two in the middle is it.
  void add_common_value(std::size_t group, GroupTrait& trait) const {
    const std::span<const std::size_t> places = places_of(group);
    for (const std::size_t middle : {(places.size() - 1) / 2, places.size() / 2}) {
      const std::size_t run = run_of_[places[middle]];
      const auto first = std::lower_bound(places.begin(), places.end(), run_begins_[run]);
      const auto last = std::lower_bound(first, places.end(), run_begins_[run + 1]);
      const auto count = static_cast<std::size_t>(last - first);
      if (2 * count >= groups_.size(group)) {
        const SharePair shares = groups_.shares(group, count, run_begins_[run + 1] - run_begins_[run] - count);
        const std::size_t row = sorted_[run_begins_[run]].row;  // sorting keeps the order of equal ones
        trait.values.push_back({.value = column_.format(row),
                                .share = shares.here,
                                .share_elsewhere = shares.elsewhere,
                                .first_row = row});
        return;
      }
    }
  }

  /// Between two values of the group its own share stands still, so only those just before and just behind one count.
  Split widest_split(std::size_t group) const {
    const std::span<const std::size_t> places = places_of(group);
    const std::size_t others = sorted_.size() - places.size();
    constexpr double rounding = 1e-12;  // where nothing is missing, both sides of a split differ by as much
    Split widest;
    const auto look = [&](std::size_t below_here, std::size_t below) {
      if (below == 0 || below == sorted_.size()) {
        return;  // all values on one side: what differs is how many are missing
      }
      const std::size_t below_elsewhere = below - below_here;
      const std::array<SharePair, 2> sides = {
          groups_.shares(group, below_here, below_elsewhere),
          groups_.shares(group, places.size() - below_here, others - below_elsewhere)};
      for (const bool above : {false, true}) {
        const SharePair& shares = sides[above ? 1 : 0];
        const double difference = std::abs(shares.difference());
        const bool is_wider = difference > widest.difference + rounding;
        const bool is_commoner = difference > widest.difference - rounding && shares.here > widest.shares.here;
        if (is_wider || is_commoner) {
          widest = {.difference = std::max(difference, widest.difference),
                    .place = below - 1,
                    .above = above,
                    .shares = shares};
        }
      }
    };
    for (std::size_t first = 0; first < places.size();) {
      const std::size_t run = run_of_[places[first]];
      look(first, run_begins_[run]);
      while (first < places.size() && run_of_[places[first]] == run) {
        ++first;
      }
      look(first, run_begins_[run + 1]);
    }
    return widest;
  }

  std::string text(std::size_t row) const { return value_text(field_, column_, row); }

  std::string range(const std::array<std::size_t, 3>& rows) const {
    const std::string lower = text(rows[0]);
    const std::string upper = text(rows[2]);
    return lower == upper ? lower : lower + " to " + upper;
  }

  std::string sentence(const GroupTrait& trait, const SharePair& missing, const Split& split,
                       const std::array<std::size_t, 3>& here, const std::array<std::size_t, 3>& elsewhere,
                       bool has_others) const {
    constexpr double worth_saying = 0.1;
    const std::string name = printable(trait.column);
    const std::string missing_text = "missing " + in_rows_text(missing, has_others);
    if (!trait.quartiles || (trait.apart > 0.0 && std::abs(missing.difference()) >= trait.apart)) {
      return name + " is " + missing_text;
    }
    std::string said = name;
    const std::string usual = range(here);
    const std::string usual_elsewhere = trait.quartiles_elsewhere ? range(elsewhere) : std::string();
    const SharePair common = trait.values.empty()
                                 ? SharePair{}
                                 : SharePair{trait.values.front().share, trait.values.front().share_elsewhere};
    if (!trait.values.empty() && std::abs(common.difference()) >= 0.5 * trait.apart) {
      said += " is " + text(trait.values.front().first_row) + " " + in_rows_text(common, has_others);
    } else if (usual != usual_elsewhere || split.difference == 0.0) {
      said += " is mostly " + usual;
      said += usual_elsewhere.empty() ? std::string() : ", elsewhere " + usual_elsewhere;
    } else {
      said += (split.above ? " is above " : " is at most ") + text(sorted_[split.place].row) + " " +
              in_rows_text(split.shares, has_others);
    }
    return has_others && std::abs(missing.difference()) >= worth_saying ? said + "; " + missing_text : said;
  }

  const Field& field_;
  const Column& column_;
  const RowsOfGroups& groups_;
  std::vector<SortEntry> sorted_;        ///< values that are there
  std::vector<std::size_t> run_of_;      ///< of each place: the number of its value among those that differ
  std::vector<std::size_t> run_begins_;  ///< and the end
  std::vector<std::size_t> places_;      ///< of each group's values, ascending, from where its rows begin
  std::vector<std::size_t> ends_;        ///< of each group in `places_`
};

}  // namespace nad::detail
