#pragma once

/// Times work in rounds: the competitors take turns, so that a machine that slows down slows them all.
///
///   std::vector<Contest> contests{{"avx2", [&] { score(); }}, {"baseline", [&] { score_slowly(); }}};
///   take_turns(contests, /*rounds=*/7);
///   double seconds = median(contests[0].cpu);

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace benchmark {

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// From the smallest to the largest, as a share of the median.
inline double spread(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return (*high - *low) / median(values);
}

inline double smallest(const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); }

struct Contest {
  std::string name;
  std::function<void()> work;
  double at_least = 0.0;         ///< the work is repeated until so many CPU seconds have passed in a round
  std::vector<double> cpu = {};  ///< seconds of one call, one number a round
  std::vector<double> wall = {};

  Contest(std::string what, std::function<void()> run, double seconds = 0.0)
      : name(std::move(what)), work(std::move(run)), at_least(seconds) {}

  void run(bool counts) {
    const auto wall_start = std::chrono::steady_clock::now();
    const std::clock_t cpu_start = std::clock();
    double spent = 0.0;
    std::size_t calls = 0;
    do {
      work();
      ++calls;
      spent = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
    } while (spent < at_least);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - wall_start;
    if (counts) {
      cpu.push_back(spent / static_cast<double>(calls));
      wall.push_back(passed.count() / static_cast<double>(calls));
    }
  }
};

/// One round that is not counted, then `rounds`; each starts with another contest.
inline void take_turns(std::vector<Contest>& contests, std::size_t rounds) {
  for (std::size_t round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < contests.size(); ++i) {
      contests[(i + round) % contests.size()].run(round > 0);
    }
  }
}

}  // namespace benchmark
