#pragma once

/// Steps that turn categories into numbers.
///
///   nad::FeaturePipeline pipeline({nad::OneHot{.max_categories = 64}, nad::Novelty{}, nad::Standardise{}});
///
/// A category that training never showed has a place of its own in each of them; so has a missing one.

#include <cstdint>
#include <string_view>

#include "nad/features/column_choice.hpp"

namespace nad {

/// A feature a category: 1 where the record has it. The rarest are pooled in "other".
struct OneHot {
  static constexpr std::string_view kind = "one_hot";

  ColumnChoice columns = {};
  std::size_t max_categories = 64;  ///< kept apart; others are pooled
  std::size_t min_count = 1;        ///< of records, to be kept apart
  bool unseen = false;              ///< a feature more, 1 for categories that training never showed
  /// They, and gaps where training had none, are written as the most frequent category: the other columns speak, and
  /// `Novelty` tells of what is new. Written as no category at all, they lie on the usual side of each tree's cuts,
  /// and a forest finds the record more normal than any that it has seen.
  bool unseen_as_most_frequent = false;

  friend bool operator==(const OneHot&, const OneHot&) = default;
};

/// The number of the category, the most frequent 0; unseen ones get the number behind the last.
struct Ordinal {
  static constexpr std::string_view kind = "ordinal";

  ColumnChoice columns = {};

  friend bool operator==(const Ordinal&, const Ordinal&) = default;
};

/// How surprising the category is: -log of its share in training; an unseen one counts as half a record.
struct Frequency {
  static constexpr std::string_view kind = "frequency";

  ColumnChoice columns = {};

  friend bool operator==(const Frequency&, const Frequency&) = default;
};

/// One of so many features by a hash of the text: for columns of very many categories.
struct Hashing {
  static constexpr std::string_view kind = "hashing";

  ColumnChoice columns = {};
  std::size_t features = 16;

  friend bool operator==(const Hashing&, const Hashing&) = default;
};

/// One feature: in how many columns the record has a category that training never showed, times `weight`.
struct Novelty {
  static constexpr std::string_view kind = "novelty";

  ColumnChoice columns = {};
  double weight = 10.0;
  std::size_t most = 2;  ///< more count as so many
  /// A column counts -log of the chance that a record brings a new category, if that is less than `weight`. So many of
  /// the training records as had a category alone are taken for that chance (Good and Turing): columns of which
  /// everyone has a new value, as of file names, count little.
  bool by_chance = false;

  friend bool operator==(const Novelty&, const Novelty&) = default;
};

}  // namespace nad
