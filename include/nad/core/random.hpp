#pragma once

/// Counter-based random numbers: the n-th number of a stream is a hash of (seed, stream, n), so streams never overlap
/// by accident and any of them can be restarted anywhere.
///
///   nad::Random random(/*seed=*/7, /*stream=*/tree);   // never seed + tree: neighbours would share their numbers
///   double position = random.uniform();                 // [0, 1)
///   std::size_t column = random.below(41);              // 0 .. 40, without bias

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace nad {

/// Finaliser of splitmix64: every input bit changes about half of the output bits.
constexpr std::uint64_t mix_bits(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

class Random {
 public:
  constexpr explicit Random(std::uint64_t seed, std::uint64_t stream = 0) noexcept
      : key_(mix_bits(mix_bits(seed + golden) ^ (stream * 0xd1342543de82ef95ULL + golden))) {}

  /// 64 independent bits.
  constexpr std::uint64_t next() noexcept { return mix_bits(key_ + golden * ++counter_); }

  /// A real number in [0, 1) with 53 random bits.
  constexpr double uniform() noexcept { return static_cast<double>(next() >> 11U) * 0x1p-53; }

  /// A whole number in [0, bound), each with the same chance. `bound` must not be 0.
  constexpr std::size_t below(std::size_t bound) noexcept {
    const std::uint64_t limit = bound;
    if (limit <= 0xffffffffULL) {
      // multiply-shift of 32 random bits; the few values that would make it unfair are drawn again
      const auto narrow = static_cast<std::uint32_t>(limit);
      std::uint64_t product = (next() >> 32U) * narrow;
      if (static_cast<std::uint32_t>(product) < narrow) {
        const std::uint32_t unfair = (0U - narrow) % narrow;
        while (static_cast<std::uint32_t>(product) < unfair) {
          product = (next() >> 32U) * narrow;
        }
      }
      return static_cast<std::size_t>(product >> 32U);
    }
    const std::uint64_t unfair = (0ULL - limit) % limit;
    std::uint64_t bits = next();
    while (bits < unfair) {
      bits = next();
    }
    return static_cast<std::size_t>(bits % limit);
  }

  /// A draw from the standard normal distribution (Box-Muller; two uniforms each, so the stream stays countable).
  double normal() noexcept {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(6.283185307179586476925 * uniform());
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

}  // namespace nad
