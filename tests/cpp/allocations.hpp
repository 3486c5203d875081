#pragma once

/// What went through operator new in the whole program: number of calls, bytes asked for, and the largest request.
///
///   const tests::Allocations before = tests::allocations();
///   forest.anomaly_score(row);
///   CHECK(tests::allocations().count == before.count);

#include <cstddef>

namespace tests {

struct Allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
};

Allocations allocations() noexcept;

/// The largest single request since the last call.
std::size_t take_largest_request() noexcept;

/// Pieces of memory that nobody has given back yet.
std::ptrdiff_t pieces_held() noexcept;

/// False where a sanitizer has operators of its own, which refuse nothing and are not counted.
bool memory_can_be_refused() noexcept;

/// While it lives, some requests for memory end with std::bad_alloc, on whatever thread: the first one after its
/// beginning is number 1.
///
///   const tests::RefusedMemory refused(/*first=*/5);
///   forest.fit(rows);                                    // what becomes of it when the fifth request fails?
class RefusedMemory {
 public:
  explicit RefusedMemory(std::size_t first, std::size_t how_many = 1) noexcept;
  ~RefusedMemory();
  RefusedMemory(const RefusedMemory&) = delete;
  RefusedMemory& operator=(const RefusedMemory&) = delete;

  /// Whether a request was refused so far.
  static bool happened() noexcept;
};

}  // namespace tests
