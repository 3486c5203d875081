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

}  // namespace tests
