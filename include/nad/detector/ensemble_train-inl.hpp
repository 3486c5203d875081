#pragma once

// Members learn side by side.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "nad/core/parallel.hpp"
#include "nad/core/progress.hpp"

namespace nad::detail {

/// Fits detectors, some at a time. The first that fails, or the caller's wish to stop, ends the others
/// at their next report; that first error is the one that is thrown.
class SideBySide {
 public:
  explicit SideBySide(const FitControl& control) : control_(control), caller_(std::this_thread::get_id()) {}

  /// `fit_one` gets the number of the detector, and what its fit is to obey.
  void run(std::size_t detectors, const std::function<void(std::size_t, const FitControl&)>& fit_one) {
    const std::size_t jobs = resolve_jobs(control_.n_jobs);
    FitControl each;
    each.n_jobs = static_cast<int>(std::max<std::size_t>(1, jobs / detectors));
    each.assume_finite = true;  // the ensemble has looked
    each.progress = [this](const Progress& progress) { return goes_on(progress); };
    FitControl outer;
    outer.n_jobs = control_.n_jobs;
    try {
      parallel_for(detectors, outer, {.grain = 1}, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          attempt([&] { fit_one(i, each); });
        }
      });
    } catch (...) {
      if (first_error_) {
        std::rethrow_exception(first_error_);
      }
      throw;
    }
  }

 private:
  template <class Work>
  void attempt(const Work& work) {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!stopped_.exchange(true)) {
        first_error_ = std::current_exception();
      }
      throw;
    }
  }

  /// The caller's callback runs on the caller's thread alone.
  bool goes_on(const Progress& progress) {
    if (stopped_.load()) {
      return false;
    }
    return std::this_thread::get_id() != caller_ || !control_.progress || control_.progress(progress);
  }

  const FitControl& control_;
  std::thread::id caller_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::exception_ptr first_error_;
};

}  // namespace nad::detail
