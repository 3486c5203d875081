#pragma once

// Dates like 7/4/2017 22:24 in the tables of known formats: whether the day or the month comes first is settled once
// for a whole file, by those of its dates that can only be read one way, or by the option day_first.

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/source/delimited-inl.hpp"
#include "nad/source/flow_columns-inl.hpp"
#include "nad/source/header_line-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// Takes the digits off the front, one to four of them.
inline bool take_part(std::string_view& text, int& value) noexcept {
  std::size_t digits = 0;
  value = 0;
  while (digits < text.size() && digits < 5 && is_digit(text[digits])) {
    value = value * 10 + (text[digits++] - '0');
  }
  text.remove_prefix(digits);
  return digits != 0 && digits < 5;
}

/// "3/7/2017 8:55", "03/07/2017 08:55:58 PM"
inline std::optional<std::int64_t> parse_slashed_time(std::string_view text, bool day_first) {
  int day = 0;
  int month = 0;
  int year = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  const auto skip = [&](char c) {
    const bool there = !text.empty() && text.front() == c;
    text.remove_prefix(there ? 1 : 0);
    return there;
  };
  if (!take_part(text, day) || !skip('/') || !take_part(text, month) || !skip('/') || !take_part(text, year) ||
      !skip(' ') || !take_part(text, hour) || !skip(':') || !take_part(text, minute) ||
      (skip(':') && !take_part(text, second))) {
    return std::nullopt;
  }
  std::string fraction;
  if (skip('.')) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    fraction = "." + std::string(text.substr(0, digits));
    text.remove_prefix(digits);
  }
  const std::string half = lower_case(trimmed(text));
  if ((!half.empty() && half != "am" && half != "pm") || (!half.empty() && (hour < 1 || hour > 12))) {
    return std::nullopt;
  }
  hour = half.empty() ? hour : hour % 12 + (half == "pm" ? 12 : 0);
  if (!day_first) {
    std::swap(day, month);
  }
  std::array<char, 64> iso{};
  std::snprintf(iso.data(), iso.size(), "%04d-%02d-%02d %02d:%02d:%02d", year, month, day, hour, minute, second);
  return parse_time(iso.data() + fraction);
}

/// Which of the two orders a date can be read in.
struct DateReadings {
  bool day_first = false;
  bool month_first = false;
  bool decides() const noexcept { return day_first != month_first; }
};

inline DateReadings date_readings(std::string_view text) {
  text = trimmed(text);
  return {parse_slashed_time(text, true).has_value(), parse_slashed_time(text, false).has_value()};
}

/// The order of the dates of one file.
struct DateOrderState {
  bool day_first = true;
  bool known = false;    ///< some date shows it, or somebody said it
  bool slashed = false;  ///< there are such dates
};

/// Counts what the dates in the first lines show.
inline DateOrderState date_order(const Head& head, const DelimitedPlan& plan, const ReadContext& context) {
  DateOrderState state;
  std::size_t day_first = 0;
  std::size_t month_first = 0;
  for (std::size_t index = plan.header_lines; index < head.lines(); ++index) {
    if (head.line(index).find('/') == std::string_view::npos) {
      continue;
    }
    const std::vector<std::string> row = split_quoted_line(head.line(index), plan.dialect.separator);
    for (const ColumnPlan& column : plan.columns) {
      if (column.field.type == ColumnType::time && column.place < row.size()) {
        const DateReadings readings = date_readings(row[column.place]);
        state.slashed = state.slashed || readings.day_first || readings.month_first;
        day_first += readings.decides() && readings.day_first ? 1U : 0U;
        month_first += readings.decides() && readings.month_first ? 1U : 0U;
      }
    }
  }
  state.known = true;
  if (context.second.day_first) {
    state.day_first = *context.second.day_first;
  } else if (day_first + month_first != 0) {
    state.day_first = day_first >= month_first;
  } else {
    state.known = context.options.day_first.has_value();
    state.day_first = context.options.day_first.value_or(true);
  }
  return state;
}

/// A date that can only be read the other way. Where the order was no more than likely, all dates before were read
/// wrongly: the file is read again, or there is an error even where malformed rows are left out.
inline bool learn_date_order(ReadContext& context, const DateOrderState& state, const ColumnPlan& column,
                             std::string_view text, std::uint64_t line) {
  const DateReadings readings = date_readings(text);
  if (state.known || column.field.type != ColumnType::time || !readings.decides()) {
    return false;
  }
  if (!context.second.possible) {
    throw Error(ErrorCode::invalid_data, context.place(line, "column '" + column.field.name + "'") + "'" + shown(text) +
                                             "' shows that the " + (readings.day_first ? "day" : "month") +
                                             " comes first, but the dates before were read with the " +
                                             (state.day_first ? "day" : "month") +
                                             " first; give day_first=" + (readings.day_first ? "true" : "false"));
  }
  context.second.day_first = readings.day_first;
  context.second.wanted = true;
  return true;
}

inline bool add_moment(std::string_view text, ColumnBuilder& to) {
  std::int64_t value = 0;
  if (text.empty() || !parse_moment(text, value)) {
    return false;
  }
  to.add_time(value);
  return true;
}

/// Lets all times of the plan be written with slashes, too, and settles what comes first in them.
inline void read_slashed_times(DelimitedPlan& plan, const Head& head, ReadContext& context) {
  const bool times = std::any_of(plan.columns.begin(), plan.columns.end(),
                                 [](const ColumnPlan& column) { return column.field.type == ColumnType::time; });
  if (!times) {
    return;
  }
  context.takes_day_first = true;
  const auto state = std::make_shared<DateOrderState>(date_order(head, plan, context));
  for (ColumnPlan& column : plan.columns) {
    if (column.field.type == ColumnType::time) {
      if (state->slashed) {
        column.hint =
            state->day_first ? " (dates are read with the day first)" : " (dates are read with the month first)";
      }
      column.parse = [state, usual = column.parse ? std::move(column.parse) : &add_moment](std::string_view written,
                                                                                           ColumnBuilder& to) {
        const std::string_view text = trimmed(written);
        if (text.size() < 12 || text.substr(0, 3).find('/') == std::string_view::npos) {
          return usual(written, to);
        }
        const std::optional<std::int64_t> value = parse_slashed_time(text, state->day_first);
        if (!value) {
          return false;
        }
        state->slashed = true;
        state->known = state->known || !parse_slashed_time(text, !state->day_first);
        return usual(format_time(*value), to);
      };
    }
  }
  plan.contradicted = [&context, state](const ColumnPlan& column, std::string_view text, std::uint64_t line) {
    return learn_date_order(context, *state, column, text, line);
  };
  const std::string note = std::string(
                               "no date shows whether the day or the month comes first; they are read with "
                               "the ") +
                           (state->day_first ? "day first (day_first=false reads the month first)"
                                             : "month first (day_first=true reads the day first)");
  plan.complete = [state, note, usual = std::move(plan.complete)](const Table& table, ReadContext& to) {
    if (state->slashed && !state->known) {
      to.note(note);
    } else {
      to.report.notes.erase(std::remove(to.report.notes.begin(), to.report.notes.end(), note), to.report.notes.end());
    }
    return usual ? usual(table, to) : table;
  };
}

}  // namespace nad::detail
