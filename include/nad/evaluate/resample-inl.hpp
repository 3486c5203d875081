#pragma once

// How often each row is drawn in a replicate of the bootstrap; not for users.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/evaluate/rank_levels.hpp"

namespace nad::detail {

/// Up to here units are drawn one by one, with replacement.
inline constexpr std::size_t most_single_draws = 16384;

/// How often each of the units is drawn. The counts add up to their number, or nearly so where they are many.
inline void draw_counts(Random random, std::span<std::uint8_t> counts) {
  const std::size_t units = counts.size();
  if (units <= most_single_draws) {
    std::fill(counts.begin(), counts.end(), std::uint8_t{0});
    for (std::size_t i = 0; i < units; ++i) {
      ++counts[random.below(units)];  // 256 draws of one unit: never
    }
    return;
  }
  // Poisson of mean 1 from 16 random bits: how many of P(X <= 0), P(X <= 1), ... lie at or below them. Bits and limits
  // are moved to numbers with a sign, which processors compare eight at a time.
  constexpr std::array<std::int16_t, 8> at_most = {24109 - 32768, 48219 - 32768, 60273 - 32768, 64292 - 32768,
                                                   65296 - 32768, 65497 - 32768, 65531 - 32768, 65535 - 32768};
  constexpr std::size_t block = 1024;
  std::array<std::int16_t, block> bits{};
  std::array<std::int16_t, block> drawn{};
  for (std::size_t first = 0; first < units; first += block) {
    for (std::size_t i = 0; i < block; i += 4) {
      const std::uint64_t word = random.next();
      for (std::size_t j = 0; j < 4; ++j) {
        bits[i + j] = static_cast<std::int16_t>(word >> (16 * j));
      }
    }
    drawn.fill(0);
    for (const std::int16_t limit : at_most) {
      for (std::size_t i = 0; i < block; ++i) {
        drawn[i] = static_cast<std::int16_t>(drawn[i] + (bits[i] >= limit ? 1 : 0));
      }
    }
    const std::size_t count = std::min(block, units - first);
    for (std::size_t i = 0; i < count; ++i) {
      counts[first + i] = static_cast<std::uint8_t>(drawn[i]);
    }
  }
}

/// What is drawn: rows of a class, or whole groups of rows.
struct Stratum {
  std::size_t first = 0;  ///< its units are [first, first + size)
  std::size_t size = 0;
};

/// Which unit each ranked row belongs to. Without groups a row is its own unit: normal rows by rank, then attacks.
class Units {
 public:
  Units(const RankedRows& ranked, std::span<const std::uint32_t> groups)
      : normals_(ranked.normal.scores.size()), attacks_(ranked.attack.scores.size()) {
    if (groups.empty()) {
      strata_ = {Stratum{0, normals_}, Stratum{normals_, attacks_}};
      return;
    }
    // groups with an attack and those without are drawn apart, so that every replicate has both classes
    std::vector<std::uint32_t> distinct(normals_ + attacks_);
    std::transform(ranked.normal.rows.begin(), ranked.normal.rows.end(), distinct.begin(),
                   [&](std::uint32_t row) { return groups[row]; });
    std::transform(ranked.attack.rows.begin(), ranked.attack.rows.end(),
                   distinct.begin() + static_cast<std::ptrdiff_t>(normals_),
                   [&](std::uint32_t row) { return groups[row]; });
    unit_of_ = distinct;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    std::vector<std::uint8_t> has_attack(distinct.size(), 0);
    for (std::size_t place = 0; place < unit_of_.size(); ++place) {
      const auto found = std::lower_bound(distinct.begin(), distinct.end(), unit_of_[place]);
      unit_of_[place] = static_cast<std::uint32_t>(found - distinct.begin());
      if (place >= normals_) {
        has_attack[unit_of_[place]] = 1;
      }
    }
    std::vector<std::uint32_t> number(distinct.size());
    std::uint32_t next = 0;
    for (const std::uint8_t wanted : {std::uint8_t{0}, std::uint8_t{1}}) {
      const std::size_t first = next;
      for (std::size_t unit = 0; unit < distinct.size(); ++unit) {
        if (has_attack[unit] == wanted) {
          number[unit] = next++;
        }
      }
      strata_[wanted] = {first, next - first};
    }
    for (std::uint32_t& unit : unit_of_) {
      unit = number[unit];
    }
  }

  const std::array<Stratum, 2>& strata() const noexcept { return strata_; }
  std::size_t size() const noexcept { return strata_[0].size + strata_[1].size; }
  bool are_rows() const noexcept { return unit_of_.empty(); }
  std::size_t of_normal(std::size_t place) const noexcept { return are_rows() ? place : unit_of_[place]; }
  std::size_t of_attack(std::size_t place) const noexcept {
    return are_rows() ? normals_ + place : unit_of_[normals_ + place];
  }

 private:
  std::size_t normals_;
  std::size_t attacks_;
  std::array<Stratum, 2> strata_{};
  std::vector<std::uint32_t> unit_of_;  ///< of the normal rows by rank, then of the attacks; empty: each its own
};

/// How often each unit counts, and what a draw of each stratum counts, so that all of them add up to its size.
struct DrawnUnits {
  std::vector<std::uint8_t> counts;
  std::array<double, 2> scale = {1.0, 1.0};

  void rescale(const std::array<Stratum, 2>& strata) {
    for (std::size_t s = 0; s < strata.size(); ++s) {
      const std::uint8_t* begin = counts.data() + strata[s].first;
      const std::uint64_t drawn = std::accumulate(begin, begin + strata[s].size, std::uint64_t{0});
      scale[s] = drawn == 0 ? 1.0 : static_cast<double>(strata[s].size) / static_cast<double>(drawn);
    }
  }

  /// All units once.
  void keep_all(std::size_t units) {
    counts.assign(units, 1);
    scale = {1.0, 1.0};
  }

  void resample(const Units& units, std::uint64_t seed, std::uint64_t replicate) {
    counts.resize(units.size());
    for (std::size_t s = 0; s < 2; ++s) {
      const Stratum& stratum = units.strata()[s];
      draw_counts(Random(seed, 2 * replicate + s), {counts.data() + stratum.first, stratum.size});
    }
    rescale(units.strata());
  }

  /// All but the part `left_out` of `parts` of one stratum.
  void leave_out(const Units& units, std::size_t s, std::size_t left_out, std::size_t parts) {
    counts.assign(units.size(), 1);
    const Stratum& stratum = units.strata()[s];
    for (std::size_t i = 0; i < stratum.size; ++i) {
      // by chance where parts are many units: neighbours by score would make the parts alike
      const std::size_t part = parts >= stratum.size ? i : static_cast<std::size_t>(mix_bits(i) % parts);
      if (part == left_out) {
        counts[stratum.first + i] = 0;
      }
    }
    rescale(units.strata());
  }
};

}  // namespace nad::detail
