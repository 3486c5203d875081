#pragma once

// How the fields of a text are separated and quoted, found out from its beginning.

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/source/csv_names-inl.hpp"
#include "nad/source/csv_sample-inl.hpp"
#include "nad/source/read_options.hpp"
#include "nad/table/address.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// In the order of preference; a blank only where nothing else separates anything.
inline constexpr std::string_view likely_separators = ",\t;|";

/// "1234,5"
inline bool parse_comma_number(std::string_view text, double& value) noexcept {
  std::array<char, 64> point{};
  if (text.empty() || text.size() > point.size() || text.find('.') != std::string_view::npos) {
    return false;
  }
  std::replace_copy(text.begin(), text.end(), point.begin(), ',', '.');
  return parse_number({point.data(), text.size()}, value);
}

/// Whether a field looks like one value, not like several that another character separates.
inline bool is_one_value(std::string_view field, char separator) {
  const std::string_view text = without_blanks(field);
  double number = 0.0;
  if (text.empty() || parse_number(text, number) || (separator == ';' && parse_comma_number(text, number))) {
    return true;
  }
  return text.find_first_of(likely_separators) == std::string_view::npos;
}

struct SeparatorTrial {
  char separator = ',';
  std::size_t fields = 1;  ///< of most records
  double agreement = 0.0;  ///< the share of records that have so many
  double score = 0.0;
};

/// How well the records of a text agree when it is cut at this character.
inline SeparatorTrial try_separator(std::string_view text, Dialect dialect, char separator) {
  dialect.separator = separator;
  SeparatorTrial trial{separator};
  const std::vector<SampleRecord> records = sample_records(text, dialect, 300);
  std::map<std::size_t, std::size_t> shapes;
  std::size_t most = 0;
  for (const SampleRecord& record : records) {
    most = std::max(most, ++shapes[record.fields.size()]);
  }
  if (records.empty()) {
    return trial;
  }
  trial.fields = records.front().fields.size();  // a tie is for the line of names
  for (const auto& [fields, count] : shapes) {
    trial.fields = shapes[trial.fields] < most && count == most ? fields : trial.fields;
  }
  trial.agreement = static_cast<double>(most) / static_cast<double>(records.size());
  std::size_t values = 0;
  std::size_t single = 0;
  for (const SampleRecord& record : records) {
    if (record.fields.size() == trial.fields) {
      values += record.fields.size();
      for (std::size_t place = 0; place < record.fields.size(); ++place) {
        single += record.quoted[place] || is_one_value(record.fields[place], separator) ? 1U : 0U;
      }
    }
  }
  const auto fields = static_cast<double>(trial.fields);
  trial.score = trial.agreement * static_cast<double>(single) / static_cast<double>(values) * (fields - 1.0) / fields;
  return trial;
}

/// Blanks separate where every line has as many, at least two, and most of what they separate is no word: prose and
/// times have blanks, too.
inline bool blanks_separate(std::string_view text, const Dialect& dialect) {
  const SeparatorTrial trial = try_separator(text, dialect, ' ');
  if (trial.fields < 3 || trial.agreement < 1.0) {
    return false;
  }
  Dialect blank = dialect;
  blank.separator = ' ';
  const std::vector<SampleRecord> records = sample_records(text, blank, 300);
  if (records.size() < 2 || parse_time(text.substr(0, records.front().end - 1))) {
    return false;
  }
  double number = 0.0;
  const auto values = std::count_if(records[1].fields.begin(), records[1].fields.end(), [&](const std::string& field) {
    return !field.empty() && (parse_number(field, number) || Address::parse(field));
  });
  return 2 * static_cast<std::size_t>(values) >= trial.fields;
}

/// Single quotes are quotes where no double ones are, and where each that begins a field has one that ends it.
inline char likely_quote(std::string_view text) {
  if (text.find('"') != std::string_view::npos) {
    return '"';
  }
  constexpr std::string_view around = ",\t;|\n";
  std::size_t opening = 0;
  std::size_t closing = 0;
  for (std::size_t at = text.find('\''); at != std::string_view::npos; at = text.find('\'', at + 1)) {
    opening += at == 0 || around.find(text[at - 1]) != std::string_view::npos ? 1U : 0U;
    closing +=
        at + 1 < text.size() && (text[at + 1] == '\r' || around.find(text[at + 1]) != std::string_view::npos) ? 1U : 0U;
  }
  return opening >= 2 && opening == closing ? '\'' : '"';
}

struct FoundDialect {
  Dialect dialect;
  std::size_t fields = 1;
};

/// `text` is some whole lines.
inline FoundDialect find_dialect(std::string_view text, const ReadOptions& options) {
  constexpr std::size_t enough = std::size_t{1} << 16U;
  if (text.size() > enough && text.rfind('\n', enough) != std::string_view::npos) {
    text = text.substr(0, text.rfind('\n', enough) + 1);
  }
  FoundDialect found;
  found.dialect.quote = options.quote.value_or(likely_quote(text));
  found.dialect.comment =
      options.comment.value_or('#');  // for now: lines that begin with it say nothing about the others
  if (sample_records(text, found.dialect, 1).empty()) {
    found.dialect.comment = '\0';
  }
  SeparatorTrial best{options.separator.value_or(',')};
  if (options.separator) {
    best = try_separator(text, found.dialect, *options.separator);
  } else {
    for (const char separator : likely_separators) {
      const SeparatorTrial trial = try_separator(text, found.dialect, separator);
      best = trial.agreement >= 0.5 && trial.score > best.score ? trial : best;
    }
    if (best.score == 0.0) {
      // One column. A comma in it is not expected, and an error; unless there are some already.
      const bool commas = text.find(',') != std::string_view::npos;
      best = blanks_separate(text, found.dialect) ? try_separator(text, found.dialect, ' ')
                                                  : SeparatorTrial{commas ? '\x1f' : ','};
    }
  }
  found.dialect.separator = best.separator;
  found.dialect.comment = '\0';
  found.fields = best.fields;
  const std::string spaced = {best.separator, ' ', found.dialect.quote};
  found.dialect.blank_before_quote =
      found.dialect.quote != '\0' && best.separator != ' ' && text.find(spaced) != std::string_view::npos;
  return found;
}

}  // namespace nad::detail
