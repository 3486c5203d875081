#pragma once

/// Splits a loop over threads that live only as long as the call: nothing is left that a `fork` could break.
///
///   nad::parallel_for(rows, {.n_jobs = 4}, {.grain = 4096}, [&](std::size_t begin, std::size_t end) {
///     for (std::size_t row = begin; row < end; ++row) out[row] = f(row);
///   });
///
/// Work that fits into one grain runs on the calling thread, starts no thread and allocates nothing. The first
/// exception that a chunk throws stops the loop and is thrown again by `parallel_for`.

#include <cstddef>

#include "nad/config.hpp"
#include "nad/core/progress.hpp"

namespace nad {

struct LoopShape {
  std::size_t grain = 1;   ///< indices that one call of the body gets at most; chunks start at its multiples
  const char* stage = "";  ///< the name that the progress callback sees
};

/// How many threads `n_jobs` means on this machine; an error for 0.
NAD_API std::size_t resolve_jobs(int n_jobs);

namespace detail {

/// A borrowed callable: two pointers instead of a std::function, so that small loops do not allocate.
class RangeBody {
 public:
  template <class Body>
  explicit RangeBody(const Body& body) noexcept
      : object_(&body), call_([](const void* object, std::size_t begin, std::size_t end) {
          (*static_cast<const Body*>(object))(begin, end);
        }) {}

  void operator()(std::size_t begin, std::size_t end) const { call_(object_, begin, end); }

 private:
  const void* object_;
  void (*call_)(const void*, std::size_t, std::size_t);
};

NAD_API void run_chunks(std::size_t count, const FitControl& control, const LoopShape& shape, RangeBody body);

}  // namespace detail

/// Calls `body(begin, end)` for chunks that together cover [0, count) once.
template <class Body>
void parallel_for(std::size_t count, const FitControl& control, const LoopShape& shape, const Body& body) {
  detail::run_chunks(count, control, shape, detail::RangeBody(body));
}

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/core/parallel-inl.hpp"
#endif
