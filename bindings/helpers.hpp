#pragma once

/// From Python arguments to what nad takes.
///
///   const Records records(x);                              // borrows a float32 array, converts anything else once
///   Run run(n_jobs, progress);                              // parsed while the GIL is held
///   auto scores = run([&](const nad::FitControl& control) { return detector.raw_score(records.view(), control); });

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gil.hpp"
#include "nad/nad.hpp"

namespace nad::python {

namespace py = pybind11;

void register_core(py::module_& module);
void register_simd(py::module_& module);
void register_column(py::module_& module);
void register_table(py::module_& module);
void register_flow(py::module_& module);
void register_source(py::module_& module);
void register_simulator(py::module_& module);
void register_features(py::module_& module);
void register_detector(py::module_& module);
void register_threshold(py::module_& module);
void register_alert(py::module_& module);
void register_alert_sinks(py::module_& module);
void register_alert_maker(py::module_& module);
void register_evaluate(py::module_& module);
void register_persist(py::module_& module);
void register_model(py::module_& module);
void register_export(py::module_& module);
void register_record_scorer(py::module_& module);
void register_monitor(py::module_& module);

/// Rows that came from Python. A float32 array with adjacent columns is borrowed, whatever its row stride; everything
/// else is converted once. The GIL must be held to make and to destroy one.
class Records {
 public:
  explicit Records(py::handle x);

  MatrixView view() const noexcept { return view_; }
  /// One record, given as an array of one dimension.
  bool is_single() const noexcept { return is_single_; }
  std::span<const float> row() const noexcept { return {view_.data(), view_.columns()}; }

 private:
  bool borrow(const py::array& array);
  void borrow_own(const py::array& array);
  void convert(const py::array& array);
  void convert_doubles(const py::array& doubles);

  py::array owner_;  ///< keeps the memory that `view_` looks at
  MatrixView view_;
  bool is_single_ = false;
};

/// One weight a row, or empty for None.
std::vector<float> weights_from(py::handle sample_weight);

/// True for what Python can use as an index, other than True and False.
bool is_integer(py::handle value);
/// A whole number of at least `least`; the error names the option.
std::uint64_t whole_number(py::handle value, const char* option, std::uint64_t least);
/// A real number; the error names the option.
double real_number(py::handle value, const char* option);
/// The same where None leaves it open.
std::optional<std::uint64_t> whole_number_if(py::handle value, const char* option, std::uint64_t least);
std::optional<double> real_number_if(py::handle value, const char* option);
/// True or False, also NumPy's; the error names the option.
bool truth_value(py::handle value, const char* option);

/// The number of threads that `n_jobs` asks for, as in FitControl; cheap enough for a single row.
int threads_from(py::handle n_jobs);

/// Runs one long call without the GIL. Meanwhile the thread that made the call looks for Ctrl-C, and tells the callback
/// how far the work is, about twenty times a second.
class Run {
 public:
  Run(py::handle n_jobs, py::object progress);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  template <class Work>
  auto operator()(Work&& work) {
    // Safe: arguments were parsed before, and their arrays are held by the caller until this returns.
    const ReleasedGil release;
    return std::forward<Work>(work)(control_);
  }

 private:
  bool report(const Progress& progress);

  FitControl control_;
  py::object callback_;
  std::chrono::steady_clock::time_point next_{};
};

/// A new array of `values`: one number a row, or a Python float when `records` is a single record.
py::object per_row(const Records& records, const std::vector<float>& values);

}  // namespace nad::python
