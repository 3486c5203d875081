#pragma once

/// What a feature pipeline says of its features.
///
///   pipeline.features()[3].name;                    // "service=http"
///   pipeline.features()[3].sources;                 // {"service"}
///   pipeline.left_out()[0].reason;                  // "its role is label"

#include <string>
#include <vector>

namespace nad {

/// What one column of the matrix is.
struct FeatureInfo {
  std::string name;
  std::vector<std::string> sources;  ///< the columns of the table that it follows from

  friend bool operator==(const FeatureInfo&, const FeatureInfo&) = default;
};

/// A column of the training table that nothing was learnt from.
struct LeftOut {
  std::string column;
  std::string reason;

  friend bool operator==(const LeftOut&, const LeftOut&) = default;
};

}  // namespace nad
