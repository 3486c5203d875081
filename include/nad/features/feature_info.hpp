#pragma once

/// What a feature pipeline says of its features.
///
///   pipeline.features()[3].name;                    // "service=http"
///   pipeline.features()[3].sources;                 // {"service"}
///   pipeline.views()[0].count;                      // 40, where there are views
///   pipeline.left_out()[0].reason;                  // "its role is label"

#include <cstddef>
#include <string>
#include <vector>

namespace nad {

/// What one column of the matrix is.
struct FeatureInfo {
  std::string name;
  std::vector<std::string> sources;  ///< the columns of the table that it follows from

  friend bool operator==(const FeatureInfo&, const FeatureInfo&) = default;
};

/// Neighbouring columns of the matrix that are one view of the table, see `View`.
struct FeatureView {
  std::string name;
  std::size_t first = 0;
  std::size_t count = 0;

  friend bool operator==(const FeatureView&, const FeatureView&) = default;
};

/// A column of the training table that nothing was learnt from.
struct LeftOut {
  std::string column;
  std::string reason;

  friend bool operator==(const LeftOut&, const LeftOut&) = default;
};

}  // namespace nad
