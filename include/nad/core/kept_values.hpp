#pragma once

/// What a step or a detector of one's own keeps in a file: values under names, by one function for both ways.
///
///   void keep(nad::KeptValues& kept) {        // a member of the step or detector
///     kept("clip", clip);                     // double
///     kept("usual", usual);                   // std::vector<float>
///   }
///
/// When something is saved, the list is empty and takes the values; when it is loaded, the list is what the file holds
/// and gives them. A value that is missing then, of another type or left over is an error, so nothing is guessed.
///
/// A value is a truth value, a whole or a real number, a text in UTF-8, or a vector of numbers or texts. What nad
/// itself can save goes in as bytes, a std::vector<std::uint8_t>.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "nad/config.hpp"

namespace nad {

namespace detail {

template <class T>
inline constexpr bool is_kept_number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;
template <class T>
inline constexpr bool is_kept_vector = false;
template <class T>
inline constexpr bool is_kept_vector<std::vector<T>> = is_kept_number<T> || std::is_same_v<T, std::string>;

template <class T>
concept KeptValue = std::same_as<T, bool> || std::same_as<T, std::string> || is_kept_number<T> || is_kept_vector<T>;

}  // namespace detail

class NAD_API KeptValues {
 public:
  /// How values are stored, in the order of their numbers in a file.
  using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>,
                             std::vector<float>, std::vector<std::string>, std::vector<std::uint8_t>>;
  struct Named {
    std::string name;
    Value value;

    friend bool operator==(const Named&, const Named&) = default;
  };

  /// Takes what it is told.
  KeptValues() = default;
  /// Gives these.
  explicit KeptValues(std::vector<Named> values);

  /// Takes the value, or gives one to it; an error where that is not possible, or where two have one name.
  template <detail::KeptValue T>
  void operator()(std::string_view name, T& value);

  /// Whether it gives values, as when something is loaded.
  bool gives() const noexcept { return gives_; }
  const std::vector<Named>& values() const noexcept { return values_; }
  /// An error where it has a value that nobody asked for.
  void require_all_given() const;

 private:
  const Value& given(std::string_view name);
  void take(std::string_view name, Value value);
  [[noreturn]] static void refuse(std::string_view name, const char* why);

  template <class T>
  static auto stored(std::string_view name, const T& value);
  template <class T, class Stored>
  static T restored(std::string_view name, const Stored& stored);

  std::vector<Named> values_;
  std::vector<bool> asked_;  ///< of each that is given
  bool gives_ = false;
};

template <detail::KeptValue T>
void KeptValues::operator()(std::string_view name, T& value) {
  using Stored = decltype(stored(name, value));
  if (!gives_) {
    take(name, stored(name, value));
  } else if (const auto* found = std::get_if<Stored>(&given(name))) {
    value = restored<T>(name, *found);
  } else {
    refuse(name, "is of another type than the one that is kept under this name");
  }
}

template <class T>
auto KeptValues::stored(std::string_view name, const T& value) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<double>(value);
  } else if constexpr (std::is_integral_v<T>) {
    if (!std::in_range<std::int64_t>(value)) {
      refuse(name, "is too large: whole numbers are kept with 63 bits and a sign");
    }
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_integral_v<typename T::value_type> && !std::is_same_v<T, std::vector<std::uint8_t>>) {
    std::vector<std::int64_t> numbers;
    numbers.reserve(value.size());
    for (const auto number : value) {
      numbers.push_back(stored(name, number));
    }
    return numbers;
  } else {
    static_assert(!std::is_same_v<T, std::vector<long double>>, "keep vectors of double");
    return value;
  }
}

template <class T, class Stored>
T KeptValues::restored(std::string_view name, const Stored& stored) {
  if constexpr (std::is_same_v<T, Stored>) {
    return stored;
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(stored);
  } else if constexpr (std::is_integral_v<T>) {
    if (!std::in_range<T>(stored)) {
      refuse(name, "is a number that its type does not hold");
    }
    return static_cast<T>(stored);
  } else {
    T numbers;
    numbers.reserve(stored.size());
    for (const std::int64_t number : stored) {
      numbers.push_back(restored<typename T::value_type>(name, number));
    }
    return numbers;
  }
}

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/core/kept_values-inl.hpp"
#endif
