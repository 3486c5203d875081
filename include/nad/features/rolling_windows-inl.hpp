#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "nad/features/derived_columns-inl.hpp"
#include "nad/features/rolling_state-inl.hpp"
#include "nad/features/rolling_windows.hpp"
#include "nad/flow/connection_state-inl.hpp"

namespace nad {

namespace detail {

inline bool has(const RollingWindows& step, Rolling function) {
  return std::find(step.functions.begin(), step.functions.end(), function) != step.functions.end();
}

inline bool is_of_column(Rolling function) noexcept {
  return function != Rolling::count && function != Rolling::failures;
}

inline void check(const RollingWindows& step) {
  constexpr double longest = 1e9;
  const auto require = [](bool sound, const char* what) {
    if (!sound) {
      throw Error(ErrorCode::invalid_argument, std::string("rolling_windows: ") + what);
    }
  };
  require(is_finite(step.seconds) && step.seconds >= 0.0 && step.seconds <= longest, "seconds must be 0 to 1e9");
  require(step.rows > 0 && step.rows <= 0x7fffffffU, "rows must be 1 to 2147483647");
  require(step.most_rows >= step.rows && step.most_rows <= 0x7fffffffU, "most_rows must be `rows` to 2147483647");
  const bool of_columns =
      !step.columns.empty() && std::any_of(step.functions.begin(), step.functions.end(), &is_of_column);
  require(of_columns || !step.distinct.empty() || has(step, Rolling::count) || has(step, Rolling::failures),
          "there is nothing to compute; name columns, or the function count");
}

/// Reads the rows of a table block by block.
class RollingReader {
 public:
  static constexpr std::size_t block = 1024;

  RollingReader(const Table& table, const RollingWindows& step) {
    for (const std::string& name : step.keys) {
      keys_.emplace_back(table[name]);
    }
    for (const std::string& name : step.columns) {
      columns_.push_back(&numeric_column(table, name, RollingWindows::kind));
    }
    for (const std::string& name : step.distinct) {
      distinct_.emplace_back(table[name]);
    }
    if (step.seconds > 0.0) {
      time_ = &moment_column(table, step.time, RollingWindows::kind);
    }
    if (has(step, Rolling::failures)) {
      states_.emplace(table[step.state], &connection_state);
    }
    const std::size_t rows = std::min(block, table.rows());
    moments_.resize(rows);
    row_keys_.resize(rows);
    scratch_keys_.resize(rows);
    scratch_.resize(rows);
    values_.resize(rows * columns_.size());
    distinct_keys_.resize(rows * distinct_.size());
  }

  /// Calls `visit(index, row)` for every row, `visit(index, nullptr)` where it has no window.
  template <class Visit>
  void for_each(std::size_t rows, Visit&& visit) {
    for (std::size_t first = 0; first < rows; first += block) {
      const std::size_t count = std::min(block, rows - first);
      read(first, count);
      for (std::size_t i = 0; i < count; ++i) {
        if (moments_[i] == no_moment || row_keys_[i] == missing_key) {
          visit(first + i, nullptr);
          continue;
        }
        const RollingRow row = {
            moments_[i], row_keys_[i], std::span(values_).subspan(i * columns_.size(), columns_.size()),
            std::span(distinct_keys_).subspan(i * distinct_.size(), distinct_.size()), outcome(first + i)};
        visit(first + i, &row);
      }
    }
  }

 private:
  void read(std::size_t first, std::size_t count) {
    if (time_ != nullptr) {
      read_moments(*time_, first, std::span(moments_).first(count));
    }
    for (std::size_t place = 0; place < keys_.size(); ++place) {
      keys_[place].read(first, std::span(scratch_keys_).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        const bool missing = scratch_keys_[i] == missing_key || (place != 0 && row_keys_[i] == missing_key);
        row_keys_[i] = missing      ? missing_key
                       : place == 0 ? scratch_keys_[i]
                                    : joined_key(row_keys_[i], scratch_keys_[i]);
      }
    }
    for (std::size_t place = 0; place < columns_.size(); ++place) {
      columns_[place]->copy_numbers(first, std::span(scratch_).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        const double value = scratch_[i];
        values_[i * columns_.size() + place] =
            is_finite(value) ? std::clamp(value, -1e140, 1e140) : std::numeric_limits<double>::quiet_NaN();
      }
    }
    for (std::size_t place = 0; place < distinct_.size(); ++place) {
      distinct_[place].read(first, std::span(scratch_keys_).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        distinct_keys_[i * distinct_.size() + place] = scratch_keys_[i];
      }
    }
  }

  std::uint8_t outcome(std::size_t row) const {
    if (!states_ || states_->is_missing(row)) {
      return 0;
    }
    return (*states_)[row].failed() ? 2 : 1;
  }

  std::vector<KeyReader> keys_;
  std::vector<const Column*> columns_;
  std::vector<KeyReader> distinct_;
  const Column* time_ = nullptr;
  std::optional<MappedTexts<ConnectionState (*)(std::string_view)>> states_;
  std::vector<std::int64_t> moments_;
  std::vector<RecordKey> row_keys_;
  std::vector<RecordKey> scratch_keys_;
  std::vector<double> scratch_;
  std::vector<double> values_;            ///< row by row
  std::vector<RecordKey> distinct_keys_;  ///< row by row
};

/// "60s" or "100rows".
inline std::string window_label(const RollingWindows& step) {
  if (step.seconds == 0.0) {
    return std::to_string(step.rows) + "rows";
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), step.seconds).ptr;
  return std::string(text.data(), end) + "s";
}

inline double value_of(const Summary& summary, Rolling function) noexcept {
  if (summary.count == 0.0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  switch (function) {
    case Rolling::mean:
      return summary.sum / summary.count;
    case Rolling::deviation:
      return std::sqrt(summary.squares / summary.count);
    case Rolling::minimum:
      return summary.least;
    case Rolling::maximum:
      return summary.most;
    default:
      return summary.sum;
  }
}

/// The columns that the step adds.
class RollingColumns {
 public:
  RollingColumns(AddedColumns& added, const RollingWindows& step) {
    std::string prefix;
    for (const std::string& key : step.keys) {
      prefix += (prefix.empty() ? "" : "+") + key;
    }
    prefix = (prefix.empty() ? "all" : prefix) + "." + window_label(step) + ".";
    for (std::size_t column = 0; column < step.columns.size(); ++column) {
      std::vector<std::pair<Rolling, double*>>& outputs = of_column_.emplace_back();
      for (const Rolling function : step.functions) {
        if (is_of_column(function)) {
          const std::string title = prefix + step.columns[column] + "." + std::string(name(function));
          outputs.emplace_back(function, added.add_numbers(title));
        }
      }
    }
    for (const std::string& column : step.distinct) {
      distinct_.push_back(&added.add(prefix + column + ".distinct", ColumnType::integer));
    }
    if (has(step, Rolling::count)) {
      count_ = &added.add(prefix + "count", ColumnType::integer);
    }
    if (has(step, Rolling::failures)) {
      failures_ = added.add_numbers(prefix + "failures");
    }
  }

  void write(std::size_t row, const RollingWindow& window) {
    for (std::size_t column = 0; column < of_column_.size(); ++column) {
      const Summary summary = window.summary(column);
      for (const auto& [function, out] : of_column_[column]) {
        out[row] = value_of(summary, function);
      }
    }
    for (std::size_t column = 0; column < distinct_.size(); ++column) {
      distinct_[column]->add_integer(static_cast<std::int64_t>(window.distinct(column)));
    }
    if (count_ != nullptr) {
      count_->add_integer(static_cast<std::int64_t>(window.rows()));
    }
    if (failures_ != nullptr) {
      failures_[row] = window.failures();
    }
  }

  void write_missing(std::size_t row) {
    for (const auto& outputs : of_column_) {
      for (const auto& output : outputs) {
        output.second[row] = std::numeric_limits<double>::quiet_NaN();
      }
    }
    for (ColumnBuilder* builder : distinct_) {
      builder->add_missing();
    }
    if (count_ != nullptr) {
      count_->add_missing();
    }
    if (failures_ != nullptr) {
      failures_[row] = std::numeric_limits<double>::quiet_NaN();
    }
  }

 private:
  std::vector<std::vector<std::pair<Rolling, double*>>> of_column_;
  std::vector<ColumnBuilder*> distinct_;
  ColumnBuilder* count_ = nullptr;
  double* failures_ = nullptr;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<StepState> RollingWindows::begin() const {
  detail::check(*this);
  return std::make_unique<detail::RollingState>(*this);
}

NAD_INLINE std::vector<std::string> RollingWindows::inputs() const {
  std::vector<std::string> names = keys;
  names.insert(names.end(), columns.begin(), columns.end());
  names.insert(names.end(), distinct.begin(), distinct.end());
  if (seconds > 0.0) {
    names.push_back(time);
  }
  if (detail::has(*this, Rolling::failures)) {
    names.push_back(state);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

NAD_INLINE Table RollingWindows::apply(const Table& table, StepState* seen) const {
  const detail::StateInUse<detail::RollingState, RollingWindows> windows(*this, seen);
  detail::RollingReader reader(table, *this);
  detail::AddedColumns added(table, kind);
  detail::RollingColumns results(added, *this);
  reader.for_each(table.rows(), [&](std::size_t index, const detail::RollingRow* row) {
    if (row == nullptr) {
      results.write_missing(index);
    } else {
      results.write(index, windows->add(*row));
    }
  });
  return added.finish();
}

NAD_INLINE std::uint64_t RollingWindows::forgotten(const StepState& seen) const {
  const auto* windows = dynamic_cast<const detail::RollingState*>(&seen);
  if (windows == nullptr) {
    throw Error(ErrorCode::invalid_argument,
                "the step rolling_windows was given the state of another; make it with begin()");
  }
  return windows->forgotten();
}

}  // namespace nad
