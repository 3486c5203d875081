#pragma once

// Which rows the members of an ensemble learn from, and which they are calibrated on.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad::detail {

/// The labels of the rows that count, ascending.
inline std::vector<std::int32_t> labels_that_count(std::span<const std::int32_t> labels,
                                                   std::span<const float> sample_weight) {
  std::vector<std::int32_t> found;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (sample_weight.empty() || sample_weight[row] > 0.0F) {
      found.push_back(labels[row]);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// The rows that count, with their weights and, where members learn from labels, those. There the number of the label
/// is one column more, so that rows stay apart which are alike in all but their labels.
class EnsembleRows {
 public:
  EnsembleRows(MatrixView x, std::span<const std::int32_t> labels, std::span<const float> sample_weight,
               UniqueRows unique_rows)
      : columns_(x.columns()),
        classes_(labels_that_count(labels, sample_weight)),
        joined_(join(x, labels, classes_)),
        rows_(labels.empty() ? x : joined_.view(), sample_weight, unique_rows) {}

  std::size_t size() const noexcept { return rows_.rows().rows(); }
  MatrixView features() const noexcept {
    const MatrixView all = rows_.rows();
    return {all.data(), all.rows(), columns_, all.row_stride()};
  }
  std::span<const float> weights() const noexcept { return rows_.weights(); }
  /// Of the labels, ascending; empty where there are none.
  std::span<const std::int32_t> classes() const noexcept { return classes_; }
  std::int32_t label(std::size_t row) const noexcept {
    return classes_[static_cast<std::size_t>(rows_.rows()(row, columns_))];
  }

 private:
  static Matrix join(MatrixView x, std::span<const std::int32_t> labels, std::span<const std::int32_t> classes) {
    if (labels.empty()) {
      return {};
    }
    Matrix joined = Matrix::for_overwrite(x.rows(), x.columns() + 1);
    for (std::size_t row = 0; row < x.rows(); ++row) {
      const std::span<float> to = joined.row(row);
      std::copy_n(x.row(row), x.columns(), to.begin());
      to.back() = static_cast<float>(std::lower_bound(classes.begin(), classes.end(), labels[row]) - classes.begin());
    }
    return joined;
  }

  std::size_t columns_;
  std::vector<std::int32_t> classes_;
  Matrix joined_;
  WeightedRows rows_;
};

/// Which rows members are calibrated on, and learn from.
struct RowSplit {
  std::vector<std::size_t> learnt_from;
  std::vector<std::size_t> kept_out;

  /// Only of ordinary rows some are kept out.
  RowSplit(const std::vector<bool>& is_ordinary, double share, std::uint64_t seed) {
    constexpr double fewest = 50.0;
    constexpr double most = 10000.0;
    const auto ordinary = static_cast<double>(std::count(is_ordinary.begin(), is_ordinary.end(), true));
    const double wanted = std::min(share * ordinary, most);
    if (wanted < fewest) {
      return;
    }
    const double chance = wanted / ordinary;
    Random random(seed, 0x656e73656d626c65ULL);
    for (std::size_t row = 0; row < is_ordinary.size(); ++row) {
      (is_ordinary[row] && random.uniform() < chance ? kept_out : learnt_from).push_back(row);
    }
  }

  /// False: all rows are learnt from, and members calibrated on these.
  bool is_split() const noexcept { return !kept_out.empty() && !learnt_from.empty(); }
};

/// Rows with what belongs to them.
struct RowPart {
  Matrix copy;
  MatrixView rows;
  std::vector<std::int32_t> labels;
  std::vector<float> weights;

  /// All of them, where they stand.
  explicit RowPart(const EnsembleRows& all)
      : rows(all.features()), weights(all.weights().begin(), all.weights().end()) {
    for (std::size_t row = 0; !all.classes().empty() && row < all.size(); ++row) {
      labels.push_back(all.label(row));
    }
  }

  /// Copies of some.
  RowPart(const EnsembleRows& all, std::span<const std::size_t> chosen)
      : copy(Matrix::for_overwrite(chosen.size(), all.features().columns())), rows(copy) {
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      std::copy_n(all.features().row(chosen[i]), copy.columns(), copy.row(i).data());
      if (!all.weights().empty()) {
        weights.push_back(all.weights()[chosen[i]]);
      }
      if (!all.classes().empty()) {
        labels.push_back(all.label(chosen[i]));
      }
    }
  }
  RowPart(const RowPart&) = delete;  // the view may look at the copy
  RowPart& operator=(const RowPart&) = delete;
};

}  // namespace nad::detail
