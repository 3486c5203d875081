#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/table/group_order-inl.hpp"
#include "nad/table/group_profile.hpp"
#include "nad/table/group_values-inl.hpp"
#include "nad/table/group_words-inl.hpp"

namespace nad {

namespace detail {

template <class Values>
void add_traits(Values&& values, std::vector<GroupProfile>& profiles) {
  for (GroupProfile& profile : profiles) {
    if (profile.rows != 0) {
      profile.traits.push_back(values.trait(profile.group));
    }
  }
}

inline void add_labels(NamedValues&& values, const std::string& column, std::vector<GroupProfile>& profiles) {
  for (GroupProfile& profile : profiles) {
    if (profile.rows != 0) {
      profile.labels.push_back({column, values.shares(profile.group)});
    }
  }
}

inline bool has_order(ColumnType type) noexcept {
  return type == ColumnType::number || type == ColumnType::integer || type == ColumnType::time;
}

}  // namespace detail

NAD_INLINE std::vector<GroupProfile> profile_groups(const Table& table, std::span<const std::uint32_t> groups,
                                                    std::size_t n_groups) {
  if (groups.size() != table.rows()) {
    throw Error(ErrorCode::invalid_data, "the table has " + std::to_string(table.rows()) + " rows, but " +
                                             std::to_string(groups.size()) + " have a group; give one for each row");
  }
  const detail::RowsOfGroups rows(groups, n_groups);
  std::vector<GroupProfile> profiles(n_groups);
  for (std::size_t group = 0; group < n_groups; ++group) {
    profiles[group].group = group;
    profiles[group].rows = rows.size(group);
    profiles[group].share =
        rows.rows() == 0 ? 0.0 : static_cast<double>(rows.size(group)) / static_cast<double>(rows.rows());
  }
  for (std::size_t place = 0; place < table.columns() && table.rows() != 0; ++place) {
    const Field& field = table.schema()[place];
    const Column& column = table.column(place);
    if (field.role == Role::label) {
      detail::add_labels(detail::NamedValues(field, column, rows), field.name, profiles);
    } else if (field.role != Role::identifier && detail::has_order(field.type)) {
      detail::add_traits(detail::OrderedValues(field, column, rows), profiles);
    } else if (field.role != Role::identifier) {
      detail::add_traits(detail::NamedValues(field, column, rows), profiles);
    }
  }
  for (GroupProfile& profile : profiles) {
    std::stable_sort(profile.traits.begin(), profile.traits.end(),
                     [](const GroupTrait& a, const GroupTrait& b) { return a.apart > b.apart; });
  }
  return profiles;
}

NAD_INLINE std::string to_string(const GroupProfile& profile, const GroupPrintOptions& options) {
  constexpr std::size_t width = 40;
  std::string text = "group " + std::to_string(profile.group) + ": " +
                     detail::with_thousands(std::to_string(profile.rows)) + (profile.rows == 1 ? " row (" : " rows (") +
                     detail::percent_text(profile.share) + " of all)";
  for (const GroupLabels& labels : profile.labels) {
    text += "\n  " + printable(labels.column) + ": ";
    for (std::size_t i = 0; i < std::min(options.labels, labels.values.size()); ++i) {
      const ValueShare& value = labels.values[i];
      text += (i == 0 ? "" : ", ") + (value.is_missing ? "missing" : printable(value.value, width)) + " " +
              detail::percent_text(value.share);
    }
    if (labels.values.size() > options.labels) {
      text += " and " + std::to_string(labels.values.size() - options.labels) + " more";
    }
  }
  std::size_t shown = 0;
  for (const GroupTrait& trait : profile.traits) {
    if (shown == options.traits || trait.apart < options.apart) {
      break;
    }
    text += "\n  " + trait.sentence;
    ++shown;
  }
  if (shown == 0 && profile.rows != 0) {
    text += "\n  nothing sets it apart from the other rows";
  }
  return text;
}

}  // namespace nad
