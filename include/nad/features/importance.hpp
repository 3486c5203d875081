#pragma once

/// Which features set groups of records apart: clusters, classes, families of attacks.
///
///   nad::Matrix x = pipeline.transform(flows);
///   std::vector<double> shares = nad::variance_ratio(x, cluster_of_row);    // a share for each feature
///   for (const nad::ColumnImportance& column : nad::column_importance(pipeline, x, cluster_of_row)) {
///     column.name, column.share;                                            // "service", 0.93: the largest first
///   }
///
/// The share of a feature is the part of its variance that lies between the means of the groups: 0 where all groups
/// have the same mean, 1 where each group has one value. A feature that is constant has 0.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/matrix.hpp"
#include "nad/features/pipeline.hpp"

namespace nad {

/// `groups`: of each row the number of its group, from 0 on; rows with a negative number are left out.
NAD_API std::vector<double> variance_ratio(MatrixView x, std::span<const std::int32_t> groups);

struct ColumnImportance {
  std::string name;
  double share = 0.0;
};

/// The same for the columns of the user's table: of all features that follow from a column, the part of their variances
/// together. `x` is what the pipeline made. The largest share comes first.
NAD_API std::vector<ColumnImportance> column_importance(const FeaturePipeline& pipeline, MatrixView x,
                                                        std::span<const std::int32_t> groups);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/importance-inl.hpp"
#endif
