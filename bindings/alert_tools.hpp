#pragma once

/// What the bindings of alerts and of their sinks share.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "helpers.hpp"

namespace nad::python {

/// The value with this word; an error that lists the words otherwise.
template <class Enum>
Enum enum_from_word(const std::string& word, const char* option) {
  const auto words = words_of(Enum{});
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) {
    throw Error(ErrorCode::invalid_argument,
                std::string(option) + " is '" + word + "'; there are " + detail::quoted_words(Enum{}));
  }
  return static_cast<Enum>(found - words.begin());
}

/// The options of a dict, by their names in C++.
SyslogOptions syslog_from(const py::dict& options);

/// Nanoseconds since 1970: given as such, or as a numpy.datetime64 or a datetime. One without a time zone is of UTC.
struct GivenTime {
  std::int64_t nanoseconds = 0;
};

/// The text of an address: given as such, or as an object of ipaddress.
struct GivenAddress {
  std::string text = {};
};

/// Nothing where it is no time, or one that nanoseconds do not hold.
std::optional<std::int64_t> nanoseconds_from(const py::handle& value);

}  // namespace nad::python

namespace pybind11::detail {

template <>
struct type_caster<nad::python::GivenTime> {
  PYBIND11_TYPE_CASTER(nad::python::GivenTime, const_name("int"));

  bool load(handle source, bool /*convert*/) {
    const std::optional<std::int64_t> nanoseconds = nad::python::nanoseconds_from(source);
    value.nanoseconds = nanoseconds.value_or(0);
    return nanoseconds.has_value();
  }
  static handle cast(const nad::python::GivenTime& time, return_value_policy /*policy*/, handle /*parent*/) {
    return PyLong_FromLongLong(time.nanoseconds);
  }
};

template <>
struct type_caster<nad::python::GivenAddress> {
  PYBIND11_TYPE_CASTER(nad::python::GivenAddress, const_name("str"));

  bool load(handle source, bool /*convert*/) {
    const module_ addresses = module_::import("ipaddress");
    if (!isinstance<pybind11::str>(source) && !isinstance(source, addresses.attr("IPv4Address")) &&
        !isinstance(source, addresses.attr("IPv6Address"))) {
      return false;
    }
    value.text = pybind11::str(source).cast<std::string>();
    return true;
  }
  static handle cast(const nad::python::GivenAddress& address, return_value_policy /*policy*/, handle /*parent*/) {
    return pybind11::str(address.text).release();
  }
};

}  // namespace pybind11::detail
