#pragma once

/// What the bindings of alerts and of their sinks share.

#include <algorithm>
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

}  // namespace nad::python
