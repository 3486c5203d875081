#pragma once

/// What the rows just before a row were like: means, deviations, extremes, counts over a window, for all rows or those
/// of the same source, destination, pair or service.
///
///   nad::RollingWindows step{.keys = {"src_ip"},
///                            .columns = {"bytes_sent"},
///                            .functions = {nad::Rolling::mean, nad::Rolling::deviation, nad::Rolling::count},
///                            .distinct = {"dst_ip", "dst_port"},
///                            .seconds = 60.0};
///   auto state = step.begin();
///   nad::Table more = step.apply(flows, state.get());     // continued by the next table that is given this state
///   more["src_ip.60s.bytes_sent.mean"];
///   more["src_ip.60s.dst_port.distinct"];                 // different ports that this source asked for
///   more["src_ip.60s.count"];                             // its flows; with all rows together: "all.60s.count"
///
/// Every window has the current row in it. Results are made by merging, never by taking away again: a large value that
/// leaves the window leaves nothing behind, and deviations do not suffer from cancellation.
///
/// A row older than the newest before it counts as of that one's time; after 1000 in a row that are late by more than
/// the window, time goes on from where it stood. A row without a key, or without its time where there are `seconds`,
/// gets no values and is not counted. Missing (and infinite) values of a column are left out; a result is missing where
/// nothing is left. Values beyond +-1e140 count as these.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/features/derived.hpp"
#include "nad/table/table.hpp"

namespace nad {

enum class Rolling : std::uint8_t {
  mean,
  deviation,  ///< of all rows in the window, so 0 for a single one
  minimum,
  maximum,
  sum,
  count,     ///< rows in the window; once, not for each column
  failures,  ///< the share that was refused or not answered, of rows with a state; once
};

/// "mean", "deviation", ...
constexpr std::string_view name(Rolling function) noexcept {
  constexpr std::array<std::string_view, 7> names = {"mean", "deviation", "minimum", "maximum",
                                                     "sum",  "count",     "failures"};
  return names[static_cast<std::size_t>(function)];
}

struct NAD_API RollingWindows {
  static constexpr std::string_view kind = "rolling_windows";

  /// Rows with the same values in these columns share a window: {"src_ip", "dst_ip"} is a pair, {"dst_port",
  /// "protocol"} a service. None: all rows share one.
  std::vector<std::string> keys = {"src_ip"};
  std::vector<std::string> columns = {};  ///< of numbers; the functions are of each
  std::vector<Rolling> functions = {Rolling::mean, Rolling::deviation};
  std::vector<std::string> distinct = {};  ///< of any type: how many different values
  double seconds = 60.0;                   ///< rows younger than this; 0: of any age
  std::size_t rows = 1024;                 ///< and so many at most, with the current one
  /// Rows remembered in all windows together. Of more, windows not added to for the longest are forgotten, so that a
  /// scan with many sources does not exhaust the memory. A row takes about 100 bytes, a window of one row 700.
  std::size_t most_rows = 262144;

  std::string time = "timestamp";  ///< a time, or a number of seconds
  std::string state = "state";     ///< for Rolling::failures

  Table apply(const Table& table, StepState* seen) const;
  std::vector<std::string> inputs() const;
  std::unique_ptr<StepState> begin() const;
  /// How many windows a state of this step forgot, with rows that were still young enough, to stay within `most_rows`.
  std::uint64_t forgotten(const StepState& seen) const;

  friend bool operator==(const RollingWindows&, const RollingWindows&) = default;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/rolling_windows-inl.hpp"
#endif
