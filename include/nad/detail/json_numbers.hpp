#pragma once

// Numbers out of JSON that a program has kept for itself; not for users.
//
//   take_kept(state.at("records"), records);      // an Error where it is 1e300, -0.5, a text, or too large for
//   `records`

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>

#include "nad/core/error.hpp"

namespace nad::detail {

/// A whole number has to be one: what else there is has no value in `Number`.
template <class Number, class Json>
Number kept_number(const Json& json) {
  const bool fits = json.is_number_unsigned()
                        ? std::in_range<Number>(json.template get<std::uint64_t>())
                        : json.is_number_integer() && std::in_range<Number>(json.template get<std::int64_t>());
  if (!fits) {
    throw Error(ErrorCode::bad_file,
                "what was kept is damaged: " + json.dump().substr(0, 40) + " is no whole number that can stand there");
  }
  return json.template get<Number>();
}

template <class Json, class Value>
void take_kept(const Json& json, Value& value) {
  if constexpr (std::integral<Value> && !std::same_as<Value, bool>) {
    value = kept_number<Value>(json);
  } else {
    json.get_to(value);
  }
}

}  // namespace nad::detail
