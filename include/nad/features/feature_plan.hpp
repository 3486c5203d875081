#pragma once

// What a fitted pipeline knows: how each column of the matrix follows from the columns of a table.

#include <cstdint>
#include <string>
#include <vector>

#include "nad/features/category_map.hpp"
#include "nad/features/feature_info.hpp"
#include "nad/features/scalar_map.hpp"
#include "nad/features/step.hpp"
#include "nad/table/schema.hpp"

namespace nad::detail {

/// One number of the table becomes one feature.
struct NumberPart {
  std::size_t input = 0;   ///< column of the table
  std::size_t output = 0;  ///< column of the matrix
  ScalarMaps maps = {};
};

/// One category of the table becomes neighbouring features: a row of `values` for each slot. Scaling is in the values.
struct CategoryPart {
  std::size_t input = 0;
  std::size_t output = 0;
  std::size_t width = 0;
  CategoryMap map = {};
  std::vector<float> values = {};
};

/// Several categories become one feature: what those that are new count, together.
struct NoveltyPart {
  std::vector<std::size_t> inputs = {};
  std::vector<CategoryMap> known = {};
  std::vector<double> weights = {};  ///< of each
  std::size_t output = 0;
  double most = 0.0;  ///< of their sum
};

/// All features of a row at once, then each on its own.
struct MatrixLayer {
  std::size_t width = 0;                ///< features that come out
  std::vector<double> mean = {};        ///< of those that go in; empty: the row is divided by its length
  std::vector<double> components = {};  ///< width rows of mean.size() numbers
  std::vector<double> variances = {};   ///< of each component, before whitening
  double total_variance = 0.0;          ///< of all that there could be
  std::vector<ScalarMaps> maps = {};    ///< of each feature that comes out
};

struct FeaturePlan {
  Schema inputs = {};                     ///< the columns of the user's table that are needed
  std::vector<FeatureStep> derived = {};  ///< steps that add columns, each with what it learnt
  Schema columns = {};                    ///< what features are made of, of the table with these columns
  std::vector<NumberPart> numbers = {};
  std::vector<CategoryPart> categories = {};
  std::vector<NoveltyPart> novelties = {};
  std::size_t first_width = 0;  ///< features before the layers
  std::vector<MatrixLayer> layers = {};
  std::vector<FeatureInfo> features = {};
  std::vector<FeatureView> views = {};  ///< not stored: they follow from the steps and the features' names
  std::vector<LeftOut> left_out = {};

  std::size_t width() const noexcept { return layers.empty() ? first_width : layers.back().width; }
};

}  // namespace nad::detail
