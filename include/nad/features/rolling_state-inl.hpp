#pragma once

// The windows of RollingWindows. Each is a queue of two stacks: the older rows have the summary of themselves and all
// younger ones of their stack, the younger rows one summary of all. Both merged are the window's. When the older ones
// are used up, the younger become the older, at a merge a row. So nothing is ever subtracted.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nad/detail/ring.hpp"
#include "nad/features/rolling_windows.hpp"
#include "nad/flow/counted_keys-inl.hpp"
#include "nad/flow/key_pool-inl.hpp"
#include "nad/flow/window_clock-inl.hpp"

namespace nad::detail {

/// What some values of a column are like. `squares` are of the distances from the mean.
struct Summary {
  double count = 0.0;
  double sum = 0.0;
  double squares = 0.0;
  double least = 0.0;
  double most = 0.0;

  static Summary of(double value) noexcept {
    return is_nan(value) ? Summary() : Summary{1.0, value, 0.0, value, value};
  }

  void merge(const Summary& other) noexcept {
    if (other.count == 0.0) {
      return;
    }
    if (count == 0.0) {
      *this = other;
      return;
    }
    const double apart = other.sum / other.count - sum / count;
    squares += other.squares + apart * apart * (count * other.count / (count + other.count));
    count += other.count;
    sum += other.sum;
    least = std::min(least, other.least);
    most = std::max(most, other.most);
  }
};

/// What a row brings.
struct RollingRow {
  std::int64_t moment = 0;
  RecordKey key = {};
  std::span<const double> values = {};       ///< a column; NaN is a missing one
  std::span<const RecordKey> distinct = {};  ///< a column
  std::uint8_t outcome = 0;                  ///< 0: unknown, 1: fine, 2: failed
};

class RollingWindow {
 public:
  std::size_t rows() const noexcept { return rows_; }
  std::int64_t oldest() const noexcept { return moments_.front(); }
  std::int64_t newest() const noexcept { return moments_[moments_.size() - 1]; }
  std::size_t distinct(std::size_t column) const noexcept { return counted_[column].distinct(); }
  /// NaN where no row has a state.
  double failures() const noexcept {
    return known_ == 0 ? std::numeric_limits<double>::quiet_NaN()
                       : static_cast<double>(failed_) / static_cast<double>(known_);
  }
  Summary summary(std::size_t column) const noexcept {
    Summary whole = older_rows_ == 0 ? Summary() : older_[older_.size() - younger_.size() + column];
    whole.merge(younger_[column]);
    return whole;
  }

  void add(const RollingRow& row) {
    younger_.resize(row.values.size());
    counted_.resize(row.distinct.size());
    moments_.push_back(row.moment);
    for (std::size_t column = 0; column < row.values.size(); ++column) {
      values_.push_back(row.values[column]);
      younger_[column].merge(Summary::of(row.values[column]));
    }
    for (std::size_t column = 0; column < row.distinct.size(); ++column) {
      const RecordKey& key = row.distinct[column];
      groups_.push_back(key == missing_key ? no_group : counted_[column].add(key));
    }
    outcomes_.push_back(row.outcome);
    known_ += row.outcome != 0 ? 1U : 0U;
    failed_ += row.outcome == 2 ? 1U : 0U;
    ++rows_;
  }

  void remove_oldest() {
    if (older_rows_ == 0) {
      make_older();
    }
    older_.resize(older_.size() - younger_.size());
    --older_rows_;
    moments_.pop_front();
    for (std::size_t column = 0; column < younger_.size(); ++column) {
      values_.pop_front();
    }
    for (Counted& counted : counted_) {
      if (groups_.front() != no_group) {
        counted.remove(groups_.front());
      }
      groups_.pop_front();
    }
    known_ -= outcomes_.front() != 0 ? 1U : 0U;
    failed_ -= outcomes_.front() == 2 ? 1U : 0U;
    outcomes_.pop_front();
    --rows_;
  }

  /// As new; large memory is given back, small is kept for the next key.
  void clear() {
    if (largest_kept < moments_.capacity()) {
      *this = RollingWindow();
      return;
    }
    moments_.clear();
    values_.clear();
    older_.clear();
    younger_.clear();
    groups_.clear();
    for (Counted& counted : counted_) {
      counted.clear();
    }
    outcomes_.clear();
    rows_ = older_rows_ = 0;
    known_ = failed_ = 0;
  }

 private:
  struct Group {
    RecordKey key;
    std::uint32_t count;
  };
  using Counted = CountedKeys<Group, std::uint32_t>;
  static constexpr std::uint32_t no_group = 0xffffffffU;
  static constexpr std::size_t largest_kept = 16;

  void make_older() {
    const std::size_t columns = younger_.size();
    older_.assign(rows_ * columns, Summary());
    for (std::size_t column = 0; column < columns; ++column) {
      Summary whole;
      for (std::size_t behind = 0; behind < rows_; ++behind) {  // from the youngest on
        Summary with = Summary::of(values_[(rows_ - 1 - behind) * columns + column]);
        with.merge(whole);
        whole = with;
        older_[behind * columns + column] = whole;
      }
      younger_[column] = Summary();
    }
    older_rows_ = rows_;
  }

  Ring<std::int64_t> moments_;
  Ring<double> values_;           ///< row by row
  std::vector<Summary> older_;    ///< row by row, the oldest last: that one's is of all older rows
  std::vector<Summary> younger_;  ///< a column
  Ring<std::uint32_t> groups_;    ///< row by row, the place in `counted_`
  std::vector<Counted> counted_;  ///< a column
  Ring<std::uint8_t> outcomes_;
  std::size_t rows_ = 0;
  std::size_t older_rows_ = 0;
  std::uint32_t known_ = 0;
  std::uint32_t failed_ = 0;
};

class RollingState final : public StepState {
 public:
  explicit RollingState(const RollingWindows& step)
      : clock_(static_cast<std::int64_t>(step.seconds * 1e9)),
        by_time_(step.seconds > 0.0),
        most_in_window_(step.rows),
        most_rows_(step.most_rows) {}

  /// The window of the row, which it is in.
  const RollingWindow& add(RollingRow row) {
    if (by_time_) {
      row.moment = clock_.advance(row.moment);
      drop_idle();
    }
    const std::uint32_t place = windows_.touch(row.key);
    RollingWindow& window = windows_[place];
    while (window.rows() == most_in_window_ || (by_time_ && window.rows() != 0 && window.oldest() <= clock_.oldest())) {
      window.remove_oldest();
      --rows_;
    }
    window.add(row);
    ++rows_;
    while (rows_ > most_rows_ && windows_.oldest() != place) {
      drop(windows_.oldest());
      ++forgotten_;
    }
    return window;
  }

  std::uint64_t forgotten() const noexcept { return forgotten_; }

 private:
  /// Windows without a row that is young enough need no memory; a few at a time, so that no row waits for all.
  void drop_idle() {
    for (int dropped = 0; dropped < 4 && windows_.size() != 0; ++dropped) {
      const std::uint32_t place = windows_.oldest();
      if (windows_[place].newest() > clock_.oldest()) {
        return;
      }
      drop(place);
    }
  }

  void drop(std::uint32_t place) {
    rows_ -= windows_[place].rows();
    windows_[place].clear();
    windows_.erase(place);
  }

  WindowClock clock_;
  bool by_time_;
  std::size_t most_in_window_;
  std::size_t most_rows_;
  RecentKeys<RollingWindow> windows_;
  std::size_t rows_ = 0;
  std::uint64_t forgotten_ = 0;
};

}  // namespace nad::detail
