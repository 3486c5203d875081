#pragma once

/// The hour, the day of the week and the pause before each record.
///
///   nad::TimeParts step{.column = "timestamp", .utc_offset = 1.0};
///   auto state = step.begin();
///   nad::Table more = step.apply(flows, state.get());   // continued by the next table that is given this state
///   more["timestamp.hour"];                             // 0 to 23
///   more["timestamp.gap"];                              // seconds since the record before
///
/// A column "t" gives t.hour, t.weekday (0 is Monday), t.is_weekend, t.business_hours, t.second_of_day, the day and the
/// week as circles (t.hour_sin, t.hour_cos, t.weekday_sin, t.weekday_cos: midnight is near 23:59, Sunday near Monday)
/// and t.gap. The gap is 0 for the first record of all and negative where the clock steps back; a record without a time
/// has no gap, and the next one counts from the last that had one.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/features/derived.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct NAD_API TimeParts {
  static constexpr std::string_view kind = "time_parts";

  std::string column = "timestamp";  ///< a time, or seconds since 1970
  double utc_offset = 0.0;           ///< hours that local time is ahead of UTC
  double business_begin = 8.0;       ///< hours of the day, Monday to Friday
  double business_end = 18.0;        ///< not included; before `business_begin`: over midnight
  bool gap = true;                   ///< without it every row stands alone

  Table apply(const Table& table, StepState* state) const;
  std::vector<std::string> inputs() const { return {column}; }
  std::unique_ptr<StepState> begin() const;

  friend bool operator==(const TimeParts&, const TimeParts&) = default;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/time_parts-inl.hpp"
#endif
