#pragma once

/// How many bins a histogram of some values gets, where their number is left open.

#include <array>
#include <cstdint>
#include <string_view>

#include "nad/detail/words.hpp"

namespace nad {

enum class BinRule : std::uint8_t {
  birge_rozenholc,    ///< penalised likelihood
  freedman_diaconis,  ///< by the interquartile range
};

constexpr std::array<std::string_view, 2> words_of(BinRule) noexcept {
  return {"birge_rozenholc", "freedman_diaconis"};
}

}  // namespace nad
