#pragma once

// What the calling thread takes from operator new, so that a test can say how much is too much.
//
//   const Allocations before = Allocations::of_this_thread();
//   forest.anomaly_score(row);
//   CHECK((Allocations::of_this_thread() - before).count == 0);

#include <cstddef>

struct Allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;  ///< all that was ever taken: at least as much as was held at any moment

  static Allocations of_this_thread() noexcept;
  friend Allocations operator-(const Allocations& a, const Allocations& b) noexcept {
    return {a.count - b.count, a.bytes - b.bytes};
  }
};
