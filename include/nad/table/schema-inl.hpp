#pragma once

#include <unordered_set>

#include "nad/core/error.hpp"
#include "nad/detail/column_words.hpp"
#include "nad/detail/nearest_name.hpp"
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

NAD_INLINE Role guess_role(std::string_view name, ColumnType type) {
  if (detail::names_label(name)) {
    return Role::label;
  }
  if (type == ColumnType::time) {
    return Role::moment;
  }
  return type == ColumnType::address || detail::names_identifier(name) ? Role::identifier : Role::feature;
}

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
