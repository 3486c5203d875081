#pragma once

// What the encoding steps learn: categories become slots, and each slot a row of numbers.

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/features/category_map.hpp"
#include "nad/features/encoding.hpp"
#include "nad/features/learn_scaling-inl.hpp"
#include "nad/features/refuse_option.hpp"
#include "nad/table/column.hpp"

namespace nad::detail {

/// A category column with its map: `width` numbers for each slot, of which each feature is one column.
struct CategoryCode {
  CategoryMap map = {};
  std::size_t width = 0;
  std::vector<double> values = {};         ///< row-major, a row a slot
  std::vector<double> weights = {};        ///< how many training rows have each slot
  std::vector<std::string> suffixes = {};  ///< of the features' names: "=http"
};

/// How often each category comes, and how many rows have none.
struct CategoryCounts {
  std::vector<std::string> names;  ///< the most frequent first; among equals, in the order of the alphabet
  std::vector<double> counts;
  double missing = 0.0;

  explicit CategoryCounts(const Column& column) {
    const Dictionary& categories = column.categories();
    std::vector<double> by_code(categories.size());
    const auto codes = column.codes();
    const bool gaps = !column.parts().valid.empty();
    for (std::size_t row = 0; row < codes.size(); ++row) {
      if (gaps && column.is_missing(row)) {
        missing += 1.0;
      } else {
        by_code[static_cast<std::size_t>(codes[row])] += 1.0;
      }
    }
    std::vector<std::int32_t> order(categories.size());
    std::iota(order.begin(), order.end(), 0);
    order.erase(std::remove_if(order.begin(), order.end(),
                               [&](std::int32_t code) { return by_code[static_cast<std::size_t>(code)] == 0.0; }),
                order.end());
    std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      const double first = by_code[static_cast<std::size_t>(a)];
      const double second = by_code[static_cast<std::size_t>(b)];
      return first > second || (first == second && categories[a] < categories[b]);
    });
    for (const std::int32_t code : order) {
      names.emplace_back(categories[code]);
      counts.push_back(by_code[static_cast<std::size_t>(code)]);
    }
  }

  double total() const { return std::accumulate(counts.begin(), counts.end(), missing); }
};

/// A map with a slot a category, and the two behind.
inline CategoryMap slot_each(const CategoryCounts& counts) {
  CategoryMap map;
  for (std::size_t i = 0; i < counts.names.size(); ++i) {
    map.known.add(counts.names[i]);
    map.slots.push_back(static_cast<std::uint32_t>(i));
  }
  map.unseen = static_cast<std::uint32_t>(counts.names.size());
  map.missing = map.unseen + 1;
  return map;
}

inline std::vector<double> slot_weights(const CategoryCounts& counts, const CategoryMap& map) {
  std::vector<double> weights(map.size());
  for (std::size_t i = 0; i < counts.names.size(); ++i) {
    weights[map.slot_of(counts.names[i])] += counts.counts[i];
  }
  weights[map.missing] += counts.missing;
  return weights;
}

inline void check_step(const OneHot& step) {
  constexpr std::size_t most = 4096;  // each category's row of zeros and its one is kept
  refuse_option(step.max_categories < 1 || step.max_categories > most,
                "one_hot keeps from 1 to " + std::to_string(most) +
                    " categories apart; frequency, ordinal and hashing take any number of them");
  refuse_option(step.unseen && step.unseen_as_most_frequent,
                "one_hot gives unseen categories a feature of their own or writes them as the most frequent one; give "
                "unseen or unseen_as_most_frequent, not both");
}
inline void check_step(const Ordinal&) {}
inline void check_step(const Frequency&) {}
inline void check_step(const Hashing& step) {
  refuse_option(step.features < 1 || step.features > 1024, "hashing needs from 1 to 1024 features");
}
inline void check_step(const Novelty& step) {
  refuse_option(step.most < 1, "novelty counts at least one column; give most above 0");
}

/// Features: the categories kept apart, "other" where some are pooled, "missing" where training has gaps, and "unseen"
/// on request.
inline CategoryCode learn(const OneHot& step, const Column& column) {
  const CategoryCounts counts(column);
  std::size_t apart = 0;
  while (apart < counts.names.size() && apart < step.max_categories &&
         counts.counts[apart] >= static_cast<double>(step.min_count)) {
    ++apart;
  }
  const bool pooled = apart < counts.names.size();
  CategoryCode code;
  CategoryMap& map = code.map;
  for (std::size_t i = 0; i < counts.names.size(); ++i) {
    map.known.add(counts.names[i]);
    map.slots.push_back(static_cast<std::uint32_t>(std::min(i, apart)));
    if (i < apart) {
      code.suffixes.push_back("=" + counts.names[i]);
    }
  }
  const std::size_t taken = apart + (pooled ? 1 : 0);
  map.unseen = static_cast<std::uint32_t>(taken);
  map.missing = map.unseen + 1;
  if (pooled) {
    code.suffixes.emplace_back("=(other)");
  }
  std::vector<std::size_t> feature_of(map.size(), std::string::npos);
  for (std::size_t slot = 0; slot < taken; ++slot) {
    feature_of[slot] = slot;
  }
  if (step.unseen_as_most_frequent && taken > 0) {
    feature_of[map.unseen] = feature_of[map.missing] = 0;
  }
  if (step.unseen) {
    feature_of[map.unseen] = code.suffixes.size();
    code.suffixes.emplace_back("=(unseen)");
  }
  if (counts.missing > 0.0) {
    feature_of[map.missing] = code.suffixes.size();
    code.suffixes.emplace_back("=(missing)");
  }
  code.width = code.suffixes.size();
  code.values.assign(map.size() * code.width, 0.0);
  for (std::size_t slot = 0; slot < map.size(); ++slot) {
    if (feature_of[slot] != std::string::npos) {
      code.values[slot * code.width + feature_of[slot]] = 1.0;
    }
  }
  code.weights = slot_weights(counts, map);
  return code;
}

inline CategoryCode learn(const Ordinal&, const Column& column) {
  const CategoryCounts counts(column);
  CategoryCode code;
  code.map = slot_each(counts);
  code.width = 1;
  code.suffixes = {""};
  code.values.resize(code.map.size());
  std::iota(code.values.begin(), code.values.end(), 0.0);
  code.weights = slot_weights(counts, code.map);
  return code;
}

inline CategoryCode learn(const Frequency&, const Column& column) {
  const CategoryCounts counts(column);
  CategoryCode code;
  code.map = slot_each(counts);
  code.width = 1;
  code.suffixes = {".rarity"};
  const double total = std::max(1.0, counts.total());
  const auto rarity = [&](double count) { return -std::log(std::max(count, 0.5) / total); };
  for (const double count : counts.counts) {
    code.values.push_back(rarity(count));
  }
  code.values.push_back(rarity(0.0));
  code.values.push_back(rarity(counts.missing));
  code.weights = slot_weights(counts, code.map);
  return code;
}

inline CategoryCode learn(const Hashing& step, const Column& column) {
  const CategoryCounts counts(column);
  CategoryCode code;
  code.map.buckets = static_cast<std::uint32_t>(step.features);
  code.map.unseen = code.map.missing = 2 * code.map.buckets;
  code.width = step.features;
  code.values.assign(code.map.size() * code.width, 0.0);
  for (std::size_t feature = 0; feature < step.features; ++feature) {
    code.suffixes.push_back(std::string("#").append(std::to_string(feature)));
    code.values[2 * feature * code.width + feature] = 1.0;
    code.values[(2 * feature + 1) * code.width + feature] = -1.0;
  }
  code.weights = slot_weights(counts, code.map);
  return code;
}

/// What a category that training never showed counts.
inline double weight_of_new(const Novelty& step, const CategoryCounts& counts) {
  if (!step.by_chance) {
    return step.weight;
  }
  const auto alone = static_cast<double>(std::count(counts.counts.begin(), counts.counts.end(), 1.0));
  return std::min(step.weight, -std::log((alone + 1.0) / (counts.total() + 1.0)));
}

template <class Step>
inline constexpr bool is_encoder = requires(const Step& step, const Column& column) {
  { learn(step, column) } -> std::same_as<CategoryCode>;
};

}  // namespace nad::detail
