#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/portable_exp.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/threshold/false_discovery.hpp"

namespace nad {

namespace detail {

inline void check_discovery_rate(double rate, ErrorCode code) {
  if (!(rate > 0.0 && rate < 1.0)) {
    throw Error(code,
                "a false discovery rate of " + std::to_string(rate) + " makes no sense; give one between 0 and 1");
  }
}

inline void check_p_value(double p, std::size_t row) {
  if (!(p >= 0.0 && p <= 1.0)) {
    throw Error(ErrorCode::invalid_data, "the p-value of row " + std::to_string(row) + " is " + std::to_string(p) +
                                             "; p-values lie between 0 and 1");
  }
}

/// The rows by rising p-value, of equal ones the first before the others.
inline std::vector<std::size_t> by_p_value(std::span<const double> p_values) {
  for (std::size_t row = 0; row < p_values.size(); ++row) {
    check_p_value(p_values[row], row);
  }
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  return order;
}

}  // namespace detail

NAD_INLINE std::vector<double> q_values(std::span<const double> p_values) {
  const std::vector<std::size_t> order = detail::by_p_value(p_values);
  std::vector<double> q(p_values.size());
  double least = 1.0;
  for (std::size_t i = order.size(); i-- > 0;) {
    least = std::min(least, p_values[order[i]] * static_cast<double>(order.size()) / static_cast<double>(i + 1));
    q[order[i]] = least;
  }
  return q;
}

NAD_INLINE Discoveries benjamini_hochberg(std::span<const double> p_values, double rate) {
  detail::check_discovery_rate(rate, ErrorCode::invalid_argument);
  const std::vector<double> q = q_values(p_values);
  Discoveries found{.reported = std::vector<std::uint8_t>(p_values.size(), 0)};
  for (std::size_t row = 0; row < q.size(); ++row) {
    if (q[row] <= rate) {
      found.reported[row] = 1;
      ++found.count;
      found.limit = std::max(found.limit, p_values[row]);
    }
  }
  return found;
}

NAD_INLINE OnlineDiscovery::OnlineDiscovery(const Options& options) : options_(options) {
  detail::check_discovery_rate(options_.rate, ErrorCode::invalid_argument);
  if (options_.horizon < 1) {
    throw Error(ErrorCode::invalid_argument, "horizon is 0 records; give at least 1");
  }
  begin();
}

namespace detail {

/// Pace k forgets 1 / m of its wealth a record, m from a few records to the horizon.
inline double forgotten_share(std::uint64_t horizon, std::size_t pace, std::size_t paces) noexcept {
  const double log_horizon = portable_log1p(static_cast<double>(horizon) - 1.0);
  return portable_exp(-log_horizon * static_cast<double>(pace + 1) / static_cast<double>(paces));
}

}  // namespace detail

NAD_INLINE void OnlineDiscovery::begin() {
  records_ = 0;
  discoveries_ = 0;
  for (std::size_t pace = 0; pace < paces; ++pace) {
    const double share = detail::forgotten_share(options_.horizon, pace, paces);
    wealth_[pace] = 0.5 * options_.rate * share / static_cast<double>(paces);
  }
}

NAD_INLINE double OnlineDiscovery::next_level() const noexcept {
  return std::accumulate(wealth_.begin(), wealth_.end(), 0.0);
}

NAD_INLINE bool OnlineDiscovery::decide(double p_value) {
  detail::check_p_value(p_value, static_cast<std::size_t>(records_));
  const bool found = p_value <= next_level();
  // half of the rate is there from the beginning, the first discovery earns the other half, each later one all of it
  const double earned = !found ? 0.0 : discoveries_ == 0 ? 0.5 * options_.rate : options_.rate;
  for (std::size_t pace = 0; pace < paces; ++pace) {
    const double share = detail::forgotten_share(options_.horizon, pace, paces);
    wealth_[pace] = wealth_[pace] * (1.0 - share) + earned * share / static_cast<double>(paces);
  }
  discoveries_ += found ? 1U : 0U;
  if (++records_ == options_.horizon) {
    begin();
  }
  return found;
}

NAD_INLINE void OnlineDiscovery::restore() {
  detail::check_discovery_rate(options_.rate, ErrorCode::bad_file);
  const bool sound =
      options_.horizon >= 1 && records_ < options_.horizon && discoveries_ <= records_ &&
      std::all_of(wealth_.begin(), wealth_.end(), [](double wealth) { return wealth >= 0.0 && wealth <= 1.0; });
  if (!sound) {
    throw Error(ErrorCode::bad_file,
                "what is left of the budget for false alerts makes no sense; the model is damaged");
  }
}

}  // namespace nad
