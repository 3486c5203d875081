#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/features/importance.hpp"

namespace nad {

namespace detail {

/// Sums of squares of each feature about its mean: in all, and those of the groups' means.
struct SquareSums {
  std::vector<double> total;
  std::vector<double> between;
};

inline SquareSums square_sums(MatrixView x, std::span<const std::int32_t> groups) {
  if (groups.size() != x.rows()) {
    throw Error(ErrorCode::invalid_argument, std::to_string(groups.size()) + " groups were given for " +
                                                 std::to_string(x.rows()) + " rows; give one for each row");
  }
  const std::size_t width = x.columns();
  std::map<std::int32_t, std::size_t> place_of;  // groups may have any numbers
  std::vector<double> counts;
  std::vector<double> sums;
  std::vector<double> means(width);
  std::vector<double> origin(width);  // what is constant gives exactly 0 when seen from one of its rows
  double rows = 0.0;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    if (groups[row] < 0) {
      continue;
    }
    const std::size_t place = place_of.try_emplace(groups[row], place_of.size()).first->second;
    if (place == counts.size()) {
      counts.push_back(0.0);
      sums.resize(sums.size() + width);
    }
    counts[place] += 1.0;
    rows += 1.0;
    for (std::size_t feature = 0; feature < width; ++feature) {
      if (rows == 1.0) {
        origin[feature] = static_cast<double>(x.row(row)[feature]);
      }
      const double value = static_cast<double>(x.row(row)[feature]) - origin[feature];
      if (!is_finite(value)) {
        throw Error(ErrorCode::invalid_data, "row " + std::to_string(row) + ", feature " + std::to_string(feature) +
                                                 " is not a finite number; impute it first");
      }
      sums[place * width + feature] += value;
      means[feature] += value;
    }
  }
  if (place_of.empty()) {
    throw Error(ErrorCode::invalid_data, "no row has a group; give numbers from 0 on");
  }
  for (double& mean : means) {
    mean /= rows;
  }
  SquareSums squares{std::vector<double>(width), std::vector<double>(width)};
  for (std::size_t row = 0; row < x.rows(); ++row) {
    for (std::size_t feature = 0; feature < width && groups[row] >= 0; ++feature) {
      const double apart = static_cast<double>(x.row(row)[feature]) - origin[feature] - means[feature];
      squares.total[feature] += apart * apart;
    }
  }
  for (std::size_t place = 0; place < counts.size(); ++place) {
    for (std::size_t feature = 0; feature < width; ++feature) {
      const double apart = sums[place * width + feature] / counts[place] - means[feature];
      squares.between[feature] += counts[place] * apart * apart;
    }
  }
  return squares;
}

/// At most 1, whatever the rounding.
inline double share_between(double between, double total) noexcept {
  return total > 0.0 ? std::min(1.0, between / total) : 0.0;
}

}  // namespace detail

NAD_INLINE std::vector<double> variance_ratio(MatrixView x, std::span<const std::int32_t> groups) {
  const detail::SquareSums squares = detail::square_sums(x, groups);
  std::vector<double> shares(x.columns());
  for (std::size_t feature = 0; feature < shares.size(); ++feature) {
    shares[feature] = detail::share_between(squares.between[feature], squares.total[feature]);
  }
  return shares;
}

NAD_INLINE std::vector<ColumnImportance> column_importance(const FeaturePipeline& pipeline, MatrixView x,
                                                           std::span<const std::int32_t> groups) {
  const std::vector<FeatureInfo>& features = pipeline.features();
  if (x.columns() != features.size()) {
    throw Error(ErrorCode::invalid_argument, "the matrix has " + std::to_string(x.columns()) +
                                                 " columns, the pipeline makes " + std::to_string(features.size()) +
                                                 " features; give what its transform() gave");
  }
  const detail::SquareSums squares = detail::square_sums(x, groups);
  std::map<std::string, std::pair<double, double>> of_column;
  for (std::size_t feature = 0; feature < features.size(); ++feature) {
    for (const std::string& source : features[feature].sources) {
      auto& [between, total] = of_column[source];
      between += squares.between[feature];
      total += squares.total[feature];
    }
  }
  std::vector<ColumnImportance> columns;
  columns.reserve(of_column.size());
  for (const auto& [name, sums] : of_column) {
    columns.push_back({name, detail::share_between(sums.first, sums.second)});
  }
  std::stable_sort(columns.begin(), columns.end(),
                   [](const ColumnImportance& a, const ColumnImportance& b) { return a.share > b.share; });
  return columns;
}

}  // namespace nad
