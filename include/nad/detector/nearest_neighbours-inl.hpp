#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/column_moments-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/detector/isolation_forest_sample-inl.hpp"
#include "nad/detector/nearest_neighbours.hpp"
#include "nad/detector/neighbour_search-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad {

namespace detail {

inline void check_options(const NearestNeighboursOptions& options, ErrorCode code) {
  if (options.n_neighbors < 1 || options.n_neighbors > NearestFew::most) {
    throw Error(code, "n_neighbors is " + std::to_string(options.n_neighbors) + "; give a number from 1 to 1024");
  }
  if (!is_known(options.method) || !is_known(options.unique_rows)) {
    throw Error(code, "method or unique_rows is not one that this nad knows");
  }
  try {
    static_cast<void>(options.max_samples.of(1, 1, "max_samples"));
  } catch (const Error& error) {
    throw Error(code, error.what());
  }
  check_contamination(options.contamination, code);
}

inline float score_of(std::span<const Neighbour> neighbours, NeighbourScore method) {
  if (method == NeighbourScore::largest) {
    return neighbours.back().distance;
  }
  double sum = 0.0;
  for (const Neighbour& neighbour : neighbours) {
    sum += std::sqrt(static_cast<double>(neighbour.distance));
  }
  return static_cast<float>(sum / static_cast<double>(neighbours.size()));
}

}  // namespace detail

NAD_INLINE NearestNeighbours::NearestNeighbours(const Options& options) : options_(options) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE NearestNeighbours::~NearestNeighbours() = default;
NAD_INLINE NearestNeighbours::NearestNeighbours(const NearestNeighbours&) = default;
NAD_INLINE NearestNeighbours::NearestNeighbours(NearestNeighbours&&) noexcept = default;
NAD_INLINE NearestNeighbours& NearestNeighbours::operator=(const NearestNeighbours&) = default;
NAD_INLINE NearestNeighbours& NearestNeighbours::operator=(NearestNeighbours&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> NearestNeighbours::clone() const {
  return std::make_unique<NearestNeighbours>(*this);
}

NAD_INLINE void NearestNeighbours::take(Detector&& learner) {
  *this = std::move(static_cast<NearestNeighbours&>(learner));
}

NAD_INLINE void NearestNeighbours::do_fit(MatrixView x, std::span<const float> sample_weight,
                                          const FitControl& control) {
  const detail::RowPool pool(x, sample_weight, options_.unique_rows);
  const std::size_t wanted = options_.max_samples.of(pool.size(), pool.size(), "max_samples");
  Random random(options_.random_state);
  std::vector<std::size_t> rows;
  pool.draw(wanted, false, random, rows);
  std::sort(rows.begin(), rows.end());
  samples_ = Matrix::for_overwrite(rows.size(), x.columns());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(x.row(rows[i]), x.columns(), samples_.row(i).data());
  }
  detail::require_squares(detail::column_moments({samples_, {}, UniqueRows::off}, control));
  derive();
}

NAD_INLINE void NearestNeighbours::derive() { search_ = std::make_shared<const detail::NeighbourSearch>(samples_); }

NAD_INLINE void NearestNeighbours::restore() {
  detail::check_options(options_, ErrorCode::bad_file);
  const std::span<const float> values(samples_.data(), samples_.rows() * samples_.columns());
  if (values.empty() || samples_.rows() > 0xffffffffU || detail::is_missing(threshold_) ||
      !std::all_of(values.begin(), values.end(), [](double value) { return detail::is_finite(value); })) {
    throw Error(ErrorCode::bad_file, "the samples are damaged");
  }
  derive();
}

NAD_INLINE void NearestNeighbours::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  check_rows(rows, first);
  const std::size_t wanted = std::min(options_.n_neighbors, search_->count());
  search_->for_each(rows, wanted, [&](std::size_t row, std::span<const detail::Neighbour> neighbours) {
    out[row] = detail::score_of(neighbours, options_.method);
  });
}

NAD_INLINE float NearestNeighbours::do_raw_score_row(const float* row, std::size_t index) const {
  check_rows({row, 1, n_features()}, index);
  const std::size_t wanted = std::min(options_.n_neighbors, search_->count());
  return detail::score_of(search_->of(row, wanted).found(), options_.method);
}

NAD_INLINE void NearestNeighbours::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  check_rows(rows, first);
  const std::size_t wanted = std::min(options_.n_neighbors, search_->count());
  std::vector<double> sums(rows.columns());
  search_->for_each(rows, wanted, [&](std::size_t row, std::span<const detail::Neighbour> neighbours) {
    std::fill(sums.begin(), sums.end(), 0.0);
    const bool all = options_.method == NeighbourScore::mean;
    for (const detail::Neighbour& neighbour : all ? neighbours : neighbours.last(1)) {
      // the squares of a neighbour add up to its distance when they are divided by it
      const double share =
          all ? 1.0 / (std::sqrt(static_cast<double>(neighbour.distance)) * static_cast<double>(neighbours.size()))
              : 1.0;
      for (std::size_t column = 0; column < sums.size() && neighbour.distance > 0.0F; ++column) {
        const double apart =
            static_cast<double>(rows(row, column)) - static_cast<double>(search_->sample(neighbour.row)[column]);
        sums[column] += share * (apart * apart);
      }
    }
    std::copy(sums.begin(), sums.end(), out.row(first + row).begin());
  });
}

NAD_INLINE void NearestNeighbours::bend(std::span<float> scores) const {
  if (options_.method == NeighbourScore::largest) {
    for (float& score : scores) {
      score = std::sqrt(score);
    }
  }
}

}  // namespace nad
