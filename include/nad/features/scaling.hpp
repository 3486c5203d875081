#pragma once

/// Steps that change numbers one by one: what each does is learnt from the training values of its feature.
///
///   nad::FeaturePipeline pipeline({nad::Impute{}, nad::Log1p{}, nad::Standardise{.clip = 10.0}});
///
/// Category features (one-hot and the like) are numbers here, too. Missing values stay missing except in `Impute`.

#include <cstdint>
#include <string>
#include <string_view>

#include "nad/features/column_choice.hpp"

namespace nad {

/// Puts a number in the place of missing ones.
struct Impute {
  enum class With : std::uint8_t { median, mean, constant };
  static constexpr std::string_view kind = "impute";

  ColumnChoice columns = {};
  With with = With::median;
  double constant = 0.0;  ///< for With::constant, and where training has no value at all
  /// A feature more, "x is missing", where training has missing values; columns that are missing in the same training
  /// records share one.
  bool indicator = true;

  friend bool operator==(const Impute&, const Impute&) = default;
};

/// Leaves out features that are the same in every training row.
struct DropConstant {
  static constexpr std::string_view kind = "drop_constant";

  ColumnChoice columns = {};

  friend bool operator==(const DropConstant&, const DropConstant&) = default;
};

/// Keeps values inside what training knows.
struct Clip {
  enum class By : std::uint8_t { quantiles, deviations };
  static constexpr std::string_view kind = "clip";

  ColumnChoice columns = {};
  By by = By::quantiles;
  double low = 0.001;  ///< By::quantiles
  double high = 0.999;
  double deviations = 10.0;  ///< By::deviations, around the mean

  friend bool operator==(const Clip&, const Clip&) = default;
};

/// log(1 + x / unit) for heavy tails, with the unit taken from the data: the 10 % quantile of the positive values. Only
/// features without negative values whose skewness is above `min_skewness`; others stay as they are.
struct Log1p {
  static constexpr std::string_view kind = "log1p";

  ColumnChoice columns = {};
  double min_skewness = 2.0;
  double unit = 0.0;  ///< 0: from the data

  friend bool operator==(const Log1p&, const Log1p&) = default;
};

/// (x - mean) / deviation. A feature that is constant in training becomes 0 where it still has that value and `novelty`
/// where it has not: what never happened in training is the strongest evidence there is, and a deviation of 0 hides it.
struct Standardise {
  static constexpr std::string_view kind = "standardise";

  ColumnChoice columns = {};
  double clip = 0.0;      ///< results beyond are cut to +-clip; 0: they are not
  double novelty = 10.0;  ///< 0: such features stay 0

  friend bool operator==(const Standardise&, const Standardise&) = default;
};

/// (x - median) / (1.4826 MAD), the deviation that outliers do not move; where MAD is 0, (x - median) / deviation.
struct RobustScale {
  static constexpr std::string_view kind = "robust_scale";

  ColumnChoice columns = {};
  double clip = 0.0;
  double novelty = 10.0;

  friend bool operator==(const RobustScale&, const RobustScale&) = default;
};

/// Smallest training value to `low`, largest to `high`.
struct MinMax {
  static constexpr std::string_view kind = "min_max";

  ColumnChoice columns = {};
  double low = 0.0;
  double high = 1.0;
  bool clip = false;  ///< values outside the training range are cut
  double novelty = 1.0;

  friend bool operator==(const MinMax&, const MinMax&) = default;
};

/// The share of training values below: evenly spread, or as a normal deviate.
struct QuantileScale {
  static constexpr std::string_view kind = "quantile_scale";

  ColumnChoice columns = {};
  std::size_t quantiles = 1000;
  bool normal = false;

  friend bool operator==(const QuantileScale&, const QuantileScale&) = default;
};

/// The rank among the training values, as a normal deviate; the least and the greatest of n values are as far out as
/// the half of 1 / n. What lies beyond them goes on from there, by log(1 + distance / deviation): ranks alone would
/// take a value a thousand times as large for one that is a little larger. A feature that is constant in training
/// becomes 0 where it still has that value and `novelty` where it has not.
struct RankScale {
  static constexpr std::string_view kind = "rank_scale";

  ColumnChoice columns = {};
  std::size_t quantiles = 1000;
  double novelty = 10.0;

  friend bool operator==(const RankScale&, const RankScale&) = default;
};

}  // namespace nad
