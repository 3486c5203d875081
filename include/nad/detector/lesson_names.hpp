#pragma once

/// What a table calls the columns and labels that a detector learns from as places and numbers.
///
///   detector->name_lesson({.columns = {"duration", "service"}, .categorical = {1}, .classes = {"normal", "scan"}});
///   detector->fit(...);

#include <cstdint>
#include <string>
#include <vector>

namespace nad {

struct LessonNames {
  std::vector<std::string> columns = {};        ///< one a column
  std::vector<std::uint32_t> categorical = {};  ///< the columns that hold codes of categories
  std::vector<std::string> classes = {};        ///< of the labels 0, 1, ...; the normal one first
};

}  // namespace nad
