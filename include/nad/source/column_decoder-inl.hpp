#pragma once

// A column of a grid becomes values.

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "nad/detail/utf8.hpp"
#include "nad/source/field_grid-inl.hpp"
#include "nad/source/field_values-inl.hpp"
#include "nad/source/value_range-inl.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/schema.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// How a field becomes a value. An empty `parse`: as the column's type is usually written.
struct ColumnPlan {
  Field field;
  std::size_t place = 0;  ///< which field of a row
  /// Adds one value; false where the text is none.
  std::function<bool(std::string_view text, ColumnBuilder& to)> parse = {};
  bool strict = false;                   ///< "007" and "+1" are no numbers, and numbers are no times
  std::string hint = {};                 ///< what else to say of a field that cannot be read
  std::optional<ValueRange> range = {};  ///< of numbers and whole numbers; what lies outside cannot be read
};

/// A field that could not be read.
struct BadField {
  std::size_t row;
  std::size_t column;    ///< of the plan
  bool outside = false;  ///< it is a number, but not one that can be
};

/// "2017-04-07T22:24:37.25" or "1491600277.25".
inline bool parse_moment(std::string_view text, std::int64_t& value) noexcept {
  const std::optional<std::int64_t> time =
      text.size() > 4 && !is_digit(text[4]) && text[4] != '.' ? parse_time(text) : parse_epoch_seconds(text);
  value = time.value_or(0);
  return time.has_value();
}

class ColumnDecoder {
 public:
  ColumnDecoder(std::vector<ColumnPlan> plans, std::vector<std::string> missing)
      : plans_(std::move(plans)), missing_(std::move(missing)) {
    for (const ColumnPlan& plan : plans_) {
      builders_.emplace_back(plan.field.type);
    }
    for (const std::string& token : missing_) {
      longest_missing_ = std::max(longest_missing_, token.size());
    }
  }

  const std::vector<ColumnPlan>& plans() const noexcept { return plans_; }
  std::size_t rows() const noexcept { return builders_.empty() ? 0 : builders_.front().size(); }
  const std::vector<BadField>& bad() const noexcept { return bad_; }
  /// Columns of which values were taken as missing because they lie outside of a lenient range.
  const std::vector<std::size_t>& cleared() const noexcept { return cleared_; }

  void reserve(std::size_t rows) {
    for (ColumnBuilder& builder : builders_) {
      builder.reserve(rows);
    }
  }

  /// Appends rows [first, first + count) of the grid. Fields that cannot be read are left missing and noted in `bad()`,
  /// until the next call.
  void decode(const FieldGrid& grid, std::size_t first, std::size_t count) {
    bad_.clear();
    cleared_.clear();
    for (std::size_t column = 0; column < plans_.size(); ++column) {
      const std::size_t before = builders_[column].size();
      decode_column(grid, first, count, column);
      if (plans_[column].range && plans_[column].field.type == ColumnType::number) {
        check_range(builders_[column].raw_numbers().data() + before, before, first, count, column);
      } else if (plans_[column].range && plans_[column].field.type == ColumnType::integer) {
        check_range(builders_[column].raw_integers().data() + before, before, first, count, column);
      }
    }
  }

  std::vector<Column> finish() {
    std::vector<Column> columns;
    columns.reserve(builders_.size());
    for (ColumnBuilder& builder : builders_) {
      columns.push_back(builder.finish());
    }
    return columns;
  }

 private:
  bool means_missing(std::string_view text) const noexcept {
    return text.size() <= longest_missing_ &&
           std::any_of(missing_.begin(), missing_.end(), [&](const std::string& token) { return token == text; });
  }

  void decode_column(const FieldGrid& grid, std::size_t first, std::size_t count, std::size_t column) {
    ColumnBuilder& builder = builders_[column];
    const ColumnPlan& plan = plans_[column];
    if (plan.parse) {
      decode_each(grid, first, count, column, plan.parse);
      return;
    }
    switch (plan.field.type) {
      case ColumnType::number:
        by_strictness(plan, [&](auto strict) {
          decode_all(grid, first, count, column, builder.raw_numbers().append_raw(count),
                     std::numeric_limits<double>::quiet_NaN(), [](std::string_view text, double& value) {
                       return parse_number_field<decltype(strict)::value>(text, value);
                     });
        });
        break;
      case ColumnType::integer:
        by_strictness(plan, [&](auto strict) {
          decode_all(grid, first, count, column, builder.raw_integers().append_raw(count), std::int64_t{0},
                     [](std::string_view text, std::int64_t& value) {
                       return parse_integer_field<decltype(strict)::value>(text, value);
                     });
        });
        break;
      case ColumnType::time:
        if (plan.strict) {
          decode_all(grid, first, count, column, builder.raw_integers().append_raw(count), std::int64_t{0},
                     [](std::string_view text, std::int64_t& value) {
                       const std::optional<std::int64_t> time = parse_time(text);
                       value = time.value_or(0);
                       return time.has_value();
                     });
          break;
        }
        decode_all(grid, first, count, column, builder.raw_integers().append_raw(count), std::int64_t{0},
                   [](std::string_view text, std::int64_t& value) { return parse_moment(text, value); });
        break;
      case ColumnType::category:
        decode_categories(grid, first, count, column);
        break;
      case ColumnType::text:
        decode_each(grid, first, count, column, [](std::string_view text, ColumnBuilder& to) {
          const bool sound = is_readable(text);
          if (sound) {
            to.add_text(text);
          }
          return sound;
        });
        break;
      case ColumnType::address:
        decode_each(grid, first, count, column, [](std::string_view text, ColumnBuilder& to) {
          const std::optional<Address> address = Address::parse(text);
          if (address) {
            to.add_address(*address);
          }
          return address.has_value();
        });
        break;
      case ColumnType::boolean:
        decode_each(grid, first, count, column, [](std::string_view text, ColumnBuilder& to) {
          bool value = false;
          const bool sound = parse_boolean(text, value);
          if (sound) {
            to.add_boolean(value);
          }
          return sound;
        });
        break;
    }
  }

  /// Missing values stay as they are: NaN, and whole numbers that are 0.
  template <class Value>
  void check_range(Value* values, std::size_t before, std::size_t first, std::size_t count, std::size_t column) {
    const ValueRange& range = *plans_[column].range;
    if (!may_leave(range, values, count)) {
      return;
    }
    bool cleared = false;
    for (std::size_t i = 0; i < count; ++i) {
      if constexpr (std::is_floating_point_v<Value>) {
        if (range.holds(values[i]) || is_nan(values[i])) {
          continue;
        }
        values[i] = std::numeric_limits<Value>::quiet_NaN();
      } else {
        if (range.holds(values[i])) {
          continue;
        }
        values[i] = 0;
        builders_[column].mark_missing(before + i);
      }
      if (range.lenient) {
        cleared = true;
      } else {
        bad_.push_back({first + i, column, true});
      }
    }
    if (cleared) {
      cleared_.push_back(column);
    }
  }

  /// What is decided once for a column should not be asked for each of its fields.
  template <class Body>
  static void by_strictness(const ColumnPlan& plan, const Body& body) {
    if (plan.strict) {
      body(std::true_type());
    } else {
      body(std::false_type());
    }
  }

  /// Values of one width, written where they belong.
  template <class Value, class Parse>
  void decode_all(const FieldGrid& grid, std::size_t first, std::size_t count, std::size_t column, Value* out,
                  Value nothing, const Parse& parse) {
    ColumnBuilder& builder = builders_[column];
    const std::size_t before = builder.size();
    const std::size_t place = plans_[column].place;
    builder.added(count);
    grid.for_each(place, first, count, [&](std::size_t i, std::string_view text) {
      if (text.empty() || !parse(text, out[i])) {
        out[i] = nothing;
        if (builder.type() != ColumnType::number) {
          builder.mark_missing(before + i);
        }
        if (!means_missing(text)) {
          bad_.push_back({first + i, column});
        }
      }
    });
  }

  void decode_categories(const FieldGrid& grid, std::size_t first, std::size_t count, std::size_t column) {
    ColumnBuilder& builder = builders_[column];
    const std::size_t before = builder.size();
    const std::size_t place = plans_[column].place;
    std::int32_t* out = builder.raw_codes().append_raw(count);
    builder.added(count);
    Dictionary& categories = builder.raw_categories();
    std::string_view last_text;  // neighbours are often alike
    std::int32_t last_code = Dictionary::absent;
    grid.for_each(place, first, count, [&](std::size_t i, std::string_view text) {
      if (last_code == Dictionary::absent || text != last_text) {
        last_code = category(text, categories);
        last_text = text;
      }
      out[i] = last_code;
      if (last_code == Dictionary::absent) {
        builder.mark_missing(before + i);
        if (!means_missing(text)) {
          bad_.push_back({first + i, column});
        }
      }
    });
  }

  std::int32_t category(std::string_view text, Dictionary& categories) const {
    const std::int32_t known = categories.find(text);
    return known != Dictionary::absent || means_missing(text) || !is_readable(text) ? known : categories.add(text);
  }

  template <class Parse>
  void decode_each(const FieldGrid& grid, std::size_t first, std::size_t count, std::size_t column,
                   const Parse& parse) {
    ColumnBuilder& builder = builders_[column];
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view text = grid.field(first + i, plans_[column].place);
      if (means_missing(text)) {
        builder.add_missing();
      } else if (!parse(text, builder)) {
        builder.add_missing();
        bad_.push_back({first + i, column});
      }
    }
  }

  std::vector<ColumnPlan> plans_;
  std::vector<std::string> missing_;
  std::size_t longest_missing_ = 0;
  std::vector<ColumnBuilder> builders_;
  std::vector<BadField> bad_;
  std::vector<std::size_t> cleared_;
};

}  // namespace nad::detail
