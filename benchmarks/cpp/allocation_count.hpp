#pragma once

/// Counts what goes through operator new, in the whole program and on all threads.
///
///   const std::size_t before = benchmark::allocations();
///   forest.anomaly_score(row);
///   const std::size_t made = benchmark::allocations() - before;

#include <cstddef>

namespace benchmark {

std::size_t allocations() noexcept;

}  // namespace benchmark
