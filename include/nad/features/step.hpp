#pragma once

/// Any step of a feature pipeline.
///
///   std::vector<nad::FeatureStep> steps = {nad::OneHot{}, nad::Log1p{}, nad::Standardise{.clip = 10.0}};
///   nad::kind(steps[0]);        // "one_hot"
///
/// A type of the program's own is a step, too, when it does what `own_step.hpp` says.

#include <string_view>
#include <variant>

#include "nad/features/address_features.hpp"
#include "nad/features/encoding.hpp"
#include "nad/features/host_windows.hpp"
#include "nad/features/leave_out.hpp"
#include "nad/features/own_step.hpp"
#include "nad/features/port_features.hpp"
#include "nad/features/reduction.hpp"
#include "nad/features/rolling_windows.hpp"
#include "nad/features/row_steps.hpp"
#include "nad/features/scaling.hpp"
#include "nad/features/time_parts.hpp"
#include "nad/features/traffic_features.hpp"
#include "nad/features/view.hpp"

namespace nad {

/// Those that choose and derive columns, those that make features of them, those that choose records.
using FeatureStep =
    std::variant<LeaveOut, TimeParts, AddressFeatures, PortFeatures, TrafficFeatures, HostWindows, RollingWindows,
                 Impute, DropConstant, Clip, Log1p, Standardise, RobustScale, MinMax, QuantileScale, RankScale, OneHot,
                 Ordinal, Frequency, Hashing, Novelty, View, UnitLength, Pca, DropMissing, DropDuplicates, OwnStep>;

/// The name of a step in configurations and files.
inline std::string_view kind(const FeatureStep& step) {
  return std::visit(
      [](const auto& s) {
        if constexpr (requires { s.kind(); }) {
          return s.kind();
        } else {
          return std::string_view(s.kind);
        }
      },
      step);
}

}  // namespace nad
