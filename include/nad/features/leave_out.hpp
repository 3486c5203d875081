#pragma once

/// A step that keeps columns from being learnt from, and says why.
///
///   nad::FeaturePipeline pipeline({nad::LeaveOut{nad::ColumnChoice({"sttl"}), "tells attacks by the lab they came
///   from"},
///                                  nad::Standardise{}});

#include <string>
#include <string_view>

#include "nad/features/column_choice.hpp"

namespace nad {

struct LeaveOut {
  static constexpr std::string_view kind = "leave_out";

  ColumnChoice columns = {};  ///< of the table, or derived; those that are not there do not matter
  std::string reason = "it was left out by name";

  friend bool operator==(const LeaveOut&, const LeaveOut&) = default;
};

}  // namespace nad
