#pragma once

/// What a long computation reports, and how it is stopped.
///
///   nad::FitControl control{.n_jobs = 4, .progress = [](const nad::Progress& p) {
///     std::printf("%s %zu/%zu\n", p.stage, p.done, p.total);
///     return !stop_requested;                             // false: the call ends with ErrorCode::cancelled
///   }};
///   forest.fit(rows, control);
///
/// The callback always runs on the thread that made the call, never on two at once; an exception that it throws ends
/// the computation and reaches the caller.

#include <cstddef>
#include <functional>

namespace nad {

struct Progress {
  const char* stage = "";  ///< "growing trees", "scoring", ...
  std::size_t done = 0;
  std::size_t total = 0;
};

/// Returns true to go on, false to cancel.
using ProgressCallback = std::function<bool(const Progress&)>;

/// How a call runs; the result never depends on it.
struct FitControl {
  int n_jobs = 1;  ///< threads; -1 is one per core, -2 all but one, ...
  ProgressCallback progress = {};
  /// The caller knows that no training value is NaN or infinite: the search for them, which reads all rows, is left
  /// out. Where that is wrong, such values count as missing or as any other number; nothing crashes.
  bool assume_finite = false;
};

}  // namespace nad
