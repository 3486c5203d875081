#pragma once

/// Points in time: whole nanoseconds since 1970-01-01 00:00 UTC. Files that count from their own beginning give small
/// ones.
///
///   std::int64_t t = nad::parse_time("2017-04-07T22:24:37.251547+0100").value();
///   nad::format_time(t);                    // "2017-04-07 21:24:37.251547"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nad/config.hpp"

namespace nad {

inline constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

/// Reads "2017-04-07T22:24:37.251547+01:00" and what is close to it: a space or nothing else for the T, no seconds, up
/// to nine digits of a second (more are cut), '/' in the date (year first), an offset with or without its colon, "Z" or
/// none, which means UTC. Nothing for anything else or what nanoseconds do not hold (years 1678 to 2261 are held).
NAD_API std::optional<std::int64_t> parse_time(std::string_view text) noexcept;

/// Seconds as people and logs write them ("1650031200.251547", also negative) to nanoseconds, without the loss that a
/// floating-point number would bring.
NAD_API std::optional<std::int64_t> parse_epoch_seconds(std::string_view text) noexcept;

/// "2017-04-07 21:24:37.251547", in UTC, with as many digits of a second as there are, by threes.
NAD_API std::string format_time(std::int64_t nanoseconds);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/time-inl.hpp"
#endif
