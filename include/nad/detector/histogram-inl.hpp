#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/detector/bin_rules-inl.hpp"
#include "nad/detector/column_bins-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/equal_depth_bins-inl.hpp"
#include "nad/detector/histogram.hpp"
#include "nad/detector/sorted_column-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"
#include "nad/simd/active_kernels.hpp"

namespace nad {

namespace detail {

inline void check_options(const HistogramOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  constexpr std::size_t many = std::size_t{1} << 20U;
  if (options.n_bins && (*options.n_bins < 1 || *options.n_bins > many)) {
    refuse("n_bins is " + std::to_string(*options.n_bins) + "; give a number of bins from 1 to 1048576");
  }
  if (!is_known(options.bin_rule)) {
    refuse("bin_rule is not one that this nad knows");
  }
  if (options.max_bins < 1 || options.max_bins > 10000) {
    refuse("max_bins is " + std::to_string(options.max_bins) + "; give a number of bins from 1 to 10000");
  }
  if (!is_known(options.bins)) {
    refuse("bins is not one that this nad knows");
  }
  if (!(options.alpha >= 1e-12 && options.alpha <= 1e6)) {
    refuse("alpha is " + std::to_string(options.alpha) + "; give what is added to each height, from 1e-12 to 1e6");
  }
  if (!is_known(options.unique_rows)) {
    refuse("unique_rows is not one that this nad knows");
  }
  check_contamination(options.contamination, code);
}

/// One column of the rows as bins.
struct ColumnHistogram {
  std::vector<float> edges;
  std::vector<double> weights;
};

inline ColumnHistogram even_histogram(const WeightedRows& from, std::size_t column, std::size_t n_bins) {
  const MatrixView x = from.rows();
  float low = x(0, column);
  float high = low;
  for (std::size_t row = 1; row < x.rows(); ++row) {
    low = std::min(low, x(row, column));
    high = std::max(high, x(row, column));
  }
  const EvenBins bins(low, high, high > low ? static_cast<std::uint32_t>(n_bins) : 1);
  ColumnHistogram histogram{{}, std::vector<double>(bins.count)};
  for (std::uint32_t bin = 0; bin <= bins.count; ++bin) {
    histogram.edges.push_back(bins.edge(bin));
  }
  for (std::size_t row = 0; row < x.rows(); ++row) {
    histogram.weights[bins.place(x(row, column)) - 1] += from.weight(row);
  }
  return histogram;
}

inline ColumnHistogram equal_depth_histogram(const SortedColumn& sorted, std::size_t n_bins) {
  ColumnHistogram histogram{equal_depth_edges(sorted, n_bins), {}};
  double before = 0.0;
  for (std::size_t bin = 1; bin < histogram.edges.size(); ++bin) {
    const bool is_last = bin + 1 == histogram.edges.size();
    const double through = is_last ? sorted.total() : sorted.below(static_cast<double>(histogram.edges[bin]));
    histogram.weights.push_back(through - before);
    before = through;
  }
  return histogram;
}

inline ColumnHistogram column_histogram(const WeightedRows& from, std::size_t column, const HistogramOptions& options) {
  if (options.n_bins && options.bins == Bins::equal_width) {
    return even_histogram(from, column, *options.n_bins);
  }
  const SortedColumn sorted = sorted_column(from, column);
  const std::size_t n_bins =
      options.n_bins ? *options.n_bins : bins_by_rule(options.bin_rule, sorted, options.max_bins);
  return options.bins == Bins::equal_width ? even_histogram(from, column, n_bins)
                                           : equal_depth_histogram(sorted, n_bins);
}

}  // namespace detail

struct Histogram::Lookup {
  detail::EvenBins even;
  std::size_t first_inner_edge;
  std::size_t first_term;
};

NAD_INLINE Histogram::Histogram(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE Histogram::~Histogram() = default;
NAD_INLINE Histogram::Histogram(const Histogram&) = default;
NAD_INLINE Histogram::Histogram(Histogram&&) noexcept = default;
NAD_INLINE Histogram& Histogram::operator=(const Histogram&) = default;
NAD_INLINE Histogram& Histogram::operator=(Histogram&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> Histogram::clone() const { return std::make_unique<Histogram>(*this); }

NAD_INLINE void Histogram::take(Detector&& learner) { *this = std::move(static_cast<Histogram&>(learner)); }

NAD_INLINE std::span<const float> Histogram::edges(std::size_t column) const {
  const std::size_t count = bins_.at(column) + std::size_t{1};
  return std::span(edges_).subspan(lookups_[column].first_inner_edge - 1, count);
}

NAD_INLINE std::span<const double> Histogram::weights(std::size_t column) const {
  return std::span(weights_).subspan(lookups_.at(column).first_inner_edge - 1 - column, bins_[column]);
}

NAD_INLINE void Histogram::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  const detail::WeightedRows from(x, sample_weight, options_.unique_rows);
  std::vector<detail::ColumnHistogram> found(x.columns());
  parallel_for(x.columns(), control, {.grain = 1, .stage = "counting values"}, [&](std::size_t begin, std::size_t end) {
    for (std::size_t column = begin; column < end; ++column) {
      found[column] = detail::column_histogram(from, column, options_);
    }
  });
  bins_.clear();
  edges_.clear();
  weights_.clear();
  for (const detail::ColumnHistogram& one : found) {
    bins_.push_back(static_cast<std::uint32_t>(one.weights.size()));
    edges_.insert(edges_.end(), one.edges.begin(), one.edges.end());
    weights_.insert(weights_.end(), one.weights.begin(), one.weights.end());
  }
  derive();
}

NAD_INLINE void Histogram::derive() {
  lookups_.clear();
  terms_.clear();
  std::size_t edge = 0;
  std::size_t bin = 0;
  for (const std::uint32_t count : bins_) {
    const float* edges = edges_.data() + edge;
    const double* weights = weights_.data() + bin;
    lookups_.push_back({detail::EvenBins(edges[0], edges[count], count), edge + 1, terms_.size()});
    const double range = static_cast<double>(edges[count]) - static_cast<double>(edges[0]);
    std::vector<double> densities(count);
    for (std::size_t i = 0; i < count; ++i) {
      double width = 1.0;
      if (options_.bins == Bins::equal_depth && range > 0.0) {
        width =
            std::max(static_cast<double>(edges[i + 1]) - static_cast<double>(edges[i]), detail::narrowest_bin * range);
      }
      densities[i] = weights[i] / width;
    }
    const double highest = *std::max_element(densities.begin(), densities.end());
    const auto term_of = [&](double density) {
      const double ratio = (1.0 + options_.alpha) / (density / highest + options_.alpha);
      return static_cast<float>(detail::portable_log1p(std::max(0.0, ratio - 1.0)));
    };
    terms_.push_back(term_of(0.0));
    for (const double density : densities) {
      terms_.push_back(term_of(density));
    }
    terms_.push_back(term_of(0.0));
    edge += count + std::size_t{1};
    bin += count;
  }
}

NAD_INLINE void Histogram::restore() {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorCode::bad_file, message + "; the model is damaged");
  };
  detail::check_options(options_, ErrorCode::bad_file);
  if (detail::is_missing(threshold_)) {
    refuse("the threshold is NaN");
  }
  std::uint64_t all = 0;
  for (const std::uint32_t count : bins_) {
    if (count == 0) {
      refuse("a column has no bins");
    }
    all += count;
  }
  if (bins_.empty() || weights_.size() != all || edges_.size() != all + bins_.size()) {
    refuse("the histograms of " + std::to_string(bins_.size()) + " columns have " + std::to_string(edges_.size()) +
           " edges and " + std::to_string(weights_.size()) + " weights for " + std::to_string(all) + " bins");
  }
  std::size_t edge = 0;
  std::size_t bin = 0;
  for (const std::uint32_t count : bins_) {
    double highest = 0.0;
    for (std::size_t i = 0; i <= count; ++i) {
      if (!detail::is_finite(static_cast<double>(edges_[edge + i])) ||
          (i > 0 && edges_[edge + i] < edges_[edge + i - 1])) {
        refuse("the edges of bins are not in order");
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      const double weight = weights_[bin + i];
      if (!(detail::is_finite(weight) && weight >= 0.0 && weight <= 1e100)) {
        refuse("a bin has no weight that rows can have");
      }
      highest = std::max(highest, weight);
    }
    if (!(highest >= 1e-100)) {
      refuse("all bins of a column are empty");
    }
    edge += count + std::size_t{1};
    bin += count;
  }
  derive();
}

NAD_INLINE float Histogram::term(std::size_t column, float value) const noexcept {
  const Lookup& lookup = lookups_[column];
  std::uint32_t place = 0;
  if (options_.bins == Bins::equal_width) {
    place = lookup.even.place(value);
  } else {
    const float* inner = edges_.data() + lookup.first_inner_edge;
    const std::uint32_t found = detail::count_not_above(inner, lookup.even.count - 1, value) + 1;
    const std::uint32_t not_below = value < lookup.even.low ? 0 : found;
    place = value > lookup.even.high ? lookup.even.count + 1 : not_below;
  }
  return terms_[lookup.first_term + place];
}

NAD_INLINE void Histogram::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  check_rows(rows, first);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    out[row] = score_of(rows.row(row));
  }
}

NAD_INLINE float Histogram::do_raw_score_row(const float* row, std::size_t index) const {
  check_row(row, index);
  return score_of(row);
}

NAD_INLINE float Histogram::score_of(const float* row) const noexcept {
  double sum = 0.0;
  for (std::size_t column = 0; column < bins_.size(); ++column) {
    sum += static_cast<double>(term(column, row[column]));
  }
  return static_cast<float>(sum);
}

NAD_INLINE void Histogram::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    check_row(rows.row(row), first + row);
    for (std::size_t column = 0; column < bins_.size(); ++column) {
      out(first + row, column) = term(column, rows(row, column));
    }
  }
}

NAD_INLINE void Histogram::bend(std::span<float> /*scores*/) const {}

}  // namespace nad
