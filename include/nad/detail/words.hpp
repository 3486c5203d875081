#pragma once

// Words for the values of enumerations, in one place: what people give and read, in files, messages and Python.
//
//   enum class Split : std::uint8_t { random, best };
//   constexpr std::array<std::string_view, 2> words_of(Split) noexcept { return {"random", "best"}; }
//
//   name(Split::best);   // "best"
//
// `words_of` stands beside its enumeration, and the values count up from 0.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace nad {

template <class Enum>
concept Worded = std::is_enum_v<Enum> && requires {
  words_of(Enum{});
};

template <Worded Enum>
constexpr bool is_known(Enum value) noexcept {
  return static_cast<std::size_t>(value) < words_of(Enum{}).size();
}

template <Worded Enum>
constexpr std::string_view name(Enum value) noexcept {
  return is_known(value) ? words_of(Enum{})[static_cast<std::size_t>(value)] : "?";
}

namespace detail {

/// "'random', 'best'"
template <Worded Enum>
std::string quoted_words(Enum) {
  std::string list;
  for (const std::string_view word : words_of(Enum{})) {
    list.append(list.empty() ? "'" : ", '").append(word).append("'");
  }
  return list;
}

}  // namespace detail

}  // namespace nad
