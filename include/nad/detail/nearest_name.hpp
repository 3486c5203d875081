#pragma once

// What somebody probably meant.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nad::detail {

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

}  // namespace nad::detail
