#pragma once

// Fewer points for a curve of the same shape; not for users.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <span>
#include <vector>

namespace nad::detail {

/// The places of at most `most` points, first and last among them: the point that lies farthest from the line between
/// its kept neighbours is kept next, so the largest deviation shrinks with each. Both axes count alike.
inline std::vector<std::size_t> thinned(std::span<const double> x, std::span<const double> y, std::size_t most) {
  struct Stretch {
    double deviation;
    std::size_t first;
    std::size_t last;
    std::size_t farthest;
    bool operator<(const Stretch& other) const noexcept {  // of equal ones the first
      return deviation != other.deviation ? deviation < other.deviation : first > other.first;
    }
  };
  const auto stretch = [&](std::size_t first, std::size_t last) {
    Stretch found{-1.0, first, last, first};
    const double dx = x[last] - x[first];
    const double dy = y[last] - y[first];
    const double length = std::hypot(dx, dy);
    for (std::size_t i = first + 1; i < last; ++i) {
      const double ax = x[i] - x[first];
      const double ay = y[i] - y[first];
      const double distance = length > 0.0 ? std::abs(dx * ay - dy * ax) / length : std::hypot(ax, ay);
      if (distance > found.deviation) {
        found.deviation = distance;
        found.farthest = i;
      }
    }
    return found;
  };
  std::vector<std::uint8_t> kept(x.size(), 0);
  std::size_t count = 0;
  const auto keep = [&](std::size_t place) {
    count += kept[place] == 0 ? 1U : 0U;
    kept[place] = 1;
  };
  keep(0);
  keep(x.size() - 1);
  std::priority_queue<Stretch> open;
  open.push(stretch(0, x.size() - 1));
  while (count < most && !open.empty()) {
    const Stretch widest = open.top();
    open.pop();
    if (widest.deviation < 0.0) {  // no point between
      continue;
    }
    keep(widest.farthest);
    open.push(stretch(widest.first, widest.farthest));
    open.push(stretch(widest.farthest, widest.last));
  }
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] != 0) {
      places.push_back(i);
    }
  }
  return places;
}

inline void keep_places(std::vector<double>& values, std::span<const std::size_t> places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    values[i] = values[places[i]];
  }
  values.resize(places.size());
}

}  // namespace nad::detail
