#pragma once

/// Steps that keep records from being learnt from. They act when a pipeline is fitted; `transform` still gives every
/// record its row, so that none goes without a score.
///
///   nad::FeaturePipeline pipeline({nad::DropMissing{}, nad::DropDuplicates{}, nad::OneHot{}, nad::Standardise{}});
///   pipeline.fit(train);
///   forest.fit(pipeline.transform(pipeline.training_rows(train)));   // the detector shall not learn from them either

#include <string_view>

#include "nad/features/column_choice.hpp"

namespace nad {

/// Records in which a value is missing.
struct DropMissing {
  static constexpr std::string_view kind = "drop_missing";

  ColumnChoice columns = {};  ///< in which a missing value matters; all: the features of the table

  friend bool operator==(const DropMissing&, const DropMissing&) = default;
};

/// Records that are like an earlier one.
struct DropDuplicates {
  static constexpr std::string_view kind = "drop_duplicates";

  ColumnChoice columns = {};  ///< that are compared; all: the features of the table

  friend bool operator==(const DropDuplicates&, const DropDuplicates&) = default;
};

}  // namespace nad
