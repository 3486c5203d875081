#pragma once

/// Steps that look at all features of a record at once.
///
///   nad::FeaturePipeline pipeline({nad::OneHot{}, nad::Standardise{}, nad::Pca{.components = 10}});

#include <cstddef>
#include <string_view>

namespace nad {

/// Divides each record by its length.
struct UnitLength {
  static constexpr std::string_view kind = "unit_length";

  friend bool operator==(const UnitLength&, const UnitLength&) = default;
};

/// Principal components: fewer features that keep most of the variance.
struct Pca {
  static constexpr std::string_view kind = "pca";

  std::size_t components = 0;  ///< 0: as many as `variance` needs
  double variance = 0.95;      ///< the share of the variance to keep
  bool whiten = false;         ///< each component with variance 1

  friend bool operator==(const Pca&, const Pca&) = default;
};

}  // namespace nad
