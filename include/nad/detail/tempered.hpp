#pragma once

// How far out a member believes a row to be, without drowning the others.

#include <algorithm>

#include "nad/detail/portable_exp.hpp"
#include "nad/detail/portable_log.hpp"

namespace nad::detail {

inline constexpr double plain_surprise = 5.0;
inline constexpr double surprise_bend = 0.5;

/// Plain up to p = e^-5, then bent without a kink.
inline double tempered(double surprise) noexcept {
  return surprise <= plain_surprise
             ? surprise
             : plain_surprise + surprise_bend * portable_log1p((surprise - plain_surprise) / surprise_bend);
}

/// The surprise that was tempered to this; goes no further where exp would overflow.
inline double untempered(double tempered) noexcept {
  constexpr double most = 300.0;
  return tempered <= plain_surprise
             ? tempered
             : plain_surprise +
                   surprise_bend * (portable_exp(std::min((tempered - plain_surprise) / surprise_bend, most)) - 1.0);
}

}  // namespace nad::detail
