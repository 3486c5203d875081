#pragma once

// How far out a member believes a row to be, without drowning the others.

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

}  // namespace nad::detail
