#pragma once

// What the columns of a text table are called, and what their names say about them.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "nad/detail/column_words.hpp"

namespace nad::detail {

inline std::string_view without_blanks(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Whether numbers under this name may count from 1970.
inline bool names_time(std::string_view name) {
  static constexpr std::array<std::string_view, 17> words = {
      "time",  "timestamp", "ts",   "date",      "datetime", "epoch",   "stime",   "etime", "ltime",
      "start", "end",       "seen", "starttime", "endtime",  "created", "updated", "when"};
  const std::vector<std::string> parts = words_of(name);
  return std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
    return std::find(words.begin(), words.end(), part) != words.end();
  });
}

struct CleanNames {
  std::vector<std::string> names;
  std::vector<std::string> invented;  ///< for columns without a name
  std::vector<std::string> numbered;  ///< for names that come again
};

/// Names without blanks around them, each of them another.
inline CleanNames clean_names(const std::vector<std::string>& written) {
  CleanNames clean;
  std::unordered_map<std::string, std::size_t> taken;  // a name, and the last number put behind it
  for (const std::string& name : written) {
    taken.emplace(without_blanks(name), 0);
  }
  std::unordered_set<std::string> given;
  for (std::size_t place = 0; place < written.size(); ++place) {
    const std::string_view name = without_blanks(written[place]);
    const std::string base = name.empty() ? "column_" + std::to_string(place + 1) : std::string(name);
    std::string unique = base;
    const bool again = name.empty() ? taken.contains(base) : given.contains(base);
    while (again && taken.contains(unique)) {
      unique = base + "." + std::to_string(++taken[base]);
    }
    if (name.empty()) {
      clean.invented.push_back(unique);
    } else if (again) {
      clean.numbered.push_back(unique);
    }
    taken.emplace(unique, 0);
    given.insert(unique);
    clean.names.push_back(std::move(unique));
  }
  return clean;
}

}  // namespace nad::detail
