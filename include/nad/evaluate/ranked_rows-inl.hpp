#pragma once

// Rows of two classes, sorted by score and put beside each other; not for users.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/radix_sort.hpp"
#include "nad/evaluate/check_rows-inl.hpp"
#include "nad/evaluate/rank_levels.hpp"

namespace nad::detail {

/// Ascending keys are descending scores; 0 and -0 are one score.
template <class Float>
auto descending_key(Float score) noexcept {
  const auto bits = ordered_bits(score);
  const auto of_zero = ordered_bits(Float{0});
  return static_cast<std::remove_const_t<decltype(bits)>>(~(bits + 1 == of_zero ? of_zero : bits));
}

inline double score_of_key(std::uint32_t key) noexcept { return static_cast<double>(float_of(~key)); }
inline double score_of_key(std::uint64_t key) noexcept { return double_of(~key); }

template <class Key>
struct KeyedRow {
  Key key;
  std::uint32_t row;
};

/// Sorts keys alone where nobody asks for the rows: half the memory that moves.
template <class Float>
RankedClass rank_class(std::span<const Float> scores, LabelView labels, std::uint8_t label, WeightView weights,
                       bool keep_rows) {
  using Key = decltype(descending_key(Float{}));
  RankedClass ranked;
  const auto counts = [&](std::size_t row) {
    return (labels[row] != 0) == (label != 0) && (weights.empty() || weights[row] > 0.0);
  };
  std::size_t count = 0;
  for (std::size_t row = 0; row < scores.size(); ++row) {
    count += counts(row) ? 1U : 0U;
  }
  if (weights.empty() && !keep_rows) {
    std::vector<Key> keys(count);
    std::size_t place = 0;
    for (std::size_t row = 0; row < scores.size(); ++row) {
      if (counts(row)) {
        keys[place++] = descending_key(scores[row]);
      }
    }
    radix_sort_by(keys, [](Key key) { return key; });
    ranked.scores.resize(count);
    std::transform(keys.begin(), keys.end(), ranked.scores.begin(), [](Key key) { return score_of_key(key); });
    ranked.total = static_cast<double>(count);
    return ranked;
  }
  std::vector<KeyedRow<Key>> items;
  items.reserve(count);
  for (std::size_t row = 0; row < scores.size(); ++row) {
    if (counts(row)) {
      items.push_back({descending_key(scores[row]), static_cast<std::uint32_t>(row)});
    }
  }
  radix_sort_by(items, [](const KeyedRow<Key>& item) { return item.key; });
  ranked.scores.reserve(count);
  for (const KeyedRow<Key>& item : items) {
    ranked.scores.push_back(score_of_key(item.key));
    if (keep_rows) {
      ranked.rows.push_back(item.row);
    }
    if (!weights.empty()) {
      ranked.weights.push_back(weights[item.row]);
      ranked.total += weights[item.row];
    }
  }
  ranked.total = weights.empty() ? static_cast<double>(count) : ranked.total;
  return ranked;
}

inline std::vector<RankLevel> rank_levels(const std::vector<double>& attacks, const std::vector<double>& normals) {
  std::vector<RankLevel> levels;
  std::size_t normal = 0;
  for (std::size_t attack = 0; attack < attacks.size();) {
    const double score = attacks[attack];
    RankLevel level{};
    while (normal < normals.size() && normals[normal] > score) {
      ++normal;
    }
    level.normals_above = static_cast<std::uint32_t>(normal);
    while (normal < normals.size() && normals[normal] == score) {
      ++normal;
    }
    level.normals_through = static_cast<std::uint32_t>(normal);
    while (attack < attacks.size() && attacks[attack] == score) {
      ++attack;
    }
    level.attacks = static_cast<std::uint32_t>(attack);
    levels.push_back(level);
  }
  return levels;
}

inline void require_both_classes(const RankedRows& ranked) {
  const bool attacks = ranked.attack.total > 0.0;
  if (attacks && ranked.normal.total > 0.0) {
    return;
  }
  throw Error(ErrorCode::invalid_data,
              std::string(attacks                     ? "there is no normal row (label 0)"
                          : ranked.normal.total > 0.0 ? "there is no attack (label 1)"
                                                      : "there is no row of a weight above 0") +
                  " among the rows, so nothing can be told apart; judge rows of both classes");
}

inline RankedRows rank_rows(ScoreView scores, LabelView labels, WeightView weights, bool keep_rows) {
  check_rows(scores, labels, weights);
  RankedRows ranked;
  ranked.is_single = !scores.is_double();
  for (const std::uint8_t label : {std::uint8_t{0}, std::uint8_t{1}}) {
    (label != 0 ? ranked.attack : ranked.normal) = scores.is_double()
                                                       ? rank_class(scores.doubles(), labels, label, weights, keep_rows)
                                                       : rank_class(scores.floats(), labels, label, weights, keep_rows);
  }
  require_both_classes(ranked);
  ranked.levels = rank_levels(ranked.attack.scores, ranked.normal.scores);
  return ranked;
}

}  // namespace nad::detail
