#pragma once

/// The GIL, for threads that may still be at work when the interpreter ends.
///
///   const ReleasedGil release;                  // in the place of py::gil_scoped_release
///   const AcquiredGil acquire;                  // in the place of py::gil_scoped_acquire
///
/// Python ends a thread that asks for the GIL once the interpreter is going, in the middle of C++, which ends the
/// program with an error. These let such a thread wait for the end of the process instead.

#include <pybind11/pybind11.h>

#include <optional>

namespace nad::python {

namespace py = pybind11;

class ReleasedGil {
 public:
  ReleasedGil() : released_(std::in_place) {}
  ~ReleasedGil();
  ReleasedGil(const ReleasedGil&) = delete;
  ReleasedGil& operator=(const ReleasedGil&) = delete;

 private:
  std::optional<py::gil_scoped_release> released_;
};

class AcquiredGil {
 public:
  AcquiredGil();
  ~AcquiredGil();
  AcquiredGil(const AcquiredGil&) = delete;
  AcquiredGil& operator=(const AcquiredGil&) = delete;

 private:
  std::optional<py::gil_scoped_acquire> acquired_;
};

/// When the module is made: asks Python to be told before the interpreter ends.
void prepare_for_the_end();

}  // namespace nad::python
