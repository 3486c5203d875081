#pragma once

// Lines of logs, and how long tests wait for them: until what they expect has come, however busy the machine is.

#include <nad/nad.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "monitor_samples.hpp"

namespace follow_samples {

using monitor_samples::append;
using monitor_samples::zeek_header;
using monitor_samples::zeek_lines;

constexpr double soon = 0.01;  ///< nothing should come in this time

inline nad::FollowOptions quick() { return {.poll = 0.001, .rotate_wait = 0.01}; }

inline std::string zeek_line(std::size_t number) {
  return "1767571200." + std::to_string(100'000 + number) + "\tC" + std::to_string(number) +
         "\t10.0.0.5\t40000\t192.0.2.7\t80\ttcp\thttp\t0.5\t" + std::to_string(number) + "\t10\tSF\tShADadFf\t5\t4\n";
}

inline std::string lines(std::size_t first, std::size_t last) {
  std::string text;
  for (std::size_t number = first; number < last; ++number) {
    text += zeek_line(number);
  }
  return text;
}

inline std::vector<std::string> uids(std::size_t first, std::size_t last) {
  std::vector<std::string> names;
  for (std::size_t number = first; number < last; ++number) {
    names.push_back("C" + std::to_string(number));
  }
  return names;
}

inline void take_values(const nad::Table& table, const char* column, std::vector<std::string>& found) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    found.push_back(table[column].format(row));
  }
}

/// The next values of a column: so many, and what comes soon after them although it should not.
inline std::vector<std::string> next_of(nad::RecordSource& source, std::size_t count, const char* column = "uid") {
  constexpr std::chrono::seconds longest(30);
  const auto deadline = std::chrono::steady_clock::now() + longest;
  std::vector<std::string> found;
  while (found.size() < count && !source.ended() && std::chrono::steady_clock::now() < deadline) {
    if (const std::optional<nad::Table> table = source.next(1.0)) {
      take_values(*table, column, found);
    }
  }
  if (const std::optional<nad::Table> more = source.ended() ? std::nullopt : source.next(soon)) {
    take_values(*more, column, found);
  }
  return found;
}

/// All values of a column, of a source that ends.
inline std::vector<std::string> all_of(nad::RecordSource& source, const char* column = "uid") {
  std::vector<std::string> found;
  while (!source.ended()) {
    if (const std::optional<nad::Table> table = source.next(1.0)) {
      take_values(*table, column, found);
    }
  }
  return found;
}

}  // namespace follow_samples
