#pragma once

// How the options of a detector are stored: one after the other, as `for_each_option` names them.
//
//   template <class Options, class Visit>
//   requires std::same_as<std::remove_const_t<Options>, KMeansOptions>
//   void for_each_option(Options& options, Visit&& visit) {
//     visit("n_clusters", options.n_clusters);
//     ...
//   }
//
// The model file's header, Python's keyword arguments and this archive all walk over that one list.

#include <cmath>
#include <string>
#include <type_traits>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/words.hpp"
#include "nad/detector/amount.hpp"

namespace nad::detail {

inline void check_loaded(const Amount& amount, const char* option) {
  const double value = amount.value();
  const bool sound = amount.is_automatic()  ? value == 0.0
                     : amount.is_fraction() ? value > 0.0 && value <= 1.0
                     : amount.is_count()    ? value >= 1.0 && value <= 0x1p64 && std::floor(value) == value
                                            : false;
  if (!sound) {
    throw Error(ErrorCode::bad_file,
                std::string(option) + " is neither automatic, nor a number, nor a fraction; the model is damaged");
  }
}

template <Worded Enum>
void check_loaded(Enum value, const char* option) {
  if (!is_known(value)) {
    throw Error(ErrorCode::bad_file, std::string(option) + " is not one that this nad knows");
  }
}

template <class Archive, class Options>
void archive_options(Archive& archive, Options& options) {
  for_each_option(options, [&archive](const char* option, auto& value) {
    archive_field(archive, option, value);
    using Option = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<Option, Amount> || Worded<Option>) {
      check_loaded(value, option);
    }
  });
}

}  // namespace nad::detail
