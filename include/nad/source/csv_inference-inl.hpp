#pragma once

// What the columns of a text table hold, found out from its first records.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "nad/source/csv_dialect-inl.hpp"
#include "nad/source/csv_names-inl.hpp"
#include "nad/source/csv_times-inl.hpp"
#include "nad/source/field_values-inl.hpp"
#include "nad/table/address.hpp"
#include "nad/table/column.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// How a column is to be read.
struct ColumnGuess {
  ColumnType type = ColumnType::category;
  bool strict = true;   ///< guessed, not asked for: "007" and "+1" are no numbers
  bool seen = false;    ///< some value was there to judge by
  bool few = true;      ///< its texts repeat: as one, it would be a category
  bool padded = false;  ///< blanks stand around values
  bool decimal_comma = false;
  bool inexact = false;    ///< whole numbers beyond 64 bits among numbers
  bool undecided = false;  ///< dates of which the day and the month cannot be told apart
  bool counts_up = false;  ///< 0, 1, 2, ... or 1, 2, 3, ...
  std::optional<EpochUnit> epoch = {};
  std::optional<DateOrder> dates = {};
};

/// What the values of one column have in common.
class ColumnSample {
 public:
  void add(std::string_view written) {
    const std::string_view text = without_blanks(written);
    padded_ = padded_ || text.size() != written.size();
    ++values_;
    letters_ += text.size();
    distinct_.insert(text);
    add_number(text);
    double number = 0.0;
    const bool comma = parse_comma_number(text, number) && plain_digits(text);
    all_comma_ = all_comma_ && comma;
    if (comma && text.find(',') != std::string_view::npos) {
      commas_ = true;
      const std::size_t behind = text.size() - text.find(',') - 1;
      no_thousands_ = no_thousands_ || behind != 3;
    }
    static constexpr std::string_view truths[3][2] = {{"true", "false"}, {"yes", "no"}, {"t", "f"}};
    for (std::size_t i = 0; i < 3; ++i) {
      const bool one = same_letters(text, truths[i][0]);
      const bool other = same_letters(text, truths[i][1]);
      bool value = false;
      truth_[i].all = truth_[i].all && (one || other) && parse_boolean(text, value);
      truth_[i].yes = truth_[i].yes || one;
      truth_[i].no = truth_[i].no || other;
    }
    iso_ = iso_ && parse_time(text).has_value();
    std::int64_t time = 0;
    day_first_ = day_first_ && parse_date(text, DateOrder::day_first, time);
    month_first_ = month_first_ && parse_date(text, DateOrder::month_first, time);
    points_in_date_ = points_in_date_ || text.find('.') < 3;
    address_ = address_ && Address::parse(text).has_value();
  }

  /// As somebody said that it is; how the values are written is found out all the same.
  ColumnGuess guess_as(ColumnType type, bool decimal_comma, std::optional<bool> day_first) const {
    ColumnGuess guess;
    guess.type = type;
    guess.strict = false;
    guess.seen = values_ != 0;
    guess.padded = padded_;
    if (values_ == 0) {
      return guess;
    }
    if (type == ColumnType::number) {
      guess.decimal_comma = decimal_comma && has_decimal_comma();
    } else if (type == ColumnType::time && number_ && digits_ && !exponents_) {
      guess.epoch = epoch_unit(least_, most_).value_or(EpochUnit());
    } else if (type == ColumnType::time && !iso_ && (day_first_ || month_first_)) {
      guess_dates(guess, day_first);
    }
    return guess;
  }

  bool has_decimal_point() const noexcept { return number_ && decimals_ != 0; }
  bool has_decimal_comma() const noexcept { return all_comma_ && commas_ && values_ != 0; }
  bool has_certain_comma() const noexcept { return has_decimal_comma() && no_thousands_; }

  ColumnGuess guess(const std::string& name, bool decimal_comma, std::optional<bool> day_first) const {
    ColumnGuess guess;
    guess.seen = values_ != 0;
    guess.padded = padded_;
    const bool identifier = names_identifier(name);
    const bool long_texts = letters_ > 64 * values_;
    guess.few = !long_texts && (4 * distinct_.size() <= values_ || (distinct_.size() <= 100 && !identifier));
    guess.type = guess.few ? ColumnType::category : ColumnType::text;
    if (values_ == 0) {
      guess.type = ColumnType::category;
      guess.few = true;
      return guess;
    }
    if (number_ && digits_) {
      guess.decimal_comma = decimal_comma;  // a later value may have one
      return guess_number(guess, name, identifier);
    }
    if (decimal_comma && has_decimal_comma()) {
      guess.type = ColumnType::number;
      guess.decimal_comma = true;
    } else if (truth_[0].all || truth_[1].all || (truth_[2].all && truth_[2].yes && truth_[2].no)) {
      guess.type = ColumnType::boolean;
    } else if (iso_) {
      guess.type = ColumnType::time;
    } else if (day_first_ || month_first_) {
      guess_dates(guess, day_first);
    } else if (address_) {
      guess.type = ColumnType::address;
    }
    return guess;
  }

 private:
  struct Truth {
    bool all = true;
    bool yes = false;
    bool no = false;
  };

  static bool same_letters(std::string_view text, std::string_view small) noexcept {
    return text.size() == small.size() &&
           std::equal(text.begin(), text.end(), small.begin(), [](char a, char b) { return (a | 0x20) == b; });
  }

  /// "0,5" and "-12", but not "007" and "1e3".
  static bool plain_digits(std::string_view text) noexcept {
    text.remove_prefix(text.starts_with('-') ? 1 : 0);
    return text.find_first_not_of("0123456789,") == std::string_view::npos && text.find(',') != 0 &&
           !(text.size() > 1 && text[0] == '0' && text[1] != ',');
  }

  void add_number(std::string_view text) {
    std::int64_t whole = 0;
    double number = 0.0;
    if (parse_plain_integer(text, whole)) {
      number = static_cast<double>(whole);
      digits_ = true;
      small_whole_ += std::abs(number) < 0x1p53 ? 1U : 0U;
      counts_up_ = counts_up_ && (values_ == 1 ? whole == 0 || whole == 1 : whole == last_whole_ + 1);
      last_whole_ = whole;
    } else {
      integer_ = false;
      counts_up_ = false;
      if (!parse_plain_number(text, number)) {
        number_ = false;
        return;
      }
      if (text.find_first_of("0123456789") != std::string_view::npos) {
        digits_ = true;
        const bool decimal = text.find_first_of(".eE") != std::string_view::npos;
        decimals_ += decimal ? 1U : 0U;
        huge_whole_ += decimal ? 0U : 1U;
        exponents_ = exponents_ || text.find_first_of("eE") != std::string_view::npos;
      }
    }
    least_ = std::min(least_, number);
    most_ = std::max(most_, number);
  }

  ColumnGuess guess_number(ColumnGuess guess, const std::string& name, bool identifier) const {
    if (huge_whole_ != 0 && (identifier || decimals_ + small_whole_ < huge_whole_)) {
      return guess;  // more digits than a number keeps, and perhaps all of them matter
    }
    guess.inexact = huge_whole_ != 0;
    guess.type = integer_ ? ColumnType::integer : ColumnType::number;
    guess.counts_up = counts_up_ && values_ > 1;
    if (!exponents_ && names_time(name)) {
      guess.epoch = epoch_unit(least_, most_);
      guess.type = guess.epoch ? ColumnType::time : guess.type;
    }
    return guess;
  }

  void guess_dates(ColumnGuess& guess, std::optional<bool> day_first) const {
    const bool both = day_first_ && month_first_;
    if (both && !day_first && !points_in_date_) {  // points: the day comes first, as everywhere that writes them
      guess.undecided = true;
      return;
    }
    const bool day = both ? day_first.value_or(true) : day_first_;
    guess.type = ColumnType::time;
    guess.dates = day ? DateOrder::day_first : DateOrder::month_first;
  }

  std::size_t values_ = 0;
  std::size_t letters_ = 0;
  std::unordered_set<std::string_view> distinct_;
  bool padded_ = false;
  bool integer_ = true;
  bool number_ = true;
  bool digits_ = false;  ///< not only "inf"
  bool exponents_ = false;
  bool counts_up_ = true;
  std::int64_t last_whole_ = 0;
  std::size_t decimals_ = 0;
  std::size_t huge_whole_ = 0;   ///< beyond 64 bits
  std::size_t small_whole_ = 0;  ///< a double has all their digits
  double least_ = std::numeric_limits<double>::max();
  double most_ = std::numeric_limits<double>::lowest();
  bool all_comma_ = true;
  bool commas_ = false;
  bool no_thousands_ = false;  ///< some comma cannot be one that groups digits by three
  Truth truth_[3];
  bool iso_ = true;
  bool day_first_ = true;
  bool month_first_ = true;
  bool points_in_date_ = false;
  bool address_ = true;
};

}  // namespace nad::detail
