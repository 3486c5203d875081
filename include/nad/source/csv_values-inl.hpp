#pragma once

// How the fields of a text table become values, once it is known what they are.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/source/column_decoder-inl.hpp"
#include "nad/source/csv_inference-inl.hpp"

namespace nad::detail {

/// The texts that mean "no value" unless the options say others.
inline const std::vector<std::string>& usual_missing() {
  static const std::vector<std::string> texts = {"",     "NA",   "N/A",  "n/a",  "NaN", "nan", "-nan",
                                                 "null", "NULL", "None", "<NA>", "-",   "?"};
  return texts;
}

inline bool parse_guessed_time(const ColumnGuess& guess, std::string_view text, std::int64_t& value) noexcept {
  if (guess.epoch) {
    return parse_epoch(text, *guess.epoch, value);
  }
  if (guess.dates) {
    return parse_date(text, *guess.dates, value);
  }
  if (!guess.strict) {
    return parse_moment(text, value);
  }
  const std::optional<std::int64_t> time = parse_time(text);
  value = time.value_or(0);
  return time.has_value();
}

/// Adds a text, which is not empty, as a value of the type that was guessed; false where it is none.
inline bool add_guessed(const ColumnGuess& guess, std::string_view text, ColumnBuilder& to) {
  std::int64_t whole = 0;
  double number = 0.0;
  bool truth = false;
  switch (guess.type) {
    case ColumnType::number:
      if (guess.decimal_comma ? !parse_comma_number(text, number)
          : guess.strict      ? !parse_plain_number(text, number)
                              : !parse_number(text, number)) {
        return false;
      }
      to.add_number(number);
      return true;
    case ColumnType::integer:
      if (guess.strict ? !parse_plain_integer(text, whole) : !parse_integer(text, whole)) {
        return false;
      }
      to.add_integer(whole);
      return true;
    case ColumnType::time:
      if (!parse_guessed_time(guess, text, whole)) {
        return false;
      }
      to.add_time(whole);
      return true;
    case ColumnType::boolean:
      if (!parse_boolean(text, truth)) {
        return false;
      }
      to.add_boolean(truth);
      return true;
    case ColumnType::address:
      if (const std::optional<Address> address = Address::parse(text)) {
        to.add_address(*address);
        return true;
      }
      return false;
    case ColumnType::category:
    case ColumnType::text:
      if (!is_readable(text)) {
        return false;
      }
      to.add_text(text);
      return true;
  }
  return false;
}

/// Whether a text is a value of the type that was guessed.
inline bool fits(const ColumnGuess& guess, std::string_view text) {
  ColumnBuilder builder(guess.type);
  return !text.empty() && add_guessed(guess, text, builder);
}

inline bool is_among(std::string_view text, const std::vector<std::string>& texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

/// The plan of a column. Where its values are not written as the decoder expects, each is parsed by itself.
inline ColumnPlan plan_column(Field field, std::size_t place, const ColumnGuess& guess,
                              const std::shared_ptr<const std::vector<std::string>>& missing) {
  ColumnPlan plan{std::move(field), place};
  plan.strict = guess.strict;
  const bool is_text = guess.type == ColumnType::text || guess.type == ColumnType::category;
  const bool missing_fits =  // -1 may mean that there is no value: it must be asked for first
      !is_text &&
      std::any_of(missing->begin(), missing->end(), [&](const std::string& text) { return fits(guess, text); });
  const bool comma = guess.decimal_comma && guess.type == ColumnType::number;
  if (guess.padded || comma || guess.epoch || guess.dates || missing_fits) {
    plan.parse = [guess, missing, is_text](std::string_view written, ColumnBuilder& to) {
      const std::string_view text = guess.padded ? without_blanks(written) : written;
      if (guess.padded && is_among(text, *missing)) {
        to.add_missing();
        return true;
      }
      return (!text.empty() || is_text) && add_guessed(guess, text, to);
    };
  }
  return plan;
}

}  // namespace nad::detail
