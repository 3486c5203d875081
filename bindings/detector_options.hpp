#pragma once

/// Options of detectors from Python's keyword arguments and back, by the list that `for_each_option` walks over.
///
///   KMeans kmeans(options_from<KMeansOptions>(kwargs, "KMeans"));
///   py::dict given = options_to_python(kmeans.options());

#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "helpers.hpp"

namespace nad::python {

template <Worded Enum>
void set_option(Enum& option, py::handle value, const char* key) {
  const std::string given = py::isinstance<py::str>(value) ? value.cast<std::string>() : "";
  for (std::size_t i = 0; i < words_of(Enum{}).size(); ++i) {
    if (given == words_of(Enum{})[i]) {
      option = static_cast<Enum>(i);
      return;
    }
  }
  throw Error(ErrorCode::invalid_argument, std::string(key) + " is " + py::repr(value).cast<std::string>() +
                                               "; give one of " + detail::quoted_words(Enum{}));
}

void set_option(UniqueRows& option, py::handle value, const char* key);
void set_option(bool& option, py::handle value, const char* key);
void set_option(double& option, py::handle value, const char* key);
void set_option(std::int32_t& option, py::handle value, const char* key);
void set_option(std::string& option, py::handle value, const char* key);
/// None: automatic; an integer: that many; a float: a fraction.
void set_option(Amount& option, py::handle value, const char* key);
/// "scale", "auto" or a number.
void set_option(KernelGamma& option, py::handle value, const char* key);

template <class Whole>
requires(std::is_unsigned_v<Whole> && !std::is_same_v<Whole, bool>) void set_option(Whole& option, py::handle value,
                                                                                    const char* key) {
  option = static_cast<Whole>(whole_number(value, key, 0));
}

template <class Value>
void set_option(std::vector<Value>& option, py::handle value, const char* key) {
  if (py::isinstance<py::str>(value) || !py::isinstance<py::iterable>(value)) {
    throw Error(ErrorCode::invalid_argument,
                std::string(key) + " is " + py::repr(value).cast<std::string>() + "; give a list");
  }
  option.clear();
  for (const py::handle item : value) {
    set_option(option.emplace_back(), item, key);
  }
}

template <class Value>
void set_option(std::optional<Value>& option, py::handle value, const char* key) {
  option.reset();
  if (!value.is_none()) {
    set_option(option.emplace(), value, key);
  }
}

template <class Options>
Options options_from(const py::kwargs& given, const char* class_name) {
  Options options;
  for (const auto& [key, value] : given) {
    const auto wanted = py::cast<std::string>(key);
    bool known = false;
    for_each_option(options, [&, value = value](const char* option, auto& field) {
      if (wanted == option) {
        known = true;
        set_option(field, value, option);
      }
    });
    if (!known) {
      throw py::type_error(std::string(class_name) + " has no option " + wanted);
    }
  }
  return options;
}

py::object option_to_python(const Amount& amount);
py::object option_to_python(UniqueRows unique_rows);
py::object option_to_python(const KernelGamma& gamma);

template <class Value>
py::object option_to_python(const Value& value) {
  if constexpr (Worded<Value>) {
    return py::str(std::string(name(value)));
  } else {
    return py::cast(value);
  }
}

template <class Options>
requires requires(Options options) {
  for_each_option(options, [](const char*, auto&) {});
}
py::dict options_to_python(const Options& options) {
  py::dict values;
  for_each_option(options,
                  [&values](const char* option, const auto& value) { values[option] = option_to_python(value); });
  return values;
}

}  // namespace nad::python
