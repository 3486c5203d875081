#pragma once

// The training values of one feature, and their order.

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "nad/core/large_memory.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/features/scalar_map.hpp"
#include "nad/table/column.hpp"

namespace nad::detail {

using Numbers = std::vector<double, LargeAllocator<double>>;

/// Values, each there as often as its weight says; no weights: once. Missing and infinite ones count for nothing.
class Sample {
 public:
  explicit Sample(std::span<const double> values, std::span<const double> weights = {})
      : size_(values.size()), values_(values), weights_(weights) {}
  /// Values that `apply` may change.
  explicit Sample(Numbers& values, std::span<const double> weights = {})
      : size_(values.size()), values_(values), weights_(weights), memory_(&values) {}
  /// Those of a column. `memory` takes them as soon as somebody wants all of them at once.
  Sample(const Column& column, Numbers& memory) : size_(column.size()), column_(&column), memory_(&memory) {
    if (column.type() == ColumnType::number && column.parts().valid.empty()) {
      values_ = column.numbers();
      column_ = nullptr;
    }
  }

  std::size_t size() const noexcept { return size_; }
  std::span<const double> weights() const noexcept { return weights_; }
  double weight(std::size_t i) const noexcept { return weights_.empty() ? 1.0 : weights_[i]; }

  std::span<const double> values() const {
    if (column_ != nullptr) {
      memory_->resize(size_);
      column_->copy_numbers(0, *memory_);
      values_ = *memory_;
      column_ = nullptr;
    }
    return values_;
  }

  /// Calls body(values) with a piece of them after the other, for those who look once at each: the values of a column
  /// are turned into numbers in the nearest cache.
  template <class Body>
  void for_each_block(const Body& body) const {
    constexpr std::size_t block = 2048;
    std::array<double, block> numbers;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
    for (std::size_t first = 0; first < size_; first += block) {
      const std::size_t count = std::min(block, size_ - first);
      if (column_ == nullptr) {
        body(values_.subspan(first, count));
      } else {
        column_->copy_numbers(first, {numbers.data(), count});
        body(std::span<const double>(numbers.data(), count));
      }
    }
  }

  /// Changes the values; not for those that were lent for reading only.
  void apply(const ScalarMap& map) {
    const std::span<const double> before = values();
    if (before.data() != memory_->data()) {
      memory_->assign(before.begin(), before.end());
      values_ = *memory_;
    }
    map.apply(*memory_);
  }

 private:
  std::size_t size_;
  mutable std::span<const double> values_ = {};
  std::span<const double> weights_ = {};
  mutable const Column* column_ = nullptr;  ///< whose values `values_` does not hold yet
  Numbers* memory_ = nullptr;
};

/// The finite values, in rising order, with the weights of all up to each.
struct Ordered {
  std::vector<double> values;
  std::vector<double> up_to;  ///< empty: 1, 2, 3, ...

  explicit Ordered(const Sample& sample) {
    std::vector<std::pair<double, double>> pairs;
    const std::span<const double> all = sample.values();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!is_finite(all[i]) || sample.weight(i) <= 0.0) {
        continue;
      }
      if (sample.weights().empty()) {
        values.push_back(all[i]);
      } else {
        pairs.emplace_back(all[i], sample.weight(i));
      }
    }
    std::sort(values.begin(), values.end());
    std::sort(pairs.begin(), pairs.end());
    double sum = 0.0;
    for (const auto& [value, weight] : pairs) {
      values.push_back(value);
      up_to.push_back(sum += weight);
    }
  }

  /// The quantile by linear interpolation between order statistics, as NumPy's default; a weight counts copies.
  double quantile(double q) const {
    if (values.empty()) {
      return 0.0;
    }
    const double total = up_to.empty() ? static_cast<double>(values.size()) : up_to.back();
    const double position = std::clamp(q, 0.0, 1.0) * (total - 1.0);
    const double low = std::floor(std::max(0.0, position));
    const double first = at(low);
    return first + (at(std::min(low + 1.0, total - 1.0)) - first) * (position - low);
  }

 private:
  /// The value at a place, if copies were written out.
  double at(double place) const {
    if (up_to.empty()) {
      return values[std::min(static_cast<std::size_t>(place), values.size() - 1)];
    }
    const auto found = std::upper_bound(up_to.begin(), up_to.end(), place);
    return values[std::min(static_cast<std::size_t>(found - up_to.begin()), values.size() - 1)];
  }
};

/// One quantile, for which nothing needs to be sorted whole.
inline double quantile_of(const Sample& sample, double q) {
  if (!sample.weights().empty()) {
    return Ordered(sample).quantile(q);
  }
  std::vector<double> values;
  values.reserve(sample.size());
  for (const double value : sample.values()) {
    if (is_finite(value)) {
      values.push_back(value);
    }
  }
  if (values.empty()) {
    return 0.0;
  }
  const double position = std::clamp(q, 0.0, 1.0) * static_cast<double>(values.size() - 1);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), place, values.end());
  const double first = *place;
  const double second = place + 1 == values.end() ? first : *std::min_element(place + 1, values.end());
  return first + (second - first) * (position - std::floor(position));
}

}  // namespace nad::detail
