#pragma once

// When things happen in a made-up network: by the hour of the day, on working days and at weekends.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nad/detail/synthetic_draw.hpp"

namespace nad::detail::synthetic {

inline constexpr std::int64_t second = 1'000'000;  ///< times and durations are in microseconds
inline constexpr std::int64_t minute = 60 * second;
inline constexpr std::int64_t hour = 60 * minute;
inline constexpr std::int64_t day = 24 * hour;

inline std::int64_t microseconds(double seconds) noexcept { return whole(seconds * 1e6); }

/// How busy each hour is; only proportions matter. Never 0, so that every stretch of time can be drawn from.
struct HourWeights {
  std::array<double, 24> workday;
  std::array<double, 24> weekend;
};

inline constexpr HourWeights office_hours = {
    {.03, .02, .02, .02, .03, .06, .2, .55, .9, 1.0, .98, .9, .62, .8, .97, 1.0, .9, .65, .35, .22, .16, .12, .08, .05},
    {.03, .02,  .015, .015, .02, .02, .03, .05, .08, .11, .12, .12,
     .1,  .105, .12,  .12,  .11, .1,  .1,  .1,  .09, .07, .06, .04}};

/// Strangers: later in the day, and at weekends too.
inline constexpr HourWeights internet_hours = {
    {.3, .22, .18, .16, .18, .22, .32, .45, .6, .72, .8, .82, .8, .8, .82, .84, .86, .86, .88, .95, 1.0, .92, .7, .45},
    {.32, .25, .2, .16, .16, .18, .22, .28, .36, .45, .52, .56, .58, .6, .6, .6, .6, .6, .62, .66, .68, .62, .5, .38}};

/// Jobs that wait until people are gone.
inline constexpr HourWeights night_hours = {{.7,   .9,   1.0,  1.0,  .6,   .15,  .01,  .001, .001, .001, .001, .001,
                                             .001, .001, .001, .001, .001, .001, .001, .005, .01,  .05,  .2,   .5},
                                            {.6,   .8,   .9,   .9,   .6,   .15,  .01,  .001, .001, .001, .001, .001,
                                             .001, .001, .001, .001, .001, .001, .001, .005, .01,  .05,  .15,  .4}};

inline std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept { return a / b - (a % b < 0 ? 1 : 0); }
inline std::int64_t modulo(std::int64_t a, std::int64_t b) noexcept { return a - floor_divide(a, b) * b; }

inline double weight_of_hour(const HourWeights& weights, std::int64_t hours_since_1970) noexcept {
  const std::int64_t weekday = modulo(floor_divide(hours_since_1970, 24) + 3, 7);  // 0: Monday; 1970 began on day 3
  const auto place = static_cast<std::size_t>(modulo(hours_since_1970, 24));
  return weekday < 5 ? weights.workday[place] : weights.weekend[place];
}

/// Of a quarter of an hour, by its number since 1970: hours flow into each other.
inline double weight_of_quarter(const HourWeights& weights, std::int64_t quarter) noexcept {
  const std::int64_t hours = floor_divide(quarter, 4);
  const double share = (static_cast<double>(modulo(quarter, 4)) + 0.5) / 4.0;
  return weight_of_hour(weights, hours) * (1.0 - share) + weight_of_hour(weights, hours + 1) * share;
}

/// Draws moments of a stretch of time.
class Rhythm {
 public:
  Rhythm(std::int64_t begin, std::int64_t length, const HourWeights* weights) {
    constexpr std::int64_t bin = 15 * minute;
    // bins lie on quarters of an hour; the first and the last may be cut
    const std::int64_t begin_in_bin = modulo(floor_divide(begin, 1000), bin);
    const std::int64_t first_bin = floor_divide(floor_divide(begin, 1000), bin);
    double sum = 0.0;
    for (std::int64_t at = 0, index = first_bin; at < length; ++index) {
      const std::int64_t end = std::min(length, (index - first_bin + 1) * bin - begin_in_bin);
      sum += (weights == nullptr ? 1.0 : weight_of_quarter(*weights, index)) * static_cast<double>(end - at);
      starts_.push_back(at);
      sums_.push_back(sum);
      at = end;
    }
    starts_.push_back(length);
  }

  /// Microseconds since the beginning.
  std::int64_t draw(Draw& draw) const noexcept {
    const std::size_t bin = draw.weighted(sums_);
    return draw.between(starts_[bin], starts_[bin + 1] - 1);
  }

 private:
  std::vector<std::int64_t> starts_;
  std::vector<double> sums_;
};

struct Calendar {
  Calendar(std::int64_t begin, std::int64_t duration, bool rhythm)
      : length(duration),
        office(begin, length, rhythm ? &office_hours : nullptr),
        internet(begin, length, rhythm ? &internet_hours : nullptr),
        night(begin, length, rhythm ? &night_hours : nullptr),
        always(begin, length, nullptr) {}

  std::int64_t length;
  Rhythm office;
  Rhythm internet;
  Rhythm night;
  Rhythm always;
};

}  // namespace nad::detail::synthetic
