#pragma once

#include <algorithm>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/detector/extremes.hpp"
#include "nad/detector/tail_scale-inl.hpp"

namespace nad::detail {

inline constexpr double end_rank = 0.95;
inline constexpr std::size_t fewest_far_values = 20;  ///< different ones
inline constexpr double thinnest_end = 1e-5;          ///< one formula serves exponential ends, too
inline constexpr std::size_t values_of_end = 5;

inline double log_of_more(double at_least_one) noexcept { return portable_log1p(at_least_one - 1.0); }

NAD_INLINE Extremes::Extremes(MatrixView x, std::span<const float> weights, std::span<const std::uint32_t> columns) {
  std::vector<float> column(x.rows());
  double total = 0.0;
  for (const std::uint32_t place : columns) {
    for (std::size_t row = 0; row < x.rows(); ++row) {
      column[row] = x(row, place);
    }
    SeenScores seen(column, weights);
    total = seen.total;
    add_end(place, 1.0, seen.scores, seen.weights);
    std::transform(seen.scores.begin(), seen.scores.end(), seen.scores.begin(), [](double value) { return -value; });
    std::reverse(seen.scores.begin(), seen.scores.end());
    std::reverse(seen.weights.begin(), seen.weights.end());
    add_end(place, -1.0, seen.scores, seen.weights);
  }
  const double any_of_all = log_of_more(static_cast<double>(std::max<std::size_t>(ends_.size(), 1)));
  for (End& end : ends_) {
    end.start_surprise -= any_of_all;
  }
  least_ = total > 1.0 ? log_of_more(total) : 0.0;
  set_limits();
}

/// `seen` increases.
NAD_INLINE void Extremes::add_end(std::size_t column, double sign, std::span<const double> seen,
                                  std::span<const double> weights) {
  double total = 0.0;
  for (const double weight : weights) {
    total += weight;
  }
  double below = 0.0;
  std::size_t first = 0;  // beyond the start
  while (first < seen.size() && below < end_rank * total) {
    below += weights[first++];
  }
  if (first == 0 || seen.size() - first < fewest_far_values) {
    return;
  }
  End end;
  end.column = column;
  end.sign = sign;
  end.start = seen[first - 1];
  std::vector<double> excesses;
  excesses.reserve(seen.size() - first);
  for (const double value : seen.subspan(first)) {
    excesses.push_back(value - end.start);
  }
  end.start_surprise = log_of_more(total / (total - below));
  end.tail = ParetoTail::fit(excesses, weights.subspan(first), excesses.back(), thinnest_end);
  end.tail.shape = std::max(end.tail.shape, thinnest_end);
  ends_.push_back(end);
}

NAD_INLINE void Extremes::set_limits() noexcept {
  for (End& end : ends_) {
    end.limit = end.start + end.tail.excess_of(std::max(0.0, least_ - end.start_surprise));
  }
}

NAD_INLINE Extremes::Far Extremes::furthest(const float* row) const noexcept {
  Far far;
  for (const End& end : ends_) {
    const double value = end.sign * static_cast<double>(row[end.column]);
    if (value > end.limit) {
      const double surprise = end.start_surprise + end.tail.surprise(value - end.start);
      if (surprise > far.surprise) {
        far = {.surprise = surprise, .column = end.column};
      }
    }
  }
  return far;
}

NAD_INLINE bool Extremes::is_sound(std::size_t columns) const noexcept {
  const auto finite = [](double value) { return value >= -1e300 && value <= 1e300; };
  return finite(least_) && std::all_of(ends_.begin(), ends_.end(), [&](const End& end) {
           return end.column < columns && (end.sign == 1.0 || end.sign == -1.0) && finite(end.start) &&
                  finite(end.start_surprise) && end.tail.is_sound() && end.tail.shape >= thinnest_end;
         });
}

NAD_INLINE void Extremes::restore(std::span<const std::uint32_t> columns, std::span<const double> values) {
  if (values.size() != columns.size() * values_of_end) {
    throw Error(ErrorCode::bad_file, "the ends of columns are not as many as they should be; the model is damaged");
  }
  ends_.clear();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::span<const double> of_end = values.subspan(i * values_of_end, values_of_end);
    End& end = ends_.emplace_back();
    end.column = columns[i];
    end.sign = of_end[0];
    end.start = of_end[1];
    end.start_surprise = of_end[2];
    end.tail = {.shape = of_end[3], .scale = of_end[4]};
  }
  set_limits();
}

}  // namespace nad::detail
