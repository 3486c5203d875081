#pragma once

// Which column of the user's table speaks through which columns that features are made of: "state.class" and "state"
// are one reason, and its name is "state".

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nad/model/usual_values.hpp"
#include "nad/table/schema.hpp"

namespace nad::detail {

class ReasonColumns {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// `inputs`: the columns of the user's table. A derived column of one of them alone is called "x.y"; flags may be
  /// those that a history shows.
  ReasonColumns(const UsualValues& usual, const Schema& inputs) : group_of_(usual.size()) {
    for (std::size_t place = 0; place < usual.size(); ++place) {
      const std::string& name = usual.column(place);
      const std::size_t dot = inputs.find(name) ? std::string::npos : name.find('.');
      const bool of_one = dot != std::string::npos && name.find('.', dot + 1) == std::string::npos &&
                          inputs.find(name.substr(0, dot)).has_value();
      const bool of_history = name.starts_with("flags.") && !inputs.find("flags") && inputs.find("history");
      const std::string source = of_one ? name.substr(0, dot) : of_history ? "history" : name;
      std::size_t group = 0;
      while (group < groups_.size() && groups_[group].name != source) {
        ++group;
      }
      if (group == groups_.size()) {
        groups_.push_back({source, none});
      }
      groups_[group].itself = of_one || of_history ? groups_[group].itself : place;
      group_of_[place] = group;
    }
  }

  std::size_t size() const noexcept { return groups_.size(); }
  std::size_t group_of(std::size_t place) const noexcept { return group_of_[place]; }
  const std::string& name(std::size_t group) const noexcept { return groups_[group].name; }
  /// The place of the user's column itself; `none` where features are only made of what was derived from it.
  std::size_t itself(std::size_t group) const noexcept { return groups_[group].itself; }

  /// What tells a derived column from its source: "class " of "state.class"; "" for a column itself.
  std::string suffix(std::size_t place, const std::string& name) const {
    const std::string& source = groups_[group_of_[place]].name;
    return name.size() > source.size() ? name.substr(source.size() + 1) + " " : "";
  }

 private:
  struct Group {
    std::string name;
    std::size_t itself = none;
  };

  std::vector<std::size_t> group_of_;
  std::vector<Group> groups_;
};

}  // namespace nad::detail
