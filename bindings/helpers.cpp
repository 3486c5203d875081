#include "helpers.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>

namespace nad::python {

namespace {

constexpr int aligned = py::detail::npy_api::NPY_ARRAY_ALIGNED_;  // which pybind11 has no public name for
constexpr int dense_cast = static_cast<int>(py::array::c_style) | static_cast<int>(py::array::forcecast) | aligned;
constexpr auto report_interval = std::chrono::milliseconds(50);

[[noreturn]] void reject(const std::string& message) { throw Error(ErrorCode::invalid_data, message); }

std::string shape_of(const py::array& array) {
  std::string shape = "(";
  for (py::ssize_t axis = 0; axis < array.ndim(); ++axis) {
    shape += (axis == 0 ? "" : ", ") + std::to_string(array.shape(axis));
  }
  return shape + (array.ndim() == 1 ? ",)" : ")");
}

std::string text_of(py::handle value) {
  try {
    return py::cast<std::string>(py::repr(value));
  } catch (const py::error_already_set&) {  // Python writes out no integers of thousands of digits
    return "something that has no text";
  }
}

std::string text_of(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

bool is_aligned(const py::array& array) { return (array.flags() & aligned) != 0; }

void check_shape(const py::array& array) {
  if (array.ndim() != 1 && array.ndim() != 2) {
    reject("Expected a 2D array with one row a record, or a 1D array for a single record, got an array of shape " +
           shape_of(array) + ". Reshape your data with X.reshape(n_rows, n_columns).");
  }
  if (array.shape(array.ndim() - 1) == 0) {
    reject("Found an array with 0 feature(s) (shape=" + shape_of(array) + ") while a minimum of 1 is required.");
  }
}

/// Kinds of dtype that hold no plain numbers. Object arrays are left to NumPy, which knows what its objects are.
void check_kind(const py::array& array) {
  switch (array.dtype().kind()) {
    case 'c':
      reject("Complex data not supported: give real numbers, for instance the magnitude and the phase as two columns");
    case 'U':
    case 'S':
    case 'T':
      reject("the array holds strings (dtype " + text_of(array.dtype()) +
             "): convert them to numbers first, for instance with scikit-learn's OrdinalEncoder");
    case 'M':
    case 'm':
      throw py::type_error("the array holds dates or durations (dtype " + text_of(array.dtype()) +
                           "): convert them to numbers first, for instance to seconds");
    case 'V':
      throw py::type_error(
          "the array is a structured one: give a plain array of numbers, "
          "numpy.lib.recfunctions.structured_to_unstructured makes one");
    default:
      break;
  }
}

}  // namespace

Records::Records(py::handle x) {
  if (!py::isinstance<py::array>(x)) {
    static PyObject* const asarray = py::object(py::module_::import("numpy").attr("asarray")).release().ptr();
    const py::object array = py::handle(asarray)(x);
    convert(py::reinterpret_borrow<py::array>(array));
    return;
  }
  const auto array = py::reinterpret_borrow<py::array>(x);
  if (!borrow(array)) {
    convert(array);
  }
}

bool Records::borrow(const py::array& array) {
  const py::ssize_t dimensions = array.ndim();
  if ((dimensions != 1 && dimensions != 2) || !py::array_t<float>::check_(array) || !is_aligned(array)) {
    return false;
  }
  constexpr auto width = static_cast<py::ssize_t>(sizeof(float));
  const py::ssize_t columns = array.shape(dimensions - 1);
  const py::ssize_t rows = dimensions == 1 ? 1 : array.shape(0);
  // the stride of an axis that is never stepped along means nothing
  if (columns == 0 || (columns > 1 && rows > 0 && array.strides(dimensions - 1) != width)) {
    return false;
  }
  std::size_t row_stride = static_cast<std::size_t>(columns);
  if (rows > 1) {
    const py::ssize_t bytes = array.strides(0);
    if (bytes < 0 || bytes % width != 0) {
      return false;
    }
    row_stride = static_cast<std::size_t>(bytes / width);
  }
  is_single_ = dimensions == 1;
  view_ = MatrixView(static_cast<const float*>(array.data()), static_cast<std::size_t>(rows),
                     static_cast<std::size_t>(columns), row_stride);
  owner_ = array;
  return true;
}

void Records::convert(const py::array& array) {
  check_kind(array);
  check_shape(array);
  const char kind = array.dtype().kind();
  if (kind == 'f' || kind == 'O') {
    if (py::array_t<double>::check_(array) && is_aligned(array)) {
      return convert_doubles(array);
    }
    if (!py::array_t<float>::check_(array)) {
      // other widths, other byte orders, objects: a double holds what they hold, so what overflows float32 is noticed
      return convert_doubles(py::array_t<double, dense_cast>(array));
    }
  }
  borrow_own(py::array_t<float, dense_cast>(array));
}

void Records::borrow_own(const py::array& array) {
  if (!borrow(array)) {
    throw std::logic_error("NumPy gave an array of another layout than it was asked for");
  }
}

void Records::convert_doubles(const py::array& doubles) {
  const bool single = doubles.ndim() == 1;
  const auto columns = doubles.shape(doubles.ndim() - 1);
  const auto rows = single ? 1 : doubles.shape(0);
  const auto row_step = single ? 0 : doubles.strides(0);
  const auto column_step = doubles.strides(doubles.ndim() - 1);
  const auto* const first = static_cast<const std::byte*>(doubles.data());

  py::array_t<float> floats(single ? std::vector<py::ssize_t>{columns} : std::vector<py::ssize_t>{rows, columns});
  float* out = floats.mutable_data();
  constexpr double largest = std::numeric_limits<float>::max();
  {
    const ReleasedGil release;  // both arrays are held, and nobody else knows the new one
    for (py::ssize_t row = 0; row < rows; ++row) {
      for (py::ssize_t column = 0; column < columns; ++column, ++out) {
        const double value = *reinterpret_cast<const double*>(first + row * row_step + column * column_step);
        *out = static_cast<float>(value);
        if (std::isinf(*out) && std::isfinite(value)) {
          reject("row " + std::to_string(row) + ", column " + std::to_string(column) + " holds " + text_of(value) +
                 ", which is too large for float32 (at most " + text_of(largest) +
                 "): scale the column, or take its logarithm");
        }
      }
    }
  }
  borrow_own(floats);
}

std::vector<float> weights_from(py::handle sample_weight) {
  if (sample_weight.is_none()) {
    return {};
  }
  const Records records(sample_weight);
  if (!records.is_single()) {
    reject("sample_weight must be a 1D array, one number a row");
  }
  return {records.row().begin(), records.row().end()};
}

bool is_integer(py::handle value) { return !PyBool_Check(value.ptr()) && PyIndex_Check(value.ptr()) != 0; }

std::uint64_t whole_number(py::handle value, const char* option, std::uint64_t least) {
  const auto complaint = [&] {
    return std::string(option) + " is " + text_of(value) + "; give a whole number of at least " + std::to_string(least);
  };
  if (!is_integer(value)) {
    throw py::type_error(complaint());
  }
  const auto integer = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!integer) {
    throw py::error_already_set();
  }
  const std::uint64_t number = PyLong_AsUnsignedLongLong(integer.ptr());
  const bool out_of_range = PyErr_Occurred() != nullptr;
  PyErr_Clear();
  if (out_of_range || number < least) {
    throw Error(ErrorCode::invalid_argument,
                complaint() + (out_of_range ? " that fits into 64 bits, so at most 18446744073709551615" : ""));
  }
  return number;
}

double real_number(py::handle value, const char* option) {
  const bool is_bool = PyBool_Check(value.ptr());
  const double number = is_bool ? 0.0 : PyFloat_AsDouble(value.ptr());
  if (PyErr_Occurred() != nullptr && PyErr_ExceptionMatches(PyExc_OverflowError) != 0) {
    PyErr_Clear();
    throw Error(ErrorCode::invalid_argument, std::string(option) + " is " + text_of(value) +
                                                 "; give a number that fits into a double, at most 1.8e308");
  }
  if (is_bool || PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    throw py::type_error(std::string(option) + " is " + text_of(value) + "; give a number");
  }
  return number;
}

std::optional<std::uint64_t> whole_number_if(py::handle value, const char* option, std::uint64_t least) {
  return value.is_none() ? std::nullopt : std::optional(whole_number(value, option, least));
}

std::optional<double> real_number_if(py::handle value, const char* option) {
  return value.is_none() ? std::nullopt : std::optional(real_number(value, option));
}

bool truth_value(py::handle value, const char* option) {
  if (PyBool_Check(value.ptr())) {
    return value.ptr() == Py_True;
  }
  if (py::str(py::type::handle_of(value).attr("__name__")).cast<std::string>().starts_with("bool")) {  // of NumPy
    return static_cast<bool>(py::bool_(py::reinterpret_borrow<py::object>(value)));
  }
  throw py::type_error(std::string(option) + " is " + text_of(value) + "; give True or False");
}

int threads_from(py::handle n_jobs) {
  const auto wish = [&] {
    return "n_jobs is " + text_of(n_jobs) + "; give a number of threads, or -1 for one per core";
  };
  if (!is_integer(n_jobs)) {
    throw py::type_error(wish());
  }
  const auto integer = py::reinterpret_steal<py::object>(PyNumber_Index(n_jobs.ptr()));
  if (!integer) {
    throw py::error_already_set();
  }
  int overflow = 0;
  const long long threads = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
  using Limits = std::numeric_limits<int>;
  if (overflow != 0 || threads < Limits::min() || threads > Limits::max()) {
    throw Error(ErrorCode::invalid_argument, wish() + ", at most " + std::to_string(Limits::max()));
  }
  if (threads == 0) {
    throw Error(ErrorCode::invalid_argument, wish());
  }
  return static_cast<int>(threads);
}

Run::Run(py::handle n_jobs, py::object progress) : callback_(std::move(progress)) {
  control_.n_jobs = threads_from(n_jobs);
  control_.progress = [this](const Progress& state) { return report(state); };
}

bool Run::report(const Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_last = progress.done == progress.total;
  if (now < next_ && !is_last) {
    return true;
  }
  next_ = now + report_interval;
  const AcquiredGil acquire;
  if (PyErr_CheckSignals() != 0) {
    throw py::error_already_set();
  }
  if (callback_.is_none()) {
    return true;
  }
  const py::object answer = callback_(progress);
  return answer.is_none() || static_cast<bool>(py::bool_(answer));  // a callback that only prints returns None
}

py::object per_row(const Records& records, const std::vector<float>& values) {
  if (records.is_single()) {
    return py::float_(static_cast<double>(values.front()));
  }
  return py::array_t<float>(static_cast<py::ssize_t>(values.size()), values.data());
}

}  // namespace nad::python
