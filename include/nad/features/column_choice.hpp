#pragma once

/// Which columns or features a step works on.
///
///   nad::ColumnChoice all;                                  // every one that the step can work on
///   nad::ColumnChoice some({"src_bytes", "dst_bytes"});     // these; an error where one is not there
///   nad::ColumnChoice rest = nad::ColumnChoice::all_but({"duration"});

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nad {

struct ColumnChoice {
  ColumnChoice() = default;
  explicit ColumnChoice(std::vector<std::string> chosen) : names(std::move(chosen)) {}
  static ColumnChoice all_but(std::vector<std::string> left_out) {
    ColumnChoice choice;
    choice.except = std::move(left_out);
    return choice;
  }

  std::vector<std::string> names;   ///< empty: all that fit
  std::vector<std::string> except;  ///< and these not

  bool is_all() const noexcept { return names.empty(); }
  bool takes(std::string_view name) const {
    const auto in = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    return (names.empty() || in(names)) && !in(except);
  }

  friend bool operator==(const ColumnChoice&, const ColumnChoice&) = default;
};

}  // namespace nad
