#pragma once

/// The same features scaled in several ways, side by side.
///
///   nad::FeaturePipeline pipeline({nad::Impute{}, nad::OneHot{},
///                                  nad::View{"log"}, nad::Log1p{}, nad::Standardise{.clip = 10.0},
///                                  nad::View{"rank"}, nad::RankScale{}});
///   pipeline.fit(train);
///   pipeline.views()[1];                  // {.name = "rank", .first = 40, .count = 40}
///   pipeline.features()[40].name;         // "rank: duration"
///
/// Detectors see different attacks on different scales: a logarithm shows how far beyond all training a value lies,
/// ranks show how rare it is among them. The members of an ensemble may look at a view each (`MemberOptions::columns`).

#include <string>
#include <string_view>

namespace nad {

/// Begins a view: the scaling steps from here to the next `View` work on the features as the steps before the first one
/// left them. Encoding steps stand before the first.
struct View {
  static constexpr std::string_view kind = "view";

  std::string name = {};

  friend bool operator==(const View&, const View&) = default;
};

}  // namespace nad
