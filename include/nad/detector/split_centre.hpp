#pragma once

// Centres to more digits than floats have, as pairs of floats; not for users. Rows far from zero stand a whole number
// of float steps from each other, but their mean lies between two: half a step off, it would shift every distance.

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "nad/detail/archive_field.hpp"

namespace nad::detail {

/// The floats that are nearest to some numbers.
inline std::vector<float> nearest_floats(std::span<const double> numbers) {
  std::vector<float> nearest;
  nearest.reserve(numbers.size());
  for (const double number : numbers) {
    nearest.push_back(static_cast<float>(number));
  }
  return nearest;
}

/// What these leave of the numbers; empty where that is nothing.
inline std::vector<float> rest_of_floats(std::span<const double> numbers) {
  std::vector<float> rest;
  rest.reserve(numbers.size());
  bool any = false;
  for (const double number : numbers) {
    rest.push_back(static_cast<float>(number - static_cast<double>(static_cast<float>(number))));
    any = any || rest.back() != 0.0F;
  }
  return any ? rest : std::vector<float>();
}

/// The number that a float and the rest, which may be empty, stand for.
inline double joined_at(std::span<const float> nearest, std::span<const float> rest, std::size_t place) {
  const auto number = static_cast<double>(nearest[place]);
  return rest.empty() ? number : number + static_cast<double>(rest[place]);
}

inline std::vector<double> joined_centre(std::span<const float> nearest, std::span<const float> rest) {
  std::vector<double> numbers;
  numbers.reserve(nearest.size());
  for (std::size_t place = 0; place < nearest.size(); ++place) {
    numbers.push_back(joined_at(nearest, rest, place));
  }
  return numbers;
}

/// Stored is one list of floats, and behind it the rest, where there is one. What is loaded lies in `nearest`, until
/// `separate_rest` knows how many numbers there are.
template <class Archive>
void archive_centre(Archive& archive, const char* name, std::vector<float>& nearest, std::vector<float>& rest) {
  if constexpr (NamingArchive<Archive>) {
    const std::vector<double> numbers = joined_centre(nearest, rest);
    archive.field(name, numbers);
  } else {
    std::vector<float> both = nearest;
    both.insert(both.end(), rest.begin(), rest.end());
    archive(both);
    if constexpr (Archive::is_loading::value) {
      nearest = std::move(both);
    }
  }
}

inline void separate_rest(std::vector<float>& nearest, std::vector<float>& rest, std::size_t size) {
  rest.clear();
  if (nearest.size() == 2 * size) {
    rest.assign(nearest.begin() + static_cast<std::ptrdiff_t>(size), nearest.end());
    nearest.resize(size);
  }
}

/// `to` becomes the part [first, last) of a row as seen from the centre.
inline void move_to_centre(const float* row, std::span<const float> nearest, std::span<const float> rest,
                           std::size_t first, std::size_t last, float* to) {
  if (rest.empty()) {
    for (std::size_t column = first; column < last; ++column) {
      to[column] = row[column] - nearest[column];
    }
    return;
  }
  for (std::size_t column = first; column < last; ++column) {
    to[column] = (row[column] - nearest[column]) - rest[column];
  }
}

}  // namespace nad::detail
