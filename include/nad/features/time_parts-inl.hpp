#pragma once

#include <array>
#include <cmath>

#include "nad/features/derived_columns-inl.hpp"
#include "nad/features/time_parts.hpp"

namespace nad {

namespace detail {

struct LastMoment final : StepState {
  std::int64_t moment = no_moment;
};

/// Where in its day and week a moment is.
struct PlaceInWeek {
  PlaceInWeek(std::int64_t nanoseconds, std::int64_t offset_seconds) noexcept {
    constexpr std::int64_t day = 86400;
    std::int64_t seconds = nanoseconds / nanoseconds_per_second;
    std::int64_t rest = nanoseconds % nanoseconds_per_second;
    if (rest < 0) {
      rest += nanoseconds_per_second;
      --seconds;
    }
    seconds += offset_seconds;
    const std::int64_t in_day = (seconds % day + day) % day;
    const std::int64_t days = (seconds - in_day) / day;
    weekday = ((days + 3) % 7 + 7) % 7;  // 1970 began on a Thursday
    second_of_day = static_cast<double>(in_day) + static_cast<double>(rest) * 1e-9;
    hour = in_day / 3600;
  }

  std::int64_t weekday;  ///< 0 is Monday
  std::int64_t hour;
  double second_of_day;
};

inline void check(const TimeParts& step) {
  const auto is_hour = [](double hour) { return is_finite(hour) && hour >= 0.0 && hour <= 24.0; };
  if (!is_finite(step.utc_offset) || std::abs(step.utc_offset) > 24.0) {
    throw Error(ErrorCode::invalid_argument, "time_parts: utc_offset must be hours from -24 to 24");
  }
  if (!is_hour(step.business_begin) || !is_hour(step.business_end)) {
    throw Error(ErrorCode::invalid_argument, "time_parts: business_begin and business_end must be hours from 0 to 24");
  }
}

}  // namespace detail

NAD_INLINE std::unique_ptr<StepState> TimeParts::begin() const { return std::make_unique<detail::LastMoment>(); }

NAD_INLINE Table TimeParts::apply(const Table& table, StepState* state) const {
  constexpr double full_circle = 6.283185307179586476925;
  constexpr double day = 86400.0;
  detail::check(*this);
  std::vector<std::int64_t> moments(table.rows());
  detail::read_moments(detail::moment_column(table, column, kind), 0, moments);

  detail::AddedColumns added(table, kind);
  ColumnBuilder& hour = added.add(column + ".hour", ColumnType::integer);
  ColumnBuilder& weekday = added.add(column + ".weekday", ColumnType::integer);
  ColumnBuilder& is_weekend = added.add(column + ".is_weekend", ColumnType::boolean);
  ColumnBuilder& business = added.add(column + ".business_hours", ColumnType::boolean);
  std::array<ColumnBuilder*, 5> numbers = {};
  constexpr std::array<std::string_view, 5> names = {"second_of_day", "hour_sin", "hour_cos", "weekday_sin",
                                                     "weekday_cos"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    numbers[i] = &added.add(column + "." + std::string(names[i]), ColumnType::number);
  }
  const auto offset = static_cast<std::int64_t>(std::lround(utc_offset * 3600.0));
  for (const std::int64_t moment : moments) {
    if (moment == detail::no_moment) {
      for (ColumnBuilder* builder : {&hour, &weekday, &is_weekend, &business}) {
        builder->add_missing();
      }
      for (ColumnBuilder* builder : numbers) {
        builder->add_missing();
      }
      continue;
    }
    const detail::PlaceInWeek place(moment, offset);
    const double hours = place.second_of_day / 3600.0;
    const bool working = business_begin <= business_end ? hours >= business_begin && hours < business_end
                                                        : hours >= business_begin || hours < business_end;
    hour.add_integer(place.hour);
    weekday.add_integer(place.weekday);
    is_weekend.add_boolean(place.weekday >= 5);
    business.add_boolean(working && place.weekday < 5);
    const double in_day = full_circle * place.second_of_day / day;
    const double in_week = (full_circle * static_cast<double>(place.weekday) + in_day) / 7.0;
    const std::array<double, 5> values = {place.second_of_day, std::sin(in_day), std::cos(in_day), std::sin(in_week),
                                          std::cos(in_week)};
    for (std::size_t i = 0; i < values.size(); ++i) {
      numbers[i]->add_number(values[i]);
    }
  }
  if (gap) {
    const detail::StateInUse<detail::LastMoment, TimeParts> last(*this, state);
    ColumnBuilder& gaps = added.add(column + ".gap", ColumnType::number);
    for (const std::int64_t moment : moments) {
      if (moment == detail::no_moment) {
        gaps.add_missing();
        continue;
      }
      // the exact difference where 64 bits hold it, as they do for the times of one capture
      const std::int64_t before = last->moment == detail::no_moment ? moment : last->moment;
      const bool exact = (moment >= 0) == (before >= 0);
      gaps.add_number(exact ? static_cast<double>(moment - before) * 1e-9
                            : static_cast<double>(moment) * 1e-9 - static_cast<double>(before) * 1e-9);
      last->moment = moment;
    }
  }
  return added.finish();
}

}  // namespace nad
