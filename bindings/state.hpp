#pragma once

/// Values as tuples, for pickle and copies: what their own `serialize` walks over.
///
///   py::class_<Calibration>(module, "Calibration").def(pickled(Calibration()))

#include <pybind11/numpy.h>

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "helpers.hpp"

namespace nad::python {

class TupleWriter {
 public:
  using is_loading = std::false_type;  // NOLINT(readability-identifier-naming): an archive's name

  template <class... Values>
  void operator()(Values&&... values) {
    (items_.append(item_of(values)), ...);
  }

  py::tuple state() const {
    py::tuple whole(items_);
    return whole;
  }

 private:
  template <class Value>
  static py::object item_of(Value& value) {
    if constexpr (std::is_arithmetic_v<Value>) {
      return py::cast(value);
    } else if constexpr (std::is_same_v<Value, std::string>) {
      return py::bytes(value);
    } else {
      TupleWriter inner;
      value.serialize(inner);
      return inner.state();
    }
  }

  template <class Value>
  static py::object item_of(std::vector<Value>& values) {
    if constexpr (std::is_arithmetic_v<Value>) {
      return py::array_t<Value>(static_cast<py::ssize_t>(values.size()), values.data());
    } else {
      py::list items;
      for (Value& value : values) {
        items.append(item_of(value));
      }
      return py::tuple(items);
    }
  }

  py::list items_;
};

class TupleReader {
 public:
  using is_loading = std::true_type;  // NOLINT(readability-identifier-naming): an archive's name

  explicit TupleReader(py::tuple state) : state_(std::move(state)) {}

  template <class... Values>
  void operator()(Values&&... values) {
    (read(next(), values), ...);
  }

 private:
  py::object next() {
    if (place_ >= state_.size()) {
      throw Error(ErrorCode::bad_file, "the state ends early; it was written by another version of nad, or is damaged");
    }
    return state_[place_++];
  }

  template <class Value>
  static void read(const py::object& item, Value& value) {
    if constexpr (std::is_arithmetic_v<Value>) {
      value = item.cast<Value>();
    } else if constexpr (std::is_same_v<Value, std::string>) {
      value = static_cast<std::string>(item.cast<py::bytes>());
    } else {
      TupleReader inner(item.cast<py::tuple>());
      value.serialize(inner);
    }
  }

  template <class Value>
  static void read(const py::object& item, std::vector<Value>& values) {
    if constexpr (std::is_arithmetic_v<Value>) {
      const auto array = item.cast<py::array_t<Value, static_cast<int>(py::array::c_style)>>();
      values.assign(array.data(), array.data() + array.size());
    } else {
      const auto items = item.cast<py::tuple>();
      values.assign(items.size(), Value{});
      for (std::size_t i = 0; i < values.size(); ++i) {
        read(items[i], values[i]);
      }
    }
  }

  py::tuple state_;
  std::size_t place_ = 0;
};

/// For `class_::def`. What is loaded takes the place of `blank`.
template <class Value>
auto pickled(Value blank) {
  return py::pickle(
      [](const Value& value) {
        Value copy = value;
        TupleWriter writer;
        copy.serialize(writer);
        return writer.state();
      },
      [blank = std::move(blank)](const py::tuple& state) {
        Value value = blank;
        TupleReader reader(state);
        value.serialize(reader);
        return value;
      });
}

}  // namespace nad::python
