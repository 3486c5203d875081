#pragma once

/// What the bindings of evaluate/ share.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "helpers.hpp"

namespace nad::python {

using Bytes = py::array_t<std::uint8_t, static_cast<int>(py::array::c_style) | static_cast<int>(py::array::forcecast)>;
using Doubles = py::array_t<double, static_cast<int>(py::array::c_style) | static_cast<int>(py::array::forcecast)>;
using Codes = py::array_t<std::uint32_t, static_cast<int>(py::array::c_style) | static_cast<int>(py::array::forcecast)>;
using Numbers =
    py::array_t<std::int64_t, static_cast<int>(py::array::c_style) | static_cast<int>(py::array::forcecast)>;

/// Of one dimension, borrowed: the array must live as long as the view.
template <class Array>
auto view_of(const Array& array) {
  return std::span<const typename Array::value_type>(array.data(), static_cast<std::size_t>(array.size()));
}

template <class Array>
auto view_of(const std::optional<Array>& array) {
  return array ? view_of(*array) : std::span<const typename Array::value_type>();
}

/// float32 stays as it is, everything else becomes float64.
class Scores {
 public:
  explicit Scores(py::handle scores);
  ScoreView view() const noexcept;

 private:
  py::array array_;
  bool is_single_ = false;
};

template <class Value>
py::array_t<Value> to_array(const std::vector<Value>& values) {
  return py::array_t<Value>(static_cast<py::ssize_t>(values.size()), values.data());
}

void register_splits(py::module_& module);

}  // namespace nad::python
