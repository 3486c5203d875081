#pragma once

// Sums of gradients, hessians and rows in the bins of a node. They are whole numbers: the same for any order of rows,
// so a node's histogram less one child's is exactly the other child's, and threads change nothing.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nad/core/parallel.hpp"
#include "nad/detector/boosted_rows-inl.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

/// What rows add up to. The lower bits of the second number count rows, the others hold the hessian: how many bits
/// each has depends on the number of rows, so that neither overflows into the other.
struct alignas(16) BinSum {
  std::int64_t gradient = 0;
  std::uint64_t hessian_and_rows = 0;

  BinSum& operator+=(const BinSum& other) noexcept {
    gradient += other.gradient;
    hessian_and_rows += other.hessian_and_rows;
    return *this;
  }
  BinSum& operator-=(const BinSum& other) noexcept {
    gradient -= other.gradient;
    hessian_and_rows -= other.hessian_and_rows;
    return *this;
  }
  friend BinSum operator-(BinSum a, const BinSum& b) noexcept { return a -= b; }
  bool operator==(const BinSum&) const = default;
};

/// What all rows of a training add up to.
struct GradientSums {
  double gradients = 0.0;  ///< absolute ones
  double hessians = 0.0;
  double squares = 0.0;  ///< of gradients, each copy of a row on its own
};

/// How gradients and hessians become whole numbers.
class SumScale {
 public:
  SumScale() = default;
  /// `rows` is how many there are, copies counted.
  SumScale(std::uint64_t rows, const GradientSums& sums) : row_bits_(static_cast<int>(std::bit_width(rows))) {
    gradient_ = std::ldexp(1.0, std::min(61 - exponent(sums.gradients), 1000));
    hessian_ = std::ldexp(1.0, std::min(62 - row_bits_ - exponent(sums.hessians), 1000));
    noise_ = sums.hessians > 0.0 ? sums.squares / sums.hessians : 1.0;
  }

  /// The variance of gradients in hessians: 1 where labels are as uncertain as the probabilities so far say, less where
  /// they are not; with weights it is in their unit.
  double noise() const noexcept { return noise_; }

  BinSum sum(double gradient, double hessian, std::uint32_t copies) const noexcept {
    const double scaled = gradient * gradient_;
    // NOLINTNEXTLINE(bugprone-incorrect-roundings): it is not negative, and a unit too much does not matter
    const auto whole_hessian = static_cast<std::uint64_t>(hessian * hessian_ + 0.5);
    return {static_cast<std::int64_t>(scaled + (scaled < 0.0 ? -0.5 : 0.5)),
            (whole_hessian << static_cast<unsigned>(row_bits_)) + copies};
  }
  std::uint64_t rows(const BinSum& sum) const noexcept {
    return sum.hessian_and_rows & ((std::uint64_t{1} << static_cast<unsigned>(row_bits_)) - 1);
  }
  double gradient(const BinSum& sum) const noexcept { return static_cast<double>(sum.gradient) / gradient_; }
  double hessian(const BinSum& sum) const noexcept {
    return static_cast<double>(static_cast<std::int64_t>(sum.hessian_and_rows >> static_cast<unsigned>(row_bits_))) /
           hessian_;
  }

 private:
  static int exponent(double value) noexcept {
    int exponent = 0;
    static_cast<void>(std::frexp(value, &exponent));
    return std::max(exponent, -900);
  }

  int row_bits_ = 1;
  double gradient_ = 1.0;  ///< powers of two, so that dividing by them is exact
  double hessian_ = 1.0;
  double noise_ = 1.0;
};

class HistogramBuilder {
 public:
  HistogramBuilder(std::span<const ColumnBins> columns, const BinPlaces& places, std::size_t jobs)
      : columns_(columns), places_(places), jobs_(jobs) {}

  std::size_t n_bins() const noexcept { return places_.n_bins; }

  /// `total` is the sum over the rows of the node.
  void build(std::span<const std::uint32_t> node, const std::vector<BinSum>& of_row, const BinSum& total,
             std::vector<BinSum>& sums) {
    sums.assign(n_bins(), {});
    const std::size_t parts = std::min(jobs_, node.size() / rows_a_part);
    if (parts <= 1) {
      add(node, of_row, sums.data());
    } else {
      parts_.resize(parts);
      parallel_for(parts, {.n_jobs = static_cast<int>(jobs_)}, {}, [&](std::size_t begin, std::size_t end) {
        for (std::size_t part = begin; part < end; ++part) {
          const std::size_t first = node.size() * part / parts;
          const std::size_t last = node.size() * (part + 1) / parts;
          parts_[part].assign(n_bins(), {});
          add(node.subspan(first, last - first), of_row, parts_[part].data());
        }
      });
      for (std::size_t part = 0; part < parts; ++part) {
        for (std::size_t bin = 0; bin < sums.size(); ++bin) {
          sums[bin] += parts_[part][bin];
        }
      }
    }
    for (const ColumnGroup& group : places_.groups) {
      for (std::size_t i = 0; group.is_sparse && i < group.columns.size(); ++i) {
        const std::size_t column = group.columns[i];
        const std::size_t end = places_.begin[column] + columns_[column].n_bins();
        BinSum rest = total;
        for (std::size_t bin = places_.begin[column]; bin < end; ++bin) {
          rest -= sums[bin];
        }
        sums[places_.begin[column] + places_.usual[column]] = rest;
      }
    }
  }

 private:
  static constexpr std::size_t rows_a_part = 16384;  ///< fewer are done before a thread has started

  void add(std::span<const std::uint32_t> node, const std::vector<BinSum>& of_row, BinSum* sums) const {
    const auto* const values = reinterpret_cast<const std::int64_t*>(of_row.data());
    for (const ColumnGroup& group : places_.groups) {
      simd::active_kernels().add_to_bins({.rows = node.data(),
                                          .count = node.size(),
                                          .begin = group.begin.empty() ? nullptr : group.begin.data(),
                                          .width = group.columns.size(),
                                          .bins = group.bins.data(),
                                          .values = values,
                                          .sums = reinterpret_cast<std::int64_t*>(sums + group.first_bin)});
    }
  }

  std::span<const ColumnBins> columns_;
  const BinPlaces& places_;
  std::size_t jobs_;
  std::vector<std::vector<BinSum>> parts_;
};

}  // namespace nad::detail
