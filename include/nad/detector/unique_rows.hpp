#pragma once

/// Whether rows that occur many times are kept so: a flood in the training data otherwise counts as normal.

#include <array>
#include <cstdint>
#include <string_view>

#include "nad/detail/words.hpp"

namespace nad {

enum class UniqueRows : std::uint8_t {
  off,        ///< every row counts
  on,         ///< each distinct row counts once
  log_count,  ///< each distinct row counts 1 + log(number of times it occurs) times
};

constexpr std::array<std::string_view, 3> words_of(UniqueRows) noexcept { return {"off", "on", "log_count"}; }

}  // namespace nad
