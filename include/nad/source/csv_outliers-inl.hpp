#pragma once

// Values of a column that are of another type than nearly all others, and so make texts of them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "nad/source/csv_names-inl.hpp"
#include "nad/source/csv_times-inl.hpp"
#include "nad/source/field_values-inl.hpp"
#include "nad/source/grid_source-inl.hpp"
#include "nad/table/address.hpp"
#include "nad/table/column.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// Counts the values of a column by type and keeps the first that is none of it.
class OutlierCounts {
 public:
  /// `name` tells whether numbers may be times.
  explicit OutlierCounts(std::string_view name) : name_(name), epochs_(names_time(name)) {}

  /// `line` is that of the file.
  void add(std::string_view text, std::uint64_t line) {
    ++values_;
    double number = 0.0;
    bool truth = false;
    std::int64_t time = 0;
    const bool is_number = parse_plain_number(text, number);
    count(0, is_number, text, line);
    count(1,
          (epochs_ && is_number && epoch_unit(number, number)) || parse_time(text).has_value() ||
              parse_date(text, DateOrder::day_first, time) || parse_date(text, DateOrder::month_first, time),
          text, line);
    count(2, text.size() > 1 && Address::parse(text).has_value(), text, line);
    count(3, text.size() > 1 && parse_boolean(text, truth), text, line);
  }

  /// What to say of a column that became texts; "" where its values are of many types anyway.
  std::string note(ColumnType became, bool takes_types) const {
    if (values_ < 10) {
      return {};
    }
    const auto count = [](std::size_t number) { return std::to_string(number); };
    std::string note = "column '" + name_ + "': ";
    for (const Kind& kind : kinds_) {
      const bool most = kind.count != values_ && 10 * kind.count >= 9 * values_;
      if (kind.count == values_ && kind.type == ColumnType::time) {
        note.append("all ").append(count(values_)).append(" values are times, but not all in one form");
      } else if (most) {
        note.append(count(kind.count)).append(" of ").append(count(values_)).append(" values are ").append(kind.words);
        note.append(", but '").append(kind.other).append("' (line ").append(count(kind.line)).append(") is not");
      } else {
        continue;
      }
      note.append(", so the column is read as ").append(nad::name(became));
      if (most) {
        note.append(takes_types ? "; types={'" : "; format='csv' with types={'").append(name_).append("': '");
        note.append(nad::name(kind.type)).append(takes_types ? "'} with" : "'} and");
        note.append(" on_error='skip' leaves such rows out");
      }
      return note;
    }
    return {};
  }

 private:
  struct Kind {
    ColumnType type;
    std::string_view words;
    std::size_t count = 0;
    std::string other = {};  ///< the first value that is none
    std::uint64_t line = 0;
  };

  void count(std::size_t place, bool fits, std::string_view text, std::uint64_t line) {
    Kind& kind = kinds_.at(place);
    if (fits) {
      ++kind.count;
    } else if (kind.line == 0) {
      kind.other = shown(text);
      kind.line = line;
    }
  }

  std::string name_;
  bool epochs_;
  std::size_t values_ = 0;
  std::array<Kind, 4> kinds_ = {{{ColumnType::number, "numbers"},
                                 {ColumnType::time, "times"},
                                 {ColumnType::address, "addresses"},
                                 {ColumnType::boolean, "true or false"}}};
};

}  // namespace nad::detail
