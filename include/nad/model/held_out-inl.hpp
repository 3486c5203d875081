#pragma once

// Which records the detector does not learn from, so that p-values can be set by them, and what is new in them.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

inline constexpr std::size_t most_calibration_rows = 20'000;
inline constexpr std::size_t fewest_calibration_rows = 50;

/// Which rows are held out; the others are learnt from. Both rise.
struct HeldOut {
  std::vector<std::size_t> learnt;
  std::vector<std::size_t> held_out;
  std::vector<std::vector<std::size_t>> spells = {};  ///< the rows held out, where they were chosen by their times

  HeldOut(std::size_t rows, double share, std::uint64_t seed) {
    const auto wanted = std::min(most_calibration_rows, static_cast<std::size_t>(share * static_cast<double>(rows)));
    draw(std::vector<std::uint8_t>(rows, 0), {wanted >= fewest_calibration_rows ? wanted : 0, 0}, seed);
  }

  /// Spells of rows that follow each other in time, spread over all of it: what comes in runs is held out as it comes,
  /// and no half of it is learnt.
  HeldOut(std::span<const std::int64_t> times, double share, std::uint64_t seed) {
    const std::size_t rows = times.size();
    const auto wanted = std::min(most_calibration_rows, static_cast<std::size_t>(share * static_cast<double>(rows)));
    std::vector<std::uint8_t> is_out(rows, 0);
    if (wanted >= fewest_calibration_rows) {
      std::vector<std::size_t> order(rows);
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
      const double nanoseconds = static_cast<double>(times[order.back()]) - static_cast<double>(times[order.front()]);
      constexpr double long_enough = 300.0;  // seconds
      const double covered = nanoseconds * 1e-9 * static_cast<double>(wanted) / static_cast<double>(rows);
      const auto count = static_cast<std::size_t>(std::clamp(covered / long_enough, 8.0, 48.0));
      Random random(seed, 0x68656c64);
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t first = rows * i / count;
        const std::size_t size = wanted * (i + 1) / count - wanted * i / count;
        const std::size_t left = rows * (i + 1) / count - first - size;
        const auto begin = order.begin() + static_cast<std::ptrdiff_t>(first + random.below(left + 1));
        spells.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(size));
        for (const std::size_t row : spells.back()) {
          is_out[row] = 1;
        }
      }
    }
    for (std::size_t row = 0; row < rows; ++row) {
      (is_out[row] != 0 ? held_out : learnt).push_back(row);
    }
  }

  /// The share of normal rows, of class 0, and of the others each: p-values compare with normal ones alone. Where they
  /// are few, up to half of them.
  HeldOut(std::span<const std::int32_t> classes, double share, std::uint64_t seed) {
    std::vector<std::uint8_t> is_attack(classes.size());
    std::transform(classes.begin(), classes.end(), is_attack.begin(),
                   [](std::int32_t number) { return static_cast<std::uint8_t>(number != 0 ? 1 : 0); });
    const auto attacks = static_cast<std::size_t>(std::count(is_attack.begin(), is_attack.end(), 1));
    const std::size_t normal = classes.size() - attacks;
    const double part = std::min(share, static_cast<double>(most_calibration_rows) /
                                            static_cast<double>(std::max<std::size_t>(classes.size(), 1)));
    auto wanted = static_cast<std::size_t>(part * static_cast<double>(normal));
    wanted = std::max(wanted, std::min(fewest_calibration_rows, normal / 2));
    wanted = std::min(wanted, normal - std::min<std::size_t>(normal, 2));  // at least two are learnt from
    const auto wanted_attacks = static_cast<std::size_t>(part * static_cast<double>(attacks));
    draw(is_attack, {wanted, wanted == 0 ? 0 : wanted_attacks}, seed);
  }

 private:
  /// Of each group each set of so many rows is as likely as any other.
  void draw(const std::vector<std::uint8_t>& groups, std::array<std::size_t, 2> wanted, std::uint64_t seed) {
    std::array<std::size_t, 2> left = {};
    for (const std::uint8_t group : groups) {
      ++left[group];
    }
    Random random(seed, 0x68656c64);
    for (std::size_t row = 0; row < groups.size(); ++row) {
      std::size_t& still = wanted[groups[row]];
      const bool out = still > 0 && random.below(left[groups[row]]) < still;
      --left[groups[row]];
      (out ? held_out : learnt).push_back(row);
      still -= out ? 1U : 0U;
    }
  }
};

/// The dictionary with one category more, which nobody has seen.
inline std::shared_ptr<const Dictionary> with_unseen(const Dictionary& categories) {
  Dictionary more = categories;
  std::string name = "unseen";
  while (more.find(name) != Dictionary::absent) {
    name += '\'';
  }
  more.add(name);
  return std::make_shared<const Dictionary>(std::move(more));
}

/// The records that were held out as new ones come: a category that no learnt record has is one that nobody has seen,
/// also where the pipeline, which looks back over all records, has.
inline Table as_new_records(const Table& table, std::span<const std::size_t> learnt,
                            std::span<const std::size_t> held_out) {
  std::vector<Column> columns;
  columns.reserve(table.columns());
  for (std::size_t place = 0; place < table.columns(); ++place) {
    const Column& all = table.column(place);
    columns.push_back(all.take(held_out));
    if (all.type() != ColumnType::category) {
      continue;
    }
    const std::span<const std::int32_t> codes = all.codes();
    std::vector<std::uint8_t> is_learnt(all.categories().size(), 0);
    for (const std::size_t row : learnt) {
      if (!all.is_missing(row)) {
        is_learnt[static_cast<std::size_t>(codes[row])] = 1;
      }
    }
    ColumnParts parts = columns.back().parts();
    GrowingBuffer<std::int32_t> judged(parts.size);
    const auto unseen = static_cast<std::int32_t>(is_learnt.size());
    for (std::size_t row = 0; row < parts.size; ++row) {
      const std::int32_t code = parts.codes[row];
      const bool is_new = !columns.back().is_missing(row) && is_learnt[static_cast<std::size_t>(code)] == 0;
      judged[row] = is_new ? unseen : code;
    }
    parts.codes = std::move(judged).finish();
    parts.categories = with_unseen(all.categories());
    columns.back() = Column(std::move(parts));
  }
  return {table.schema(), std::move(columns)};
}

}  // namespace nad::detail
