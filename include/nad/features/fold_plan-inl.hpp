#pragma once

// From contributions of features back to those of the columns that the features are made of.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

class ContributionFolder {
 public:
  /// `columns`: what `FeaturePipeline::columns` gave.
  ContributionFolder(const FeaturePlan& plan, const Table& columns)
      : plan_(plan), columns_(columns), single_(plan.first_width, several) {
    for (const NumberPart& part : plan.numbers) {
      single_[part.output] = part.input;
    }
    for (const CategoryPart& part : plan.categories) {
      std::fill_n(single_.begin() + static_cast<std::ptrdiff_t>(part.output), part.width, part.input);
    }
  }

  /// Adds to `out`, one place a column, what the features of a row contributed.
  void fold(std::size_t row, const float* contributions, float* out) {
    before_.assign(contributions, contributions + plan_.width());
    for (std::size_t layer = plan_.layers.size(); layer-- > 0;) {
      unlayer(plan_.layers[layer], layer == 0 ? plan_.first_width : plan_.layers[layer - 1].width);
    }
    for (std::size_t feature = 0; feature < single_.size(); ++feature) {
      if (single_[feature] != several) {
        out[single_[feature]] += static_cast<float>(before_[feature]);
      }
    }
    for (const NoveltyPart& part : plan_.novelties) {
      fold_novelty(part, row, out);
    }
  }

 private:
  static constexpr std::size_t several = static_cast<std::size_t>(-1);

  /// What a component contributed goes to what went into it, by the squares of its weights.
  void unlayer(const MatrixLayer& layer, std::size_t width) {
    if (layer.mean.empty()) {
      return;  // a row of another length: each feature is its own
    }
    after_.assign(width, 0.0);
    for (std::size_t component = 0; component < layer.width; ++component) {
      const double* weights = layer.components.data() + component * width;
      double squares = 0.0;
      for (std::size_t i = 0; i < width; ++i) {
        squares += weights[i] * weights[i];
      }
      for (std::size_t i = 0; i < width && squares > 0.0; ++i) {
        after_[i] += before_[component] * weights[i] * weights[i] / squares;
      }
    }
    std::swap(before_, after_);
  }

  /// Novelty speaks of the columns whose category is new; where none is, of all alike.
  void fold_novelty(const NoveltyPart& part, std::size_t row, float* out) {
    counted_.assign(part.inputs.size(), 0.0);
    double sum = 0.0;
    for (std::size_t i = 0; i < part.inputs.size(); ++i) {
      const Column& column = columns_.column(part.inputs[i]);
      const bool is_new = !column.is_missing(row) && part.known[i].slot_of(column.text(row)) == part.known[i].unseen;
      counted_[i] = is_new ? std::abs(part.weights[i]) : 0.0;
      sum += counted_[i];
    }
    for (std::size_t i = 0; i < part.inputs.size(); ++i) {
      const double share = sum > 0.0 ? counted_[i] / sum : 1.0 / static_cast<double>(part.inputs.size());
      out[part.inputs[i]] += static_cast<float>(before_[part.output] * share);
    }
  }

  const FeaturePlan& plan_;
  const Table& columns_;
  std::vector<std::size_t> single_;  ///< of each feature before the layers the column that it is made of
  std::vector<double> before_;
  std::vector<double> after_;
  std::vector<double> counted_;  ///< of each column of a novelty, what it has that is new
};

}  // namespace nad::detail
