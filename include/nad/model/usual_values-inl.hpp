#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/utf8.hpp"
#include "nad/model/usual_values.hpp"
#include "nad/table/group_words-inl.hpp"

namespace nad {

namespace detail {

inline constexpr std::size_t most_usual_rows = 100'000;
inline constexpr std::size_t most_usual_categories = 1000;
inline constexpr double usual_tail = 0.005;  ///< on either side

inline bool has_numbers(ColumnType type) noexcept {
  return type == ColumnType::number || type == ColumnType::integer || type == ColumnType::boolean;
}

inline void learn_usual_numbers(const Column& column, std::span<const std::size_t> rows, UsualColumn& usual) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const std::size_t row : rows) {
    double value = 0.0;
    column.copy_numbers(row, {&value, 1});
    if (!is_nan(value)) {
      values.push_back(value);
    }
  }
  if (values.empty()) {
    return;
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  };
  usual.low = at(usual_tail);
  usual.median = usual.type == ColumnType::boolean
                     ? std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size())
                     : at(0.5);
  usual.high = at(1.0 - usual_tail);
}

inline void learn_usual_categories(const Column& column, std::span<const std::size_t> rows, UsualColumn& usual) {
  std::vector<std::size_t> counts(column.categories().size());
  std::size_t there = 0;
  for (const std::size_t row : rows) {
    if (!column.is_missing(row)) {
      ++counts[static_cast<std::size_t>(column.codes()[row])];
      ++there;
    }
  }
  std::vector<std::size_t> order;
  for (std::size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] > 0) {
      order.push_back(code);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  usual.categories_left_out = order.size() - std::min(order.size(), most_usual_categories);
  order.resize(std::min(order.size(), most_usual_categories));
  usual.categories.reserve(order.size());
  for (const std::size_t code : order) {
    usual.categories.push_back({.value = std::string(column.categories()[static_cast<std::int32_t>(code)]),
                                .share = static_cast<double>(counts[code]) / static_cast<double>(there)});
  }
}

/// As `value_text` writes the values of the column.
inline std::string usual_number(const UsualColumn& usual, double value) {
  constexpr std::size_t digits = 4;
  if (usual.type == ColumnType::integer) {
    const std::string text = plain(value, 0);
    return names_port(usual.name) ? text : with_thousands(text);
  }
  return has_plain_form(value) ? with_thousands(plain(value, decimals_of(value, digits))) : scientific(value, digits);
}

inline Direction judge_boolean(const UsualColumn& usual, bool value, double seldom) {
  const double share = value ? usual.median : 1.0 - usual.median;
  return share == 0.0 ? Direction::never_seen : share <= seldom ? Direction::rare : Direction::usual;
}

inline std::string quoted_category(const std::string& value) { return value.empty() ? "\"\"" : value; }

}  // namespace detail

NAD_INLINE UsualValues::UsualValues(const Table& columns) {
  const std::size_t stride = columns.rows() / detail::most_usual_rows + 1;
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < columns.rows(); row += stride) {
    rows.push_back(row);
  }
  for (std::size_t place = 0; place < columns.columns(); ++place) {
    const Column& column = columns.column(place);
    detail::UsualColumn usual{.name = columns.schema()[place].name, .type = column.type()};
    const auto missing =
        std::count_if(rows.begin(), rows.end(), [&](std::size_t row) { return column.is_missing(row); });
    usual.missing_share = rows.empty() ? 0.0 : static_cast<double>(missing) / static_cast<double>(rows.size());
    if (detail::has_numbers(usual.type)) {
      detail::learn_usual_numbers(column, rows, usual);
    } else if (usual.type == ColumnType::category) {
      detail::learn_usual_categories(column, rows, usual);
    }
    columns_.push_back(std::move(usual));
  }
}

NAD_INLINE std::string UsualValues::expected(std::size_t place) const {
  const detail::UsualColumn& usual = columns_.at(place);
  if (usual.missing_share == 1.0) {
    return "always missing";
  }
  if (usual.type == ColumnType::boolean) {
    if (usual.median == 0.0 || usual.median == 1.0) {
      return usual.median == 0.0 ? "always false" : "always true";
    }
    return "true in " + detail::percent_text(usual.median);
  }
  if (detail::has_numbers(usual.type)) {
    const auto text = [&](double value) { return detail::usual_number(usual, value); };
    return usual.low == usual.high ? "nearly always " + text(usual.low)
                                   : text(usual.low) + " to " + text(usual.high) + ", median " + text(usual.median);
  }
  constexpr std::size_t shown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, usual.categories.size()); ++i) {
    text += (i == 0 ? "" : ", ") + detail::quoted_category(usual.categories[i].value) + " " +
            detail::percent_text(usual.categories[i].share);
  }
  const std::uint64_t others =
      usual.categories.size() + usual.categories_left_out - std::min(shown, usual.categories.size());
  return others == 0 ? text : text + ", " + std::to_string(others) + (others == 1 ? " other" : " others");
}

NAD_INLINE Direction UsualValues::judge(std::size_t place, const Column& column, std::size_t row) const {
  constexpr double seldom = 0.01;
  const detail::UsualColumn& usual = columns_.at(place);
  if (column.is_missing(row)) {
    return usual.missing_share <= seldom ? Direction::missing : Direction::usual;
  }
  if (detail::has_numbers(usual.type)) {
    double value = 0.0;
    column.copy_numbers(row, {&value, 1});
    if (usual.type == ColumnType::boolean) {
      return detail::judge_boolean(usual, value != 0.0, seldom);
    }
    return value > usual.high ? Direction::higher : value < usual.low ? Direction::lower : Direction::usual;
  }
  if (usual.type != ColumnType::category) {
    return Direction::usual;
  }
  const std::string_view value = column.text(row);
  const auto found = std::find_if(usual.categories.begin(), usual.categories.end(),
                                  [&](const detail::UsualCategory& category) { return category.value == value; });
  if (found == usual.categories.end()) {
    return usual.categories_left_out == 0 ? Direction::never_seen : Direction::rare;
  }
  return found->share <= seldom ? Direction::rare : Direction::usual;
}

NAD_INLINE void UsualValues::restore() const {
  for (const detail::UsualColumn& usual : columns_) {
    const auto share = [](double value) { return value >= 0.0 && value <= 1.0; };
    bool sound = usual.type <= ColumnType::boolean && share(usual.missing_share) && !detail::is_nan(usual.low) &&
                 !detail::is_nan(usual.median) && !detail::is_nan(usual.high);
    sound = sound && detail::is_utf8(usual.name);
    for (const detail::UsualCategory& category : usual.categories) {
      sound = sound && share(category.share) && detail::is_utf8(category.value);
    }
    if (!sound) {
      throw Error(ErrorCode::bad_file, "what is usual in column " + std::to_string(&usual - columns_.data()) +
                                           " makes no sense; the model is damaged");
    }
  }
}

}  // namespace nad
