#pragma once

// How far rows are from what a network makes of them.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/detail/symmetric_eigen.hpp"
#include "nad/detector/autoencoder.hpp"
#include "nad/detector/dense_layer-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

/// What becomes of a residual: less its mean, times a scale, times a matrix if there is one.
struct ResidualUnits {
  std::vector<float> mean;
  std::vector<float> scale;
  const Matrix* whitening = nullptr;

  static ResidualUnits plain(std::size_t columns) {
    return {std::vector<float>(columns), std::vector<float>(columns, 1.0F), nullptr};
  }
};

class ReconstructionScorer {
 public:
  ReconstructionScorer(const std::vector<Matrix>& weights, Activation activation, Activation output_activation,
                       const ResidualUnits& units)
      : layers_(packed_layers(weights)),
        activation_(activation),
        output_activation_(output_activation),
        mean_(units.mean),
        scale_(units.scale),
        whitens_(units.whitening != nullptr),
        stride_(layer_stride(layers_.front().inputs())) {
    for (const DenseLayer& layer : layers_) {
      stride_ = std::max(stride_, layer_stride(layer.outputs()));
    }
    if (whitens_) {
      whitening_ = PackedMatrix::of_rows(*units.whitening);
    }
  }

  std::size_t columns() const noexcept { return layers_.front().inputs(); }
  std::size_t stride() const noexcept { return layer_stride(columns()); }
  /// Floats that `residuals` needs to work with so many rows.
  std::size_t scratch_size(std::size_t rows) const noexcept { return 2 * rows * stride_; }

  /// What the network makes of at most `network_block` rows, `stride()` floats apart, somewhere in `scratch`.
  const float* outputs(MatrixView rows, float* scratch) const {
    const simd::KernelTable& kernels = simd::active_kernels();
    float* from = scratch;
    float* to = scratch + rows.rows() * stride_;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      float* const values = from + row * stride();
      std::copy_n(rows.row(row), columns(), values);
      values[columns()] = 1.0F;
    }
    for (std::size_t step = 0; step < layers_.size(); ++step) {
      const DenseLayer& layer = layers_[step];
      const bool last = step + 1 == layers_.size();
      layer.sums(kernels, from, rows.rows(), to);
      kernels.activate(last ? output_activation_ : activation_, to, to, layer_stride(layer.outputs()), rows.rows(),
                       in_whole_panels(layer.outputs()));
      layer.add_ones(to, rows.rows());
      std::swap(from, to);
    }
    return from;
  }

  /// The residuals in their units, at most `network_block` rows, `stride()` floats apart, somewhere in `scratch`.
  const float* residuals(MatrixView rows, float* scratch) const {
    const float* const made = outputs(rows, scratch);
    float* const other = made == scratch ? scratch + rows.rows() * stride_ : scratch;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      simd::active_kernels().scaled_difference(rows.row(row), made + row * stride(), mean_.data(), scale_.data(),
                                               columns(), other + row * stride());
    }
    if (!whitens_) {
      return other;
    }
    float* const whitened = other == scratch ? scratch + rows.rows() * stride_ : scratch;
    whitening_.left_times({other, rows.rows(), columns(), stride()}, whitened, stride());
    return whitened;
  }

  /// The sum of squares of a residual; the largest number where it cannot be told.
  float square(const float* residual) const {
    constexpr float most = std::numeric_limits<float>::max();
    const simd::KernelTable& kernels = simd::active_kernels();
    const float sum = kernels.sum_of_squares(residual, columns());
    return kernels.all_finite(&sum, 1) ? sum : most;
  }

 private:
  std::vector<DenseLayer> layers_;
  Activation activation_;
  Activation output_activation_;
  std::vector<float> mean_;
  std::vector<float> scale_;
  bool whitens_;
  PackedMatrix whitening_;
  std::size_t stride_;  ///< the largest of all layers
};

/// The mean and, as the score needs them, nothing, variances or covariances of the residuals of a plain scorer.
class ResidualStatistics {
 public:
  ResidualStatistics(const WeightedRows& from, const std::vector<Matrix>& weights, const AutoencoderOptions& options,
                     const FitControl& control)
      : from_(from), weights_(weights), options_(options), control_(control), columns_(from.rows().columns()) {}

  ResidualMoments moments() const {
    ResidualMoments found;
    found.weight = from_.total_weight();
    if (options_.residual == ResidualScore::mean) {
      return found;
    }
    const bool whitened = options_.residual == ResidualScore::whitened;
    ResidualUnits units = ResidualUnits::plain(columns_);
    found.mean = sums(units, columns_, &ResidualStatistics::add_values);
    scale(found.mean, found.weight);
    units.mean.assign(found.mean.begin(), found.mean.end());
    found.covariance = whitened ? sums(units, columns_ * (columns_ + 1) / 2, &ResidualStatistics::add_products)
                                : sums(units, columns_, &ResidualStatistics::add_squares);
    scale(found.covariance, found.weight);
    return found;
  }

 private:
  /// Some residuals, with the weights of their rows.
  struct Part {
    const WeightedRows& from;
    std::size_t first;
    std::size_t rows;
    const float* residuals;
    std::size_t stride;

    double weight(std::size_t row) const { return from.weight(first + row); }
  };

  static void scale(std::vector<double>& sums, double weight) {
    for (double& sum : sums) {
      sum /= weight;
    }
  }

  /// Adds products of residuals, in floats for one block at a time.
  void add_products(const Part& part, double* into) const {
    const std::size_t wide = in_whole_panels(columns_);
    KernelFloats weighted(part.rows * part.stride);
    KernelFloats panels(columns_ * wide);
    for (std::size_t row = 0; row < part.rows; ++row) {
      for (std::size_t column = 0; column < columns_; ++column) {
        const std::size_t at = row * part.stride + column;
        weighted[at] = static_cast<float>(part.weight(row)) * part.residuals[at];
      }
    }
    simd::active_kernels().transposed_product(part.residuals, part.stride, columns_, weighted.data(), part.stride, wide,
                                              part.rows, panels.data(), false);
    for (std::size_t i = 0; i < columns_; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        constexpr std::size_t panel = simd::panel_columns;
        *into++ += static_cast<double>(panels[j / panel * panel * columns_ + i * panel + j % panel]);
      }
    }
  }

  void add_squares(const Part& part, double* into) const {
    for (std::size_t row = 0; row < part.rows; ++row) {
      for (std::size_t column = 0; column < columns_; ++column) {
        const auto value = static_cast<double>(part.residuals[row * part.stride + column]);
        into[column] += part.weight(row) * value * value;
      }
    }
  }

  void add_values(const Part& part, double* into) const {
    for (std::size_t row = 0; row < part.rows; ++row) {
      for (std::size_t column = 0; column < columns_; ++column) {
        into[column] += part.weight(row) * static_cast<double>(part.residuals[row * part.stride + column]);
      }
    }
  }

  /// The rows are cut into a few parts, whatever the number of threads, and the sums of these added in their order.
  std::vector<double> sums(const ResidualUnits& units, std::size_t size,
                           void (ResidualStatistics::*add)(const Part&, double*) const) const {
    const MatrixView x = from_.rows();
    constexpr std::size_t most_parts = 16;
    const std::size_t grain = std::max<std::size_t>(4096, (x.rows() + most_parts - 1) / most_parts);
    std::vector<std::vector<double>> parts((x.rows() + grain - 1) / grain);
    const ReconstructionScorer scorer(weights_, options_.activation, options_.output_activation, units);
    parallel_for(x.rows(), control_, {.grain = grain, .stage = "looking at errors"},
                 [&](std::size_t begin, std::size_t end) {
                   std::vector<double>& into = parts[begin / grain];
                   into.resize(size);
                   KernelFloats scratch(scorer.scratch_size(network_block));
                   for (std::size_t first = begin; first < end; first += network_block) {
                     const std::size_t rows = std::min(network_block, end - first);
                     const float* residuals = scorer.residuals(x.slice(first, rows), scratch.data());
                     (this->*add)({from_, first, rows, residuals, scorer.stride()}, into.data());
                   }
                 });
    std::vector<double> all(size);
    for (const std::vector<double>& part : parts) {
      for (std::size_t i = 0; i < size; ++i) {
        all[i] += part[i];
      }
    }
    return all;
  }

  const WeightedRows& from_;
  const std::vector<Matrix>& weights_;
  const AutoencoderOptions& options_;
  const FitControl& control_;
  std::size_t columns_;
};

/// The moments of both, where `old` counts as at most `memory` rows.
inline void merge_moments(ResidualMoments& old, const ResidualMoments& fresh, double memory) {
  const double before = std::min(old.weight, memory);
  const double both = before + fresh.weight;
  const double share = fresh.weight / both;
  const std::size_t columns = old.mean.size();
  std::vector<double> apart(columns);
  for (std::size_t column = 0; column < columns; ++column) {
    apart[column] = fresh.mean[column] - old.mean[column];
    old.mean[column] += share * apart[column];
  }
  const bool variances_alone = old.covariance.size() == columns;
  double* covariance = old.covariance.data();
  const double* other = fresh.covariance.data();
  for (std::size_t i = 0; i < columns; ++i) {
    for (std::size_t j = variances_alone ? i : 0; j <= i; ++j, ++covariance, ++other) {
      *covariance = (1.0 - share) * *covariance + share * *other + share * (1.0 - share) * apart[i] * apart[j];
    }
  }
  old.weight = both;
}

/// The variances of the residuals' columns.
inline std::vector<double> variances_of(const ResidualMoments& moments) {
  const std::size_t columns = moments.mean.size();
  std::vector<double> variances(columns);
  for (std::size_t column = 0; column < columns; ++column) {
    variances[column] = moments.covariance[moments.covariance.size() == columns ? column : column * (column + 3) / 2];
  }
  return variances;
}

/// What is added to every variance.
inline double variance_floor(const std::vector<double>& variances, double share, double least) {
  double mean = 0.0;
  for (const double variance : variances) {
    mean += variance / static_cast<double>(variances.size());
  }
  const double floor = std::max(share * mean, least);
  return floor > 0.0 ? floor : 1.0;
}

/// The symmetric root of the inverse covariance: each of its rows speaks for one column. Empty where it is not found.
inline Matrix whitening_of(const ResidualMoments& moments, double share, double least) {
  const std::size_t columns = moments.mean.size();
  const double floor = variance_floor(variances_of(moments), share, least);
  std::vector<double> covariance(columns * columns);
  const double* from = moments.covariance.data();
  for (std::size_t i = 0; i < columns; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      covariance[i * columns + j] = *from++ + (i == j ? floor : 0.0);
    }
  }
  const SymmetricEigen eigen(std::move(covariance), columns);
  if (!eigen.found()) {
    return {};
  }
  std::vector<double> root(columns * columns);
  for (std::size_t place = 0; place < columns; ++place) {
    const double* direction = eigen.vector(place);
    const double factor = 1.0 / std::sqrt(std::max(eigen.value(place), floor));
    for (std::size_t i = 0; i < columns; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        root[i * columns + j] += factor * direction[i] * direction[j];
      }
    }
  }
  Matrix whitening(columns, columns);
  std::transform(root.begin(), root.end(), whitening.data(), [](double value) { return static_cast<float>(value); });
  return whitening;
}

}  // namespace nad::detail
