#pragma once

#include <algorithm>
#include <unordered_set>

#include "nad/core/error.hpp"
#include "nad/table/schema.hpp"

namespace nad {

NAD_INLINE std::string_view name(Role role) noexcept {
  switch (role) {
    case Role::feature:
      return "feature";
    case Role::label:
      return "label";
    case Role::identifier:
      return "identifier";
    case Role::moment:
      return "moment";
  }
  return "unknown";
}

NAD_INLINE Role parse_role(std::string_view name) {
  for (const Role role : {Role::feature, Role::label, Role::identifier, Role::moment}) {
    if (name == nad::name(role)) {
      return role;
    }
  }
  throw Error(ErrorCode::invalid_argument,
              "there is no role '" + std::string(name) + "'; there are: 'feature', 'label', 'identifier', 'moment'");
}

namespace detail {

/// How many letters must be put in, left out or changed to turn one word into the other.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

/// The name that the wrong one was probably meant to be, else "".
template <class Names>
std::string nearest_name(std::string_view wanted, const Names& names) {
  std::string nearest;
  std::size_t least = std::max<std::size_t>(2, wanted.size() / 2) + 1;
  for (const std::string& candidate : names) {
    const std::size_t distance = edit_distance(wanted, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace detail

NAD_INLINE Schema::Schema(std::vector<Field> fields, std::string source)
    : fields_(std::move(fields)), source_(std::move(source)) {
  std::unordered_set<std::string_view> names;
  for (const Field& field : fields_) {
    if (!names.insert(field.name).second) {
      throw Error(ErrorCode::invalid_argument, "two columns are called '" + field.name + "'; rename one");
    }
  }
}

NAD_INLINE std::optional<std::size_t> Schema::find(std::string_view name) const noexcept {
  for (std::size_t place = 0; place < fields_.size(); ++place) {
    if (fields_[place].name == name) {
      return place;
    }
  }
  return std::nullopt;
}

NAD_INLINE std::size_t Schema::place(std::string_view name) const {
  if (const std::optional<std::size_t> found = find(name)) {
    return *found;
  }
  std::vector<std::string> names;
  names.reserve(fields_.size());
  std::string all;
  for (const Field& field : fields_) {
    names.push_back(field.name);
    all += (all.empty() ? "'" : ", '") + field.name + "'";
  }
  const std::string nearest = detail::nearest_name(name, names);
  throw Error(ErrorCode::invalid_argument,
              "there is no column '" + std::string(name) + "'; " +
                  (!nearest.empty()      ? "did you mean '" + nearest + "'?"
                   : fields_.size() > 12 ? "there are " + std::to_string(fields_.size()) + " others"
                                         : "there are: " + all));
}

}  // namespace nad
