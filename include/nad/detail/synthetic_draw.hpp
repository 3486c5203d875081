#pragma once

// Random amounts for synthetic traffic, the same bits on every machine: the C library's exp, log and cos are not, so
// they are made of additions, multiplications, divisions and square roots here.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "nad/core/random.hpp"
#include "nad/detail/portable_log.hpp"

namespace nad::detail::synthetic {

/// e to the x, exact to a few units in the last place, for |x| up to 700.
inline double portable_exp(double x) noexcept {
  const double power = std::floor(x * 1.44269504088896340736 + 0.5);
  // the logarithm of 2 in two pieces: the first has few bits, so its product is exact
  const double rest = (x - power * 0.693147180369123816490) - power * 1.90821492927058770002e-10;
  double series = 1.0;
  for (int divisor = 14; divisor >= 1; --divisor) {
    series = 1.0 + series * rest / divisor;
  }
  return std::ldexp(series, static_cast<int>(power));
}

/// The natural logarithm of a number in (0, 1].
inline double portable_log(double x) noexcept { return -portable_log1p((1.0 - x) / x); }

inline std::int64_t whole(double x) noexcept { return static_cast<std::int64_t>(std::floor(x + 0.5)); }

class Draw {
 public:
  Draw(std::uint64_t seed, std::uint64_t stream) noexcept : random_(seed, stream) {}

  double uniform() noexcept { return random_.uniform(); }
  double uniform(double from, double to) noexcept { return from + (to - from) * random_.uniform(); }
  bool chance(double probability) noexcept { return random_.uniform() < probability; }
  std::size_t below(std::size_t bound) noexcept { return random_.below(bound); }
  /// Both ends included.
  std::int64_t between(std::int64_t from, std::int64_t to) noexcept {
    return from + static_cast<std::int64_t>(random_.below(static_cast<std::size_t>(to - from) + 1));
  }

  template <class Values>
  const auto& pick(const Values& values) noexcept {
    return values[random_.below(std::size(values))];
  }

  /// Index with a chance in proportion to its weight, of which `sums` are the running sums.
  std::size_t weighted(std::span<const double> sums) noexcept {
    const double at = random_.uniform() * sums.back();
    const auto found = std::upper_bound(sums.begin(), sums.end(), at);
    return std::min(static_cast<std::size_t>(found - sums.begin()), sums.size() - 1);
  }

  /// 0 .. count - 1 with chances about as 1, 1/2, 1/3, ...
  std::size_t ranked(std::size_t count) noexcept {
    const double rank = portable_exp(uniform() * portable_log1p(static_cast<double>(count)));
    return std::min(static_cast<std::size_t>(rank) - 1, count - 1);
  }

  double normal() noexcept {  // the polar method: no sine or cosine
    double x = 0.0;
    double square = 0.0;
    do {
      x = uniform(-1.0, 1.0);
      const double y = uniform(-1.0, 1.0);
      square = x * x + y * y;
    } while (square >= 1.0 || square < 1e-300);
    return x * std::sqrt(-2.0 * portable_log(square) / square);
  }

  double exponential(double mean) noexcept { return -mean * portable_log(1.0 - uniform()); }
  double log_normal(double median, double sigma) noexcept { return median * portable_exp(sigma * normal()); }
  /// Heavy-tailed from `least` on, never above `most`.
  double pareto(double least, double alpha, double most) noexcept {
    return std::min(most, least * portable_exp(-portable_log(1.0 - uniform()) / alpha));
  }
  /// 1, 2, 3, ... with this mean.
  std::int64_t count(double mean) noexcept {
    if (mean <= 1.0) {
      return 1;
    }
    return 1 + static_cast<std::int64_t>(portable_log(1.0 - uniform()) / portable_log(1.0 - 1.0 / mean));
  }

 private:
  Random random_;
};

}  // namespace nad::detail::synthetic
